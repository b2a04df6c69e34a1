package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// Duration is a length of time as configuration writes it (core.md 1.7).
type Duration time.Duration

// Std returns the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the form of time.Duration, such as "1m30s".
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText returns String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// unit is one unit of the object form, with its length where a duration is turned into milliseconds.
type unit struct {
	name string
	ms   float64
}

const (
	second = 1000.0
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
	week   = 7 * day
)

// units are those of the object form. A year has 365 days and a month 30.
func units() []unit {
	return []unit{
		{"years", 365 * day},
		{"months", 30 * day},
		{"weeks", week},
		{"days", day},
		{"hours", hour},
		{"minutes", minute},
		{"seconds", second},
		{"milliseconds", 1},
	}
}

// ParseDuration reads the three forms of core.md 1.7: a text such as "90m" or "2 seconds", an ISO 8601 text such as
// "PT1M", and an object such as {minutes: 5}. A plain number is none of them.
func ParseDuration(v any) (Duration, error) {
	switch v := v.(type) {
	case string:
		text := strings.TrimSpace(v)
		parse := parseWords
		if strings.HasPrefix(text, "P") {
			parse = parseISO
		}
		ms, err := parse(text)
		if err != nil {
			return 0, fmt.Errorf("invalid duration '%s': %w", v, err)
		}
		return millis(ms)
	case *entity.Object:
		ms, err := parseUnits(v)
		if err != nil {
			return 0, err
		}
		return millis(ms)
	case float64:
		return 0, errors.New("invalid duration: a plain number has no unit, write '5s' or { seconds: 5 }")
	default:
		return 0, errors.New("invalid duration: wanted a text such as '5m' or 'PT5M', or an object such as { minutes: 5 }")
	}
}

// millis is a duration of so many milliseconds, if it fits.
func millis(ms float64) (Duration, error) {
	ns := ms * float64(time.Millisecond)
	switch {
	case math.IsNaN(ns) || ms < 0:
		return 0, errors.New("invalid duration: negative durations are not allowed")
	case ns >= math.MaxInt64:
		return 0, errors.New("invalid duration: too long, the limit is 292 years")
	}
	return Duration(math.Round(ns)), nil
}

// words matches the texts of the "ms" library: one number, and one unit.
var words = regexp.MustCompile(`(?i)^(-?(?:\d+)?\.?\d+) *(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|years?|yrs?|y)$`)

// parseWords reads "1 day", "1d", "1.5h", "100ms" and returns milliseconds.
func parseWords(text string) (float64, error) {
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return 0, errors.New("a plain number has no unit, add one such as 'ms' or 'seconds'")
	}
	m := words.FindStringSubmatch(text)
	if m == nil || len(text) > 100 {
		return 0, errors.New("wanted one number and one unit, such as '1d' or '2 seconds'")
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, errors.New("the number is too large")
	}
	if n < 0 {
		return 0, errors.New("negative durations are not allowed")
	}
	return decompose(n * wordUnit(strings.ToLower(m[2]))), nil
}

func wordUnit(name string) float64 {
	switch {
	case strings.HasPrefix(name, "y"):
		return 365.25 * day
	case strings.HasPrefix(name, "w"):
		return week
	case strings.HasPrefix(name, "d"):
		return day
	case strings.HasPrefix(name, "h"):
		return hour
	case strings.HasPrefix(name, "ms"), strings.HasPrefix(name, "milli"):
		return 1
	case strings.HasPrefix(name, "m"):
		return minute
	default:
		return second
	}
}

// decompose takes off whole years of 365.25 days and counts them with 365, as upstream does on the way from the text to
// an object of units. So "1y" is 365 days and "400d" is 399 days and 18 hours (core.md 1.7): the same schedule text must
// mean the same on both sides.
func decompose(ms float64) float64 {
	years := math.Floor(ms / (365.25 * day))
	return ms - years*0.25*day
}

// iso matches ISO 8601 durations. Every part is optional; parts may have a sign and a fraction.
var iso = regexp.MustCompile(`^P(?:(-?\d{1,20}(?:\.\d{1,20})?)Y)?(?:(-?\d{1,20}(?:\.\d{1,20})?)M)?(?:(-?\d{1,20}(?:\.\d{1,20})?)W)?(?:(-?\d{1,20}(?:\.\d{1,20})?)D)?` +
	`(?:T(?:(-?\d{1,20}(?:\.\d{1,20})?)H)?(?:(-?\d{1,20}(?:\.\d{1,20})?)M)?(?:(-?\d{1,20}(?:[.,]\d{1,20})?)S)?)?$`)

// parseISO reads "P2DT6H", "PT0.5S"; "P1M" is a month and "PT1M" a minute. It returns milliseconds.
func parseISO(text string) (float64, error) {
	m := iso.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("wanted an ISO 8601 duration such as 'P2DT6H' (2 days 6 hours) or 'PT1M' (1 minute)")
	}
	total, given := 0.0, false
	for i, u := range units()[:7] {
		part := m[i+1]
		if part == "" {
			continue
		}
		n, err := strconv.ParseFloat(strings.Replace(part, ",", ".", 1), 64)
		if err != nil {
			return 0, fmt.Errorf("'%s' is no number", part)
		}
		total, given = total+n*u.ms, true
	}
	if !given {
		return 0, errors.New("no values given")
	}
	if total < 0 {
		return 0, errors.New("negative durations are not allowed")
	}
	return math.Floor(total), nil
}

// parseUnits reads {hours: 1, minutes: "30"} and returns milliseconds.
func parseUnits(o *entity.Object) (float64, error) {
	total, given := 0.0, false
	for key, v := range o.All() {
		ms, ok := unitNamed(key)
		if !ok {
			return 0, fmt.Errorf("invalid duration: unknown unit '%s', wanted one or more of %s", key, unitNames())
		}
		n, bad := numberOf(&node{kind: scalar, value: v})
		if bad != nil {
			return 0, fmt.Errorf("invalid duration: %s is no number", key)
		}
		total, given = total+n*ms, true
	}
	if !given {
		return 0, fmt.Errorf("invalid duration: needs one or more of %s", unitNames())
	}
	return total, nil
}

func unitNamed(name string) (ms float64, ok bool) {
	for _, u := range units() {
		if u.name == name {
			return u.ms, true
		}
	}
	return 0, false
}

func unitNames() string {
	var names []string
	for _, u := range units() {
		names = append(names, "'"+u.name+"'")
	}
	return strings.Join(names, ", ")
}
