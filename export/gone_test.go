package export

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// again ends the engine and starts another on the same store, as a restart does.
func (r *rig) again(db *database.Database) {
	r.t.Helper()
	r.stop()
	r.start(db)
}

func (r *rig) candidates(change ...func(q *request)) int {
	r.t.Helper()
	row := r.run(change...)
	r.want(row, statusSucceeded)
	return row.progress.Counts.DeleteCandidates
}

// TestGoneIsProven: of a catalog that is read page by page, an entity counts as gone when two readings missed it and the
// catalog does not have it, whatever restarts there are between.
func TestGoneIsProven(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		db := open()
		r := newRig(t, db)
		r.catalog.paged = true
		r.fill(5)
		if n := r.candidates(); n != 0 {
			t.Errorf("%d candidates at first", n)
		}
		r.catalog.remove("component:default/c0001")
		first := r.run()
		r.want(first, statusSucceeded)
		if c := first.progress.Counts; c.DeleteCandidates != 0 || c.Unchanged != 4 || !slices.ContainsFunc(first.progress.Warnings, func(w string) bool { return strings.Contains(w, "has not met: 1") }) {
			t.Errorf("after one reading: %+v, %q", c, first.progress.Warnings)
		}
		r.again(db)
		// A dry run looks, and is no proof.
		for range 2 {
			if n := r.candidates(func(q *request) { q.dryRun = true }); n != 1 {
				t.Errorf("a dry run foresees %d", n)
			}
		}
		if n := r.candidates(); n != 1 {
			t.Errorf("%d candidates after two readings", n)
		}
		if n := r.candidates(); n != 1 {
			t.Errorf("%d candidates after three readings", n)
		}
		if !slices.Contains(r.dest.has(), "component.default.c0001") {
			t.Error("it was deleted")
		}
		// It comes back, and goes once more: the count begins anew.
		r.catalog.put(t, service("c0001", "back"))
		if n := r.candidates(); n != 0 {
			t.Errorf("%d candidates when it is back", n)
		}
		r.catalog.remove("component:default/c0001")
		if n := r.candidates(); n != 0 {
			t.Errorf("%d candidates after it was missed once", n)
		}
	})
}

// TestMissedIsNotGone: what the pages miss and the catalog has is there, however often.
func TestMissedIsNotGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.fill(5)
	r.candidates()
	r.catalog.set(func() {
		r.catalog.hidden = map[string]bool{"component:default/c0001": true, "component:default/c0002": true}
	})
	for range 4 {
		if n := r.candidates(); n != 0 {
			t.Fatalf("%d candidates", n)
		}
	}
	// One goes indeed. What was missed before does not count for it: the catalog had it then.
	r.catalog.remove("component:default/c0002")
	if n := r.candidates(); n != 0 {
		t.Errorf("%d candidates after one proof", n)
	}
	if n := r.candidates(); n != 1 {
		t.Errorf("%d candidates after two proofs", n)
	}
}

// TestNoProof: a reading that failed, an empty one, one with an entity that nobody can name, and a catalog that does not
// answer are no proofs.
func TestNoProof(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(r *rig){
		"failed": func(r *rig) { r.catalog.err = errors.New("the cursor broke") },
		"empty": func(r *rig) {
			r.catalog.hidden = map[string]bool{"component:default/c0000": true, "component:default/c0002": true}
		},
		"unnamed":  func(r *rig) { r.catalog.bad = []*host.EntityError{{Err: errors.New("no kind")}} },
		"no reply": func(r *rig) { r.catalog.refsErr = errors.New("connection refused") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, databasetest.SQLite(t))
			r.catalog.paged = true
			r.fill(3)
			r.candidates()
			r.catalog.remove("component:default/c0001")
			for range 3 {
				r.catalog.set(func() { spoil(r) })
				if row := r.run(); row.status == statusSucceeded || row.progress.Counts.DeleteCandidates != 0 {
					t.Errorf("%s, %+v", row.status, row.progress.Counts)
				}
			}
			r.catalog.set(func() { r.catalog.err, r.catalog.hidden, r.catalog.bad, r.catalog.refsErr = nil, nil, nil, nil })
			if n := r.candidates(); n != 0 {
				t.Errorf("%d candidates after one proof", n)
			}
			if n := r.candidates(); n != 1 {
				t.Errorf("%d candidates after two proofs", n)
			}
			if len(r.dest.has()) != 3 {
				t.Errorf("the destination has %q", r.dest.has())
			}
		})
	}
}

// TestSnapshotForgetsAbsence: proofs that were gathered before a local catalog was read do not count after it.
func TestSnapshotForgetsAbsence(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	r := newRig(t, db)
	r.catalog.paged = true
	r.fill(3)
	r.candidates()
	r.catalog.remove("component:default/c0001")
	r.candidates()
	r.stop()
	r.catalog.paged = false
	r.start(db)
	if n := r.candidates(); n != 1 {
		t.Errorf("a snapshot proves %d", n)
	}
	r.stop()
	r.catalog.paged = true
	r.start(db)
	if n := r.candidates(); n != 0 {
		t.Errorf("%d candidates after one reading", n)
	}
}

// TestFilteredWasRead: what was read and is not exported any more needs no second reading.
func TestFilteredWasRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.catalog.put(t, `{"kind":"Component","metadata":{"name":"a","annotations":{"twin":"one"}}}`, service("b", ""))
	r.candidates()
	r.catalog.put(t, `{"kind":"Component","metadata":{"name":"a","annotations":{"twin":"two"}}}`)
	if n := r.candidates(); n != 1 {
		t.Errorf("%d candidates when an id has changed", n)
	}
}

// TestUnreadableEntities: each is told, the others are sent, and what the destination has of them is no candidate.
func TestUnreadableEntities(t *testing.T) {
	t.Parallel()
	for _, paged := range []bool{false, true} {
		r := newRig(t, databasetest.SQLite(t))
		r.catalog.paged = paged
		r.fill(3)
		r.candidates()
		r.catalog.remove("component:default/c0001")
		r.catalog.bad = []*host.EntityError{{Ref: "component:default/c0001", Err: errors.New("nested too deeply")}, {Err: errors.New("no kind")}}
		for range 3 {
			row := r.run()
			r.want(row, statusPartial)
			if c := row.progress.Counts; c.Unmappable != 2 || c.Unchanged != 2 || c.DeleteCandidates != 0 {
				t.Errorf("%+v", c)
			}
			items, err := r.store.items(t.Context(), row.id, "", []string{itemFailed}, 10)
			if err != nil || len(items) != 2 || items[0].EntityRef != unnamedRef || items[1].Code != codeUnreadable || !strings.Contains(items[1].Message, "nested too deeply") {
				t.Errorf("%+v, %v", items, err)
			}
		}
	}
}

// TestManyAreAskedForAtOnce: the catalog may be on another machine.
func TestManyAreAskedForAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(1100)
	row := r.run(func(q *request) { q.dryRun, q.digest = true, true })
	r.want(row, statusSucceeded)
	if want := []int{256, 256, 256, 256, 76}; !slices.Equal(r.catalog.batches, want) {
		t.Errorf("the digest asks for %v", r.catalog.batches)
	}
	r.dest.fault = func(call string, _ []string) error {
		if call == "submit" {
			return &Failure{Kind: Invalid, Status: 422, Message: "no", Items: map[int]string{0: "no", 1: "no"}}
		}
		return nil
	}
	r.dest.limits.MaxEntities = 2
	failed := r.run()
	r.catalog.batches, r.dest.fault = nil, nil
	retry, err := r.retryFailed(t.Context(), failed.id, "user:default/jane", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.ended(retry.id)
	for _, n := range r.catalog.batches {
		if n < 2 {
			t.Errorf("a retry asks for %v", r.catalog.batches)
		}
	}
}

// TestDigestTellsOfChanges: it is compared with what was planned, not with a position, which a catalog elsewhere may not
// move.
func TestDigestTellsOfChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *rig)
		warned bool
	}{
		"changed":      {func(r *rig) { r.catalog.put(t, service("c0001", "new")) }, true},
		"gone":         {func(r *rig) { r.catalog.remove("component:default/c0001") }, true},
		"another came": {func(r *rig) { r.catalog.put(t, service("x", "")) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *rig
			changed := false
			r = &rig{t: t, catalog: newCatalog(), dest: newFake()}
			r.catalog.paged = true
			r.start(databasetest.SQLite(t), func(o *Options) {
				o.Catalog = &turning{fakeCatalog: r.catalog, before: func() {
					if !changed {
						changed = true
						c.change(r)
					}
				}}
			})
			r.fill(3)
			row := r.run(func(q *request) { q.dryRun, q.digest = true, true })
			r.want(row, statusSucceeded)
			if got := slices.ContainsFunc(row.progress.Warnings, func(w string) bool { return strings.Contains(w, "mixture") }); got != c.warned {
				t.Errorf("warnings %q", row.progress.Warnings)
			}
		})
	}
}

// TestCatalogFailsWhileSending: the run ends, is told why, and can be resumed; nothing waits for a database that is well.
func TestCatalogFailsWhileSending(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.fill(3)
	r.dest.fault = func(call string, _ []string) error {
		if call != "submit" {
			return nil
		}
		r.catalog.set(func() { r.catalog.refsErr = errors.New("connection refused") })
		return &Failure{Kind: TooLarge, Status: 413, Message: "too large"}
	}
	row := r.run()
	r.want(row, statusFailed)
	if !strings.Contains(row.err, "the catalog cannot be read: connection refused") {
		t.Errorf("error %q", row.err)
	}
	r.catalog.set(func() { r.catalog.refsErr = nil })
	r.dest.mu.Lock()
	r.dest.fault = nil
	r.dest.mu.Unlock()
	if _, err := r.resume(t.Context(), row.id); err != nil {
		t.Fatal(err)
	}
	r.want(r.ended(row.id), statusSucceeded)
	if len(r.dest.has()) != 3 {
		t.Errorf("the destination has %q", r.dest.has())
	}
}

// TestVanishesWhileBeingSent: what was read is sent, and nothing of it is taken back.
func TestVanishesWhileBeingSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.fill(3)
	r.dest.fault = func(call string, _ []string) error {
		if call == "submit" {
			r.catalog.remove("component:default/c0001")
			r.catalog.put(t, service("x", ""))
		}
		return nil
	}
	if n := r.candidates(); n != 0 || len(r.dest.has()) != 3 {
		t.Errorf("%d candidates, the destination has %q", n, r.dest.has())
	}
	if n := r.candidates(); n != 0 || len(r.dest.has()) != 4 {
		t.Errorf("%d candidates, the destination has %q", n, r.dest.has())
	}
}

// turning is a catalog that changes before it is asked by refs.
type turning struct {
	*fakeCatalog
	before func()
}

func (c *turning) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	c.before()
	return c.fakeCatalog.ByRefs(ctx, who, refs)
}

func TestAbsence(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		ctx := t.Context()
		row := addRun(t, s, newID(), statusRunning)
		ok(t, s.addChunks(ctx, "t", row.id, []*chunk{{seq: 1, state: statePlanned, elements: []element{
			{ref: "component:default/a", id: "a", hash: []byte("h")}, {ref: "component:default/b", id: "b", hash: []byte("h")},
		}}}, nil, at))
		c, err := s.chunk(ctx, row.id, 1)
		ok(t, err)
		ok(t, s.settle(ctx, "t", row.id, c, at))
		want := func(a, b int, run string) {
			t.Helper()
			got := map[string]sentRow{}
			ok(t, s.eachSent(ctx, func(e sentRow) { got[e.id] = e }))
			if len(got) != 2 || got["a"].walks != a || got["b"].walks != b || got["a"].run != run {
				t.Errorf("%+v, want %d and %d by %q", got, a, b, run)
			}
		}
		want(0, 0, "")
		both := []string{"component:default/a", "component:default/b"}
		for range 2 { // planned twice, counted once
			ok(t, s.putAbsence(ctx, "t", "r1", both, nil))
			want(1, 1, "r1")
		}
		ok(t, s.putAbsence(ctx, "t", "r2", both[:1], both[1:]))
		want(2, 0, "r2")
		if err := s.putAbsence(ctx, "other", "r3", both, nil); !errors.Is(err, errLeaseLost) {
			t.Errorf("written behind the fence: %v", err)
		}
		ok(t, s.forgetAbsence(ctx, "t"))
		want(0, 0, "")
		ok(t, s.putAbsence(ctx, "t", "r4", both, nil))
		ok(t, s.settle(ctx, "t", row.id, c, at)) // it is sent again, so it was there
		want(0, 0, "")
		ok(t, s.putAbsence(ctx, "t", "r5", nil, nil))
	})
}
