package ingest

import (
	"context"

	"github.com/understudy-portal/understudy/entity"
)

// Annotate writes down where an entity comes from (catalog.md 1.8). What the author wrote wins.
type Annotate struct{}

// Name is the name that error texts show.
func (Annotate) Name() string { return "AnnotateLocationEntityProcessor" }

func (Annotate) builtin() {}

// PreProcess puts the annotations before the author's, and metadata before everything else: that is the order of keys in
// which Backstage writes entities. Links to edit a file and to its folder need an SCM integration and are not
// written yet.
func (Annotate) PreProcess(_ context.Context, item Item, _ *Emitter) (entity.Entity, error) {
	marks := entity.NewObject()
	marks.Set(entity.AnnotationLocation, item.Location.String())
	marks.Set(entity.AnnotationOriginLocation, item.Origin.String())
	if item.Location.Type == "url" {
		marks.Set("backstage.io/view-url", item.Location.Target)
	}
	meta := entity.NewObject()
	meta.Set("annotations", marks)
	base := entity.NewObject()
	base.Set("metadata", meta)
	merged, ok := entity.Merge(base, item.Entity.Object).(*entity.Object)
	if !ok {
		return item.Entity, nil
	}
	return entity.FromObject(merged), nil
}

var _ PreProcessor = Annotate{}
