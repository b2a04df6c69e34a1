package act

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// Do moves a run on. Errors are *StateError, *UnknownError, or those of the client, which mean that nothing was done. It goes
// on when the caller leaves: a request that is cut short would be one of which nobody knows what it did.
func (e *Engine) Do(ctx context.Context, r Request) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), doTimeout, errors.New("moving the run on took too long"))
	defer cancel()
	leave, err := e.enter(ctx, r.Stack+"\x00"+r.Run)
	if err != nil {
		return Result{Outcome: Failed}, err
	}
	defer leave()
	result, err := e.do(ctx, r)
	e.outcomes.WithLabelValues(string(r.Action), string(result.Outcome)).Inc()
	if result.ID != "" {
		e.follow(r.Stack)
	}
	return result, err
}

// enter waits until nobody else in this process moves the run on: of a double click, the second sees what the first did.
func (e *Engine) enter(ctx context.Context, run string) (leave func(), err error) {
	for {
		e.mu.Lock()
		other, busy := e.busy[run]
		if !busy {
			own := make(chan struct{})
			e.busy[run] = own
			e.mu.Unlock()
			return func() {
				e.mu.Lock()
				delete(e.busy, run)
				e.mu.Unlock()
				close(own)
			}, nil
		}
		e.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (e *Engine) do(ctx context.Context, r Request) (Result, error) {
	before, err := e.opts.Upstream.RunDetail(ctx, r.Stack, r.Run)
	if err != nil {
		return Result{Outcome: outcomeOf(err)}, err
	}
	if !slices.Contains(In(before.State), r.Action) {
		return e.tooLate(r, before, 0)
	}
	mark := Mark{
		Action: r.Action, Person: word(r.Person), Note: tidy(r.Note, maxNote), ID: ulid.MustNew(ulid.Timestamp(e.opts.Now()), rand.Reader).String(),
	}
	state, err := e.opts.Upstream.Act(ctx, r.Action, r.Stack, r.Run, mark.String(), mark.metadata())
	failure, ok := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		return e.done(ctx, r, mark, before, state), nil
	case ok && failure.Code == client.CodeRejected:
		return e.rejected(ctx, r, mark, before, err)
	case ok && !failure.Ambiguous:
		return Result{ID: mark.ID, Outcome: outcomeOf(err), Run: before}, err
	}
	e.opts.Log.Warn("the answer to a request was lost; looking at its run", "action", string(r.Action), "request", mark.ID, "stack", r.Stack, "run", r.Run, "err", err)
	return e.settle(ctx, r, mark, before, err)
}

func outcomeOf(err error) Outcome {
	if failure, ok := errors.AsType[*client.Error](err); ok {
		switch failure.Code {
		case client.CodeForbidden, client.CodeRejected, client.CodeNotFound:
			return Refused
		}
	}
	return Failed
}

// done reads the run as it is now. That it was done is certain, even if it cannot be read.
func (e *Engine) done(ctx context.Context, r Request, mark Mark, before client.RunDetail, state string) Result {
	after, err := e.opts.Upstream.RunDetail(ctx, r.Stack, r.Run)
	if err != nil {
		after = before
		if state != "" {
			after.State = state
		}
	}
	return Result{ID: mark.ID, Outcome: Completed, Run: after}
}

// rejected finds out whether somebody else was faster.
func (e *Engine) rejected(ctx context.Context, r Request, mark Mark, before client.RunDetail, refusal error) (Result, error) {
	after, err := e.opts.Upstream.RunDetail(ctx, r.Stack, r.Run)
	if err != nil || slices.Contains(In(after.State), r.Action) {
		return Result{ID: mark.ID, Outcome: Refused, Run: before}, refusal
	}
	result, err := e.tooLate(r, after, versionOf(before))
	result.ID = mark.ID
	return result, err
}

// settle looks at the run until it is known what became of a request whose answer was lost.
func (e *Engine) settle(ctx context.Context, r Request, mark Mark, before client.RunDetail, lost error) (Result, error) {
	seen := before
	for _, pause := range e.opts.LookPauses {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		after, err := e.opts.Upstream.RunDetail(ctx, r.Stack, r.Run)
		if err != nil {
			e.opts.Log.Warn("a run cannot be read", "request", mark.ID, "stack", r.Stack, "run", r.Run, "err", err)
			continue
		}
		seen = after
		if t, ok := came(after, r.Action, versionOf(before)); ok {
			by, ours := e.marks.Of(t)
			if ours && by.ID == mark.ID || t.Note == "" && e.marks.byKey(t) {
				// Where Spacelift keeps no note, that our key did it is as much as can be known.
				return Result{ID: mark.ID, Outcome: Completed, Run: after}, nil
			}
			if t.Note == "" && t.Username == "" {
				continue // somebody did it, and Spacelift does not say who: perhaps later
			}
		}
		if !slices.Contains(In(after.State), r.Action) {
			result, err := e.tooLate(r, after, versionOf(before))
			result.ID = mark.ID
			return result, err
		}
	}
	return Result{ID: mark.ID, Outcome: Unknown, Run: seen}, &UnknownError{Action: r.Action, State: seen.State, Err: lost}
}

// tooLate answers for a run that is in another state: well, if the same person has done the same before.
func (e *Engine) tooLate(r Request, d client.RunDetail, since int) (Result, error) {
	if t, ok := came(d, r.Action, since); ok {
		if by, ours := e.marks.Of(t); ours && by.Action == r.Action {
			if by.Person == word(r.Person) {
				return Result{Outcome: Already, Run: d}, nil
			}
			return Result{Outcome: Conflict, Run: d}, &StateError{Action: r.Action, Run: d, By: &by}
		}
	}
	return Result{Outcome: Conflict, Run: d}, &StateError{Action: r.Action, Run: d}
}

// came returns the last transition after a version into the state that the action leads to.
func came(d client.RunDetail, a client.Action, since int) (client.Transition, bool) {
	for _, t := range slices.Backward(d.History) {
		if t.Version > since && t.State == end(a) {
			return t, true
		}
	}
	return client.Transition{}, false
}

func versionOf(d client.RunDetail) int {
	if len(d.History) == 0 {
		return 0
	}
	return d.History[len(d.History)-1].Version
}

// follow looks at the stack, so that lists and events show what was done.
func (e *Engine) follow(stack string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.after.Go(func() {
		ctx, cancel := context.WithTimeout(e.life, afterTimeout)
		defer cancel()
		e.opts.After(ctx, stack)
	})
}
