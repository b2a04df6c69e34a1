package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

var noon = time.Unix(1_795_320_000, 0).UTC()

// at is a moment some seconds after noon.
func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func suite(t *testing.T, test func(t *testing.T, s *store.Store, another func() *store.Store)) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, openDB func() *database.Database) {
		open := func() *store.Store {
			s, err := store.Open(t.Context(), openDB())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		if _, err := s.Use(t.Context(), "https://acme/graphql"); err != nil {
			t.Fatal(err)
		}
		test(t, s, open)
	})
}

func stack(id, state string) client.Stack {
	return client.Stack{ID: id, Name: "Stack " + id, State: state, Labels: []string{"a"}, Space: client.Space{ID: "root", Name: "root"}, CreatedAt: noon}
}

func put(t *testing.T, s *store.Store, asked time.Time, stacks ...client.Stack) []string {
	t.Helper()
	changed, err := s.Put(t.Context(), stacks, asked)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func since(t *testing.T, s *store.Store, after int64) store.Delta {
	t.Helper()
	d, err := s.Since(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(d.Stacks, func(a, b client.Stack) int { return strings.Compare(a.ID, b.ID) })
	return d
}

func ids(stacks []client.Stack) (list []string) {
	for _, s := range stacks {
		list = append(list, s.ID)
	}
	return list
}

func done(t *testing.T, s *store.Store, started, ended int) int64 {
	t.Helper()
	gone, err := s.SweepDone(t.Context(), store.Sweep{KeyName: "key", Started: at(started), Ended: at(ended), Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestReadersSeeWhatChanged(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, another func() *store.Store) {
		put(t, s, at(1), stack("a", "FINISHED"), stack("b", "FAILED"))
		first := since(t, another(), 0)
		if !first.Whole || !slices.Equal(ids(first.Stacks), []string{"a", "b"}) {
			t.Fatalf("at first %+v", first)
		}
		if diff := cmp.Diff(stack("a", "FINISHED"), first.Stacks[0]); diff != "" {
			t.Error(diff)
		}
		if changed := put(t, s, at(2), stack("a", "FINISHED"), stack("b", "PLANNING")); !slices.Equal(changed, []string{"b"}) {
			t.Errorf("changed %q", changed)
		}
		next := since(t, s, first.State.Change)
		if next.Whole || !slices.Equal(ids(next.Stacks), []string{"b"}) || next.State.Change <= first.State.Change {
			t.Errorf("then %+v", next)
		}
		if same := since(t, s, next.State.Change); len(same.Stacks) > 0 || same.State.Change != next.State.Change {
			t.Errorf("nothing changed, but %+v", same)
		}
		if changed := put(t, s, at(3), stack("a", "FINISHED")); changed != nil {
			t.Errorf("nothing changed, but %q", changed)
		}
	})
}

func TestWhatWasAskedForLaterWins(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		put(t, s, at(10), stack("a", "APPLYING"))
		if changed := put(t, s, at(9), stack("a", "PLANNING")); changed != nil {
			t.Errorf("an older reading changed %q", changed)
		}
		if d := since(t, s, 0); d.Stacks[0].State != "APPLYING" {
			t.Errorf("state %s", d.Stacks[0].State)
		}
	})
}

func TestAStackGoesAfterTwoCompleteSweeps(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		put(t, s, at(1), stack("a", "FINISHED"), stack("b", "FINISHED"))
		done(t, s, 0, 2)
		put(t, s, at(11), stack("a", "FINISHED"))
		if gone := done(t, s, 10, 12); gone != 0 {
			t.Errorf("%d went after one sweep", gone)
		}
		known := since(t, s, 0)
		// A sweep that failed counts for nothing.
		if err := s.SweepFailed(t.Context(), store.Failure{Code: "X", At: at(15)}, at(20)); err != nil {
			t.Fatal(err)
		}
		put(t, s, at(21), stack("a", "FINISHED"))
		if gone := done(t, s, 20, 22); gone != 1 {
			t.Errorf("%d went after two sweeps", gone)
		}
		d := since(t, s, known.State.Change)
		if !slices.Equal(d.Gone, []string{"b"}) || len(d.Stacks) != 0 {
			t.Errorf("readers see %+v", d)
		}
		if _, ok, err := s.Detail(t.Context(), "b"); ok || err != nil {
			t.Errorf("it is still there: %v %v", ok, err)
		}
		// It comes back.
		if changed := put(t, s, at(31), stack("b", "FINISHED")); !slices.Equal(changed, []string{"b"}) {
			t.Errorf("back, but %q changed", changed)
		}
	})
}

func TestWhoIsSeenMeanwhileDoesNotGo(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		put(t, s, at(1), stack("a", "PLANNING"))
		for _, sweep := range []int{10, 20, 30} {
			put(t, s, at(sweep+1), stack("a", "PLANNING")) // by the look at what moves
			if gone := done(t, s, sweep, sweep+5); gone != 0 {
				t.Errorf("%d went", gone)
			}
		}
		deleted := stack("a", "PLANNING")
		deleted.Deleted = true
		put(t, s, at(41), deleted)
		if d := since(t, s, 0); len(d.Stacks) != 0 {
			t.Errorf("Spacelift says that it is deleted, but %+v", d.Stacks)
		}
	})
}

func TestOldTombstonesAreRemoved(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		put(t, s, at(1), stack("a", "FINISHED"), stack("b", "FINISHED"))
		lagging := since(t, s, 0)
		const day = 24 * 3600
		for _, sweep := range []int{10, 20, 2 * day, 2*day + 10} {
			put(t, s, at(sweep+1), stack("a", "FINISHED"))
			done(t, s, sweep, sweep+2)
		}
		d := since(t, s, lagging.State.Change)
		if !d.Whole || !slices.Equal(ids(d.Stacks), []string{"a"}) {
			t.Errorf("a reader that missed the tombstone sees %+v", d)
		}
	})
}

func TestStateOfTheSync(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, another func() *store.Store) {
		f := store.Failure{Code: "SPACELIFT_AUTH", Status: 503, Message: "no", RetryAfter: time.Minute, At: at(5)}
		for range 2 {
			if err := s.SweepFailed(t.Context(), f, at(65)); err != nil {
				t.Fatal(err)
			}
		}
		st, err := another().State(t.Context())
		if err != nil || st.Failures != 2 || !st.SweptAt.IsZero() || !st.NextAt.Equal(at(65)) {
			t.Errorf("%+v %v", st, err)
		}
		if diff := cmp.Diff(&f, st.Failure); diff != "" {
			t.Error(diff)
		}
		done(t, s, 70, 80)
		st, err = s.State(t.Context())
		if err != nil || st.Failure != nil || st.Failures != 0 || !st.SweptAt.Equal(at(80)) || !st.SweepStarted.Equal(at(70)) || st.KeyName != "key" || !st.NextAt.IsZero() {
			t.Errorf("%+v %v", st, err)
		}
	})
}

func TestAnotherAccountForgetsAll(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		put(t, s, at(1), stack("a", "FINISHED"))
		done(t, s, 0, 2)
		known := since(t, s, 0)
		if forgot, err := s.Use(t.Context(), "https://acme/graphql"); forgot || err != nil {
			t.Errorf("the same account: %v %v", forgot, err)
		}
		if forgot, err := s.Use(t.Context(), "https://other/graphql"); !forgot || err != nil {
			t.Errorf("another account: %v %v", forgot, err)
		}
		d := since(t, s, known.State.Change)
		if !d.Whole || len(d.Stacks) != 0 || !d.State.SweptAt.IsZero() {
			t.Errorf("readers see %+v", d)
		}
	})
}

func TestDetail(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		want := client.StackDetail{
			Stack: stack("a", "FINISHED"), ManagesStateFile: true, TerraformVersion: "1.9",
			Policies: []client.Attachment{{ID: "p", Name: "Policy", Type: "PLAN"}}, DependsOn: []client.StackRef{{ID: "b", Name: "B"}},
		}
		if changed, err := s.PutDetail(t.Context(), want, at(1)); !changed || err != nil {
			t.Fatalf("%v %v", changed, err)
		}
		if changed, err := s.PutDetail(t.Context(), want, at(2)); changed || err != nil {
			t.Errorf("nothing changed: %v %v", changed, err)
		}
		put(t, s, at(3), stack("a", "FAILED"))
		d, ok, err := s.Detail(t.Context(), "a")
		if err != nil || !ok || !d.ReadAt.Equal(at(3)) || !d.DetailAt.Equal(at(2)) {
			t.Fatalf("%v %v %+v", ok, err, d)
		}
		want.State = "FAILED"
		if diff := cmp.Diff(want, d.StackDetail); diff != "" {
			t.Error(diff)
		}
		if _, ok, err := s.Detail(t.Context(), "nope"); ok || err != nil {
			t.Errorf("%v %v", ok, err)
		}
	})
}

func trigger(id string, created time.Time) store.Trigger {
	return store.Trigger{ID: id, StackID: "a", Person: "user:default/jane", Reason: "why", CreatedAt: created, Outcome: store.Sending, Pending: true}
}

func begin(t *testing.T, s *store.Store, tr store.Trigger) *store.Trigger {
	t.Helper()
	holder, err := s.Begin(t.Context(), tr, tr.CreatedAt.Add(-2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return holder
}

func TestATriggerHoldsItsStack(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, another func() *store.Store) {
		if holder := begin(t, s, trigger("1", at(0))); holder != nil {
			t.Fatalf("held by %+v", holder)
		}
		if holder := begin(t, another(), trigger("2", at(119))); holder == nil || holder.ID != "1" || holder.Person != "user:default/jane" {
			t.Errorf("held by %+v", holder)
		}
		if holder := begin(t, s, trigger("3", at(120))); holder != nil {
			t.Errorf("two minutes later it is held by %+v", holder)
		}
		list, err := s.TriggersOf(t.Context(), "a", 10)
		if err != nil || len(list) != 2 || list[0].ID != "3" || list[1].Outcome != store.NotCreated || list[1].Pending {
			t.Errorf("%v %+v", err, list)
		}
		// What has lost its hold must not be sent any more.
		if ok, err := s.Send(t.Context(), "1", "", at(121)); ok || err != nil {
			t.Errorf("sent: %v %v", ok, err)
		}
	})
}

func TestOneOfManyBegins(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, another func() *store.Store) {
		stores := []*store.Store{s, another()}
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				holder, err := stores[i%2].Begin(context.WithoutCancel(t.Context()), trigger(fmt.Sprint(i), at(i)), noon.Add(-time.Minute))
				if err != nil {
					t.Error(err)
				}
				if holder == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d began", won.Load())
		}
	})
}

func TestOutcomes(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		tr := trigger("1", at(0))
		begin(t, s, tr)
		if ok, err := s.Send(t.Context(), "1", "01BASE", at(1)); !ok || err != nil {
			t.Fatalf("%v %v", ok, err)
		}
		tr.Baseline, tr.SentAt = "01BASE", at(1)
		tr.Outcome, tr.RunID, tr.State, tr.SettledAt = store.Triggered, "01RUN", "QUEUED", at(2)
		if err := s.Settle(t.Context(), tr, false); err != nil {
			t.Fatal(err)
		}
		late := tr
		late.Outcome, late.RunID = store.Unknown, ""
		if err := s.Settle(t.Context(), late, true); err != nil {
			t.Fatal(err)
		}
		list, err := s.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.Trigger{tr}, list); diff != "" {
			t.Errorf("an outcome was overruled: %s", diff)
		}
		if d := since(t, s, 0); len(d.Pending) != 1 {
			t.Errorf("readers see %+v", d.Pending)
		}
		if err := s.Follow(t.Context(), "1", "READY", false); err != nil {
			t.Fatal(err)
		}
		if holder := begin(t, s, trigger("2", at(3))); holder != nil {
			t.Errorf("held by %+v", holder)
		}
		if list, err := s.TriggersOf(t.Context(), "a", 1); err != nil || len(list) != 1 || list[0].ID != "2" {
			t.Errorf("%v %+v", err, list)
		}
	})
}

func TestTriggersThatMadeNoRunAreForgotten(t *testing.T) {
	suite(t, func(t *testing.T, s *store.Store, _ func() *store.Store) {
		for i, outcome := range []store.Outcome{store.Refused, store.NotCreated, store.Unknown, store.Triggered} {
			tr := trigger(fmt.Sprint(i), at(i))
			begin(t, s, tr)
			tr.Outcome, tr.Pending, tr.SettledAt = outcome, false, at(i)
			if err := s.Settle(t.Context(), tr, false); err != nil {
				t.Fatal(err)
			}
		}
		const day = 24 * 60 * 60
		done(t, s, 6*day, 6*day)
		if list, err := s.TriggersOf(t.Context(), "a", 10); err != nil || len(list) != 4 {
			t.Errorf("after six days: %v %+v", err, list)
		}
		done(t, s, 8*day, 8*day)
		if list, err := s.TriggersOf(t.Context(), "a", 10); err != nil || len(list) != 2 || list[0].Outcome != store.Triggered || list[1].Outcome != store.Unknown {
			t.Errorf("%v %+v", err, list)
		}
	})
}
