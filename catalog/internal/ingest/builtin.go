package ingest

import (
	"context"

	"github.com/understudy-portal/understudy/entity"
)

// BuiltinKinds validates the kinds that Backstage knows and emits their relations (catalog.md 1.6, 1.7).
type BuiltinKinds struct{}

// Name is the name that error texts show.
func (BuiltinKinds) Name() string { return "BuiltinKindsEntityProcessor" }

func (BuiltinKinds) builtin() {}

// PreProcess sorts the lists of references, so that their order in the source does not count as a change.
func (BuiltinKinds) PreProcess(_ context.Context, item Item, _ *Emitter) (entity.Entity, error) {
	entity.SortRefs(item.Entity)
	return item.Entity, nil
}

// ValidateKind checks the schema of the entity's kind.
func (BuiltinKinds) ValidateKind(_ context.Context, e entity.Entity) (bool, error) {
	return entity.ValidateKind(e)
}

// PostProcess emits the relations that the entity declares, both ways.
func (BuiltinKinds) PostProcess(_ context.Context, item Item, emit *Emitter) (entity.Entity, error) {
	relations, err := entity.Relations(item.Entity)
	if err != nil {
		return item.Entity, err
	}
	for _, r := range relations {
		emit.Relation(r)
	}
	return item.Entity, nil
}

var (
	_ PreProcessor  = BuiltinKinds{}
	_ KindValidator = BuiltinKinds{}
	_ PostProcessor = BuiltinKinds{}
)
