package spacelift

import (
	"slices"

	"github.com/graph-gophers/graphql-go"
)

// runView is a run as it was when it was asked for, as the caller may see it.
type runView struct {
	server *Server
	run    *run
	caller caller

	ID                                  graphql.ID
	State, Type                         string
	Title, Branch, TriggeredBy, Command *string
	Commit                              *commitView
	CreatedAt, UpdatedAt                int32
	Finished, DriftDetection, Expired   bool
	IsMostRecent, NeedsApproval         bool
	CanRetry, CanConfirm                bool
	Delta                               *deltaView
	Comments                            []*commentView
	History                             []*transitionView
}

type deltaView struct {
	AddCount, ChangeCount, DeleteCount, ImportCount, MoveCount, ForgetCount, Resources int32
	OkCount, SkipCount, RescueCount, IgnoreCount, UnreachableCount, FailedCount        int32
}

type commentView struct {
	Body, Username string
	CreatedAt      int32
}

type transitionView struct {
	State                   string
	StateVersion, Timestamp int32
	HasLogs, Terminal       bool
	Username, Note          *string
}

// viewRun wants the lock of the world.
func (s *Server) viewRun(r *run, c caller) *runView {
	st := r.stack
	view := &runView{
		server: s, run: r, caller: c,
		ID: graphql.ID(r.id), State: r.state, Type: r.kind, Title: optional(r.title), Branch: optional(r.branch),
		Commit: viewCommit(r.commit), CreatedAt: unix(r.created), UpdatedAt: unix(r.updated()), Finished: terminal(r.state),
		TriggeredBy: optional(r.triggeredBy), DriftDetection: r.drift, Expired: s.expired(r), Command: optional(r.command),
		IsMostRecent: s.world.mostRecent(r), NeedsApproval: r.needsApproval(),
		CanRetry:   canRetry(r) && c.may(st.space, leastForRetry(r)),
		CanConfirm: r.state == stateUnconfirmed && !r.needsApproval() && c.may(st.space, Writer),
		Comments:   []*commentView{},
	}
	if r.delta != nil {
		view.Delta = viewDelta(r)
	}
	for _, made := range r.comments {
		view.Comments = append(view.Comments, &commentView{Body: made.body, Username: made.username, CreatedAt: unix(made.at)})
	}
	for i, step := range slices.Backward(r.history) { // newest first
		view.History = append(view.History, &transitionView{
			State: step.state, StateVersion: int32(i + 1), Timestamp: unix(step.at), HasLogs: hasLogs(step.state), //nolint:gosec // a count
			Terminal: terminal(step.state), Username: optional(step.username), Note: optional(step.note),
		})
	}
	return view
}

// viewDelta has the counts of Ansible for Ansible, and those of the others for the others.
func viewDelta(r *run) *deltaView {
	small := func(n int) int32 { return int32(n) } //nolint:gosec // a count
	d := r.delta
	if r.stack.vendor == "Ansible" {
		return &deltaView{OkCount: small(d.resources), SkipCount: small(d.remove), FailedCount: 0, ChangeCount: small(d.change)}
	}
	return &deltaView{
		AddCount: small(d.add), ChangeCount: small(d.change), DeleteCount: small(d.remove), Resources: small(d.resources),
	}
}

// needsApproval: the stack has an approval policy, and nobody has approved yet.
func (r *run) needsApproval() bool {
	return r.stack.approval && !r.approved && (r.state == stateUnconfirmed || r.state == statePendingReview)
}

func canRetry(r *run) bool { return r.state == stateFailed || r.state == stateStopped }

// leastForRetry is Reader for runs that block nothing (spacelift.md 5.7).
func leastForRetry(r *run) Role {
	if r.blocks() {
		return Writer
	}
	return Reader
}

// mostRecent among those of its list.
func (w *world) mostRecent(r *run) bool {
	if r.stack.loaded {
		for _, other := range slices.Backward(r.stack.runs) {
			if other.kindOfList() == r.kindOfList() {
				return other.id == r.id
			}
		}
		return false
	}
	for n := r.stack.seeded - 1; n >= 0; n-- {
		if seed := w.seedOf(r.stack, n); seed.kind == r.kind {
			return seed.key == r.key
		}
	}
	return false
}

type changesView struct{ Resources []*changeView }

type changeView struct {
	Address         string
	PreviousAddress *string
	Metadata        *changeKind
}

type changeKind struct{ Type string }

// ChangesV3 are the resources that the run would change, or has changed.
func (v *runView) ChangesV3(struct{ Input struct{ First *int32 } }) []*changesView {
	defer v.server.world.lock()()
	view := &changesView{Resources: []*changeView{}}
	if v.run.delta == nil {
		return []*changesView{view}
	}
	n := 0
	add := func(count int, what string) {
		for range count {
			kind, name := resourceName(v.run.key, n)
			n++
			view.Resources = append(view.Resources, &changeView{Address: kind + "." + name, Metadata: &changeKind{Type: what}})
		}
	}
	add(v.run.delta.add, "create")
	add(v.run.delta.change, "update")
	add(v.run.delta.remove, "delete")
	return []*changesView{view}
}
