package spacelift

import (
	"slices"
	"testing"
	"time"
)

func newTest(t *testing.T, options Options) *Server {
	t.Helper()
	at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	if options.Now == nil {
		options.Now = func() time.Time { return at }
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runsOf are the states of all runs, by state.
func runsOf(w *world) (states map[string]int, count int) {
	states = map[string]int{}
	for at := range w.allRuns(nil) {
		states[at.seed.state]++
		count++
	}
	return states, count
}

func TestDemo(t *testing.T) {
	for seed := range uint64(5) {
		s := newTest(t, Options{Preset: Demo, Seed: seed})
		w := s.world
		if len(w.stacks) != 40 || len(w.spaces) != 6 {
			t.Fatalf("%d stacks in %d spaces", len(w.stacks), len(w.spaces))
		}
		states, count := runsOf(w)
		if count != 300 {
			t.Errorf("%d runs", count)
		}
		for _, state := range []string{
			"QUEUED", "READY", "PENDING_REVIEW", "PREPARING", "INITIALIZING", "PLANNING", "UNCONFIRMED", "CONFIRMED", "REPLAN_REQUESTED",
			"PREPARING_REPLAN", "PREPARING_APPLY", "APPLYING", "PERFORMING", "DESTROYING", "FINISHED", "FAILED", "STOPPED", "CANCELED",
			"DISCARDED", "SKIPPED",
		} {
			if states[state] == 0 {
				t.Errorf("seed %d: no run is %s", seed, state)
			}
			if !slices.Contains([]string{"QUEUED", "PENDING_REVIEW", "PERFORMING", "CANCELED", "SKIPPED"}, state) && s.State().States[state] == 0 {
				t.Errorf("seed %d: no stack is %s", seed, state)
			}
		}
		if s.State().States["NONE"] == 0 {
			t.Error("no stack is NONE")
		}
		counts := map[string]int{}
		for _, st := range w.stacks {
			for what, is := range map[string]bool{
				"locked": st.lockedBy != "", "disabled": st.disabled, "drifted": st.drifted > 0, "deleting": st.deleting,
				"approval": st.blocker != nil && st.blocker.needsApproval(),
			} {
				if is {
					counts[what]++
				}
			}
			checkRuns(t, w, st)
		}
		for what, count := range counts {
			if count != 1 {
				t.Errorf("%d are %s", count, what)
			}
		}
		if len(counts) != 5 {
			t.Errorf("counts: %v", counts)
		}
	}
}

// checkRuns wants the history of a stack to be possible: in order, in the past, and the stack as its latest tracked run.
func checkRuns(t *testing.T, w *world, st *stack) {
	t.Helper()
	var before *run
	for _, r := range w.runs(st) {
		if before != nil && !r.created.After(before.created) {
			t.Errorf("%s: run %s is not after %s", st.id, r.created, before.created)
		}
		before = r
		if last := r.history[len(r.history)-1]; last.state != r.state || last.at.After(w.now()) {
			t.Errorf("%s: run in %s ends with %s at %s", st.id, r.state, last.state, last.at)
		}
		for i := 1; i < len(r.history); i++ {
			if r.history[i].at.Before(r.history[i-1].at) {
				t.Errorf("%s: history of %s goes back in time", st.id, r.id)
			}
		}
	}
}

func TestLarge(t *testing.T) {
	s := newTest(t, Options{Preset: Large})
	w := s.world
	if len(w.stacks) != 10_000 || len(w.spaces) != 120 || len(w.pools) != 60 {
		t.Fatalf("%d stacks, %d spaces, %d pools", len(w.stacks), len(w.spaces), len(w.pools))
	}
	loaded, deepest := 0, 0
	for _, st := range w.stacks {
		if st.loaded {
			loaded++
		}
		if len(st.labels) != 5 {
			t.Fatalf("labels %v", st.labels)
		}
		depth := 0
		for sp := st.space; sp != nil; sp = sp.parent {
			depth++
		}
		deepest = max(deepest, depth)
	}
	if loaded > 1_200 || deepest != 4 {
		t.Errorf("%d stacks have their runs in memory; spaces are %d deep", loaded, deepest)
	}
	if _, count := runsOf(w); count != 200_000 {
		t.Errorf("%d runs", count)
	}
	want := map[string]int{"FINISHED": 7000, "FAILED": 800, "UNCONFIRMED": 500, "NONE": 500, "DISCARDED": 400, "STOPPED": 200}
	for state, count := range want {
		if got := s.State().States[state]; got != count {
			t.Errorf("%d are %s, want %d", got, state, count)
		}
	}
}
