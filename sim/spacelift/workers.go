package spacelift

import "slices"

// needWorker moves the run to the state as soon as a worker of its pool is free.
func (w *world) needWorker(r *run, state string) {
	r.wants = state
	p := r.stack.pool
	p.waiting = append(p.waiting, r)
	w.dispatch(p)
}

// dispatch gives free workers to those who wait: blocking runs first, then proposed ones, then drift detection; in each the
// oldest first (spacelift.md 8.3).
func (w *world) dispatch(p *pool) {
	for p.busy < p.size && len(p.waiting) > 0 {
		best := 0
		for i, r := range p.waiting {
			if priority(r) < priority(p.waiting[best]) {
				best = i
			}
		}
		r := p.waiting[best]
		p.waiting = slices.Delete(p.waiting, best, best+1)
		p.busy++
		r.working = true
		w.enter(r, r.wants, "", "")
	}
}

func priority(r *run) int {
	switch {
	case r.drift:
		return 2
	case r.kind == typeProposed:
		return 1
	}
	return 0
}

// release gives the worker back, and the place in the line.
func (w *world) release(r *run) {
	p := r.stack.pool
	if at := slices.Index(p.waiting, r); at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
	}
	if !r.working {
		return
	}
	r.working = false
	p.busy--
	w.dispatch(p)
}

// needsWorker says that a run in that state keeps a worker busy.
func needsWorker(state string) bool {
	switch state {
	case stateQueued, stateReady, stateConfirmed, stateReplanRequested:
		return false
	}
	return dwell(state) > 0
}
