package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a recurring task runs (core.md 1.8). Exactly one of Cron, Every and Manual is set.
type Schedule struct {
	// Cron is an expression that ParseCron accepts; evaluated in the process's time zone.
	Cron string
	// Every is the time from the start of one run to the start of the next.
	Every Duration
	// Manual tasks run only when triggered.
	Manual bool
	// Timeout ends a run that takes longer, and lets another replica take it over.
	Timeout Duration
	// InitialDelay is the wait before the first run after start.
	InitialDelay Duration
	// Local tasks run in every replica; all others in one at a time.
	Local bool
}

// ParseSchedule reads {frequency, timeout, initialDelay?, scope?} from an entity value. Schedules inside a configuration
// are better read by Config.Schedule, whose errors carry lines.
func ParseSchedule(v any) (Schedule, error) {
	c := &Config{node: fromPlain(v), shared: newShared()}
	return c.Schedule("")
}

// DecodeConfig reads the schedule's section.
func (s *Schedule) DecodeConfig(c *Config) error {
	var ps Problems
	keep := func(err error) { ps = append(ps, AsProblems(err)...) }
	if _, err := c.Sub(""); err != nil {
		return err
	}
	*s = Schedule{}
	keep(s.frequency(c))
	var err error
	s.Timeout, err = c.Duration("timeout")
	keep(err)
	s.InitialDelay, _, err = c.OptionalDuration("initialDelay")
	keep(err)
	scope, _, err := c.OptionalString("scope")
	keep(err)
	switch scope {
	case "", "global":
	case "local":
		s.Local = true
	default:
		keep(c.Errorf("scope", "", `Only "global" or "local" are allowed for TaskScheduleDefinition.scope, but got: %s`, scope))
	}
	keep(c.onlyKeys("", "frequency", "timeout", "initialDelay", "scope"))
	if len(ps) > 0 {
		return ps
	}
	return nil
}

// frequency reads { cron }, { trigger: manual } or a duration.
func (s *Schedule) frequency(c *Config) (err error) {
	switch {
	case c.Has("frequency.cron"):
		if s.Cron, err = c.String("frequency.cron"); err != nil {
			return err
		}
		if _, err = ParseCron(s.Cron); err != nil {
			return c.Errorf("frequency.cron", "", "%s", err)
		}
		return c.onlyKeys("frequency", "cron")
	case c.Has("frequency.trigger"):
		if v, err := c.String("frequency.trigger"); err != nil || v != "manual" {
			return c.Errorf("frequency.trigger", "the only trigger is 'manual'", "unknown trigger")
		}
		s.Manual = true
		return c.onlyKeys("frequency", "trigger")
	}
	s.Every, err = c.Duration("frequency")
	if err == nil && s.Every <= 0 {
		err = c.Errorf("frequency", "", "must be longer than zero")
	}
	return err
}

// Next returns the first time after now at which the task is due, as far as the schedule alone decides: never for a
// manual one.
func (s Schedule) Next(now time.Time) (time.Time, bool) {
	switch {
	case s.Manual:
		return time.Time{}, false
	case s.Cron == "":
		return now.Add(s.Every.Std()), true
	}
	expression, err := ParseCron(s.Cron)
	if err != nil {
		return time.Time{}, false
	}
	next := expression.Next(now)
	return next, !next.IsZero()
}

// Cron is a parsed cron expression.
type Cron struct{ schedule cron.Schedule }

// ParseCron reads five fields, or six with seconds leading, or an alias such as @daily. Intervals (@every) and zones
// inside the expression are refused, as upstream does; day of week 7 is Sunday.
func ParseCron(expression string) (Cron, error) {
	text := strings.TrimSpace(expression)
	if strings.HasPrefix(text, "@every") {
		return Cron{}, fmt.Errorf("invalid cron expression '%s': @every is not supported, write the interval as a duration", expression)
	}
	if strings.Contains(text, "TZ=") {
		return Cron{}, fmt.Errorf("invalid cron expression '%s': a time zone does not belong here", expression)
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	schedule, err := parser.Parse(sundays(text))
	if err != nil {
		return Cron{}, fmt.Errorf("invalid cron expression '%s': %w", expression, err)
	}
	c := Cron{schedule: schedule}
	if c.Next(time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Cron{}, fmt.Errorf("invalid cron expression '%s': %w", expression, errors.New("no date ever matches"))
	}
	return c, nil
}

// Next returns the first match after t, in t's time zone.
func (c Cron) Next(t time.Time) time.Time { return c.schedule.Next(t) }

// sundays rewrites day of week 7, which upstream's parser knows as Sunday and ours does not, to 0.
func sundays(expression string) string {
	fields := strings.Fields(expression)
	if len(fields) != 5 && len(fields) != 6 {
		return expression
	}
	last := len(fields) - 1
	items := strings.Split(fields[last], ",")
	for i, item := range items {
		items[i] = sunday(item)
	}
	fields[last] = strings.Join(items, ",")
	return strings.Join(fields, " ")
}

// sunday rewrites one item: "7", "5-7" or "1-7/2".
func sunday(item string) string {
	if item == "7" {
		return "0"
	}
	span, step, stepped := strings.Cut(item, "/")
	from, ok := strings.CutSuffix(span, "-7")
	first, err := strconv.Atoi(from)
	if !ok || err != nil || first < 0 || first > 7 {
		return item
	}
	by := 1
	if stepped {
		if by, err = strconv.Atoi(step); err != nil || by < 1 {
			return item
		}
	}
	var days []string
	for d := first; d <= 7; d += by {
		days = append(days, strconv.Itoa(d%7))
	}
	return strings.Join(days, ",")
}
