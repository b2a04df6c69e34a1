package rely

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Limits are what a request may ask for. Zero lifts a limit. The real values are unknown (export.md 7.3).
type Limits struct {
	// MaxBytes is how long a body may be, compressed and expanded: 413.
	MaxBytes int `json:"maxBytes"`
	// MaxEntities is how many entities a payload may hold: 422.
	MaxEntities int `json:"maxEntities"`
	// RatePerMinute is how many requests a token may make: 429.
	RatePerMinute int `json:"ratePerMinute"`
	// Burst is how many of them at once.
	Burst int `json:"burst"`
	// OpenTasks is how many tasks may wait or run: 429.
	OpenTasks int `json:"openTasks"`
	// ServerTime is how long an answer may take, with the latency of faults: 504.
	ServerTime Duration `json:"serverTime"`
}

// DefaultLimits are those of export.md 7.3.
func DefaultLimits() Limits {
	return Limits{
		MaxBytes: 1 << 20, MaxEntities: 100, RatePerMinute: 300, Burst: 60, OpenTasks: 50, ServerTime: Duration(30 * time.Second),
	}
}

// Timers are the times of a task, on the simulated clock (export.md 7.2).
type Timers struct {
	// CreatedFor is how long a task waits at least.
	CreatedFor Duration `json:"createdFor"`
	// RunBase and RunPerEntity are how long it runs.
	RunBase      Duration `json:"runBase"`
	RunPerEntity Duration `json:"runPerEntity"`
	// Workers is how many tasks run at once; zero means any number.
	Workers int `json:"workers"`
	// TaskTTL is how long a task is remembered after its end; zero means forever.
	TaskTTL Duration `json:"taskTTL"`
}

// DefaultTimers are those of export.md 7.2.
func DefaultTimers() Timers {
	return Timers{
		CreatedFor: Duration(200 * time.Millisecond), RunBase: Duration(300 * time.Millisecond), RunPerEntity: Duration(5 * time.Millisecond),
		Workers: 2, TaskTTL: Duration(time.Hour),
	}
}

// Duration is a time.Duration, in JSON as "1.5s"; a number is taken as milliseconds.
type Duration time.Duration

// MarshalJSON writes the duration as Go does.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads both forms.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case float64:
		*d = Duration(v * float64(time.Millisecond))
	case string:
		parsed, err := time.ParseDuration(v)
		if err != nil {
			return err
		}
		*d = Duration(parsed)
	default:
		return fmt.Errorf("%s is no duration; write 200 (milliseconds) or \"1.5s\"", text)
	}
	if *d < 0 {
		return fmt.Errorf("%s is negative", text)
	}
	return nil
}

// clock is the simulated one, which tasks live on.
type clock struct {
	began  time.Time
	speed  float64
	offset time.Duration
}

func (c clock) at(now time.Time) time.Time {
	return now.Add(time.Duration(float64(now.Sub(c.began))*(c.speed-1)) + c.offset)
}

// bucket is a token's allowance. It lives on Options.Now: clients wait in their own time.
type bucket struct {
	level   float64
	at      time.Time
	refused int
	until   time.Time // when it was told to come back
}

// take returns how long to wait for the next request; zero means that this one may pass.
func (b *bucket) take(now time.Time, l Limits) time.Duration {
	perSecond := float64(l.RatePerMinute) / 60
	burst := math.Max(1, float64(l.Burst))
	if b.at.IsZero() {
		b.level = burst
	} else if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level = math.Min(burst, b.level+passed*perSecond)
	}
	b.at = now
	if b.level >= 1 {
		b.level--
		return 0
	}
	return time.Duration((1 - b.level) / perSecond * float64(time.Second))
}

// retryAfter is the header's value, alternately in both of its forms, and the moment that it names. Both count in whole
// seconds, so both are rounded up.
func (b *bucket) retryAfter(now time.Time, wait time.Duration) string {
	b.refused++
	seconds := int(math.Ceil(wait.Seconds()))
	if b.refused%2 == 1 {
		return strconv.Itoa(seconds)
	}
	until := now.Add(time.Duration(seconds) * time.Second)
	if whole := until.Truncate(time.Second); whole.Before(until) {
		until = whole.Add(time.Second)
	}
	return until.UTC().Format(http.TimeFormat)
}

// parseRetryAfter reads either form.
func parseRetryAfter(value string, now time.Time) (time.Time, bool) {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	at, err := http.ParseTime(value)
	return at, err == nil
}
