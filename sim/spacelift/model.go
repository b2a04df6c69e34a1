package spacelift

import "time"

// States of runs and stacks (spacelift.md 5.5).
const (
	stateNone            = "NONE"
	stateQueued          = "QUEUED"
	stateReady           = "READY"
	statePendingReview   = "PENDING_REVIEW"
	statePreparing       = "PREPARING"
	stateInitializing    = "INITIALIZING"
	statePlanning        = "PLANNING"
	stateUnconfirmed     = "UNCONFIRMED"
	stateConfirmed       = "CONFIRMED"
	stateReplanRequested = "REPLAN_REQUESTED"
	statePreparingReplan = "PREPARING_REPLAN"
	statePreparingApply  = "PREPARING_APPLY"
	stateApplying        = "APPLYING"
	statePerforming      = "PERFORMING"
	stateDestroying      = "DESTROYING"
	stateFinished        = "FINISHED"
	stateFailed          = "FAILED"
	stateStopped         = "STOPPED"
	stateCanceled        = "CANCELED"
	stateDiscarded       = "DISCARDED"
	stateSkipped         = "SKIPPED"
)

const (
	typeTracked  = "TRACKED"
	typeProposed = "PROPOSED"
	typeTask     = "TASK"
	typeDestroy  = "DESTROY"
	typeTesting  = "TESTING"
)

const rootSpace = "root"

func terminal(state string) bool {
	switch state {
	case stateFinished, stateFailed, stateStopped, stateCanceled, stateDiscarded, stateSkipped:
		return true
	}
	return false
}

// Trait is how the runs of a stack end (spacelift.md 8.3).
type Trait string

// Traits of stacks.
const (
	PlanChanges Trait = "changes"
	PlanNoop    Trait = "noop"
	FailPlan    Trait = "fail-plan"
	FailInit    Trait = "fail-init"
	FailApply   Trait = "fail-apply"
)

type space struct {
	id, name, description string
	parent                *space
	labels                []string
}

type pool struct {
	id, name string // both empty: the public pool
	size     int
	busy     int
	waiting  []*run
}

type commit struct {
	hash, message, author, login, url string
	at                                time.Time
}

type drift struct {
	reconcile, ignoreState bool
	schedule               string
}

type attachment struct {
	id, name, kind string
	priority       int32
}

type stack struct {
	index                                                        int
	id, name, description                                        string
	labels                                                       []string
	state, before                                                string // before: the state that a canceled run gives back
	stateSetAt, createdAt, lockedAt                              time.Time
	space                                                        *space
	provider, namespace, repository, branch, root                string
	vendor, version                                              string
	commit                                                       commit
	autodeploy, autoretry, administrative, managesState, preview bool
	protect, disabled, deleting, deleted, starred, approval      bool
	lockedBy, lockNote                                           string
	pool                                                         *pool
	trait                                                        Trait
	drift                                                        *drift
	drifted, resources                                           int
	policies, contexts                                           []attachment
	dependsOn, dependedOnBy                                      []*stack

	// seeded runs come out of the seed whenever somebody looks; once the stack has been written to, loaded is set and
	// all its runs are in runs, oldest first.
	seeded  int
	newest  time.Time
	step    time.Duration
	loaded  bool
	runs    []*run
	blocker *run
}

type transition struct {
	state, username, note string
	at                    time.Time
}

type comment struct {
	body, username string
	at             time.Time
}

type delta struct{ add, change, remove, resources int }

type run struct {
	id              string
	millisecond     int64  // of the id
	key             uint64 // seeds what is random about the run
	stack           *stack
	kind, state     string
	title, branch   string
	commit          commit
	created         time.Time
	triggeredBy     string
	drift, approved bool
	command         string
	delta           *delta
	metadata        string
	comments        []comment
	history         []transition
	generation      int // an event of an older generation is void
	working         bool
	wants           string
	reviews         int
}

func (r *run) updated() time.Time { return r.history[len(r.history)-1].at }

// blocks says that the stack does one such run at a time (spacelift.md 5.7).
func (r *run) blocks() bool { return r.kind != typeProposed }

// kindOfList is the list that the run is in: runs, proposedRuns or tasks.
func (r *run) kindOfList() string {
	if r.kind == typeDestroy {
		return typeTracked
	}
	return r.kind
}

func (st *stack) unlock() { st.lockedBy, st.lockNote, st.lockedAt = "", "", time.Time{} }
