package rely

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host"
)

// The steps of the self-check, in their order.
var (
	tokenStep = host.Step{ID: "rely.token", Title: "the Rely token is good"}
	planStep  = host.Step{ID: "rely.plan", Title: "Rely's plan includes it"}
	modeStep  = host.Step{ID: "rely.mode", Title: "how entities are written"}
	runStep   = host.Step{ID: "rely.last-run", Title: "the last export"}
)

func stepOf(s host.Step, o host.Outcome, fix, format string, args ...any) host.Step {
	s.Outcome, s.Detail, s.Fix = o, fmt.Sprintf(format, args...), fix
	return s
}

// SelfCheck asks Rely's API whether the key is good and what it can, and looks at the last run. Nothing is written.
func (p *Plugin) SelfCheck(ctx context.Context) []host.Step {
	return append(p.checkAccount(ctx), p.checkLastRun(ctx))
}

func (p *Plugin) checkAccount(ctx context.Context) []host.Step {
	target := p.destination.Target()
	if until := p.destination.WaitingUntil(); until.After(p.now().Add(patience)) {
		why := fmt.Sprintf("%s asked us to wait until %s", target, until.UTC().Format(time.RFC3339))
		return []host.Step{
			stepOf(tokenStep, host.StepSkipped, "", "%s", why), stepOf(planStep, host.StepSkipped, "", "%s", why), stepOf(modeStep, host.StepSkipped, "", "%s", why),
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("no answer within %s", probeTimeout))
	defer cancel()
	mode, err := p.destination.Probe(ctx)
	switch {
	case err != nil:
		return refused(target, err)
	case mode == rely.Raw:
		const why = "the mode raw has no request that writes nothing; the last export shows"
		return []host.Step{
			stepOf(tokenStep, host.StepSkipped, "", why), stepOf(planStep, host.StepSkipped, "", why),
			stepOf(modeStep, host.StepPassed, "", "raw, as rely.api.mode says"),
		}
	}
	how := "as rely.api.mode says"
	if p.mode == rely.Auto {
		how = "found out by asking (rely.api.mode: auto)"
	}
	return []host.Step{
		stepOf(tokenStep, host.StepPassed, "", "%s takes it", target),
		stepOf(planStep, host.StepPassed, "", "no answer speaks against it"),
		stepOf(modeStep, host.StepPassed, "", "%s, %s", mode, how),
	}
}

const (
	// probeTimeout bounds the two requests of a probe.
	probeTimeout = 10 * time.Second
	// patience is for how long a check waits where Rely asked for a pause.
	patience = 2 * time.Second
)

// refused are the steps of a probe that failed, at the step that it failed at (export.md 2.5).
func refused(target string, err error) []host.Step {
	failure, ok := errors.AsType[*export.Failure](err)
	if !ok {
		failure = &export.Failure{Kind: export.Transient, Message: err.Error()}
	}
	waits := func(s host.Step, of host.Step) host.Step {
		return stepOf(s, host.StepSkipped, "", "waits for %s", of.ID)
	}
	switch failure.Kind {
	case export.NotEntitled:
		return []host.Step{
			stepOf(tokenStep, host.StepPassed, "", "%s takes it", target),
			stepOf(planStep, host.StepFailed, "ask Rely to include the API in the account's plan", "%s", failure.Message),
			waits(modeStep, planStep),
		}
	case export.AuthFailed:
		return []host.Step{
			stepOf(tokenStep, host.StepFailed, "put the user's current key into the Authorization header of the proxy entry '/rely', as 'Bearer <key>'",
				"%s", failure.Message),
			waits(planStep, tokenStep), waits(modeStep, tokenStep),
		}
	case export.Misconfigured:
		return []host.Step{
			stepOf(tokenStep, host.StepFailed, "correct the target of the proxy entry '/rely'", "%s", failure.Message),
			waits(planStep, tokenStep), waits(modeStep, tokenStep),
		}
	case export.RateLimited:
		return []host.Step{
			stepOf(tokenStep, host.StepWarning, "try again later; if it lasts, lower rely.limits.ratePerMinute", "%s", failure.Message),
			waits(planStep, tokenStep), waits(modeStep, tokenStep),
		}
	default:
		return []host.Step{
			stepOf(tokenStep, host.StepFailed, "see that this machine reaches the target of the proxy entry '/rely'; if it does, Rely is down: try again later",
				"%s", failure.Message),
			waits(planStep, tokenStep), waits(modeStep, tokenStep),
		}
	}
}

func (p *Plugin) checkLastRun(ctx context.Context) host.Step {
	last, found, err := p.engine.LastRun(ctx)
	switch {
	case err != nil:
		return stepOf(runStep, host.StepFailed, "see database."+pluginID, "%s", err)
	case !found:
		return stepOf(runStep, host.StepSkipped, "", "there has been none yet; `understudy export plan` shows what one would do")
	}
	said := fmt.Sprintf("%s %s ago: %d sent, %d unchanged, %d failed", last.Status, p.now().Sub(last.EndedAt).Round(time.Second),
		last.Counts.Sent, last.Counts.Unchanged, last.Counts.Failed)
	if !last.Worrying {
		return stepOf(runStep, host.StepPassed, "", "%s", said)
	}
	if last.Error != "" {
		said += ": " + last.Error
	}
	return stepOf(runStep, host.StepWarning, "`understudy export status` tells more; docs/rely.md explains the statuses", "%s", said)
}

var _ host.SelfChecker = (*Plugin)(nil)
