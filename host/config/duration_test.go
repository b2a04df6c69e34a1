package config_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

const day = 24 * time.Hour

// core.md 1.7
func TestDurations(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		yaml string
		want time.Duration
		fail string
	}{
		{"1 day", day, ""},
		{"1d", day, ""},
		{"90m", 90 * time.Minute, ""},
		{"1.5h", 90 * time.Minute, ""},
		{"2 seconds", 2 * time.Second, ""},
		{"100ms", 100 * time.Millisecond, ""},
		{"3 Hrs", 3 * time.Hour, ""},
		{"1 MINUTE", time.Minute, ""},
		{"5 msecs", 5 * time.Millisecond, ""},
		{".5 sec", 500 * time.Millisecond, ""},
		{"2w", 14 * day, ""},
		{"1y", 365 * day, ""},
		{"400d", 399*day + 18*time.Hour, ""}, // [live]
		{"0s", 0, ""},
		{"' 5m '", 5 * time.Minute, ""},
		{"'10'", 0, "invalid duration '10': a plain number has no unit"},
		{"3h 2m", 0, "wanted one number and one unit"},
		{"-5m", 0, "negative durations are not allowed"},
		{"5 fortnights", 0, "wanted one number and one unit"},
		{"soon", 0, "wanted one number and one unit"},
		{"''", 0, "wanted one number and one unit"},
		{"1e3s", 0, "wanted one number and one unit"},
		{"99999999999y", 0, "too long"},
		{"PT1M", time.Minute, ""},
		{"P1M", 30 * day, ""},
		{"P2DT6H", 54 * time.Hour, ""},
		{"PT0.5S", 500 * time.Millisecond, ""},
		{"'PT0,25S'", 250 * time.Millisecond, ""},
		{"P1Y2W", 379 * day, ""},
		{"PT1.5H", 90 * time.Minute, ""},
		{"PT0S", 0, ""},
		{"P", 0, "no values given"},
		{"PT", 0, "no values given"},
		{"P1H", 0, "wanted an ISO 8601 duration"},
		{"pt1m", 0, "wanted one number and one unit"},
		{"PT-5M", 0, "negative durations are not allowed"},
		{"{minutes: 5}", 5 * time.Minute, ""},
		{"{hours: 1, minutes: '30', seconds: 1.5}", 90*time.Minute + 1500*time.Millisecond, ""},
		{"{years: 1, months: 1, weeks: 1, days: 1, milliseconds: 7}", 403*day + 7*time.Millisecond, ""},
		{"{minutes: 0}", 0, ""},
		{"{minutes: -5}", 0, "negative durations are not allowed"},
		{"{minutes: 5, minute: 1}", 0, "unknown unit 'minute'"},
		{"{}", 0, "needs one or more of 'years', 'months'"},
		{"{minutes: x}", 0, "minutes is no number"},
		{"5", 0, "a plain number has no unit"},
		{"true", 0, "wanted a text such as '5m'"},
		{"[5m]", 0, "wanted a text such as '5m'"},
	} {
		c := parse(t, "v: "+tc.yaml)
		got, err := c.Duration("v")
		switch {
		case tc.fail == "" && err != nil:
			t.Errorf("%s: %v", tc.yaml, err)
		case tc.fail != "" && (err == nil || !strings.Contains(err.Error(), tc.fail) || !strings.HasPrefix(err.Error(), "app-config.yaml:1: v: ")):
			t.Errorf("%s: got %v, want %s", tc.yaml, err, tc.fail)
		case got.Std() != tc.want:
			t.Errorf("%s: got %v, want %v", tc.yaml, got, tc.want)
		}
	}
}

func TestOptionalDurations(t *testing.T) {
	t.Parallel()
	c := parse(t, "a: 1500\nb: 2s\nn: null\nx: -1\n")
	if d, ok, err := c.OptionalMillis("a"); d.Std() != 1500*time.Millisecond || !ok || err != nil {
		t.Errorf("got %v %v %v", d, ok, err)
	}
	if d, ok, err := c.OptionalMillis("b"); d.Std() != 2*time.Second || !ok || err != nil {
		t.Errorf("got %v %v %v", d, ok, err)
	}
	if _, ok, err := c.OptionalMillis("x"); ok || err == nil {
		t.Error("a negative number of milliseconds passed")
	}
	for _, path := range []string{"n", "none"} {
		if _, ok, err := c.OptionalDuration(path); ok || err != nil {
			t.Errorf("%s: %v %v", path, ok, err)
		}
		if _, ok, err := c.OptionalMillis(path); ok || err != nil {
			t.Errorf("%s: %v %v", path, ok, err)
		}
	}
	if _, ok, err := c.OptionalDuration("a"); ok || err == nil {
		t.Error("a plain number passed for a duration")
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"1d", "P1Y2M3W4DT5H6M7.5S", "-3h", "1.5 hours", "PT0,25S", "400d", "99999999999999999999y", "P-1D", ""} {
		f.Add(seed, 1.0)
	}
	f.Fuzz(func(t *testing.T, text string, n float64) {
		if d, err := config.ParseDuration(text); err == nil && d < 0 {
			t.Errorf("%q is %v", text, d)
		}
		o := entity.NewObject()
		o.Set("minutes", n)
		o.Set("seconds", text)
		if d, err := config.ParseDuration(o); err == nil && (d < 0 || math.IsNaN(n)) {
			t.Errorf("%v minutes and %q seconds are %v", n, text, d)
		}
	})
}
