package httpapi

import (
	"context"
	"net/http"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// ancestor is one entity on the way up, and which entities emitted it.
type ancestor struct {
	doc     index.Doc
	parents []string
}

// ancestry answers GET /entities/by-name/{kind}/{namespace}/{name}/ancestry (catalog.md 5.3).
func (a *API) ancestry(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	may, err := a.scope(r.Context(), readEntity)
	if err != nil {
		return err
	}
	if may.None {
		return denied()
	}
	s, err := a.snapshot(r)
	if err != nil {
		return err
	}
	root := pathRef(r).String()
	doc, ok := s.ByRef(root)
	// What a condition hides is refused whether it is there or not.
	if may.Where != nil {
		visible, err := s.Matches(r.Context(), may.Where, root)
		if err != nil {
			return err
		}
		if !visible {
			return denied()
		}
	}
	if !ok {
		return fault.NotFound("No such entity %s", root)
	}
	items, err := a.climb(r.Context(), s, doc)
	if err != nil {
		return err
	}
	if items, err = permitted(r.Context(), s, may, items); err != nil {
		return err
	}
	return writeJSON(w, r, appendAncestry(root, items))
}

// climb goes up the edges of ingestion, level by level: an edge is a row in the ledger, and one question asks for those
// of a whole level. The items are in the order in which upstream's walk, depth first, meets them.
func (a *API) climb(ctx context.Context, s *index.Snapshot, root index.Doc) ([]ancestor, error) {
	docs := map[string]index.Doc{root.Ref: root}
	parents := map[string][]string{}
	for level := []string{root.Ref}; len(level) > 0; {
		above, err := a.Ledger.Parents(ctx, level)
		if err != nil {
			return nil, err
		}
		var next []string
		for _, ref := range level {
			for _, parent := range above[ref] {
				doc, ok := docs[parent]
				if !ok {
					// Parents that readers do not see yet are left out.
					if doc, ok = s.ByRef(parent); !ok {
						continue
					}
					docs[parent] = doc
					next = append(next, parent)
				}
				parents[ref] = append(parents[ref], doc.Ref)
			}
		}
		level = next
	}
	var items []ancestor
	seen := map[string]bool{root.Ref: true}
	for todo := []string{root.Ref}; len(todo) > 0; {
		ref := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		items = append(items, ancestor{doc: docs[ref], parents: parents[ref]})
		for _, parent := range parents[ref] {
			if !seen[parent] {
				seen[parent] = true
				todo = append(todo, parent)
			}
		}
	}
	return items, nil
}

// permitted leaves out what the caller may not see, and with it every ancestor above, even one that can be reached
// through a permitted item too (catalog.md 6).
func permitted(ctx context.Context, s *index.Snapshot, may Scope, items []ancestor) ([]ancestor, error) {
	if may.Where == nil {
		return items, nil
	}
	refs := make([]string, len(items))
	for i := range items {
		refs[i] = items[i].doc.Ref
	}
	visible, err := s.MatchingRefs(ctx, may.Where, refs)
	if err != nil {
		return nil, err
	}
	byRef := make(map[string]ancestor, len(items))
	var hide []string
	for _, item := range items {
		byRef[item.doc.Ref] = item
		if _, ok := visible[item.doc.Ref]; !ok {
			hide = append(hide, item.doc.Ref)
		}
	}
	hidden := map[string]bool{}
	for len(hide) > 0 {
		ref := hide[len(hide)-1]
		hide = hide[:len(hide)-1]
		if !hidden[ref] {
			hidden[ref] = true
			hide = append(hide, byRef[ref].parents...)
		}
	}
	var kept []ancestor
	for _, item := range items {
		if !hidden[item.doc.Ref] {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

func appendAncestry(root string, items []ancestor) []byte {
	body := entity.AppendJSON([]byte(`{"rootEntityRef":`), root)
	body = append(body, `,"items":[`...)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(append(body, `{"entity":`...), item.doc.Body...)
		body = append(body, `,"parentEntityRefs":`...)
		body = append(entity.AppendJSON(body, anys(item.parents)), '}')
	}
	return append(body, "]}"...)
}
