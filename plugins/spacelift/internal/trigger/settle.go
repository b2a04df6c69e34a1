package trigger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// Settle looks after the triggers that hold their stacks: it follows the runs, and looks for runs whose answers were lost.
// It runs as part of a task: one replica at a time. What Spacelift does not answer is logged and tried again.
func (e *Engine) Settle(ctx context.Context) error {
	list, err := e.opts.Store.Pending(ctx)
	if err != nil {
		return err
	}
	failing := false
	for _, t := range list {
		err := e.settleOne(ctx, t)
		failure, upstream := errors.AsType[*client.Error](err)
		switch {
		case err == nil:
		case ctx.Err() != nil, !upstream:
			return err
		default:
			if !e.failing && !failing {
				e.opts.Log.Warn("triggered runs cannot be followed; trying again", "trigger", t.ID, "stack", t.StackID, "code", string(failure.Code), "err", err)
			}
			failing = true
		}
	}
	e.failing = failing
	return e.settleLate(ctx)
}

const (
	// lateLife is how long a run is looked for whose stack is free again, lateEvery how often.
	lateLife  = time.Hour
	lateEvery = time.Minute
	// lateMost bounds those that are looked for at once.
	lateMost = 20
)

// settleLate looks for the runs of triggers whose hold is over, so that one that shows late is still attributed.
func (e *Engine) settleLate(ctx context.Context) error {
	now := e.opts.Now()
	list, err := e.opts.Store.Lost(ctx, now.Add(-lateLife), lateMost)
	if err != nil {
		return err
	}
	looked := map[string]time.Time{}
	for _, t := range list {
		last, before := e.looked[t.ID]
		if !before {
			last = t.SettledAt
		}
		looked[t.ID] = last
		if now.Sub(last) < lateEvery {
			continue
		}
		looked[t.ID] = now
		run, ok, err := e.search(ctx, t)
		if _, upstream := errors.AsType[*client.Error](err); upstream && ctx.Err() == nil {
			continue // nobody waits for this one
		}
		if err == nil && ok {
			err = e.close(ctx, found(t, run))
		}
		if err != nil {
			return err
		}
	}
	e.looked = looked
	return nil
}

func (e *Engine) settleOne(ctx context.Context, t store.Trigger) error {
	age := e.opts.Now().Sub(t.HeldSince())
	switch {
	case t.Outcome == store.Triggered:
		return e.followRun(ctx, t, age >= Hold)
	case t.SentAt.IsZero():
		if age < crashed {
			return nil // somebody is about to send it
		}
		t.Outcome, t.Pending, t.Message = store.NotCreated, false, "The server stopped before Spacelift was asked."
		return e.close(ctx, t)
	}
	if t.Outcome == store.Sending && age < underWay {
		return nil // its process lives, or will be missed soon
	}
	run, ok, err := e.search(ctx, t)
	switch {
	case err != nil && (age < Hold || !lasting(err)):
		return err
	case err != nil:
		// Nobody will ever be let look: to go on would hold the stack, and ask Spacelift every few seconds, for ever.
		t.Pending = false
		t.Message = "Spacelift's answer was lost, and the stack's runs cannot be read any more: " + err.Error()
	case ok:
		return e.close(ctx, found(t, run))
	case age >= Hold:
		t.Pending = false
		t.Message = "Spacelift's answer was lost, and no run of ours was seen within two minutes. Most likely none was created."
	case t.Outcome == store.Unknown, age < crashed:
		return nil
	default:
		t.Message = "The server stopped while Spacelift was being asked, and the run has not been seen yet."
	}
	t.Outcome = store.Unknown
	return e.close(ctx, t)
}

// lasting reports whether Spacelift says no, and not only for now: the stack is gone, or the key may not see it any more.
func lasting(err error) bool {
	failure, ok := errors.AsType[*client.Error](err)
	if !ok {
		return false
	}
	switch failure.Code {
	case client.CodeNotFound, client.CodeForbidden, client.CodeRejected, client.CodeSchema:
		return true
	default:
		return false
	}
}

// close stores what was found out, unless whoever sent the trigger got an answer meanwhile.
func (e *Engine) close(ctx context.Context, t store.Trigger) error {
	t.SettledAt = e.opts.Now()
	if err := e.opts.Store.Settle(ctx, t, true); err != nil {
		return err
	}
	e.opts.Log.Info("the outcome of a trigger was found out later", "trigger", t.ID, "stack", t.StackID, "run", t.RunID, "outcome", string(t.Outcome))
	e.outcomes.WithLabelValues("later_" + string(t.Outcome)).Inc()
	return nil
}

// followRun reads a triggered run, and lets go of its stack when it has left the queue or has had its time.
func (e *Engine) followRun(ctx context.Context, t store.Trigger, over bool) error {
	run, err := e.opts.Upstream.Run(ctx, t.StackID, t.RunID)
	if failure, ok := errors.AsType[*client.Error](err); ok && failure.Code == client.CodeNotFound {
		return e.opts.Store.Follow(ctx, t.ID, t.State, false) // the stack is gone, and the run with it
	}
	if err != nil {
		if over {
			return errors.Join(err, e.opts.Store.Follow(ctx, t.ID, t.State, false))
		}
		return err
	}
	hold := !over && waits(run.State)
	if hold && run.State == t.State {
		return nil
	}
	return e.opts.Store.Follow(ctx, t.ID, run.State, hold)
}

// searchPages bounds how far back a run is looked for: what is older than the baseline is never reached.
const searchPages = 3

// search looks for the one run that can only be ours.
func (e *Engine) search(ctx context.Context, t store.Trigger) (client.Run, bool, error) {
	var list []client.Run
	near, before := false, ""
	for range searchPages {
		page, err := e.opts.Upstream.Runs(ctx, t.StackID, client.Tracked, before)
		if err != nil {
			return client.Run{}, false, err
		}
		for _, run := range page {
			if near = run.ID == t.Baseline; near {
				break
			}
			list, before = append(list, run), run.ID
		}
		if near = near || len(page) == 0 || t.Baseline == ""; near {
			break
		}
	}
	if !near {
		return client.Run{}, false, nil // the baseline is far away: too much happened to be sure of anything
	}
	return e.ours(ctx, t, list)
}

// ours picks the one run that no other trigger accounts for. The triggers are read after the runs: whoever made one of
// these is among them.
func (e *Engine) ours(ctx context.Context, t store.Trigger, list []client.Run) (client.Run, bool, error) {
	others, err := e.opts.Store.TriggersOf(ctx, t.StackID, 1000)
	if err != nil {
		return client.Run{}, false, err
	}
	taken := map[string]bool{}
	for _, o := range others {
		if o.ID == t.ID {
			continue
		}
		taken[o.RunID] = true
		if open := o.Outcome == store.Sending || o.Outcome == store.Unknown; open && o.CreatedAt.After(t.CreatedAt) {
			return client.Run{}, false, nil // it may be that one's
		}
	}
	return single(slices.DeleteFunc(list, func(run client.Run) bool { return !e.byKey(run) || taken[run.ID] }))
}

func single(runs []client.Run) (client.Run, bool, error) {
	if len(runs) != 1 {
		return client.Run{}, false, nil
	}
	return runs[0], true, nil
}

// byKey reports whether our API key triggered the run (spacelift.md 5.7).
func (e *Engine) byKey(run client.Run) bool {
	return strings.TrimPrefix(run.TriggeredBy, "api::") == e.opts.KeyID
}
