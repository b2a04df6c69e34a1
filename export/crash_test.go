package export

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/fault"
)

// crash makes everything that the runner writes from now on be refused, as if its process had gone: only what it sends
// in the moment may still arrive.
func (r *rig) crash() {
	err := r.store.inTx(context.Background(), func(l link) error {
		_, err := l.exec(context.Background(), `UPDATE export_destination SET ticket = '', lease_expires_at = 0`)
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
}

// settledNow are the ids in the chunks that have settled.
func (r *rig) settledNow(run string) []string {
	r.t.Helper()
	items, err := r.store.items(context.Background(), run, "", []string{itemSent}, 10_000)
	if err != nil {
		r.t.Error(err)
	}
	ids := make([]string, 0, len(items))
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return ids
}

func TestCrashAnywhereLosesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		for _, moment := range []string{phasePrepare, phasePlan, "persisted", "sending", "submitted", "polling", "settling", "settled", "split", phaseFinish} {
			for _, nth := range []int{1, 7} {
				once := moment == phasePrepare || moment == phasePlan || moment == "persisted" || moment == phaseFinish
				if nth > 1 && once || moment == "split" && nth > 1 {
					continue
				}
				t.Run(fmt.Sprintf("%s %d", moment, nth), func(t *testing.T) { crashAt(t, open, moment, nth) })
			}
		}
	})
}

func crashAt(t *testing.T, open func() *database.Database, moment string, nth int) {
	db := open()
	r := &rig{t: t, dest: newFake()}
	r.dest.tickets = moment != "settled"
	r.dest.fault = poison("submit", func(bad []int, _ int) error {
		return &Failure{Kind: Invalid, Status: 422, Message: "no"}
	}, "component.default.c0055")
	var mu sync.Mutex
	seen, run := 0, ""
	var before []string
	crashed := make(chan struct{})
	r.catalog = newCatalog()
	r.start(db, func(o *Options) {
		o.ID = "rely-" + moment + fmt.Sprint(nth) // each has its own rows in the one store
		o.Observe = func(m string) {
			mu.Lock()
			defer mu.Unlock()
			if m != moment || seen >= nth {
				return
			}
			if seen++; seen == nth {
				before = r.settledNow(run)
				r.crash()
				close(crashed)
			}
		}
	})
	r.fill(130)
	mu.Lock()
	row := r.begin()
	run = row.id
	mu.Unlock()
	select {
	case <-crashed:
	case <-time.After(20 * time.Second):
		t.Fatal("the moment never came")
	}
	first := r.stop
	first()
	id := r.opts.ID
	r.start(db, func(o *Options) { o.ID = id })
	row = r.ended(row.id)
	r.want(row, statusPartial)
	if c := row.progress.Counts; c.Sent != 129 || c.Failed != 1 || c.Pending != 0 || c.Read != 130 {
		t.Errorf("counts %+v", c)
	}
	if n := len(r.dest.has()); n != 129 {
		t.Errorf("%d documents arrived, want 129", n)
	}
	for _, id := range before {
		if n := r.dest.writes[id]; n != 1 {
			t.Errorf("%s had settled and was written %d times", id, n)
		}
	}
	sent := r.dest.called("submit")
	r.want(r.run(), statusPartial)
	if n := r.dest.called("submit") - sent; n != 1 {
		t.Errorf("%d submits afterwards, want the refused one alone", n)
	}
}

// TestRestartGoesOn is an orderly stop in the middle of things, and a start.
func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		db := open()
		reached := make(chan struct{})
		var once sync.Once
		n := 0
		r := newRig(t, db, func(o *Options) {
			o.Observe = func(m string) {
				if m == "settled" {
					if n++; n == 5 {
						once.Do(func() { close(reached) })
					}
				}
			}
		})
		r.dest.limits.Concurrency = 1
		r.fill(500)
		row := r.begin()
		<-reached
		r.stop()
		if got, err := r.find(t.Context(), row.id); err != nil || got.status != statusRunning {
			t.Fatalf("after the stop: %s, %v", got.status, err)
		}
		r.start(db)
		r.want(r.ended(row.id), statusSucceeded)
		for id, n := range r.dest.writes {
			if n != 1 {
				t.Errorf("%s was written %d times", id, n)
			}
		}
		if len(r.dest.writes) != 500 {
			t.Errorf("%d documents", len(r.dest.writes))
		}
	})
}

// Scenario 10 of export.md 7.5, without the clock: whoever ticks, there is one run, and one replica is at it.
func TestTwoReplicasOneRun(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		var mu sync.Mutex
		holders := map[string]int{}
		noting := func(name string) func(o *Options) {
			return func(o *Options) {
				o.Observe = func(m string) {
					mu.Lock()
					defer mu.Unlock()
					if m == phasePlan {
						holders[name]++
					}
				}
			}
		}
		a := newRig(t, open(), noting("a"))
		a.fill(300)
		b := &rig{t: t, catalog: a.catalog, dest: a.dest}
		b.start(open(), noting("b"))
		rows := make([]runRow, 2)
		joined := make([]bool, 2)
		var group sync.WaitGroup
		for i, r := range []*rig{a, b} {
			group.Go(func() {
				var err error
				rows[i], joined[i], err = r.Engine.start(t.Context(), request{trigger: triggerCron, by: "plugin:rely"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if rows[0].id != rows[1].id || joined[0] == joined[1] {
			t.Fatalf("two runs: %s and %s, joined %v", rows[0].id, rows[1].id, joined)
		}
		b.want(b.ended(rows[0].id), statusSucceeded)
		a.want(a.ended(rows[0].id), statusSucceeded)
		mu.Lock()
		defer mu.Unlock()
		if holders["a"]+holders["b"] != 1 {
			t.Errorf("the run was planned %v times", holders)
		}
		for id, n := range a.dest.writes {
			if n != 1 {
				t.Errorf("%s was written %d times", id, n)
			}
		}
	})
}

// TestCancel ends a run after what is under way; the rest can be resumed.
func TestCancel(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.dest.limits.Concurrency = 1
	r.fill(300)
	reached, goOn := make(chan struct{}), make(chan struct{})
	n := 0
	r.dest.fault = func(call string, _ []string) error {
		if call == "submit" {
			if n++; n == 3 {
				close(reached)
				<-goOn
			}
		}
		return nil
	}
	row := r.begin()
	<-reached
	if _, err := r.cancel(t.Context(), row.id); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	row = r.ended(row.id)
	r.want(row, statusCancelled)
	if c := row.progress.Counts; c.Sent != 30 || c.Pending != 270 || row.err != "" {
		t.Errorf("counts %+v, error %q", c, row.err)
	}
	if _, err := r.cancel(t.Context(), row.id); !fault.Is(err, fault.NameConflict) {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := r.resume(t.Context(), row.id); err != nil {
		t.Fatal(err)
	}
	r.want(r.ended(row.id), statusSucceeded)
	if len(r.dest.has()) != 300 || r.dest.called("submit") != 30 {
		t.Errorf("%d documents after %d submits", len(r.dest.has()), r.dest.called("submit"))
	}
}

// TestLaterRunOvertakes keeps old documents from being sent over newer ones.
func TestLaterRunOvertakes(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(10)
	r.dest.fault = failing("submit", 8, &Failure{Kind: Transient, Message: "busy"})
	first := r.run()
	r.want(first, statusPartial)
	r.want(r.run(), statusSucceeded)
	if _, err := r.resume(t.Context(), first.id); !fault.Is(err, fault.NameConflict) {
		t.Errorf("an overtaken run was resumed: %v", err)
	}
	c, err := r.store.chunk(t.Context(), first.id, 1)
	if err == nil {
		t.Errorf("what can no longer be sent is kept: %d documents", len(c.elements))
	}
}

// TestRetryByHandLeavesTheLadderToTheRest, unless all is retried.
func TestRetryByHandLeavesTheLadderToTheRest(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), func(o *Options) { o.RetryLadder = []time.Duration{time.Hour} })
	r.fill(50)
	r.dest.fault = poison("submit", func(at []int, _ int) error {
		return &Failure{Kind: Invalid, Status: 422, Message: "no", Items: map[int]string{at[0]: "no such team"}}
	}, "component.default.c0010", "component.default.c0020")
	row := r.run()
	r.want(row, statusPartial)
	for _, c := range []struct {
		refs []string
		kept bool
	}{{[]string{"component:default/c0010"}, true}, {nil, false}} {
		next, err := r.retryFailed(t.Context(), row.id, "user:default/jane", c.refs)
		if err != nil {
			t.Fatal(err)
		}
		r.want(r.ended(next.id), statusPartial)
		before, err := r.find(t.Context(), row.id)
		if err != nil || before.retryAt.IsZero() == c.kept {
			t.Errorf("%v: to be retried at %s, %v", c.refs, before.retryAt, err)
		}
	}
}

func TestRetryOfFailedItems(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(50)
	bad := []string{"component.default.c0010", "component.default.c0020"}
	r.dest.fault = poison("submit", func(at []int, _ int) error {
		return &Failure{Kind: Invalid, Status: 422, Message: "no", Items: map[int]string{at[0]: "no such team"}}
	}, bad...)
	row := r.run()
	r.want(row, statusPartial)
	if _, err := r.retryFailed(t.Context(), row.id, "user:default/jane", []string{"component:default/c0001"}); !fault.Is(err, fault.NameInput) {
		t.Errorf("something that has not failed was retried: %v", err)
	}
	next, err := r.retryFailed(t.Context(), row.id, "user:default/jane", []string{"component:default/c0010"})
	if err != nil {
		t.Fatal(err)
	}
	next = r.ended(next.id)
	r.want(next, statusPartial)
	if c := next.progress.Counts; c.Read != 1 || c.Failed != 1 || c.DeleteCandidates != 0 || next.parent != row.id || next.cause != triggerRetry {
		t.Errorf("counts %+v of %+v", c, next)
	}
	r.dest.mu.Lock()
	r.dest.fault = nil
	r.dest.mu.Unlock()
	next, err = r.retryFailed(t.Context(), row.id, "user:default/jane", nil)
	if err != nil {
		t.Fatal(err)
	}
	next = r.ended(next.id)
	r.want(next, statusSucceeded)
	if c := next.progress.Counts; c.Read != 2 || c.Sent != 2 || len(r.dest.has()) != 50 {
		t.Errorf("counts %+v", c)
	}
}

func TestLadder(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), func(o *Options) {
		o.RetryLadder = []time.Duration{time.Millisecond, time.Millisecond, time.Hour}
	})
	r.fill(50)
	n := 0
	r.dest.fault = poison("submit", func(at []int, _ int) error {
		if n++; n > 2 {
			return nil
		}
		return &Failure{Kind: Invalid, Status: 422, Message: "no", Items: map[int]string{at[0]: "no such team"}}
	}, "component.default.c0010")
	row := r.run()
	r.want(row, statusPartial)
	for step := 1; ; step++ {
		found, err := r.store.runs(t.Context(), "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if row = found[0]; row.cause == triggerRetry && !row.active() && row.status == statusSucceeded {
			if row.retryStep != 2 || !row.retryAt.IsZero() {
				t.Errorf("step %d, again at %s", row.retryStep, row.retryAt)
			}
			break
		}
		r.rouse()
		select {
		case <-t.Context().Done():
			t.Fatal("the ladder was not climbed")
		case <-time.After(10 * time.Millisecond):
		}
	}
	if len(r.dest.has()) != 50 {
		t.Errorf("%d documents", len(r.dest.has()))
	}
}
