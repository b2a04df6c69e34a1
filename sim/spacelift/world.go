package spacelift

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// world is the account: spaces, stacks, runs and the clock. Its methods want the lock to be held; lock takes it and brings
// everything up to date.
type world struct {
	mu      sync.Mutex
	seed    uint64
	clock   clock
	dice    dice // for what happens; what there is comes from roll
	ambient float64

	spaces  []*space
	spaceBy map[string]*space
	public  *pool
	pools   []*pool
	stacks  []*stack // by name, then id
	stackBy map[string]*stack
	created uint64 // runs that were not seeded
	newest  int64  // millisecond of the newest id of a run
	stacked int    // stacks ever
	index   []indexed
	moved   uint64 // transitions ever
}

func (w *world) lock() func() {
	w.mu.Lock()
	w.clock.catchUp()
	return w.mu.Unlock
}

func (w *world) now() time.Time { return w.clock.time }

// name gives a new run its id. Ids grow, also within a millisecond, because they are the cursors of lists.
func (w *world) name(r *run) {
	r.millisecond = max(r.created.UnixMilli(), w.newest+1)
	w.newest = r.millisecond
	r.id = id(time.UnixMilli(r.millisecond), r.key)
}

// id is a ULID out of the seed. Two are the same only for the same time and key.
func id(at time.Time, key uint64) string {
	var made ulid.ULID
	_ = made.SetTime(uint64(at.UnixMilli())) //nolint:gosec // after 1970, and before the year 10889
	d := dice(key)
	var entropy [16]byte
	binary.BigEndian.PutUint64(entropy[:8], d.next())
	binary.BigEndian.PutUint64(entropy[8:], d.next())
	_ = made.SetEntropy(entropy[:10])
	return made.String()
}

func byName(a, b *stack) int {
	if c := cmp.Compare(a.name, b.name); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

func (w *world) addStack(st *stack) {
	st.index = w.stacked
	w.stacked++
	if st.pool == nil {
		st.pool = w.public
	}
	at, _ := slices.BinarySearchFunc(w.stacks, st, byName)
	w.stacks = slices.Insert(w.stacks, at, st)
	w.stackBy[st.id] = st
}

// removeStack takes a stack out of the account, with its runs.
func (w *world) removeStack(st *stack) {
	if st.deleted {
		return
	}
	st.deleted = true
	for _, r := range st.runs {
		r.generation++
		w.release(r)
	}
	st.blocker = nil
	if at, found := slices.BinarySearchFunc(w.stacks, st, byName); found {
		w.stacks = slices.Delete(w.stacks, at, at+1)
	}
	delete(w.stackBy, st.id)
	for _, other := range st.dependsOn {
		other.dependedOnBy = without(other.dependedOnBy, st)
	}
	for _, other := range st.dependedOnBy {
		other.dependsOn = without(other.dependsOn, st)
	}
}

func without(from []*stack, what *stack) []*stack {
	return slices.DeleteFunc(slices.Clone(from), func(s *stack) bool { return s == what })
}

// runs are those of the stack, oldest first. They are the caller's to read, not to change; load gives those to change.
func (w *world) runs(st *stack) []*run {
	if st.loaded {
		return st.runs
	}
	runs := make([]*run, st.seeded)
	for n := range runs {
		runs[n] = w.seededRun(st, n)
	}
	return runs
}

func (w *world) load(st *stack) []*run {
	if !st.loaded {
		st.runs, st.loaded = w.runs(st), true
	}
	return st.runs
}

func (w *world) run(st *stack, runID string) *run {
	runs := w.runs(st)
	for _, r := range slices.Backward(runs) {
		if r.id == runID {
			return r
		}
	}
	return nil
}

// loadRun is a run that may be changed.
func (w *world) loadRun(st *stack, runID string) *run {
	w.load(st)
	return w.run(st, runID)
}
