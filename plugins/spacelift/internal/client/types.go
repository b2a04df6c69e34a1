package client

import "time"

// Stack is a stack as the list shows it (spacelift.md 5.6, StackRow). Fields that Spacelift leaves null are zero.
type Stack struct {
	ID, Name, Description string
	Labels                []string
	// State is as Spacelift says it, and may be one that this release does not know; empty when there is none.
	State                                   string
	StateSetAt, CreatedAt                   time.Time
	Branch, Repository, Namespace           string
	Provider, ProjectRoot                   string
	Autodeploy, Disabled, Deleted, Deleting bool
	// CanWrite tells what the key may do here. Where Spacelift does not say it, it is true, and a trigger shows.
	CanWrite           bool
	LockedBy, LockNote string
	Space              Space
	Commit             *Commit
	// Blocker is the id of the run that others wait for.
	Blocker string
	// WorkerPool is the name of a private pool; empty means the public one.
	WorkerPool string
	// Vendor is the type name without its prefix, such as "Terraform".
	Vendor string
}

// Space is where a stack lives.
type Space struct{ ID, Name, Parent string }

// Commit is a commit of the stack's repository.
type Commit struct {
	Hash, Message, Author, Login, URL string
	Time                              time.Time
}

// StackDetail is a stack with what only its own page shows.
type StackDetail struct {
	Stack
	ManagesStateFile, LocalPreview, ProtectFromDeletion bool
	TerraformVersion, RunnerImage, RepositoryURL        string
	LockedAt                                            time.Time
	// VendorVersion and Workspace are those of Terraform and its relatives.
	VendorVersion, Workspace string
	Policies, Contexts       []Attachment
	DependsOn, DependedOnBy  []StackRef
}

// Attachment is a policy or a context.
type Attachment struct {
	ID, Name, Type string
	Priority       int
}

// StackRef names another stack.
type StackRef struct{ ID, Name string }

// Run is a run of a stack (spacelift.md 5.6, RunRow).
type Run struct {
	ID, State, Type, Title, Branch string
	CreatedAt, UpdatedAt           time.Time
	Finished                       bool
	// TriggeredBy is a person, "api::<key id>", or empty for a commit.
	TriggeredBy                                         string
	Drift, Expired, MostRecent, NeedsApproval, CanRetry bool
	Commit                                              *Commit
	Delta                                               *Delta
}

// Delta is what a run changes.
type Delta struct{ Add, Change, Delete, Import, Move, Forget, Resources int }

// User is who the token belongs to.
type User struct{ ID, Name string }

// RunKind is one of the lists of runs that a stack has.
type RunKind string

// The lists of runs.
const (
	Tracked  RunKind = "tracked"
	Proposed RunKind = "proposed"
	Task     RunKind = "task"
)
