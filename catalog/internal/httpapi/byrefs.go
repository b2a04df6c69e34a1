package httpapi

import (
	"context"
	"net/http"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// refsRequest is what by-refs asks for.
type refsRequest struct {
	refs      []string
	fields    *projection
	predicate entity.Predicate
}

// byRefs answers POST /entities/by-refs (catalog.md 5.4). Refs are taken in any casing, which finds more than upstream
// does; one without kind or namespace is no entity's.
func (a *API) byRefs(w http.ResponseWriter, r *http.Request) error {
	q, err := readRefs(r)
	if err != nil {
		return err
	}
	may, err := a.scope(r.Context(), readEntity)
	if err != nil {
		return err
	}
	s, err := a.snapshot(r)
	if err != nil {
		return err
	}
	docs := make([]index.Doc, len(q.refs))
	if !may.None {
		if err := q.find(r.Context(), s, may, docs); err != nil {
			return err
		}
	}
	if q.fields != nil || may.None {
		return writeRefs(w, r, docs, q.fields)
	}
	out := a.stream(w)
	out.text(`{"items":[`)
	for i := range docs {
		if i > 0 {
			out.text(",")
		}
		if docs[i].Body == nil {
			out.text("null")
		} else {
			out.write(docs[i].Body)
		}
	}
	out.text("]}")
	out.close()
	return nil
}

func readRefs(r *http.Request) (*refsRequest, error) {
	p, err := query(r, "filter")
	if err != nil {
		return nil, err
	}
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Type") == "" {
		return nil, fault.Input("Malformed request body (did you remember to specify an application/json content type?), " +
			`Validation error: Required at "entityRefs"`)
	}
	b.require("entityRefs")
	q := &refsRequest{refs: b.texts("entityRefs")}
	fields, selection := b.texts("fields"), b.object("query")
	if b.err != nil {
		return nil, b.err
	}
	if len(q.refs) > maxRefs {
		return nil, fault.Input("Invalid entityRefs: more than %d references; ask in parts", maxRefs)
	}
	if q.fields, err = parseFields(fields); err != nil {
		return nil, err
	}
	filter, err := parseFilter(p.all("filter"))
	if err != nil {
		return nil, err
	}
	where, err := parseQuery(selection)
	q.predicate = Scope{Where: where}.And(filter)
	return q, err
}

// find fills in the entities that are there, selected and visible.
func (q *refsRequest) find(ctx context.Context, s *index.Snapshot, may Scope, docs []index.Doc) error {
	where := may.And(q.predicate)
	folded := make([]string, len(q.refs))
	for i, ref := range q.refs {
		folded[i] = entity.Fold(ref)
	}
	if where == nil {
		for i, ref := range folded {
			docs[i], _ = s.ByRef(ref)
		}
		return nil
	}
	found, err := s.MatchingRefs(ctx, where, folded)
	for i, ref := range folded {
		docs[i] = found[ref]
	}
	return err
}

func writeRefs(w http.ResponseWriter, r *http.Request, docs []index.Doc, fields *projection) error {
	body := []byte(`{"items":[`)
	var err error
	for i := range docs {
		if r.Context().Err() != nil {
			return context.Cause(r.Context())
		}
		if i > 0 {
			body = append(body, ',')
		}
		if docs[i].Body == nil {
			body = append(body, "null"...)
		} else if body, err = fields.append(body, docs[i]); err != nil {
			return err
		}
	}
	return writeJSON(w, r, append(body, "]}"...))
}
