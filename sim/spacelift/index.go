package spacelift

import (
	"cmp"
	"iter"
	"slices"

	"github.com/oklog/ulid/v2"
)

// indexed is a run without the run: enough to find it, and to make it up.
type indexed struct {
	stack *stack
	n     int
	seed  runSeed
	run   *run // of a loaded stack
}

func (at indexed) id() string {
	if at.run != nil {
		return at.run.id
	}
	return id(at.seed.created, at.seed.key)
}

// millisecond is that of the id.
func (at indexed) millisecond() int64 {
	if at.run != nil {
		return at.run.millisecond
	}
	return at.seed.created.UnixMilli()
}

// before compares ids, and makes up its own only for those of the same millisecond.
func (at indexed) before(other string) bool {
	if made, err := ulid.Parse(other); err == nil && int64(made.Time()) != at.millisecond() {
		return at.millisecond() < int64(made.Time())
	}
	return at.id() < other
}

// byAge is newest first, as ids are.
func byAge(a, b indexed) int {
	if c := cmp.Compare(b.millisecond(), a.millisecond()); c != 0 {
		return c
	}
	return cmp.Compare(b.id(), a.id())
}

// seededIndex is made when somebody first asks for the runs of the whole account.
func (w *world) seededIndex() []indexed {
	if w.index != nil {
		return w.index
	}
	w.index = []indexed{}
	for _, st := range w.stacks {
		for n := range st.seeded {
			w.index = append(w.index, indexed{stack: st, n: n, seed: w.seedOf(st, n)})
		}
	}
	slices.SortFunc(w.index, byAge)
	return w.index
}

// loadedRuns are those of stacks that have been written to, newest first.
func (w *world) loadedRuns() []indexed {
	var found []indexed
	for _, st := range w.stacks {
		for _, r := range st.runs {
			found = append(found, indexed{
				stack: st, run: r, seed: runSeed{key: r.key, kind: r.kind, state: r.state, drift: r.drift, created: r.created},
			})
		}
	}
	slices.SortFunc(found, byAge)
	return found
}

// allRuns are the runs of the account, newest first, from the one after the cursor, which is an id.
func (w *world) allRuns(after *string) iter.Seq[indexed] {
	seeded, loaded := w.seededIndex(), w.loadedRuns()
	return func(yield func(indexed) bool) {
		for len(seeded) > 0 || len(loaded) > 0 {
			var next indexed
			if len(loaded) == 0 || len(seeded) > 0 && byAge(seeded[0], loaded[0]) < 0 {
				next, seeded = seeded[0], seeded[1:]
				if next.stack.loaded || next.stack.deleted {
					continue
				}
			} else {
				next, loaded = loaded[0], loaded[1:]
			}
			if after != nil && !next.before(*after) {
				continue
			}
			if !yield(next) {
				return
			}
		}
	}
}

func (w *world) runAt(at indexed) *run {
	if at.run != nil {
		return at.run
	}
	return w.seededRun(at.stack, at.n)
}

// findRun finds a run anywhere by its id.
func (w *world) findRun(runID string) *run {
	made, err := ulid.ParseStrict(runID)
	if err != nil {
		return nil
	}
	for at := range w.allRuns(nil) {
		if at.millisecond() == int64(made.Time()) && at.id() == runID {
			return w.runAt(at)
		}
	}
	return nil
}
