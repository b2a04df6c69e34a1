package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// patience is how long a server may be away before its run is given up.
	patience = time.Minute
)

// nextLook is the time to the next look at a run that has been watched for a while: each look is a line in the server's log.
func nextLook(watched time.Duration) time.Duration {
	switch {
	case watched < 2*time.Second:
		return 500 * time.Millisecond
	case watched < 30*time.Second:
		return time.Second
	default:
		return 2 * time.Second
	}
}

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
	if _, hidden := errors.AsType[forbidden](err); hidden {
		return j.hidden(started.RunID, err)
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
	if _, hidden := errors.AsType[forbidden](err); hidden {
		return j.hidden(started.RunID, err)
	}
	if err != nil {
		return err
	}
	return printJSON(j.std.out, text)
}

// hidden says how to follow a run that was started and is not shown: a server may let everyone start runs, and tells of
// them only to who has a token (rely.migrate.allowUnauthenticated).
func (j exportJob) hidden(id string, err error) error {
	_, _ = fmt.Fprintf(j.std.err, "understudy: run %s has been started and goes on, but cannot be followed: %v. With a token that may: understudy export run%s\n",
		id, err, j.flags())
	return silentError{codedError{errGoesOn, exitGoesOn}}
}

// flags repeats what names the server, for commands that the user is told.
func (j exportJob) flags() (flags string) {
	if j.client.named {
		flags += " --server " + j.client.server
	}
	if j.client.destination != defaultDestination {
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
	began, away := time.Now(), time.Time{}
	look := time.NewTimer(0)
	defer look.Stop()
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
		look.Reset(nextLook(time.Since(began)))
		select {
		case <-look.C:
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
		text := "the run failed"
		if run.Status != "failed" {
			text += " (" + run.Status + ")"
		}
		if why := oneLine(run.Error); why != "" {
			text += ": " + why
		}
		return errors.New(text)
	}
}
