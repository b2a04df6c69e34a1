package spacelift

import (
	"fmt"
	"slices"
	"time"
)

// seededRun is the run n of a stack that has not been written to: the same at every call. The newest has the state of its stack.
func (w *world) seededRun(st *stack, n int) *run {
	seed := w.seedOf(st, n)
	r := &run{key: seed.key, stack: st, kind: seed.kind, state: seed.state, created: seed.created, branch: st.branch}
	r.id, r.millisecond = id(r.created, r.key), r.created.UnixMilli()
	d := roll(r.key, 0x10)
	if r.commit = st.commit; n < st.seeded-1 {
		r.commit = madeUpCommit(d, st, r.created)
	}
	r.title, r.drift = r.commit.message, seed.drift
	switch r.kind {
	case typeProposed:
		if !r.drift {
			r.branch = d.pick(branches)
		} else {
			r.title = "Drift detection"
		}
	case typeTask:
		r.command, r.triggeredBy = d.pick(tasks), d.pick(people)
		r.title = r.command
	default:
		r.triggeredBy = weighted(d, []choice[string]{{60, ""}, {25, d.pick(people)}, {15, "api::" + AdminKey}})
	}
	w.seedHistory(r, d)
	return r
}

// runSeed is what is known of a seeded run without making it up in full.
type runSeed struct {
	key         uint64
	kind, state string
	drift       bool
	created     time.Time
}

func (w *world) seedOf(st *stack, n int) runSeed {
	key := mix(w.seed, 0x72, uint64(st.index), uint64(n)) //nolint:gosec // both are counts
	if n == st.seeded-1 {
		kind := typeTracked
		if st.deleting || st.state == stateDestroying {
			kind = typeDestroy
		}
		return runSeed{key: key, kind: kind, state: st.state, created: st.newest}
	}
	d := roll(key)
	seed := runSeed{key: key}
	seed.created = st.newest.Add(-time.Duration(st.seeded-1-n) * st.step).Add(time.Duration(d.float() * float64(st.step) / 2))
	seed.kind = weighted(d, []choice[string]{{57, typeTracked}, {35, typeProposed}, {8, typeTask}})
	switch seed.kind {
	case typeTracked:
		seed.state = weighted(d, []choice[string]{
			{75, stateFinished}, {12, stateFailed}, {6, stateDiscarded}, {4, stateStopped}, {3, stateCanceled},
		})
	case typeProposed:
		seed.drift = st.drift != nil && d.chance(20)
		seed.state = weighted(d, []choice[string]{{84, stateFinished}, {12, stateFailed}, {2, stateCanceled}, {2, stateSkipped}})
	default:
		seed.state = weighted(d, []choice[string]{{90, stateFinished}, {10, stateFailed}})
	}
	return seed
}

func (w *world) seedHistory(r *run, d *dice) {
	at, by := r.created, r.triggeredBy
	for i, state := range pathTo(r, d) {
		if i > 0 {
			at = at.Add(stay(r.history[i-1].state, d))
		}
		if state == stateConfirmed || state == stateDiscarded {
			by = d.pick(people)
		}
		r.history = append(r.history, transition{state: state, username: by, at: at})
		by = ""
		if state == statePlanning {
			r.delta = plan(r)
		}
	}
}

// stay is how long a run of the past was in a state. People take their time.
func stay(state string, d *dice) time.Duration {
	if state == stateUnconfirmed || state == statePendingReview {
		return d.about(10 * time.Minute)
	}
	return d.about(dwell(state))
}

// pathTo is how a run of the past came to its state.
func pathTo(r *run, d *dice) []string {
	begin := []string{stateQueued, stateReady, statePreparing, stateInitializing}
	for i, state := range begin {
		if state == r.state {
			return begin[:i+1]
		}
	}
	middle := map[string]string{typeTask: statePerforming, typeDestroy: stateDestroying}[r.kind]
	if middle == "" {
		middle = statePlanning
	}
	planned := slices.Concat(begin, []string{middle})
	switch r.state {
	case middle:
		return planned
	case stateCanceled, stateSkipped:
		return append(begin[:1:1], r.state)
	case stateFailed:
		if r.kind != typeTracked {
			return append(planned, stateFailed)
		}
		return weighted(d, []choice[[]string]{
			{20, append(begin[:4:4], stateFailed)},
			{60, append(planned[:5:5], stateFailed)},
			{20, append(planned[:5:5], stateApplying, stateFailed)},
		})
	}
	if r.kind != typeTracked || r.state == stateStopped {
		return append(planned, r.state)
	}
	if r.state == stateFinished && r.stack.autodeploy {
		return append(planned, stateApplying, stateFinished)
	}
	return append(planned, pathFromPlan(r.state)...)
}

func pathFromPlan(state string) []string {
	confirmed := []string{stateUnconfirmed, stateConfirmed, statePreparingApply, stateApplying, stateFinished}
	for i, at := range confirmed {
		if at == state {
			return confirmed[:i+1]
		}
	}
	replan := []string{stateUnconfirmed, stateReplanRequested, statePreparingReplan}
	for i, at := range replan {
		if at == state {
			return replan[:i+1]
		}
	}
	return []string{stateUnconfirmed, state}
}

func madeUpCommit(d *dice, st *stack, at time.Time) commit {
	who := d.pick(people)
	hash := fmt.Sprintf("%016x%016x%08x", d.next(), d.next(), uint32(d.next())) //nolint:gosec // a part of it is enough
	return commit{
		hash: hash, message: d.pick(messages), author: fullName(who), login: login(who), at: at.Add(-2 * time.Minute),
		url: fmt.Sprintf("https://git.acme.example.com/%s/%s/commit/%s", st.namespace, st.repository, hash),
	}
}

// place puts the newest seeded run where its stack's state is believable: what is running began moments ago, what waits for
// people or has ended, hours or days ago. Then it makes the run live, if it is.
func (w *world) place(st *stack, ago time.Duration) {
	st.newest, st.stateSetAt = w.now().Add(-ago), st.createdAt
	if st.seeded == 0 {
		return
	}
	if dwell(st.state) == 0 {
		newest := w.seededRun(st, st.seeded-1)
		st.stateSetAt = newest.updated()
		if !terminal(st.state) {
			w.load(st)
			st.blocker = st.runs[len(st.runs)-1]
		}
		return
	}
	newest := w.seededRun(st, st.seeded-1)
	took := newest.updated().Sub(newest.created)
	st.newest = w.now().Add(-took - dwell(st.state)/4)
	st.stateSetAt = st.newest.Add(took)
	w.resume(w.load(st)[st.seeded-1])
}

// resume lets a seeded run go on.
func (w *world) resume(r *run) {
	if r.blocks() && r.stack.blocker == nil {
		r.stack.blocker = r
	}
	if needsWorker(r.state) {
		r.working = true
		r.stack.pool.busy++
	}
	r.stack.before = stateFinished
	w.next(r)
}
