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

// reader is how other plugins of the process read the catalog.
type reader struct {
	index       *index.Index
	permissions permission.Checker
}

// scope is what a caller may read. A service is held to what its token could have asked for over HTTP: the permissions that
// Checker knows of are those of the plugin that it called.
func (r *reader) scope(ctx context.Context, who auth.Credentials) (httpapi.Scope, error) {
	who, err := who.Delegate(ID)
	if err != nil {
		return httpapi.Scope{}, err
	}
	return httpapi.ReadScope(ctx, r.permissions, who)
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
	if err != nil || may.None {
		return found, err
	}
	snapshot := r.index.Snapshot()
	find := snapshot.ByRef
	if may.Where != nil {
		visible, err := snapshot.MatchingRefs(ctx, may.Where, refs)
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
		if may.None {
			return
		}
		for doc := range r.index.Snapshot().Walk(ctx, may.And(filter)) {
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
