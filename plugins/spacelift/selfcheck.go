package spacelift

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// The steps of the self-check, in their order.
var (
	accountStep = host.Step{ID: "spacelift.account", Title: "the Spacelift account is reached"}
	keyStep     = host.Step{ID: "spacelift.key", Title: "what the Spacelift API key may do"}
	sweepStep   = host.Step{ID: "spacelift.sweep", Title: "the last read of all stacks"}
	webhookStep = host.Step{ID: "spacelift.webhook", Title: "webhooks of Spacelift"}
)

func stepOf(s host.Step, o host.Outcome, fix, format string, args ...any) host.Step {
	s.Outcome, s.Detail, s.Fix = o, fmt.Sprintf(format, args...), fix
	return s
}

// SelfCheck looks at the account, the key and the last sweep. It sends two reads to Spacelift.
func (p *Plugin) SelfCheck(ctx context.Context) []host.Step {
	account, reached := p.checkAccount(ctx)
	steps := []host.Step{account}
	if reached {
		steps = append(steps, p.checkKey(ctx))
	} else {
		steps = append(steps, stepOf(keyStep, host.StepSkipped, "", "waits for %s", accountStep.ID))
	}
	return append(steps, p.checkSweep(),
		stepOf(webhookStep, host.StepSkipped, "", "this release takes none; stacks that move are read every %s", p.settings.Sync.ActiveInterval.Std()))
}

func (p *Plugin) checkAccount(ctx context.Context) (host.Step, bool) {
	who, err := p.client.Viewer(ctx)
	if err != nil {
		return stepOf(accountStep, host.StepFailed, accountFix(err), "%s: %s", p.settings.endpoint, err), false
	}
	name := who.Name
	if name == "" {
		name = who.ID
	}
	return stepOf(accountStep, host.StepPassed, "", "%s, as the API key %q", p.settings.endpoint, name), true
}

// accountFix is what to do about a failed call (spacelift.md 5.3).
func accountFix(err error) string {
	failure, ok := errors.AsType[*client.Error](err)
	if !ok {
		return "try again"
	}
	switch failure.Code {
	case client.CodeAuth:
		return "put the id and the secret of an API key that exists into spacelift.apiKey and spacelift.apiSecret"
	case client.CodeForbidden:
		return "give the API key the right to read, in Spacelift under Organization settings > API keys"
	case client.CodeRateLimited:
		return "wait; if it lasts, lower spacelift.limits.requestsPerSecond"
	case client.CodeSchema:
		return "upgrade the self-hosted Spacelift"
	default:
		return "correct spacelift.hostUrl (or spacelift.apiUrl), and let this machine reach it"
	}
}

// checkKey finds out by the stacks what the key may do (spacelift.md 4). What this process has swept tells as well as a new
// read would; before that the first stacks are read, since an earlier process may have had another key.
func (p *Plugin) checkKey(ctx context.Context) host.Step {
	s := p.mirror.Snapshot()
	total, write := len(s.Stacks), 0
	for _, stack := range s.Stacks {
		if stack.CanWrite {
			write++
		}
	}
	if began := p.startedAt.Load(); began == nil || s.State.SweepStarted.Before(*began) {
		var err error
		if total, write, err = p.client.Sample(ctx); err != nil {
			return stepOf(keyStep, host.StepFailed, accountFix(err), "%s", err)
		}
	}
	switch {
	case total == 0:
		return stepOf(keyStep, host.StepWarning, "give the API key a role in the spaces whose stacks should show", "it sees no stack at all")
	case p.settings.ReadOnly && write > 0:
		return stepOf(keyStep, host.StepWarning, "use a key with the role Reader: then nothing that gets hold of it can write",
			"spacelift.readOnly is set, but the key may write to %d of %d stacks", write, total)
	case p.settings.ReadOnly:
		return stepOf(keyStep, host.StepPassed, "", "it may read, as spacelift.readOnly wants it: %s", stacks(total))
	case write == 0:
		return stepOf(keyStep, host.StepWarning, "give the key the role Writer, or set spacelift.readOnly on both sides, so that the page shows no buttons that fail",
			"it may only read, and spacelift.readOnly is not set: every trigger will be refused")
	case write < total:
		return stepOf(keyStep, host.StepPassed, "", "it may write to %d of %d stacks; triggers of the others will be refused", write, total)
	default:
		return stepOf(keyStep, host.StepPassed, "", "it may write to %s", stacks(total))
	}
}

func stacks(n int) string {
	if n == 1 {
		return "the one stack that it sees"
	}
	return fmt.Sprintf("all %d stacks that it sees", n)
}

func (p *Plugin) checkSweep() host.Step {
	s := p.mirror.Snapshot()
	now := p.now()
	failure := s.State.Failure
	switch {
	case p.startedAt.Load() == nil:
		return stepOf(sweepStep, host.StepSkipped, "", "only a server that runs knows; this look starts none")
	case failure != nil && !s.Synced():
		return stepOf(sweepStep, host.StepFailed, "see "+accountStep.ID+"; docs/spacelift.md explains the code", "never complete; the last try: %s (%s)", failure.Message, failure.Code)
	case !s.Synced():
		return stepOf(sweepStep, host.StepSkipped, "", "there has been none yet")
	}
	age := now.Sub(s.State.SweptAt).Round(time.Second)
	said := fmt.Sprintf("%s ago, stacks: %d", age, len(s.Stacks))
	interval := p.settings.Sync.Interval.Std()
	switch {
	case failure != nil:
		return stepOf(sweepStep, host.StepWarning, "see "+accountStep.ID+"; docs/spacelift.md explains the code", "%s; the last try failed: %s (%s)", said, failure.Message, failure.Code)
	case age > 2*interval+interval/2:
		return stepOf(sweepStep, host.StepWarning, "see the task "+sweepTask+" in tasks."+pluginID, "%s, though it is due every %s", said, interval)
	default:
		return stepOf(sweepStep, host.StepPassed, "", "%s", said)
	}
}

// SharedSettings are what the Spacelift page reads of Backstage's own configuration (spacelift.md 2).
func (p *Plugin) SharedSettings(c *config.Config) []host.SharedSetting {
	cfg, err := LoadConfig(c)
	if err != nil {
		return nil // which the server has said at its start
	}
	shared := []host.SharedSetting{{
		Path: section + ".readOnly", Ours: fmt.Sprint(cfg.ReadOnly), Optional: true,
		Same: func(theirs any) bool {
			on, _ := theirs.(bool)
			return on == cfg.ReadOnly && (theirs == nil || isBool(theirs))
		},
	}}
	if cfg.HostURL == "" {
		return shared
	}
	return append(shared, host.SharedSetting{
		Path: section + ".hostUrl", Ours: cfg.HostURL,
		Same: func(theirs any) bool {
			text, ok := theirs.(string)
			return ok && sameAccount(text, cfg.HostURL)
		},
	})
}

func isBool(v any) bool {
	_, ok := v.(bool)
	return ok
}

// sameAccount reports whether both are ways to write down one account.
func sameAccount(a, b string) bool {
	first, err := hostOf(a)
	if err != nil {
		return false
	}
	second, err := hostOf(b)
	return err == nil && first == second
}

var (
	_ host.SelfChecker    = (*Plugin)(nil)
	_ host.SharedSettings = (*Plugin)(nil)
)
