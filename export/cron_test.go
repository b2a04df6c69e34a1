package export

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/schedule"
)

// ticking starts an engine whose runs begin every second, and its scheduler. Stop ends the scheduler.
func (r *rig) ticking(db *database.Database, now func() time.Time) (stop func()) {
	r.t.Helper()
	tasks := schedule.New(schedule.Options{Plugin: "rely", Database: func(context.Context) (*database.Database, error) { return db, nil }})
	r.start(db, func(o *Options) {
		o.Tasks, o.Now = func() *schedule.Scheduler { return tasks }, now
		o.Cron = &Cron{Schedule: "* * * * * *"}
	})
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tasks.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// first waits for so many ended runs, and returns all.
func (r *rig) first(n int) []runRow {
	r.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		rows, err := r.store.runs(r.t.Context(), "", 100)
		if err != nil {
			r.t.Fatal(err)
		}
		ended := 0
		for i := range rows {
			if !rows[i].active() {
				ended++
			}
		}
		if ended >= n {
			return rows
		}
		select {
		case <-deadline:
			r.t.Fatalf("%d runs ended, want %d", ended, n)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Scenario 10 of export.md 7.5.
func TestTwoReplicasOneTick(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		a := &rig{t: t, catalog: newCatalog(), dest: newFake()}
		a.fill(50)
		stopA := a.ticking(open(), nil)
		b := &rig{t: t, catalog: a.catalog, dest: a.dest}
		stopB := b.ticking(open(), nil)
		rows := a.first(3)
		stopA()
		stopB()
		seconds := map[int64]int{}
		for _, row := range rows {
			if row.cause != triggerCron || row.by != "plugin:rely" {
				t.Errorf("cause %s, by %s", row.cause, row.by)
			}
			seconds[row.startedAt.Unix()]++
		}
		for second, n := range seconds {
			if n > 1 {
				t.Errorf("%d runs in second %d", n, second)
			}
		}
		if n := a.dest.called("submit"); n != 5 {
			t.Errorf("%d submits, want those of the first run", n)
		}
	})
}

func TestMissedTickIsNamed(t *testing.T) {
	t.Parallel()
	r := &rig{t: t, catalog: newCatalog(), dest: newFake()}
	// For this clock, what the store calls now is two minutes past.
	stop := r.ticking(databasetest.SQLite(t), func() time.Time { return time.Now().Add(2 * time.Minute) })
	rows := r.first(1)
	stop()
	if rows[len(rows)-1].cause != triggerMissed {
		t.Errorf("cause %s", rows[len(rows)-1].cause)
	}
}

func TestBadCron(t *testing.T) {
	t.Parallel()
	tasks := schedule.New(schedule.Options{Plugin: "rely"})
	_, err := New(Options{
		ID: "rely", Destination: newFake(), Catalog: newCatalog(), Database: databasetest.SQLite(t),
		Cron: &Cron{Schedule: "every day"}, Tasks: func() *schedule.Scheduler { return tasks },
	})
	if err == nil || !strings.Contains(err.Error(), "invalid cron expression 'every day'") {
		t.Errorf("%v", err)
	}
}

func TestNextTickIsInItsZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	e := &Engine{opts: Options{Cron: &Cron{Schedule: "0 6 * * *", Location: zone}}, now: func() time.Time { return at }}
	if got := e.cron(); !got.Next.Equal(time.Date(2026, 7, 2, 4, 0, 0, 0, time.UTC)) || got.Timezone != "Europe/Berlin" {
		t.Errorf("%+v", got)
	}
}
