package ingest

import (
	"context"

	"github.com/understudy-portal/understudy/entity"
)

// Processor takes part in the processing of entities. What it does it says by the optional interfaces below. It is used
// by many goroutines at once.
type Processor interface {
	// Name is stable and unique: catalog.processorOptions goes by it, and error texts show it.
	Name() string
}

// Item is the entity in hand and where it came from.
type Item struct {
	Entity entity.Entity
	// Location is the direct source, Origin the registration that led here.
	Location, Origin entity.LocationRef
}

// PreProcessor changes an entity before it is validated. It may change the entity in place, which it owns.
type PreProcessor interface {
	Processor
	PreProcess(ctx context.Context, item Item, emit *Emitter) (entity.Entity, error)
}

// KindValidator tells whether an entity is of a kind it knows, and whether such an entity is valid.
type KindValidator interface {
	Processor
	ValidateKind(ctx context.Context, e entity.Entity) (known bool, err error)
}

// LocationReader reads one target of a Location entity and emits what it finds. False leaves it to the next reader.
type LocationReader interface {
	Processor
	ReadLocation(ctx context.Context, target entity.LocationRef, optional bool, emit *Emitter) (read bool, err error)
}

// PostProcessor sees the valid entity; this is where relations are emitted.
type PostProcessor interface {
	Processor
	PostProcess(ctx context.Context, item Item, emit *Emitter) (entity.Entity, error)
}

// Prioritized is a processor whose place in the order is not the default, 20; lower comes first.
type Prioritized interface{ Priority() int }

// defaultPriority is that of processors that do not say (catalog.md 7.6).
const defaultPriority = 20

// builtin marks our own processors: what they read from the outside is remembered file by file. Whatever reads the
// outside in another way is read again on the interval.
type builtin interface{ builtin() }
