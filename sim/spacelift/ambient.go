package spacelift

import (
	"slices"
	"strconv"
	"time"
)

// startAmbient lets the account have a life of its own: pushes, pull requests, drift detection, and people who confirm.
func (w *world) startAmbient() {
	if w.ambient <= 0 {
		return
	}
	pause := w.dice.about(time.Duration(float64(time.Minute) / w.ambient))
	w.clock.after(pause, func() {
		w.somebodyPushes()
		w.somebodyDecides()
		w.startAmbient()
	})
}

func (w *world) somebodyPushes() {
	st := w.any(func(st *stack) bool {
		return st.blocker == nil && !st.disabled && !st.deleting && st.lockedBy == "" && st.pool.size > 0
	})
	if st == nil {
		return
	}
	switch what := w.dice.below(10); {
	case what == 0 && st.drift != nil:
		r := w.start(st, typeProposed, "")
		r.drift, r.title = true, "Drift detection"
	case what < 3:
		r := w.start(st, typeProposed, "")
		r.commit = madeUpCommit(&w.dice, st, w.now())
		r.branch, r.title = w.dice.pick(branches), r.commit.message
	default:
		st.commit = madeUpCommit(&w.dice, st, w.now())
		w.start(st, typeTracked, "")
	}
}

// somebodyDecides about a run that waits, unless it needs approval: that is for somebody else.
func (w *world) somebodyDecides() {
	st := w.any(func(st *stack) bool {
		return st.blocker != nil && st.blocker.state == stateUnconfirmed && !st.blocker.needsApproval()
	})
	if st == nil || w.dice.chance(40) {
		return
	}
	state := stateConfirmed
	if w.dice.chance(15) {
		state = stateDiscarded
	}
	w.enter(st.blocker, state, w.dice.pick(people), "")
}

// any is one of the stacks that suit, or nil.
func (w *world) any(suits func(*stack) bool) *stack {
	var found []*stack
	for _, st := range w.stacks {
		if suits(st) {
			found = append(found, st)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[w.dice.below(len(found))]
}

// shift takes a stack away at the end of the order and adds one at its beginning, as happens between two pages.
func (s *Server) shift() {
	defer s.world.lock()()
	w := s.world
	if len(w.stacks) > 1 {
		w.removeStack(slices.MaxFunc(w.stacks, byName))
	}
	st := w.newStack("aaa-shifted-"+strconv.Itoa(w.stacked), w.spaces[0])
	st.state = stateNone
	w.addStack(st)
}
