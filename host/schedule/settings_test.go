package schedule

import (
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

func TestSettingsReadAsUpstreamWritesThem(t *testing.T) {
	t.Parallel()
	for want, schedule := range map[string]config.Schedule{
		`{"version":2,"cadence":"PT10M","initialDelayDuration":"PT3S","timeoutAfterDuration":"PT1M"}`: {
			Every: config.Duration(10 * time.Minute), InitialDelay: config.Duration(3 * time.Second), Timeout: config.Duration(time.Minute),
		},
		`{"version":2,"cadence":"0 3 * * *","timeoutAfterDuration":"PT1H30M0.5S"}`: {
			Cron: "0 3 * * *", Timeout: config.Duration(90*time.Minute + 500*time.Millisecond),
		},
		`{"version":2,"cadence":"manual","timeoutAfterDuration":"PT24S"}`: {Manual: true, Timeout: config.Duration(24 * time.Second)},
	} {
		s, err := settingsOf(schedule)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.text(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		again, err := parseSettings(s.text())
		if err != nil || again != s {
			t.Errorf("read back as %+v, error %v", again, err)
		}
		c, err := s.cadence(time.UTC)
		if err != nil || c.every != schedule.Every.Std() || c.timeout != schedule.Timeout.Std() || c.delay != schedule.InitialDelay.Std() || c.manual != schedule.Manual {
			t.Errorf("%s became %+v, error %v", want, c, err)
		}
	}
}

func TestSchedulesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	minute := config.Duration(time.Minute)
	s := New(Options{Plugin: "test"})
	run := nothing
	for name, task := range map[string]Task{
		"no id":       {Schedule: config.Schedule{Every: minute, Timeout: minute}, Run: run},
		"no function": {ID: "a", Schedule: config.Schedule{Every: minute, Timeout: minute}},
		"no timeout":  {ID: "a", Schedule: config.Schedule{Every: minute}, Run: run},
		"no cadence":  {ID: "a", Schedule: config.Schedule{Timeout: minute}, Run: run},
		"two":         {ID: "a", Schedule: config.Schedule{Every: minute, Manual: true, Timeout: minute}, Run: run},
		"backwards":   {ID: "a", Schedule: config.Schedule{Every: -minute, Timeout: minute}, Run: run},
		"bad cron":    {ID: "a", Schedule: config.Schedule{Cron: "61 * * * *", Timeout: minute}, Run: run},
	} {
		if err := s.Add(task); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	good := Task{ID: "a", Schedule: config.Schedule{Every: minute, Timeout: minute}, Run: run}
	if err := s.Add(good); err != nil {
		t.Error(err)
	}
	if err := s.Add(good); err == nil {
		t.Error("accepted the same id twice")
	}
	for _, text := range []string{`{"version":3,"cadence":"PT1M","timeoutAfterDuration":"PT1M"}`, `nonsense`} {
		if _, err := parseSettings(text); err == nil {
			t.Errorf("%s: understood", text)
		}
	}
}

func TestCadence(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here:", err)
	}
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	build := func(s config.Schedule) cadence {
		s.Timeout = config.Duration(time.Minute)
		settings, err := settingsOf(s)
		if err != nil {
			t.Fatal(err)
		}
		c, err := settings.cadence(berlin)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	daily, hourly := build(config.Schedule{Cron: "30 2 * * *"}), build(config.Schedule{Every: config.Duration(time.Hour)})
	for name, test := range map[string]struct{ got, want time.Time }{
		"a duration begins at once":             {*hourly.first(at("2026-01-01T00:00:00Z")), at("2026-01-01T00:00:00Z")},
		"a duration counts from the last start": {*hourly.following(at("2026-01-01T00:00:00Z"), at("2026-01-01T00:10:00Z")), at("2026-01-01T01:00:00Z")},
		"cron is read in the zone, in winter":   {*daily.first(at("2026-01-01T00:00:00Z")), at("2026-01-01T01:30:00Z")},
		"and in summer":                         {*daily.first(at("2026-07-01T00:00:00Z")), at("2026-07-01T00:30:00Z")},
		"cron goes on from now":                 {*daily.following(at("2026-01-01T01:30:00Z"), at("2026-01-03T05:00:00Z")), at("2026-01-04T01:30:00Z")},
		"a clock that is behind repeats no tick": {
			*daily.following(at("2026-01-01T01:30:00Z"), at("2026-01-01T01:29:59Z")), at("2026-01-02T01:30:00Z"),
		},
	} {
		if !test.got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, test.got, test.want)
		}
	}
	manual := build(config.Schedule{Manual: true})
	if manual.first(time.Now()) != nil || manual.following(time.Now(), time.Now()) != nil {
		t.Error("a manual task has a start")
	}
	delayed := build(config.Schedule{Cron: "30 2 * * *", InitialDelay: config.Duration(time.Minute)})
	if got := *delayed.first(at("2026-01-01T00:00:00Z")); !got.Equal(at("2026-01-01T00:01:00Z")) {
		t.Errorf("an initial delay comes first, got %s", got)
	}
}

func TestISODurations(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"PT0S": 0, "PT10M": 10 * time.Minute, "PT24H": 24 * time.Hour, "PT0.25S": 250 * time.Millisecond,
		"PT1H1M1.001S": time.Hour + time.Minute + 1001*time.Millisecond,
	} {
		if got := isoDuration(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
		if back, err := parseISO(want); err != nil || back != d {
			t.Errorf("%s: read as %s, error %v", want, back, err)
		}
	}
}
