package httpapi

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/act"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// act is POST /v1/stacks/{id}/runs/{run}/{action}.
func (a *API) act(action client.Action) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		result, x, err := a.doAct(r, action)
		if result.ID != "" {
			// Whatever came of it, what was read before may no longer be so.
			a.touch(r.PathValue("id"))
		}
		if err == nil {
			var v runDetailView
			if v, err = a.viewRunDetail(r.Context(), r.PathValue("id"), result.Run, x); err == nil {
				return router.WriteJSON(w, r, http.StatusOK, v)
			}
		}
		return a.answer(w, r, a.problemOfAct(r.PathValue("id"), x, err))
	}
}

// touch makes all who look at the stack's runs look again.
func (a *API) touch(stack string) {
	a.runs.pages.forget(stack)
	a.details.forget(stack)
	a.logs.forget(stack)
	a.Tails.Touch(stack)
}

// doAct reads the note, asks whether the caller may, does it, and leaves one audit event.
func (a *API) doAct(r *http.Request, action client.Action) (result act.Result, x runAccess, err error) {
	ctx, stack := r.Context(), r.PathValue("id")
	meta := map[string]any{"stackId": stack, "runId": r.PathValue("run"), "outcome": string(act.Refused)}
	event := a.Audit.Event(ctx, telemetry.Event{Plugin: a.Plugin, ID: "run-" + string(action), Meta: meta})
	defer func() { event.Done(err) }()

	var body struct {
		Note string `json:"note"`
	}
	if err := router.DecodeJSON(r, 0, &body); err != nil {
		return result, x, err
	}
	if utf8.RuneCountInString(body.Note) > act.MaxNote {
		return result, x, invalid("the note may have %d characters at most", act.MaxNote)
	}
	meta["note"] = body.Note
	may, err := a.ask(ctx, readRun, readLogs, confirmRun, stopRun)
	if err != nil {
		return result, x, err
	}
	x = runAccess{logs: may[1], confirm: may[2], stop: may[3]}
	run, err := a.mayAct(r, action, may[0], x)
	if err != nil {
		return result, x, err
	}
	result, err = a.Act.Do(ctx, act.Request{Action: action, Stack: stack, Run: run, Person: auth.FromContext(ctx).String(), Note: body.Note})
	meta["outcome"] = string(result.Outcome)
	if result.ID != "" {
		meta["request"] = result.ID
	}
	if result.Run.State != "" {
		meta["state"] = result.Run.State
	}
	return result, x, err
}

// mayAct returns the id of the run if the caller may do this with runs of the stack, and see them.
func (a *API) mayAct(r *http.Request, action client.Action, see access, x runAccess) (string, error) {
	ctx, stack := r.Context(), r.PathValue("id")
	to := x.to(action)
	switch {
	case to.none() || see.none():
		return "", notAllowed(mayNot(action))
	case a.ReadOnly:
		return "", noActions()
	case stack == "" || len(stack) > maxStackID || !utf8.ValidString(stack):
		return "", noStack()
	}
	if a.Mirror.Snapshot().Stack(stack) == nil {
		// Whoever tries many ids has to wait with the readers.
		if err := a.Mirror.Discover(ctx, stack); err != nil {
			if e, ok := errors.AsType[*client.Error](err); ok && e.Code == client.CodeNotFound && (!to.all || !see.all) {
				return "", notAllowed(mayNot(action))
			}
			return "", err
		}
	}
	if s := a.Mirror.Snapshot(); !to.knows(s, stack) || !see.knows(s, stack) {
		return "", notAllowed(mayNot(action))
	}
	return runID(r)
}

// problemOfAct gives the errors of actions the plugin's form.
func (a *API) problemOfAct(stack string, x runAccess, err error) error {
	if e, ok := errors.AsType[*act.StateError](err); ok {
		actions, _ := a.allowed(stack, e.Run, x)
		details := map[string]any{"state": stateOf(e.Run.State), "allowedActions": actions}
		if e.By != nil {
			details["requestedBy"] = e.By.Person
		}
		return &problem{status: http.StatusConflict, code: codeConflict, message: e.Error(), details: details}
	}
	if e, ok := errors.AsType[*act.UnknownError](err); ok {
		return &problem{
			status: http.StatusGatewayTimeout, code: string(client.CodeUnavailable), message: e.Error(),
			details: map[string]any{"outcome": string(act.Unknown), "state": stateOf(e.State)},
		}
	}
	return err
}
