package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// repeatFor is how long a call is repeated to a destination that answers nothing but that we are to wait.
const repeatFor = time.Hour

// pause waits, unless the run is to end.
func (r *runner) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.stopping:
		return errCancelled
	case <-timer.C:
		return nil
	}
}

// delay is how long to wait after so many failures: full jitter under a bound that doubles (export.md 2.5).
func (b Backoff) delay(failures int) time.Duration {
	bound := b.Cap
	if shift := failures - 1; shift < 30 && b.Base<<shift < bound {
		bound = b.Base << shift
	}
	return rand.N(bound) + 1
}

// asked is how long the destination wants us to wait, or else as long as after so many failures.
func (r *runner) asked(f *Failure, failures int) time.Duration {
	wait := max(f.RetryAfter, r.dest.WaitingUntil().Sub(r.now()))
	if wait <= 0 {
		return r.opts.Backoff.delay(failures)
	}
	r.meter.retryAfter.WithLabelValues(r.meter.destination).Set(wait.Seconds())
	return wait
}

// hold reminds a destination that can be of what it asked for before this process began, or while another one was at it.
func (r *runner) hold() {
	r.mu.Lock()
	r.pausedUntil = r.known.paused
	r.mu.Unlock()
	until := fromMillis(r.known.paused)
	if d, ok := r.dest.(Holder); ok && until.After(r.now()) {
		d.Hold(until)
	}
}

// notePause writes down until when the destination wants to be left alone, so that a restart does not make us forget it.
func (r *runner) notePause(ctx context.Context) error {
	until := r.dest.WaitingUntil()
	if !until.After(r.now()) {
		return nil
	}
	stored := millis(until.Add(time.Millisecond - time.Nanosecond)) // not a moment too early
	r.mu.Lock()
	later := stored > r.pausedUntil
	r.pausedUntil = max(r.pausedUntil, stored)
	r.mu.Unlock()
	if !later {
		return nil
	}
	return r.s.putPaused(ctx, r.fence, stored)
}

// final returns why the whole run ends, if the failure means that: then no further request is of use.
func final(f *Failure) *ending {
	switch f.Kind {
	case AuthFailed:
		return &ending{status: statusAuthFailed, err: f}
	case NotEntitled:
		return &ending{status: statusNotEntitled, err: f}
	case Misconfigured:
		return &ending{status: statusFailed, err: f}
	default:
		return nil
	}
}

// attempts counts the failures of one call.
type attempts struct {
	// used are those that count, limited those that only say to wait.
	used, limited int
	since         time.Time // of the first that says to wait
}

// after decides about a call that has failed for a reason that may pass: it waits and returns nil if the call is to be
// repeated, and the failure if it is not.
func (r *runner) after(ctx context.Context, a *attempts, f *Failure) error {
	if err := r.notePause(ctx); err != nil {
		return err
	}
	if f.Kind == RateLimited {
		if a.limited++; a.limited == 1 {
			a.since = r.now()
		}
		if r.now().Sub(a.since) > repeatFor {
			return f
		}
		wait := r.asked(f, a.limited)
		r.failing(f, "told to wait", wait)
		return r.pause(ctx, wait)
	}
	a.limited = 0
	if a.used++; a.used >= r.opts.Backoff.Tries {
		return f
	}
	wait := max(f.RetryAfter, r.opts.Backoff.delay(a.used))
	r.failing(f, fmt.Sprintf("try %d of %d", a.used, r.opts.Backoff.Tries), wait)
	return r.pause(ctx, wait)
}

// try makes a call that concerns the whole run until it succeeds, or until its failure ends the run.
func (r *runner) try(ctx context.Context, call func() error) error {
	var a attempts
	for {
		err := call()
		if err == nil {
			r.works()
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, errCancelled) {
			return errCancelled
		}
		f, ok := errors.AsType[*Failure](err)
		if !ok {
			return &ending{status: statusFailed, err: err}
		}
		if end := final(f); end != nil {
			return end
		}
		if f.Kind != Transient && f.Kind != RateLimited {
			return &ending{status: statusFailed, err: f}
		}
		if err := r.after(ctx, &a, f); err != nil {
			if errors.Is(err, f) {
				return failed("the destination cannot be used: %w; once it can, resume this run or start another", f)
			}
			return err
		}
	}
}
