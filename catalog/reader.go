package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
)

// readEntity is the permission that all reads ask for (catalog.md 6).
var readEntity = permission.Permission{Name: "catalog.entity.read", Action: "read", ResourceType: "catalog-entity"}

// reader is how other plugins of the process read the catalog.
type reader struct {
	index       *index.Index
	permissions permission.Checker
}

// may reports whether the caller may read everything or nothing. A conditional answer is refused: rather nothing than
// too much.
func (r *reader) may(ctx context.Context, who auth.Credentials) (bool, error) {
	d, err := r.permissions.Authorize(ctx, who, readEntity, "")
	if err != nil {
		return false, err
	}
	if d.Result == permission.Conditional {
		return false, fault.NotImplemented("the catalog cannot apply conditional decisions to reads inside the process yet")
	}
	return d.Allowed(), nil
}

// ByRef returns the entity with a canonical ref, if the caller may see it.
func (r *reader) ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	ok, err := r.may(ctx, who)
	if err != nil || !ok {
		return entity.Entity{}, false, err
	}
	doc, ok := r.index.Snapshot().ByRef(ref)
	if !ok {
		return entity.Entity{}, false, nil
	}
	e, err := parseDoc(doc)
	return e, err == nil, err
}

// ByRefs returns the entities with these refs, from one snapshot.
func (r *reader) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found := make([]*entity.Entity, len(refs))
	ok, err := r.may(ctx, who)
	if err != nil || !ok {
		return found, err
	}
	snapshot := r.index.Snapshot()
	for i, ref := range refs {
		doc, ok := snapshot.ByRef(ref)
		if !ok {
			continue
		}
		e, err := parseDoc(doc)
		if err != nil {
			return nil, err
		}
		found[i] = &e
	}
	return found, nil
}

// Entities yields what matches the filter, from one snapshot.
func (r *reader) Entities(ctx context.Context, who auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		ok, err := r.may(ctx, who)
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		if !ok {
			return
		}
		for doc := range r.index.Snapshot().Walk(ctx, filter) {
			if ctx.Err() != nil {
				break
			}
			if e, err := parseDoc(doc); !yield(e, err) || err != nil {
				return
			}
		}
		if ctx.Err() != nil {
			yield(entity.Entity{}, context.Cause(ctx))
		}
	}
}

func parseDoc(doc index.Doc) (entity.Entity, error) {
	o, err := entity.ParseObject(doc.Body)
	if err != nil {
		return entity.Entity{}, fmt.Errorf("read the finished entity %s: %w", doc.Ref, err)
	}
	return entity.FromObject(o), nil
}

// Position is that of the last change that reads see.
func (r *reader) Position() int64 { return r.index.Snapshot().Position() }

// Changed waits for a change after the given position.
func (r *reader) Changed(ctx context.Context, after int64) (int64, error) {
	if err := r.index.Wait(ctx, after+1); err != nil {
		return after, err
	}
	return r.Position(), nil
}

var _ host.CatalogReader = (*reader)(nil)
