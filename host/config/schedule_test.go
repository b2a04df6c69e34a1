package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// core.md 1.8
func TestSchedules(t *testing.T) {
	t.Parallel()
	ten := config.Duration(10 * time.Minute)
	for _, tc := range []struct {
		yaml string
		want config.Schedule
		fail string // all lines
	}{
		{"{frequency: {cron: '*/5 * * * *'}, timeout: 10m}", config.Schedule{Cron: "*/5 * * * *", Timeout: ten}, ""},
		{"{frequency: {cron: '@daily'}, timeout: PT10M}", config.Schedule{Cron: "@daily", Timeout: ten}, ""},
		{"{frequency: {minutes: 10}, timeout: {minutes: 10}, initialDelay: 3 s}", config.Schedule{Every: ten, Timeout: ten, InitialDelay: config.Duration(3 * time.Second)}, ""},
		{"{frequency: 10m, timeout: 10m, scope: local}", config.Schedule{Every: ten, Timeout: ten, Local: true}, ""},
		{"{frequency: 10m, timeout: 10m, scope: global}", config.Schedule{Every: ten, Timeout: ten}, ""},
		{"{frequency: {trigger: manual}, timeout: 10m}", config.Schedule{Manual: true, Timeout: ten}, ""},
		{"{timeout: 10m}", config.Schedule{}, "app-config.yaml:1: Missing required config value at 's.frequency' in 'app-config.yaml'"},
		{"{frequency: 10m}", config.Schedule{}, "app-config.yaml:1: Missing required config value at 's.timeout' in 'app-config.yaml'"},
		{"{frequency: 0s, timeout: 10m}", config.Schedule{}, "app-config.yaml:1: s.frequency: must be longer than zero"},
		{"{frequency: 10m, timeout: 10m, scope: each}", config.Schedule{}, `app-config.yaml:1: s.scope: Only "global" or "local" are allowed for TaskScheduleDefinition.scope, but got: each`},
		{"{frequency: {trigger: auto}, timeout: 10m}", config.Schedule{}, "app-config.yaml:1: s.frequency.trigger: unknown trigger; the only trigger is 'manual'"},
		{"{frequency: {cron: '@every 5m'}, timeout: 10m}", config.Schedule{}, "app-config.yaml:1: s.frequency.cron: invalid cron expression '@every 5m': @every is not supported, write the interval as a duration"},
		{"{frequency: {cron: '61 * * * *'}, timeout: 10m}", config.Schedule{}, "app-config.yaml:1: s.frequency.cron: invalid cron expression '61 * * * *': end of range (61) above maximum (59): 61"},
		{"{frequency: 10m, timeout: 10m, initalDelay: 1s}", config.Schedule{}, "app-config.yaml:1: s.initalDelay: unknown key; did you mean 'initialDelay'?"},
		{"{frequency: 5, timeout: soon}", config.Schedule{}, "app-config.yaml:1: s.frequency: invalid duration: a plain number has no unit, write '5s' or { seconds: 5 }\napp-config.yaml:1: s.timeout: invalid duration 'soon': wanted one number and one unit, such as '1d' or '2 seconds'"},
		{"5m", config.Schedule{}, "app-config.yaml:1: Invalid type in config for key 's' in 'app-config.yaml', got string, wanted object"},
	} {
		got, err := parse(t, "s: "+tc.yaml).Schedule("s")
		switch {
		case tc.fail != "":
			if err == nil || err.Error() != tc.fail {
				t.Errorf("%s:\n got %v\nwant %s", tc.yaml, err, tc.fail)
			}
		case err != nil || got != tc.want:
			t.Errorf("%s: got %+v, %v", tc.yaml, got, err)
		}
	}
	if _, ok, err := parse(t, "a: 1").OptionalSchedule("s"); ok || err != nil {
		t.Errorf("an absent schedule: %v %v", ok, err)
	}
}

func TestParseSchedule(t *testing.T) {
	t.Parallel()
	v, err := entity.ParseJSON([]byte(`{"frequency":{"hours":1},"timeout":"5m"}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.ParseSchedule(v)
	if err != nil || s.Every.Std() != time.Hour || s.Timeout.Std() != 5*time.Minute {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := config.ParseSchedule(nil); err == nil {
		t.Error("nothing passed for a schedule")
	}
}

func TestCron(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.November, 22, 10, 30, 15, 0, time.UTC) // a Sunday
	for _, tc := range []struct{ expression, want string }{
		{"0 * * * *", "2026-11-22T11:00:00Z"},
		{"30 0 * * * *", "2026-11-22T11:00:30Z"}, // leading seconds
		{"@hourly", "2026-11-22T11:00:00Z"},
		{"@weekly", "2026-11-29T00:00:00Z"},
		{"0 0 * * 7", "2026-11-29T00:00:00Z"}, // 7 is Sunday
		{"0 0 * * 6-7", "2026-11-28T00:00:00Z"},
		{"0 0 * * 1-7/2", "2026-11-23T00:00:00Z"},
		{"0 0 * * mon", "2026-11-23T00:00:00Z"},
		{" 0 0 1 1 * ", "2027-01-01T00:00:00Z"},
	} {
		c, err := config.ParseCron(tc.expression)
		if err != nil {
			t.Errorf("%s: %v", tc.expression, err)
			continue
		}
		if got := c.Next(start).Format(time.RFC3339); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.expression, got, tc.want)
		}
	}
	// All Sundays of 1-7/2, which is 1,3,5,7.
	c, err := config.ParseCron("0 0 * * 1-7/2")
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for at, i := start, 0; i < 4; i++ {
		at = c.Next(at)
		days = append(days, at.Weekday().String()[:3])
	}
	if got := strings.Join(days, " "); got != "Mon Wed Fri Sun" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "* * * *", "* * * * * * *", "@every 1h", "@never", "TZ=UTC 0 * * * *", "CRON_TZ=UTC 0 * * * *", "0 0 * * 8", "0 0 31 2 *", "x * * * *"} {
		if _, err := config.ParseCron(bad); err == nil || !strings.HasPrefix(err.Error(), "invalid cron expression '"+bad+"'") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// Expressions are evaluated in the zone of the time that they are asked about, which is the process's.
func TestCronZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 5*3600)
	s := config.Schedule{Cron: "0 6 * * *"}
	next, ok := s.Next(time.Date(2026, time.January, 1, 7, 0, 0, 0, zone))
	if want := time.Date(2026, time.January, 2, 6, 0, 0, 0, zone); !ok || !next.Equal(want) {
		t.Errorf("got %v", next)
	}
	if _, ok := (config.Schedule{Manual: true}).Next(time.Now()); ok {
		t.Error("a manual task is due")
	}
	now := time.Now()
	if next, ok := (config.Schedule{Every: config.Duration(time.Minute)}).Next(now); !ok || !next.Equal(now.Add(time.Minute)) {
		t.Errorf("got %v", next)
	}
}
