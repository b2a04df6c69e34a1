package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// settingsVersion is the form of Settings that this program knows.
const settingsVersion = 2

// Settings are a task's schedule as stored (core.md 9.1). Durations are ISO 8601.
type Settings struct {
	Version int `json:"version"`
	// Cadence is a duration, a cron expression or "manual".
	Cadence      string `json:"cadence"`
	InitialDelay string `json:"initialDelayDuration,omitempty"`
	Timeout      string `json:"timeoutAfterDuration"`
}

func settingsOf(s config.Schedule) (Settings, error) {
	out := Settings{Version: settingsVersion, Timeout: isoDuration(s.Timeout.Std())}
	ways := 0
	if s.Manual {
		out.Cadence = "manual"
		ways++
	}
	if s.Cron != "" {
		out.Cadence = s.Cron
		ways++
	}
	if s.Every != 0 {
		out.Cadence = isoDuration(s.Every.Std())
		ways++
	}
	switch {
	case ways != 1:
		return Settings{}, errors.New("its schedule wants exactly one of a cron expression, a duration and manual")
	case s.Every < 0 || s.Timeout <= 0 || s.InitialDelay < 0:
		return Settings{}, errors.New("its schedule wants a timeout, and no negative durations")
	}
	if s.InitialDelay > 0 {
		out.InitialDelay = isoDuration(s.InitialDelay.Std())
	}
	return out, nil
}

// parseSettings reads a row's. Those of a version that this program does not know are an error.
func parseSettings(text string) (Settings, error) {
	var s Settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Settings{}, err
	}
	if s.Version != settingsVersion {
		return Settings{}, fmt.Errorf("settings version %d", s.Version)
	}
	return s, nil
}

func (s Settings) text() string {
	out, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is texts and a number
	}
	return string(out)
}

// cadence is when a task runs, ready for use.
type cadence struct {
	manual  bool
	every   time.Duration
	cron    config.Cron
	zone    *time.Location
	timeout time.Duration
	delay   time.Duration
}

func (s Settings) cadence(zone *time.Location) (c cadence, err error) {
	c.zone = zone
	switch {
	case s.Cadence == "manual":
		c.manual = true
	case strings.HasPrefix(s.Cadence, "P"):
		if c.every, err = parseISO(s.Cadence); err == nil && c.every <= 0 {
			err = errors.New("its frequency must be longer than zero")
		}
	default:
		c.cron, err = config.ParseCron(s.Cadence)
	}
	if err != nil {
		return cadence{}, err
	}
	if c.timeout, err = parseISO(s.Timeout); err != nil {
		return cadence{}, err
	}
	if s.InitialDelay != "" {
		c.delay, err = parseISO(s.InitialDelay)
	}
	return c, err
}

// first is the start of a task that nobody knew before (core.md 9.2). Upstream takes a second off the first cron time,
// and so may run a task right before it and at it; we do not.
func (c cadence) first(now time.Time) *time.Time {
	if c.manual {
		return nil
	}
	start := now.Add(c.delay)
	if c.delay == 0 && c.every == 0 {
		start = c.nextCron(now)
	}
	return &start
}

// following is the start after one at the given time, now being the time at which that is over. It may lie in the past,
// for which the store puts its present: a run that took too long is followed by one at once.
func (c cadence) following(start, now time.Time) *time.Time {
	var next time.Time
	switch {
	case c.manual:
		return nil
	case c.every > 0:
		next = start.Add(c.every)
	case start.After(now): // the store's clock was set back
		next = c.nextCron(start)
	default:
		next = c.nextCron(now)
	}
	return &next
}

func (c cadence) nextCron(after time.Time) time.Time { return c.cron.Next(after.In(c.zone)) }

func parseISO(text string) (time.Duration, error) {
	d, err := config.ParseDuration(text)
	return d.Std(), err
}

// isoDuration writes hours, minutes and seconds, as upstream does for durations that were given in these.
func isoDuration(d time.Duration) string {
	if d == 0 {
		return "PT0S"
	}
	var b strings.Builder
	b.WriteString("PT")
	if h := d / time.Hour; h > 0 {
		b.WriteString(strconv.Itoa(int(h)) + "H")
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		b.WriteString(strconv.Itoa(int(m)) + "M")
	}
	if s := d % time.Minute; s > 0 {
		b.WriteString(strconv.FormatFloat(s.Seconds(), 'f', -1, 64) + "S")
	}
	return b.String()
}
