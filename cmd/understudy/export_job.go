package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// followEvery is the time between two looks at a run.
	followEvery = 500 * time.Millisecond
	// patience is how long a server may be away before its run is given up.
	patience = time.Minute
)

// exportJob is one run from its start to its end.
type exportJob struct {
	client                     *exportClient
	std                        streams
	json, full, dryRun, digest bool
	wait                       time.Duration // negative is forever
}

// errGoesOn ends the waiting, not the run.
var errGoesOn = errors.New("the run goes on")

func (j exportJob) run(ctx context.Context) error {
	started, err := j.client.start(ctx, j.dryRun, j.full, j.digest)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; whether a run has begun tells: understudy export status%s", j.flags())
	}
	if err != nil {
		return err
	}
	if err := j.joined(started); err != nil {
		return err
	}
	if j.wait == 0 {
		return j.begun(ctx, started)
	}
	run, text, err := j.follow(ctx, started.RunID)
	if errors.Is(err, errGoesOn) {
		j.leave(started.RunID, ctx.Err() != nil)
		return silentError{codedError{err, exitGoesOn}}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", started.RunID, err)
	}
	return j.finish(ctx, run, text)
}

// joined tells that another run is under way, which is no answer to the wish for a plan.
func (j exportJob) joined(started exportStarted) error {
	if !started.Joined {
		return nil
	}
	if j.dryRun && (started.Run == nil || !started.Run.DryRun) {
		return fmt.Errorf("run %s is under way, and a plan cannot be made beside it; try again when it has ended", started.RunID)
	}
	if !j.dryRun && started.Run != nil && started.Run.DryRun {
		return fmt.Errorf("plan %s is under way; try again when it has ended", started.RunID)
	}
	if j.full && started.Run != nil && !started.Run.Full {
		return fmt.Errorf("run %s is under way, and sends only what has changed; ask for --full again when it has ended", started.RunID)
	}
	_, _ = fmt.Fprintf(j.std.err, "run %s is under way already; following it\n", started.RunID)
	return nil
}

// begun answers without waiting.
func (j exportJob) begun(ctx context.Context, started exportStarted) error {
	if !j.json {
		_, err := fmt.Fprintf(j.std.out, "run %s started; follow it with: understudy export run%s\n", started.RunID, j.flags())
		return err
	}
	_, text, err := j.client.run(ctx, started.RunID)
	if err != nil {
		return err
	}
	return printJSON(j.std.out, text)
}

// flags repeats what names the server, for commands that the user is told.
func (j exportJob) flags() (flags string) {
	if j.client.named {
		flags += " --server " + j.client.server
	}
	if j.client.destination != "rely" {
		flags += " --destination " + j.client.destination
	}
	return flags
}

// leave says how to follow or end a run that goes on.
func (j exportJob) leave(id string, interrupted bool) {
	why := fmt.Sprintf("not ended within %s", j.wait)
	if interrupted {
		why = "interrupted"
	}
	_, _ = fmt.Fprintf(j.std.err, "understudy: %s; run %s goes on. Follow it: understudy export run%s   End it: understudy export cancel%[3]s %[2]s\n",
		why, id, j.flags())
}

// follow shows a run until it has ended. A server that restarts meanwhile resumes it, so its absence is borne for a while.
func (j exportJob) follow(ctx context.Context, id string) (run exportRun, text []byte, err error) {
	shown := newExportProgress(j.std.err, j.json || j.digest)
	defer shown.close()
	if j.wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.wait)
		defer cancel()
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	var away time.Time
	for {
		run, text, err = j.client.run(ctx, id)
		switch _, gone := errors.AsType[unreachable](err); {
		case ctx.Err() != nil:
			return run, nil, errGoesOn
		case err == nil && run.ended():
			return run, text, nil
		case err == nil:
			away = time.Time{}
			shown.show(run, time.Now())
		case !gone:
			return run, nil, err
		case away.IsZero():
			away = time.Now()
			shown.note(err.Error() + "; trying on")
		case time.Since(away) > patience:
			return run, nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return run, nil, errGoesOn
		}
	}
}

// shownFailures is how many failed items are told.
const shownFailures = 5

// finish tells the outcome, and makes it an exit code.
func (j exportJob) finish(ctx context.Context, run exportRun, text []byte) error {
	switch {
	case j.digest && run.Status == "succeeded":
		if run.Digest == "" {
			return errors.New("the server gave no digest; is it of an earlier version?")
		}
		_, err := fmt.Fprintln(j.std.out, run.Digest)
		return err
	case j.json:
		if err := printJSON(j.std.out, text); err != nil {
			return err
		}
	case run.DryRun && run.Status == "succeeded":
		return printPlan(j.std.out, run)
	default:
		var items []exportItem
		if run.Counts.Failed > 0 {
			items, _ = j.client.failed(ctx, run.ID, shownFailures) // the outcome is known without them
		}
		if err := printOutcome(j.std.out, run, items); err != nil {
			return err
		}
	}
	return outcomeError(run)
}

// outcomeError is nil for a run that succeeded.
func outcomeError(run exportRun) error {
	switch run.Status {
	case "succeeded":
		return nil
	case "partial":
		return silentError{codedError{errors.New("not everything has arrived"), exitPartial}}
	case "cancelled":
		return errors.New("the run was cancelled")
	default:
		why := oneLine(run.Error)
		if why == "" {
			why = run.Status
		}
		return fmt.Errorf("the run failed (%s): %s", run.Status, why)
	}
}
