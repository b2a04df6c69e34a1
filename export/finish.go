package export

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// finish writes how the run ended. A failure that is not an ending is the store's, and is returned: the run goes on when
// the store is back.
func (r *runner) finish(ctx context.Context, failure error) error {
	var end *ending
	switch {
	case failure == nil:
	case errors.As(failure, &end):
	case errors.Is(failure, errMangled):
		end = &ending{status: statusFailed, err: fmt.Errorf("%w: start another run", failure)}
	default:
		return failure
	}
	r.enter(phaseFinish)
	if r.row.planned && !r.row.dryRun {
		if err := r.recount(ctx); err != nil {
			return err
		}
	}
	r.conclude(end)
	if failure == nil && !r.row.dryRun && r.row.cause != triggerRetry {
		if err := r.s.forgetRefused(ctx, r.fence, r.row.id); err != nil {
			return err
		}
	}
	newest := ""
	if !r.row.dryRun {
		newest = r.row.id
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.tell(ctx)
	return r.s.prune(ctx, r.fence, r.opts.KeepRuns, newest)
}

// conclude fills in the row.
func (r *runner) conclude(end *ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row, c := &r.row, &r.progress.Counts
	row.endedAt = r.now()
	r.progress.ETA, r.progress.WaitingUntil, r.trouble = 0, time.Time{}, trouble{}
	row.status = statusSucceeded
	again := false
	switch {
	case end != nil:
		row.status, again = end.status, end.again
		if end != errCancelled {
			row.err = end.Error()
		}
	case row.dryRun:
	case c.Failed > 0 || c.Pending > 0:
		row.status, again = statusPartial, c.Pending > 0 || c.Failed > r.permanent
	}
	if seconds := row.endedAt.Sub(row.startedAt).Seconds(); seconds > 0 {
		done := c.Sent + c.Failed
		if done == 0 {
			done = c.Read
		}
		r.progress.Rate = float64(done) / seconds
	}
	if ladder := r.opts.RetryLadder; again && !row.dryRun && row.retryStep < len(ladder) {
		row.retryAt = row.endedAt.Add(ladder[row.retryStep])
	}
}

// tell brings the metrics up to date.
func (r *runner) tell(ctx context.Context) {
	label, row := r.meter.destination, r.snapshot()
	c := row.progress.Counts
	r.meter.runs.WithLabelValues(label, row.status).Inc()
	r.meter.item("none", "unchanged", c.Unchanged)
	r.meter.item("none", itemSkipped, c.Skipped)
	if row.dryRun {
		return
	}
	if row.cause != triggerRetry {
		r.meter.held.WithLabelValues(label).Set(float64(c.DeleteCandidates))
	}
	if lag, err := r.lag(ctx, r.s); err == nil {
		r.meter.lag.WithLabelValues(label).Set(lag.Seconds())
	}
}

// lag is the age of the oldest change that has not arrived, as far as runs have seen it.
func (e *Engine) lag(ctx context.Context, s *store) (time.Duration, error) {
	totals, err := s.ledgerTotals(ctx)
	if err != nil {
		return 0, err
	}
	oldest := totals.oldest
	newest, found, err := s.newest(ctx)
	if err != nil {
		return 0, err
	}
	if found && newest.progress.Counts.Pending > 0 && (oldest.IsZero() || newest.startedAt.Before(oldest)) {
		oldest = newest.startedAt
	}
	if oldest.IsZero() {
		return 0, nil
	}
	return max(0, e.now().Sub(oldest)), nil
}

// climb does what the ladder of retries has come to: it resumes a run of which chunks are left, or maps and sends anew
// what one has failed to send.
func (e *Engine) climb(ctx context.Context, s *store) error {
	row, found, err := s.due(ctx, e.now())
	if err != nil || !found {
		return err
	}
	if ours, err := s.clearDue(ctx, &row); err != nil || !ours {
		return err
	}
	resumable, err := s.resumable(ctx, &row)
	if err != nil {
		return err
	}
	if resumable {
		_, err = s.requeue(ctx, row.id, row.retryStep+1)
		return err
	}
	refs, err := s.failedRefs(ctx, row.id)
	if err != nil || len(refs) == 0 {
		return err
	}
	_, _, err = e.start(ctx, request{trigger: triggerRetry, by: e.who.String(), parent: row.id, refs: refs, step: row.retryStep + 1})
	return err
}

// resumable reports whether a run can go on: something of it is left to do, and no later run has overtaken it.
func (s *store) resumable(ctx context.Context, r *runRow) (bool, error) {
	if r.dryRun || r.active() || r.status == statusSucceeded {
		return false, nil
	}
	newest, err := s.isNewest(ctx, r)
	if err != nil || !newest || !r.planned {
		return newest, err
	}
	totals, err := s.totals(ctx, r.id)
	if err != nil {
		return false, err
	}
	left := 0
	for _, state := range []string{statePlanned, stateSending, stateSubmitted, stateParked} {
		left += totals.chunks[state]
	}
	return left > 0, nil
}
