package spacelift

import (
	"time"
)

// How long a run stays in a state, give or take 30 % (spacelift.md 8.3).
const (
	dwellQueued         = time.Second
	dwellReady          = 2 * time.Second
	dwellPreparing      = 4 * time.Second
	dwellInitializing   = 6 * time.Second
	dwellPlanning       = 12 * time.Second
	dwellConfirmed      = time.Second
	dwellPreparingApply = 4 * time.Second
	dwellApplying       = 20 * time.Second
	dwellPerforming     = 5 * time.Second
)

func dwell(state string) time.Duration {
	switch state {
	case stateQueued:
		return dwellQueued
	case stateReady:
		return dwellReady
	case statePreparing, statePreparingReplan:
		return dwellPreparing
	case stateInitializing:
		return dwellInitializing
	case statePlanning:
		return dwellPlanning
	case stateConfirmed, stateReplanRequested:
		return dwellConfirmed
	case statePreparingApply:
		return dwellPreparingApply
	case stateApplying, stateDestroying:
		return dwellApplying
	case statePerforming:
		return dwellPerforming
	}
	return 0
}

// start adds a run to its stack, in QUEUED.
func (w *world) start(st *stack, kind string, by string) *run {
	w.load(st)
	w.created++
	r := &run{
		key: mix(w.seed, 0x52, w.created), stack: st, kind: kind, created: w.now(), triggeredBy: by,
		branch: st.branch, commit: st.commit,
	}
	w.name(r)
	r.title = st.commit.message
	st.runs = append(st.runs, r)
	w.enter(r, stateQueued, by, "")
	return r
}

// enter moves the run to a state, and arranges what comes next.
func (w *world) enter(r *run, state, by, note string) {
	w.record(r, state, by, note)
	w.next(r)
}

func (w *world) record(r *run, state, by, note string) {
	r.generation++
	r.state, r.wants = state, ""
	r.history = append(r.history, transition{state: state, username: by, note: note, at: w.now()})
	w.moved++
	if r.kind == typeTracked || r.kind == typeDestroy {
		w.follow(r.stack, state)
	}
}

// follow moves the stack with its run: from READY on. A run that was canceled or skipped leaves no trace on its stack.
func (w *world) follow(st *stack, state string) {
	switch state {
	case stateQueued:
		return
	case stateReady:
		st.before = st.state
	case stateCanceled, stateSkipped:
		if st.before == "" {
			return
		}
		state = st.before
	}
	st.state, st.stateSetAt = state, w.now()
}

// next arranges how the run goes on from the state in which it is.
func (w *world) next(r *run) {
	switch r.state {
	case stateQueued:
		if w.blocked(r) {
			return
		}
		w.later(r, stateReady)
	case stateReady, stateConfirmed, stateReplanRequested:
		then := map[string]string{
			stateReady: statePreparing, stateConfirmed: statePreparingApply, stateReplanRequested: statePreparingReplan,
		}[r.state]
		w.wait(r, dwell(r.state), func() { w.needWorker(r, then) })
	case statePreparing:
		w.later(r, stateInitializing)
	case stateInitializing:
		w.later(r, afterInit(r))
	case statePlanning:
		w.wait(r, dwellPlanning, func() { w.planned(r) })
	case statePreparingReplan:
		w.later(r, statePlanning)
	case statePreparingApply:
		w.later(r, stateApplying)
	case stateApplying, stateDestroying:
		w.later(r, afterApply(r))
	case statePerforming:
		w.later(r, stateFinished)
	case stateUnconfirmed, statePendingReview:
		w.release(r)
	default:
		w.settle(r)
	}
}

// later moves the run on when it has been in its state for long enough.
func (w *world) later(r *run, state string) {
	w.wait(r, dwell(r.state), func() { w.enter(r, state, "", "") })
}

// wait acts after about so long, unless the run has left its state by then.
func (w *world) wait(r *run, base time.Duration, act func()) {
	generation := r.generation
	w.clock.after(roll(r.key, uint64(len(r.history))).about(base), func() {
		if r.generation == generation {
			act()
		}
	})
}

func afterInit(r *run) string {
	switch {
	case r.stack.trait == FailInit:
		return stateFailed
	case r.kind == typeTask:
		return statePerforming
	case r.kind == typeDestroy:
		return stateDestroying
	}
	return statePlanning
}

func afterApply(r *run) string {
	if r.stack.trait == FailApply {
		return stateFailed
	}
	return stateFinished
}

// planned is the end of PLANNING.
func (w *world) planned(r *run) {
	st := r.stack
	if st.trait == FailPlan {
		w.enter(r, stateFailed, "", "")
		return
	}
	r.delta = plan(r)
	if r.drift {
		st.drifted = r.delta.change
	}
	switch {
	case r.kind == typeProposed && st.approval && !r.drift:
		w.enter(r, statePendingReview, "", "")
	case r.kind == typeProposed, st.trait == PlanNoop:
		w.enter(r, stateFinished, "", "")
	case st.autodeploy:
		w.enter(r, stateApplying, "", "")
	default:
		w.enter(r, stateUnconfirmed, "", "")
	}
}

// plan makes up what a run would change.
func plan(r *run) *delta {
	d := roll(r.key, 0xde)
	result := &delta{resources: r.stack.resources}
	if r.stack.trait == PlanNoop {
		return result
	}
	result.change = 1 + d.below(4)
	if !r.drift {
		result.add, result.remove = d.below(5), d.below(2)
	}
	result.resources += result.add - result.remove
	return result
}

// settle is the end of a run: others may go on.
func (w *world) settle(r *run) {
	w.release(r)
	st := r.stack
	if r.state == stateFinished && r.kind == typeTracked && r.delta != nil {
		st.resources, st.drifted = r.delta.resources, 0
	}
	if r.state == stateFinished && r.kind == typeDestroy && st.deleting {
		w.removeStack(st)
		return
	}
	if r.drift && r.state == stateFinished && st.drift != nil && st.drift.reconcile && r.delta != nil && r.delta.change > 0 {
		w.start(st, typeTracked, "reconciliation")
	}
	if st.blocker != r {
		return
	}
	st.blocker = nil
	for _, other := range st.runs {
		if other.state == stateQueued && other.blocks() {
			st.blocker = other
			w.later(other, stateReady)
			return
		}
	}
}

// blocked says that the run has to wait for another of its stack; if not, others wait for this one.
func (w *world) blocked(r *run) bool {
	if !r.blocks() {
		return false
	}
	if r.stack.blocker == nil {
		r.stack.blocker = r
	}
	return r.stack.blocker != r
}
