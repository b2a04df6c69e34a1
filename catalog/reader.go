package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/understudy-portal/understudy/catalog/internal/httpapi"
	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
)

// readEntity is the permission that all reads ask for (catalog.md 6).
var readEntity = permission.Permission{Name: "catalog.entity.read", Action: "read", ResourceType: "catalog-entity"}

// reader is how other plugins of the process read the catalog.
type reader struct {
	index       *index.Index
	permissions permission.Checker
}

// scope is what a caller may see: nothing, or what the predicate selects (nil: everything).
type scope struct {
	none  bool
	where entity.Predicate
}

// and adds what may be seen to a filter (nil: all).
func (s scope) and(filter entity.Predicate) entity.Predicate {
	switch {
	case s.where == nil:
		return filter
	case filter == nil:
		return s.where
	default:
		return entity.All{Of: []entity.Predicate{filter, s.where}}
	}
}

// scope asks about all entities at once; conditions become a predicate, as they do on the routes.
func (r *reader) scope(ctx context.Context, who auth.Credentials) (scope, error) {
	d, err := r.permissions.Authorize(ctx, who, readEntity, "")
	if err != nil {
		return scope{}, err
	}
	switch d.Result {
	case permission.Allow:
		return scope{}, nil
	case permission.Conditional:
		where, err := httpapi.Where(d)
		if err != nil {
			return scope{}, fmt.Errorf("the permission policy's conditions on %s: %w", readEntity.Name, err)
		}
		return scope{where: where}, nil
	default:
		return scope{none: true}, nil
	}
}

// ByRef returns the entity with a canonical ref, if the caller may see it.
func (r *reader) ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	found, err := r.ByRefs(ctx, who, []string{ref})
	if err != nil || found[0] == nil {
		return entity.Entity{}, false, err
	}
	return *found[0], true, nil
}

// ByRefs returns the entities with these refs, from one snapshot.
func (r *reader) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found := make([]*entity.Entity, len(refs))
	may, err := r.scope(ctx, who)
	if err != nil || may.none {
		return found, err
	}
	snapshot := r.index.Snapshot()
	find := snapshot.ByRef
	if may.where != nil {
		visible, err := snapshot.MatchingRefs(ctx, may.where, refs)
		if err != nil {
			return nil, err
		}
		find = func(ref string) (index.Doc, bool) {
			doc, ok := visible[ref]
			return doc, ok
		}
	}
	for i, ref := range refs {
		doc, ok := find(ref)
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
		may, err := r.scope(ctx, who)
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		if may.none {
			return
		}
		for doc := range r.index.Snapshot().Walk(ctx, may.and(filter)) {
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
