package httpapi

import (
	"strings"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// The views are the schemas of openapi.yaml, under the same names.

type stackView struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Labels      []string    `json:"labels"`
	State       string      `json:"state"`
	StateSetAt  time.Time   `json:"stateSetAt,omitzero"`
	Group       string      `json:"group"`
	Space       spaceView   `json:"space"`
	Branch      string      `json:"branch,omitempty"`
	Repository  string      `json:"repository,omitempty"`
	Namespace   string      `json:"namespace,omitempty"`
	Provider    string      `json:"provider,omitempty"`
	ProjectRoot string      `json:"projectRoot,omitempty"`
	Vendor      string      `json:"vendor,omitempty"`
	Autodeploy  bool        `json:"autodeploy"`
	Disabled    bool        `json:"disabled"`
	Deleting    bool        `json:"deleting"`
	LockedBy    string      `json:"lockedBy,omitempty"`
	LockNote    string      `json:"lockNote,omitempty"`
	WorkerPool  string      `json:"workerPool,omitempty"`
	Blocker     string      `json:"blocker,omitempty"`
	CreatedAt   time.Time   `json:"createdAt,omitzero"`
	Commit      *commitView `json:"commit,omitempty"`
	URL         string      `json:"url"`
	Trigger     allowedView `json:"trigger"`
}

type spaceView struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"`
	URL    string `json:"url,omitempty"`
}

type commitView struct {
	Hash    string    `json:"hash"`
	Message string    `json:"message"`
	Author  string    `json:"author,omitempty"`
	Time    time.Time `json:"time,omitzero"`
	URL     string    `json:"url,omitempty"`
}

type allowedView struct {
	Allowed bool         `json:"allowed"`
	Reason  string       `json:"reason,omitempty"`
	Pending *triggerView `json:"pending,omitempty"`
}

type triggerView struct {
	ID          string    `json:"id"`
	StackID     string    `json:"stackId"`
	Outcome     string    `json:"outcome"`
	RunID       string    `json:"runId,omitempty"`
	State       string    `json:"state,omitempty"`
	RequestedBy string    `json:"requestedBy"`
	RequestedAt time.Time `json:"requestedAt"`
	Reason      string    `json:"reason,omitempty"`
	Message     string    `json:"message,omitempty"`
}

type runView struct {
	ID            string      `json:"id"`
	State         string      `json:"state"`
	Group         string      `json:"group"`
	Type          string      `json:"type,omitempty"`
	Title         string      `json:"title,omitempty"`
	Branch        string      `json:"branch,omitempty"`
	CreatedAt     time.Time   `json:"createdAt,omitzero"`
	UpdatedAt     time.Time   `json:"updatedAt,omitzero"`
	Finished      bool        `json:"finished"`
	TriggeredBy   string      `json:"triggeredBy,omitempty"`
	RequestedBy   string      `json:"requestedBy,omitempty"`
	Reason        string      `json:"reason,omitempty"`
	TriggerID     string      `json:"triggerId,omitempty"`
	Drift         bool        `json:"drift"`
	NeedsApproval bool        `json:"needsApproval"`
	Commit        *commitView `json:"commit,omitempty"`
	Delta         *deltaView  `json:"delta,omitempty"`
	URL           string      `json:"url"`
}

type deltaView struct {
	Add       int `json:"add"`
	Change    int `json:"change"`
	Delete    int `json:"delete"`
	Import    int `json:"import"`
	Move      int `json:"move"`
	Forget    int `json:"forget"`
	Resources int `json:"resources"`
}

func viewTrigger(t store.Trigger) triggerView {
	return triggerView{
		ID: t.ID, StackID: t.StackID, Outcome: string(t.Outcome), RunID: t.RunID, State: t.State,
		RequestedBy: t.Person, RequestedAt: t.CreatedAt, Reason: t.Reason, Message: t.Message,
	}
}

// viewStack is the stack, with what is known of triggering it.
func (a *API) viewStack(c client.Stack, pending *store.Trigger, mayTrigger bool) stackView {
	v := stackView{
		ID: c.ID, Name: c.Name, Description: c.Description, Labels: c.Labels, State: stateOf(c.State), StateSetAt: c.StateSetAt,
		Group: state.Group(c.State), Space: a.viewSpace(c.Space), Branch: c.Branch, Repository: c.Repository, Namespace: c.Namespace,
		Provider: c.Provider, ProjectRoot: c.ProjectRoot, Vendor: vendorOf(c.Vendor), Autodeploy: c.Autodeploy, Disabled: c.Disabled,
		Deleting: c.Deleting, LockedBy: c.LockedBy, LockNote: c.LockNote, WorkerPool: c.WorkerPool, Blocker: c.Blocker,
		CreatedAt: c.CreatedAt, Commit: viewCommit(c.Commit), URL: a.link("stack", c.ID),
	}
	if v.Labels == nil {
		v.Labels = []string{}
	}
	v.Trigger.Reason = a.whyNot(c, pending)
	if v.Trigger.Reason == "" && !mayTrigger {
		v.Trigger.Reason = mayNotTrigger
	}
	v.Trigger.Allowed = v.Trigger.Reason == ""
	if pending != nil {
		p := viewTrigger(*pending)
		v.Trigger.Pending = &p
	}
	return v
}

// whyNot says why a run cannot be triggered now, as far as is known; Spacelift itself decides when it is asked.
func (a *API) whyNot(c client.Stack, pending *store.Trigger) string {
	switch {
	case a.ReadOnly:
		return "The portal is in read-only mode."
	case !c.CanWrite:
		return "The portal's API key may not write to this stack."
	case c.Deleting:
		return "The stack is being deleted."
	case c.Disabled:
		return "The stack is disabled."
	case c.LockedBy != "":
		return "The stack is locked by " + c.LockedBy + "."
	case pending != nil:
		return (&pendingText{*pending}).String()
	case state.Moving(c.State):
		return "A run is under way."
	default:
		return ""
	}
}

type pendingText struct{ t store.Trigger }

func (p *pendingText) String() string {
	if p.t.Outcome == store.Unknown {
		return "It is not known yet whether a run that " + p.t.Person + " triggered was created."
	}
	return p.t.Person + " has just triggered a run."
}

func (a *API) viewSpace(s client.Space) spaceView {
	v := spaceView{ID: s.ID, Name: s.Name, Parent: s.Parent}
	if s.ID != "" {
		v.URL = a.link("spaces", s.ID)
	}
	return v
}

func viewCommit(c *client.Commit) *commitView {
	if c == nil {
		return nil
	}
	author := c.Author
	if author == "" {
		author = c.Login
	}
	return &commitView{Hash: c.Hash, Message: c.Message, Author: author, Time: c.Time, URL: c.URL}
}

func (a *API) viewRun(stack string, r client.Run, t store.Trigger) runView {
	v := runView{
		ID: r.ID, State: stateOf(r.State), Group: state.Group(r.State), Type: r.Type, Title: r.Title, Branch: r.Branch,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Finished: r.Finished, TriggeredBy: r.TriggeredBy,
		RequestedBy: t.Person, Reason: t.Reason, TriggerID: t.ID, Drift: r.Drift, NeedsApproval: r.NeedsApproval,
		Commit: viewCommit(r.Commit), URL: a.link("stack", stack, "run", r.ID),
	}
	if d := r.Delta; d != nil {
		v.Delta = &deltaView{Add: d.Add, Change: d.Change, Delete: d.Delete, Import: d.Import, Move: d.Move, Forget: d.Forget, Resources: d.Resources}
	}
	return v
}

// link is a page at Spacelift; the parts are escaped.
func (a *API) link(parts ...string) string {
	return a.Web.JoinPath(escaped(parts)...).String()
}

func stateOf(name string) string {
	if name == "" {
		return state.Unknown
	}
	return name
}

// vendorOf is the name that openapi.yaml has for a vendor; empty for none.
func vendorOf(name string) string {
	switch lower := strings.ToLower(name); lower {
	case "", "terraform", "opentofu", "terragrunt", "pulumi", "cloudformation", "kubernetes", "ansible":
		return lower
	default:
		return "other"
	}
}
