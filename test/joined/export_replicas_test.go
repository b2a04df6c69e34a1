package joined_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// TestExportReplicas has two replicas with the same clock and one database: whoever asks, and however many ticks there are,
// one run is made, by one of them (export.md 7.5, 10).
func TestExportReplicas(t *testing.T) {
	const every = 5 * time.Second
	settings := map[string]string{"APP_CONFIG_rely_cron_schedule": "*/5 * * * * *", "APP_CONFIG_rely_limits_ratePerMinute": "0"}
	x := &exporter{bench: start(t, stage.Options{Rely: unlimited(), Replicas: 2, Tap: true, Understudy: settings}), settings: settings}
	x.quiet(t)

	// Asked of both at the same moment, while one run is held in its walk.
	release := make(chan struct{})
	reached := make(chan struct{})
	var once sync.Once
	x.beforePage(1, func() {
		once.Do(func() { close(reached) })
		<-release
	})
	<-reached // a tick of the schedule
	var ids [4]string
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			answer, err := stage.Ask(t.Context(), http.MethodPost, x.Understudy[i%2].URL+"/api/rely/migrate", stage.Token, nil)
			var told struct {
				RunID  string
				Joined bool
			}
			if err != nil || answer.JSON(&told) != nil || answer.Status != http.StatusAccepted || !told.Joined {
				t.Errorf("%s %v", answer, err)
			}
			ids[i] = told.RunID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("the runs are %v", ids)
			break
		}
	}
	close(release)
	x.Tap.Between(nil)
	if r := x.ended(t, ids[0]); r.Status != "succeeded" || r.Counts.Sent != stage.Base {
		t.Errorf("%+v", r)
	}

	var list struct{ Items []exported }
	until(t, "four more ticks", func() bool {
		get(t, x.Understudy[1].URL+"/api/rely/runs", stage.Token, &list)
		return len(list.Items) >= 5
	})
	ticks := map[time.Time]string{}
	for _, r := range list.Items {
		began, err := time.Parse(time.RFC3339Nano, r.StartedAt)
		if err != nil {
			t.Fatal(err)
		}
		tick := began.Truncate(every)
		if before, twice := ticks[tick]; twice {
			t.Errorf("at %s there were two runs, %s and %s", tick, before, r.ID)
		}
		ticks[tick] = r.ID
		if r.Trigger != "cron" {
			t.Errorf("%+v", r)
		}
	}
	t.Logf("%d runs at %d ticks, with two replicas", len(list.Items), len(ticks))
}
