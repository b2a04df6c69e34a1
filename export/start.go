package export

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-portal/understudy/host/fault"
)

// newID names a run, in the order of time, or a lease.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // the system has no random numbers
	}
	return id.String()
}

// start begins a run, or joins the one of its sort that is under way.
func (e *Engine) start(ctx context.Context, q request) (runRow, bool, error) {
	s, err := e.open(ctx)
	if err != nil {
		return runRow{}, false, err
	}
	row := runRow{
		id: newID(), cause: q.trigger, by: q.by, status: statusQueued, parent: q.parent, dryRun: q.dryRun, full: q.full, wantDigest: q.digest,
		startedAt: e.now(), retryStep: q.step,
	}
	if q.trigger == triggerRetry {
		row.refs = packRefs(q.refs)
	}
	row, joined, err := s.addRun(ctx, row)
	if err == nil {
		e.rouse()
	}
	return row, joined, err
}

// await returns the run once it has ended, or as it is after the given time, or when the caller or the server goes.
func (e *Engine) await(ctx context.Context, id string, limit time.Duration, quit <-chan struct{}) (runRow, error) {
	const every = 500 * time.Millisecond // for runs of other replicas
	timer := time.NewTimer(limit)
	defer timer.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		row, err := e.find(ctx, id)
		if err != nil || !row.active() || limit <= 0 {
			return row, err
		}
		select {
		case <-ctx.Done():
			return row, context.Cause(ctx)
		case <-quit:
			return row, nil
		case <-e.closed:
			return row, nil
		case <-timer.C:
			return row, nil
		case <-changed:
		case <-ticker.C:
		}
	}
}

// find returns a run as it is now.
func (e *Engine) find(ctx context.Context, id string) (runRow, error) {
	if row, ok := e.liveRow(id); ok {
		return row, nil
	}
	s, err := e.open(ctx)
	if err != nil {
		return runRow{}, err
	}
	row, found, err := s.run(ctx, id)
	if err == nil && !found {
		err = fault.NotFound("there is no run %s; runs that ended long ago are forgotten", id)
	}
	return row, err
}

// liveRow is a run that is under way here, whose progress is newer than what is stored.
func (e *Engine) liveRow(id string) (runRow, bool) {
	e.mu.Lock()
	r := e.live
	e.mu.Unlock()
	if r == nil {
		return runRow{}, false
	}
	if row := r.snapshot(); row.id == id && row.active() {
		return row, true
	}
	return runRow{}, false
}

// cancel has a run end after what is under way.
func (e *Engine) cancel(ctx context.Context, id string) (runRow, error) {
	row, err := e.find(ctx, id)
	if err != nil {
		return runRow{}, err
	}
	if wanted, err := e.store.requestCancel(ctx, id); err != nil {
		return runRow{}, err
	} else if !wanted {
		return runRow{}, fault.Conflict("the run has ended already: %s", row.status)
	}
	e.mu.Lock()
	r := e.live
	e.mu.Unlock()
	if r != nil && r.snapshot().id == id {
		r.stop()
	}
	e.rouse()
	return e.find(ctx, id)
}

// resume has an ended run go on.
func (e *Engine) resume(ctx context.Context, id string) (runRow, error) {
	row, err := e.find(ctx, id)
	if err != nil {
		return runRow{}, err
	}
	switch ok, err := e.store.resumable(ctx, &row); {
	case err != nil:
		return runRow{}, err
	case row.active():
		return runRow{}, fault.Conflict("the run is under way")
	case !ok:
		return runRow{}, fault.Conflict("nothing of this run can be resumed; start another, which sends what is missing")
	}
	switch ok, err := e.store.requeue(ctx, id, 0); {
	case err != nil:
		return runRow{}, err
	case !ok:
		return runRow{}, fault.Conflict("another run is under way; resume this one when that has ended")
	}
	e.rouse()
	return e.find(ctx, id)
}

// retryFailed maps and sends failed items of a run again, as a new run.
func (e *Engine) retryFailed(ctx context.Context, id, by string, refs []string) (runRow, error) {
	row, err := e.find(ctx, id)
	if err != nil {
		return runRow{}, err
	}
	if row.active() {
		return runRow{}, fault.Conflict("the run is under way; retry what it fails to send when it has ended")
	}
	all, err := e.store.failedRefs(ctx, id)
	if err != nil {
		return runRow{}, err
	}
	if len(refs) > 0 {
		for _, ref := range refs {
			if !slices.Contains(all, ref) {
				return runRow{}, fault.Input("%s is not among the failed items of the run that a retry may help", ref)
			}
		}
		all = refs
	}
	if len(all) == 0 {
		return runRow{}, fault.Conflict("nothing of this run has failed that a retry may help")
	}
	next, joined, err := e.start(ctx, request{trigger: triggerRetry, by: by, parent: id, refs: all})
	if err == nil && joined {
		err = fault.Conflict("another run is under way (%s); retry when that has ended", next.id)
	}
	if err == nil && len(refs) == 0 {
		err = e.store.forgetDue(ctx, id) // the new run does it all
	}
	return next, err
}
