package httpapi

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

// maxStackID is far above what Spacelift's slugs have.
const maxStackID = 300

const mayNotTrigger = "You may not trigger runs of this stack: the permission policy says so."

// forbid answers for a stack that is not there as for one that the conditions do not cover, so that ids cannot be tried out.
func forbid(err error, x access) error {
	if e, ok := errors.AsType[*client.Error](err); ok && e.Code == client.CodeNotFound && !x.all {
		return notAllowed(mayNotTrigger)
	}
	return err
}

// trigger is what both routes do: it reads the reason, asks for the run, and leaves one audit event.
func (a *API) trigger(r *http.Request, stack string, readReason func() (string, error)) (t store.Trigger, err error) {
	ctx := r.Context()
	meta := map[string]any{"stackId": stack, "outcome": "refused"}
	event := a.Audit.Event(ctx, telemetry.Event{Plugin: a.Plugin, ID: "run-trigger", Meta: meta})
	defer func() { event.Done(err) }()

	who := auth.FromContext(ctx)
	reason, err := readReason()
	if err != nil {
		return store.Trigger{}, err
	}
	meta["reason"] = reason
	may, err := a.ask(ctx, triggerRun)
	if err != nil {
		return store.Trigger{}, err
	}
	switch {
	case may[0].none():
		return store.Trigger{}, notAllowed(mayNotTrigger)
	case a.ReadOnly:
		return store.Trigger{}, readOnly()
	case stack == "" || len(stack) > maxStackID || !utf8.ValidString(stack):
		return store.Trigger{}, &client.Error{Code: client.CodeNotFound, Status: http.StatusNotFound, Message: "there is no stack with this id"}
	}
	if a.Mirror.Snapshot().Stack(stack) == nil {
		// A name that nothing has must not cost a row of the table; and whoever tries many has to wait with the readers.
		if err := a.Mirror.Discover(ctx, stack); err != nil {
			return store.Trigger{}, forbid(err, may[0])
		}
	}
	if !may[0].knows(a.Mirror.Snapshot(), stack) {
		return store.Trigger{}, notAllowed(mayNotTrigger)
	}
	t, err = a.Trigger.Trigger(ctx, trigger.Request{Stack: stack, Person: who.String(), Reason: reason})
	if t.ID != "" {
		meta["outcome"], meta["trigger"], meta["runId"] = string(t.Outcome), t.ID, t.RunID
	}
	return t, err
}

// triggerRun is POST /v1/stacks/{id}/runs.
func (a *API) triggerRun(w http.ResponseWriter, r *http.Request) error {
	t, err := a.trigger(r, r.PathValue("id"), func() (string, error) {
		var body struct {
			Reason string `json:"reason"`
		}
		if err := router.DecodeJSON(r, 0, &body); err != nil {
			return "", err
		}
		if utf8.RuneCountInString(body.Reason) > trigger.MaxReason {
			return "", invalid("the reason may have %d characters at most", trigger.MaxReason)
		}
		return body.Reason, nil
	})
	if err != nil {
		return a.answer(w, r, err)
	}
	status := http.StatusCreated
	if t.Outcome == store.Unknown {
		status = http.StatusAccepted
	}
	return router.WriteJSON(w, r, status, viewTrigger(t))
}
