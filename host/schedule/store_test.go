package schedule

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// storeTest is a store with shorthands that fail the test.
type storeTest struct {
	*testing.T
	store
	db *database.Database
}

// runStores runs a test on both engines; open gives a further process's view of the store.
func runStores(t *testing.T, test func(t *testing.T, open func() *storeTest)) {
	t.Helper()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		test(t, func() *storeTest {
			db := open()
			st, err := openStore(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			return &storeTest{T: t, store: st, db: db}
		})
	})
}

func (s *storeTest) at(offset time.Duration) *time.Time {
	s.Helper()
	now, err := s.now(s.Context())
	s.ok(err)
	now = now.Add(offset)
	return &now
}

func (s *storeTest) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *storeTest) row(id string) row {
	s.Helper()
	rows, _, err := s.rows(s.Context())
	s.ok(err)
	return rows[id]
}

func (s *storeTest) took(ticket string, lease time.Duration) bool {
	s.Helper()
	c, ok, err := s.claim(s.Context(), "task", ticket, "me", time.Hour, lease)
	s.ok(err)
	if ok && (c.ticket != ticket || c.start.After(c.now)) {
		s.Errorf("wrong claim %+v", c)
	}
	return ok
}

func near(got *time.Time, want time.Time) bool {
	return got != nil && got.Sub(want).Abs() < 2*time.Millisecond
}

func TestStoreRegister(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		hour, day := s.at(time.Hour), s.at(24*time.Hour)
		steps := []struct {
			name, settings string
			first, next    *time.Time
			want           *time.Time
		}{
			{"new", "a", hour, day, hour},
			{"a restart keeps the start", "a", s.at(0), day, hour},
			{"a shorter cadence moves it earlier", "b", s.at(0), s.at(time.Minute), s.at(time.Minute)},
			{"a longer one does not move it", "c", s.at(0), day, s.at(time.Minute)},
			{"manual has none", "manual", nil, nil, nil},
			{"manual again", "manual", nil, nil, nil},
			{"and back", "c", s.at(0), day, day},
		}
		for _, step := range steps {
			s.ok(s.register(t.Context(), "task", step.settings, step.first, step.next))
			r := s.row("task")
			if r.settings != step.settings || (r.next == nil) != (step.want == nil) ||
				r.next != nil && r.next.Sub(*step.want).Abs() > time.Second {
				t.Errorf("%s: got %s at %v, want %v", step.name, r.settings, r.next, step.want)
			}
		}
		// A manual task that was triggered and not run yet survives a restart.
		s.ok(s.register(t.Context(), "other", "manual", nil, nil))
		if done, err := s.trigger(t.Context(), "other"); err != nil || !done {
			t.Fatalf("trigger: %v %v", done, err)
		}
		s.ok(s.register(t.Context(), "other", "manual", nil, nil))
		if s.row("other").next == nil {
			t.Error("the trigger was lost")
		}
	})
}

func TestStoreClaimIsExclusive(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		one, two := open(), open()
		one.ok(one.register(t.Context(), "task", "a", one.at(0), nil))
		var won atomic.Int32
		var group sync.WaitGroup
		for i := range 8 {
			s := []*storeTest{one, two}[i%2]
			group.Go(func() {
				if _, ok, err := s.claim(t.Context(), "task", newTicket(), "me", time.Hour, time.Minute); err != nil {
					t.Error(err)
				} else if ok {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if n := won.Load(); n != 1 {
			t.Errorf("%d processes won", n)
		}
		r := one.row("task")
		if r.ticket == "" || r.holder != "me" || r.started == nil || !near(r.expires, r.started.Add(time.Hour)) || !near(r.lease, r.started.Add(time.Minute)) {
			t.Errorf("wrong row %+v", r)
		}
	})
}

// TestStoreClaimLooksAtTheStartAgain: between two looks another process may have done the run.
func TestStoreClaimLooksAtTheStartAgain(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		s.ok(s.register(t.Context(), "task", "a", s.at(time.Hour), nil))
		if s.took("x", time.Minute) {
			t.Error("claimed before its time")
		}
		s.ok(s.register(t.Context(), "task", "manual", nil, nil))
		if s.took("x", time.Minute) {
			t.Error("claimed without a start")
		}
	})
}

func TestStoreRelease(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		s.ok(s.register(t.Context(), "task", "a", s.at(0), nil))
		if !s.took("first", time.Minute) {
			t.Fatal("not claimed")
		}
		for ticket, want := range map[string]bool{"second": false} {
			if done, err := s.release(t.Context(), "task", ticket, s.at(0), ""); err != nil || done != want {
				t.Errorf("release by %s: %v %v", ticket, done, err)
			}
		}
		hour := s.at(time.Hour)
		if done, err := s.release(t.Context(), "task", "first", hour, `{"name":"Error"}`); err != nil || !done {
			t.Fatalf("release: %v %v", done, err)
		}
		if r := s.row("task"); r.ticket != "" || r.started != nil || r.expires != nil || r.lease != nil || r.holder != "" ||
			!near(r.next, *hour) || r.lastEnded == nil || r.lastError != `{"name":"Error"}` {
			t.Errorf("wrong row %+v", r)
		}
		// A start that is past becomes the present, and no failure clears the last one.
		if _, err := s.trigger(t.Context(), "task"); err != nil || !s.took("again", time.Minute) {
			t.Fatalf("not claimed: %v", err)
		}
		before := s.at(0)
		if done, err := s.release(t.Context(), "task", "again", s.at(-time.Hour), ""); err != nil || !done {
			t.Fatalf("release: %v %v", done, err)
		}
		if r := s.row("task"); r.next.Before(before.Add(-time.Millisecond)) || r.lastError != "" {
			t.Errorf("wrong row %+v", r)
		}
		if !s.took("manual", time.Minute) {
			t.Fatal("not claimed")
		}
		if done, err := s.release(t.Context(), "task", "manual", nil, ""); err != nil || !done || s.row("task").next != nil {
			t.Errorf("release without a start: %v %v", done, err)
		}
	})
}

func TestStoreHandBack(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		start := s.at(-time.Minute)
		s.ok(s.register(t.Context(), "task", "a", start, nil))
		if !s.took("x", time.Minute) {
			t.Fatal("not claimed")
		}
		if done, err := s.handBack(t.Context(), "task", "y"); err != nil || done {
			t.Errorf("handed back what is not ours: %v %v", done, err)
		}
		if done, err := s.handBack(t.Context(), "task", "x"); err != nil || !done {
			t.Errorf("hand back: %v %v", done, err)
		}
		if r := s.row("task"); r.ticket != "" || !near(r.next, *start) || r.lastEnded != nil {
			t.Errorf("wrong row %+v", r)
		}
		if !s.took("z", time.Minute) {
			t.Error("not due again")
		}
	})
}

func TestStoreLease(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s, other := open(), open()
		s.ok(s.register(t.Context(), "task", "a", s.at(0), nil))
		if !s.took("x", time.Minute) {
			t.Fatal("not claimed")
		}
		if done, err := other.expire(t.Context(), "task", "x", "{}"); err != nil || done {
			t.Errorf("took a run away that is kept: %v %v", done, err)
		}
		// A renewal may shorten it too, here into the past.
		if held, cancelled, err := s.renew(t.Context(), "task", "x", -time.Second); err != nil || !held || cancelled {
			t.Errorf("renew: %v %v %v", held, cancelled, err)
		}
		if done, err := other.expire(t.Context(), "task", "another", "{}"); err != nil || done {
			t.Errorf("took another's run: %v %v", done, err)
		}
		if done, err := other.expire(t.Context(), "task", "x", `{"a":1}`); err != nil || !done {
			t.Errorf("expire: %v %v", done, err)
		}
		if r := s.row("task"); r.ticket != "" || r.lastError != `{"a":1}` || r.lastEnded == nil {
			t.Errorf("wrong row %+v", r)
		}
		if !other.took("y", time.Minute) {
			t.Error("not due again at once")
		}
		if held, _, err := s.renew(t.Context(), "task", "x", time.Minute); err != nil || held {
			t.Errorf("renewed what is lost: %v %v", held, err)
		}
	})
}

func TestStoreTriggerAndCancel(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		for _, change := range []func(context.Context, string) (bool, error){s.trigger, s.requestCancel} {
			if _, err := change(t.Context(), "task"); !errors.Is(err, errNoRow) {
				t.Errorf("got %v", err)
			}
		}
		s.ok(s.register(t.Context(), "task", "manual", nil, nil))
		if done, err := s.requestCancel(t.Context(), "task"); err != nil || done {
			t.Errorf("cancelled what does not run: %v %v", done, err)
		}
		if done, err := s.trigger(t.Context(), "task"); err != nil || !done || !s.took("x", time.Minute) {
			t.Errorf("trigger: %v %v", done, err)
		}
		if done, err := s.trigger(t.Context(), "task"); err != nil || done {
			t.Errorf("triggered what runs: %v %v", done, err)
		}
		if done, err := s.requestCancel(t.Context(), "task"); err != nil || !done {
			t.Errorf("cancel: %v %v", done, err)
		}
		if held, cancelled, err := s.renew(t.Context(), "task", "x", time.Minute); err != nil || !held || !cancelled {
			t.Errorf("renew: %v %v %v", held, cancelled, err)
		}
	})
}

// TestHold checks the fence inside a task's own transaction.
func TestHold(t *testing.T) {
	t.Parallel()
	runStores(t, func(t *testing.T, open func() *storeTest) {
		s := open()
		s.ok(s.register(t.Context(), "task", "a", s.at(0), nil))
		if !s.took("x", time.Minute) {
			t.Fatal("not claimed")
		}
		hold := func(ticket string) error {
			lease := Lease{id: "task", ticket: ticket}
			if s.db.Engine() == database.PostgreSQL {
				return s.db.InPgTx(t.Context(), pgx.TxOptions{}, func(tx pgx.Tx) error { return lease.HoldPg(t.Context(), tx) })
			}
			return s.db.InTx(t.Context(), func(tx *sql.Tx) error { return lease.Hold(t.Context(), tx) })
		}
		if err := hold("x"); err != nil {
			t.Error(err)
		}
		if err := hold("y"); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("got %v", err)
		}
	})
}
