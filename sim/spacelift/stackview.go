package spacelift

import (
	"time"

	"github.com/graph-gophers/graphql-go"
)

// stackView is a stack as it was when it was asked for, as the caller may see it. graph-gophers reads fields by name and
// calls methods for those with arguments, and for what is only worth making up when somebody selects it.
type stackView struct {
	server *Server
	stack  *stack
	caller caller
	within *space

	ID                                        graphql.ID
	Name, State, Provider, Repository, Branch string
	Description, Namespace, RepositoryURL     *string
	ProjectRoot, TrackedCommitSetBy           *string
	TerraformVersion, RunnerImage             *string
	Labels                                    []string
	CreatedAt                                 int32
	StateSetAt, LockedAt                      *int32
	Space                                     graphql.ID
	TrackedCommit                             *commitView
	WorkerPool                                *poolView
	Autodeploy, Autoretry, Administrative     bool
	ManagesStateFile, LocalPreviewEnabled     bool
	ProtectFromDeletion, IsDisabled, Deleted  bool
	Deleting, Starred, CanWrite               bool
	LockedBy, LockNote                        *string
}

type commitView struct {
	Hash, Message, AuthorName string
	AuthorLogin, URL          *string
	Timestamp                 int32
}

type poolView struct {
	ID   graphql.ID
	Name string
}

type spaceView struct {
	ID                graphql.ID
	Name, Description string
	ParentSpace       *graphql.ID
	InheritEntities   bool
	Labels            []string
	AccessLevel       *string
}

// viewStack wants the lock of the world.
func (s *Server) viewStack(st *stack, c caller) *stackView {
	return &stackView{
		server: s, stack: st, caller: c, within: st.space,
		ID: graphql.ID(st.id), Name: st.name, Description: optional(st.description), Labels: list(st.labels),
		State: st.state, StateSetAt: optionalUnix(st.stateSetAt), CreatedAt: unix(st.createdAt), Space: graphql.ID(st.space.id),
		Provider: st.provider, Namespace: optional(st.namespace), Repository: st.repository, Branch: st.branch,
		RepositoryURL: optional("https://git.acme.example.com/" + st.namespace + "/" + st.repository),
		ProjectRoot:   optional(st.root), TrackedCommit: viewCommit(st.commit), TerraformVersion: optional(terraformVersion(st)),
		WorkerPool: viewPool(st.pool), Autodeploy: st.autodeploy, Autoretry: st.autoretry, Administrative: st.administrative,
		ManagesStateFile: st.managesState, LocalPreviewEnabled: st.preview, ProtectFromDeletion: st.protect,
		IsDisabled: st.disabled, Deleted: st.deleted, Deleting: st.deleting, Starred: st.starred,
		CanWrite: c.may(st.space, Writer), LockedBy: optional(st.lockedBy), LockedAt: optionalUnix(st.lockedAt),
		LockNote: optional(st.lockNote),
	}
}

func terraformVersion(st *stack) string {
	if st.vendor == "Terraform" || st.vendor == "OpenTofu" || st.vendor == "Terragrunt" {
		return st.version
	}
	return ""
}

func viewCommit(c commit) *commitView {
	if c.hash == "" {
		return nil
	}
	return &commitView{
		Hash: c.hash, Message: c.message, AuthorName: c.author, AuthorLogin: optional(c.login), URL: optional(c.url),
		Timestamp: unix(c.at),
	}
}

// viewPool is null for the public pool (spacelift.md 5.5).
func viewPool(p *pool) *poolView {
	if p.id == "" {
		return nil
	}
	return &poolView{ID: graphql.ID(p.id), Name: p.name}
}

func viewSpace(sp *space, c caller) *spaceView {
	view := &spaceView{
		ID: graphql.ID(sp.id), Name: sp.name, Description: sp.description, InheritEntities: sp.parent != nil, Labels: list(sp.labels),
		AccessLevel: optional(string(c.role(sp))),
	}
	if sp.parent != nil {
		parent := graphql.ID(sp.parent.id)
		view.ParentSpace = &parent
	}
	return view
}

// SpaceDetails is the space of the stack.
func (v *stackView) SpaceDetails() *spaceView { return viewSpace(v.within, v.caller) }

// Blocker is the run that others wait for.
func (v *stackView) Blocker() *runView {
	defer v.server.world.lock()()
	if v.stack.blocker == nil {
		return nil
	}
	return v.server.viewRun(v.stack.blocker, v.caller)
}

// Run is one run of the stack, null if it has none with that id.
func (v *stackView) Run(args struct{ ID graphql.ID }) *runView {
	defer v.server.world.lock()()
	r := v.server.world.run(v.stack, string(args.ID))
	if r == nil {
		return nil
	}
	return v.server.viewRun(r, v.caller)
}

// runsPage is the size of a page of runs. Spacelift chooses it, and does not say what it is (spacelift.md 5.4).
const runsPage = 50

type beforeArgs struct{ Before *graphql.ID }

// Runs are tracked runs and those that destroy, newest first; the end is an empty page.
func (v *stackView) Runs(args beforeArgs) []*runView { return v.list(typeTracked, args) }

// ProposedRuns are those of branches, and of drift detection.
func (v *stackView) ProposedRuns(args beforeArgs) []*runView { return v.list(typeProposed, args) }

// Tasks are commands that people ran.
func (v *stackView) Tasks(args beforeArgs) []*runView { return v.list(typeTask, args) }

func (v *stackView) list(kind string, args beforeArgs) []*runView {
	defer v.server.world.lock()()
	runs := v.server.world.runs(v.stack)
	page := []*runView{}
	for i := len(runs) - 1; i >= 0 && len(page) < runsPage; i-- {
		r := runs[i]
		// Ids of runs grow with time, so that a cursor outlives the run that it names.
		if r.kindOfList() != kind || args.Before != nil && r.id >= string(*args.Before) {
			continue
		}
		page = append(page, v.server.viewRun(r, v.caller))
	}
	return page
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func list(of []string) []string {
	if of == nil {
		return []string{}
	}
	return of
}

// unix are seconds, as an Int (spacelift.md 5.5).
func unix(at time.Time) int32 { return int32(at.Unix()) } //nolint:gosec // until 2038, like Spacelift's

func optionalUnix(at time.Time) *int32 {
	if at.IsZero() {
		return nil
	}
	seconds := unix(at)
	return &seconds
}
