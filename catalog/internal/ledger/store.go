package ledger

import (
	"context"
	"errors"
	"time"
)

// ErrTrimmed tells a reader of the change log that the rows after its position are gone: it must read all finished
// entities again.
var ErrTrimmed = errors.New("the change log no longer reaches back that far")

// Store is one database under the ledger. It knows tables, not rules. It is safe for concurrent use.
type Store interface {
	// Write runs fn in a transaction that no other writing transaction of any replica overlaps. A failed fn leaves nothing
	// behind. It may be run again after a transient failure of the database, so it must not keep state outside.
	Write(ctx context.Context, fn func(tx Tx) error) error
	// Claim hands out entities that are due, the longest waiting first, and keeps others from claiming them until
	// the lease ends.
	Claim(ctx context.Context, limit int, now, lease time.Time) ([]Work, error)
	// NextDue returns when the next entity is due; false if none waits.
	NextDue(ctx context.Context) (time.Time, bool, error)

	// Position is that of the last change.
	Position(ctx context.Context) (int64, error)
	// Changes returns what changed after a position, each entity once, at its latest state, in the order of positions. The
	// second result is the position up to which they are complete; it equals the first argument when nothing changed.
	Changes(ctx context.Context, after int64, limit int) ([]Change, int64, error)
	// Finals yields all finished entities in chunks, from one snapshot, and returns the position it stands at.
	Finals(ctx context.Context, chunk int, yield func([]Change) error) (int64, error)
	// Listen calls wake when another process may have written, and once when it begins to listen, until ctx ends. It only
	// hastens: readers poll as well.
	Listen(ctx context.Context, wake func()) error

	// Parents returns, for each ref, the refs of the entities that emitted it. Refs without any are absent.
	Parents(ctx context.Context, refs []string) (map[string][]string, error)
	// Watched yields every entity whose processing read the outside.
	Watched(ctx context.Context) ([]Watch, error)
	// Failed returns entities whose processing never succeeded, in the order of their ids, from the one after.
	Failed(ctx context.Context, after int64, limit int) ([]Unfinished, error)
	// Pending returns entities that wait for their first processing, likewise.
	Pending(ctx context.Context, after int64, limit int) ([]Unfinished, error)
	// Providers returns the names of all providers that own something.
	Providers(ctx context.Context) ([]string, error)
	// Counts returns the number of relations, of registered locations and of entities that are due.
	Counts(ctx context.Context) (Counts, error)
	// Locations returns all registered locations in the order of their ids.
	Locations(ctx context.Context) ([]Location, error)
	// Setting returns a remembered value; empty if there is none.
	Setting(ctx context.Context, name string) (string, error)
}

// Tx is a writing transaction. Its methods take whole sets, because a statement a set is what makes a batch cheap. Refs
// handed in are distinct. It is not safe for concurrent use.
type Tx interface {
	// Heads returns the entities with these refs, in no order; unknown refs are absent.
	Heads(ctx context.Context, refs []string) ([]Head, error)
	// RefByUID returns the ref of the entity with this uid, compared without case; empty if there is none.
	RefByUID(ctx context.Context, uid string) (string, error)
	// EdgesTo returns the edges that end at these refs.
	EdgesTo(ctx context.Context, refs []string) ([]Edge, error)
	// EdgesFrom returns the edges that start at these entities.
	EdgesFrom(ctx context.Context, refs []string) ([]Edge, error)
	// Roots returns the refs that a provider owns.
	Roots(ctx context.Context, provider string) ([]string, error)
	// Orphans returns the refs of entities without any edge to them.
	Orphans(ctx context.Context, limit int) ([]string, error)
	// Documents returns what processing made of these entities. Entities that were never processed are absent.
	Documents(ctx context.Context, refs []string) ([]Document, error)
	// Foreign returns the relations that start at these refs and were emitted by other entities.
	Foreign(ctx context.Context, refs []string) ([]Relation, error)
	// Refused returns which entities once tried to emit these refs and were refused.
	Refused(ctx context.Context, refs []string) ([]Edge, error)
	// ByKeys returns the refs of entities that own any of these refresh keys.
	ByKeys(ctx context.Context, keys []string) ([]string, error)

	// InsertEntities adds entities and returns their ids in the same order.
	InsertEntities(ctx context.Context, heads []Input) ([]int64, error)
	// UpdateInputs replaces input, hash and location key of existing entities.
	UpdateInputs(ctx context.Context, inputs []Input) error
	// PutOutputs stores what processing made of entities.
	PutOutputs(ctx context.Context, outputs []Output) error
	// PutFailures stores the errors of entities whose processing failed; what succeeded before stays.
	PutFailures(ctx context.Context, outputs []Output) error
	// ClearHashes makes the next processing of these entities count as changed.
	ClearHashes(ctx context.Context, ids []int64) error
	// DeleteEntities removes entities and all that hangs on them but edges and relations, which are removed by name.
	DeleteEntities(ctx context.Context, ids []int64) error
	// InsertEdges and DeleteEdges change edges; existing and missing ones are no error.
	InsertEdges(ctx context.Context, edges []Edge) error
	DeleteEdges(ctx context.Context, edges []Edge) error
	// InsertRelations and DeleteRelations change foreign relations; existing and missing ones are no error.
	InsertRelations(ctx context.Context, relations []Relation) error
	DeleteRelations(ctx context.Context, relations []Relation) error
	// ReplaceKeys sets the refresh keys of entities.
	ReplaceKeys(ctx context.Context, keys map[int64][]string) error
	// InsertRefused and DeleteRefused change the memory of refused emissions. DeleteRefused forgets all of these sources.
	InsertRefused(ctx context.Context, edges []Edge) error
	DeleteRefused(ctx context.Context, sources []string) error

	// MarkDue makes entities due at a time, whatever their claim says.
	MarkDue(ctx context.Context, ids []int64, at time.Time) error
	// Complete ends claims: an entity marked since then stays due; else it is due again at the time given, or not at all
	// when that is zero.
	Complete(ctx context.Context, done []Completion) error

	// PutFinals stores finished entities.
	PutFinals(ctx context.Context, finals []Final) error
	// AppendChanges writes the change log and returns the position of the last row.
	AppendChanges(ctx context.Context, changes []Change) (int64, error)
	// TrimChanges removes rows of the change log up to a position.
	TrimChanges(ctx context.Context, upTo int64) error

	// PutSetting remembers a value.
	PutSetting(ctx context.Context, name, value string) error
	// MarkAllDue makes every entity due with its result hash cleared, because the rules of processing changed.
	MarkAllDue(ctx context.Context, at time.Time) error
	// Locations returns all registered locations in the order of their ids.
	Locations(ctx context.Context) ([]Location, error)
	// InsertLocation, UpdateLocation and DeleteLocation change registered locations.
	InsertLocation(ctx context.Context, l Location) error
	UpdateLocation(ctx context.Context, l Location) error
	DeleteLocation(ctx context.Context, id string) error
}

// Work is one claimed entity.
type Work struct {
	ID        int64
	UID, Ref  string
	Input     []byte
	InputHash string
	// ResultHash is that of the last processing; empty before the first.
	ResultHash string
	// State is what the last processing asked to be remembered.
	State []byte
	// Ticket tells this claim from marks set after it.
	Ticket int64
	// Since is when the entity became due.
	Since time.Time
}

// Head is an entity without its documents.
type Head struct {
	ID          int64
	UID, Ref    string
	InputHash   string
	LocationKey string
	// ResultHash is empty for an entity that was never processed.
	ResultHash string
	// FinalHash is that of the finished entity; empty while readers do not see one.
	FinalHash string
}

// Input is what a provider or a parent gave us of one entity.
type Input struct {
	ID          int64
	UID, Ref    string
	Body        []byte
	Hash        string
	LocationKey string
	// Given is when they gave it.
	Given time.Time
}

// Output is what processing made of one entity.
type Output struct {
	ID int64
	// Body is the processed entity.
	Body []byte
	// Relations is the encoded list of what the entity emitted.
	Relations []byte
	// Errors is a JSON array of status items, or nil.
	Errors []byte
	State  []byte
	// Watched is true if processing read the outside.
	Watched bool
	Hash    string
}

// Document is what stitching needs of one entity.
type Document struct {
	ID        int64
	UID, Ref  string
	Body      []byte
	Relations []byte
	Errors    []byte
}

// Edge says who gave us an entity: a provider, or another entity. One of Provider and Source is empty.
type Edge struct{ Provider, Source, Target string }

// Relation is a relation that an entity other than its source emitted.
type Relation struct{ Source, Type, Target, Origin string }

// Completion ends one claim.
type Completion struct {
	ID     int64
	Ticket int64
	// Again is when the entity is due next; zero for not before something changes.
	Again time.Time
}

// Final is a finished entity.
type Final struct {
	ID       int64
	UID, Ref string
	Body     []byte
	Hash     string
}

// Change is one row of the change log, joined with the finished entity.
type Change struct {
	Position int64
	// ID is the entity's, only for writing.
	ID       int64
	Ref, UID string
	// Body is the finished entity as the wire has it; nil when it is gone.
	Body []byte
}

// Watch is an entity whose processing read the outside.
type Watch struct {
	ID    int64
	Ref   string
	State []byte
}

// Unfinished is an entity that readers do not see.
type Unfinished struct {
	ID          int64
	UID, Ref    string
	LocationKey string
	Input       []byte
	InputHash   string
	// ResultHash is empty and Errors nil for an entity that was not processed yet. Errors is a JSON array of status items.
	ResultHash string
	Errors     []byte
	// Given is when somebody last gave us something new of it; zero where that is not known.
	Given time.Time
	// Due is when it is processed next; zero for not before something changes.
	Due time.Time
}

// Counts are the sizes that metrics show.
type Counts struct{ Relations, Locations, Due int64 }

// Location is a registered location (catalog.md 5.8).
type Location struct{ ID, Type, Target, EntityRef string }

func (l Location) ref() string { return l.Type + ":" + l.Target }
