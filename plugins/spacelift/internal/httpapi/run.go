package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/act"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

type runDetailView struct {
	runView
	StackID        string           `json:"stackId"`
	StackName      string           `json:"stackName"`
	History        []transitionView `json:"history"`
	Comments       []commentView    `json:"comments"`
	AllowedActions []client.Action  `json:"allowedActions"`
	ActionsReason  string           `json:"actionsReason,omitempty"`
	LogsAllowed    bool             `json:"logsAllowed"`
}

type transitionView struct {
	State        string    `json:"state"`
	Group        string    `json:"group"`
	StateVersion int       `json:"stateVersion"`
	Timestamp    time.Time `json:"timestamp,omitzero"`
	HasLogs      bool      `json:"hasLogs"`
	Terminal     bool      `json:"terminal"`
	Username     string    `json:"username,omitempty"`
	RequestedBy  string    `json:"requestedBy,omitempty"`
	Note         string    `json:"note,omitempty"`
}

type commentView struct {
	Body      string    `json:"body"`
	Username  string    `json:"username,omitempty"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
}

// maxRunID is far above what Spacelift's ids have.
const maxRunID = 100

// noRun is the answer for a run that is not there, and for ids that none has.
func noRun() error {
	return &client.Error{Code: client.CodeNotFound, Status: http.StatusNotFound, Message: "run not found"}
}

// runID is the run of a request.
func runID(r *http.Request) (string, error) {
	id := r.PathValue("run")
	if id == "" || len(id) > maxRunID || !utf8.ValidString(id) {
		return "", noRun()
	}
	return id, nil
}

// getRun is GET /v1/stacks/{id}/runs/{run}.
func (a *API) getRun(w http.ResponseWriter, r *http.Request, may []access) error {
	ctx, stack := r.Context(), r.PathValue("id")
	if err := a.find(ctx, stack, may[0]); err != nil {
		return err
	}
	run, err := runID(r)
	if err != nil {
		return err
	}
	d, err := a.details.read(ctx, stack, run, Version(a.Mirror.Snapshot(), stack), func(ctx context.Context) (client.RunDetail, error) {
		return a.Upstream.RunDetail(ctx, stack, run)
	})
	if err != nil {
		return err
	}
	v, err := a.viewRunDetail(ctx, stack, d, runAccess{logs: may[1], confirm: may[2], stop: may[3]})
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, v)
}

// runAccess is what a caller may do with runs.
type runAccess struct{ logs, confirm, stop access }

// to is the access that an action needs.
func (x runAccess) to(action client.Action) access {
	if action == client.Confirm {
		return x.confirm
	}
	return x.stop
}

func (a *API) viewRunDetail(ctx context.Context, stack string, d client.RunDetail, x runAccess) (runDetailView, error) {
	ours, err := a.Store.TriggersOf(ctx, stack, triggersShown)
	if err != nil {
		return runDetailView{}, err
	}
	var trigger store.Trigger
	for _, t := range ours {
		if t.RunID == d.ID {
			trigger = t
		}
	}
	v := runDetailView{
		runView: a.viewRun(stack, d.Run, trigger), StackID: stack, StackName: d.StackName,
		History: []transitionView{}, Comments: []commentView{}, LogsAllowed: x.logs.knows(a.Mirror.Snapshot(), stack),
	}
	for _, t := range d.History {
		v.History = append(v.History, viewTransition(a.Act.Marks(), t))
	}
	for _, c := range d.Comments {
		v.Comments = append(v.Comments, commentView{Body: c.Body, Username: c.Username, CreatedAt: c.At})
	}
	v.AllowedActions, v.ActionsReason = a.allowed(stack, d, x)
	return v, nil
}

func viewTransition(marks act.Marks, t client.Transition) transitionView {
	v := transitionView{
		State: stateOf(t.State), Group: state.Group(t.State), StateVersion: t.Version, Timestamp: t.At, HasLogs: t.HasLogs,
		Terminal: t.Terminal, Username: t.Username, Note: t.Note,
	}
	if mark, ok := marks.Of(t); ok {
		v.RequestedBy, v.Note = mark.Person, mark.Note
	}
	return v
}

// allowed are the actions that the caller can do now, and why not the others that the state allows.
func (a *API) allowed(stack string, d client.RunDetail, x runAccess) (actions []client.Action, reason string) {
	actions = []client.Action{}
	s := a.Mirror.Snapshot()
	known := s.Stack(stack)
	canWrite := known == nil || known.CanWrite
	ready := act.Ready(d)
	for _, action := range act.In(d.State) {
		switch {
		case a.ReadOnly:
			reason = "The portal is in read-only mode."
		case !x.to(action).knows(s, stack):
			reason = mayNot(action)
		case !act.KeyMay(action, d, canWrite):
			reason = "The portal's API key may not " + string(action) + " this run."
		case !slices.Contains(ready, action):
			reason = "The run waits for an approval at Spacelift."
		default:
			actions = append(actions, action)
		}
	}
	return actions, reason
}

func mayNot(action client.Action) string {
	return "You may not " + string(action) + " runs of this stack: the permission policy says so."
}
