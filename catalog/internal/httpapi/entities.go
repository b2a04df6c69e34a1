package httpapi

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// byName answers GET /entities/by-name/{kind}/{namespace}/{name}.
func (a *API) byName(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	ref := pathRef(r)
	doc, err := a.visible(r, func(s *index.Snapshot) (index.Doc, bool) { return s.ByRef(ref.String()) })
	if err != nil {
		return err
	}
	if doc.Body == nil {
		return fault.NotFound("No entity named '%s' found, with kind '%s' in namespace '%s'", ref.Name, ref.Kind, ref.Namespace)
	}
	return writeStored(w, doc)
}

// byUID answers GET /entities/by-uid/{uid}.
func (a *API) byUID(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	uid := r.PathValue("uid")
	doc, err := a.visible(r, func(s *index.Snapshot) (index.Doc, bool) { return s.ByUID(uid) })
	if err != nil {
		return err
	}
	if doc.Body == nil {
		return fault.NotFound("No entity with uid %s", uid)
	}
	return writeStored(w, doc)
}

// visible finds one entity. The document is empty if there is none, or none that the caller may see.
func (a *API) visible(r *http.Request, find func(*index.Snapshot) (index.Doc, bool)) (index.Doc, error) {
	may, err := a.scope(r.Context(), readEntity)
	if err != nil {
		return index.Doc{}, err
	}
	s, err := a.snapshot(r)
	if err != nil || may.None {
		return index.Doc{}, err
	}
	doc, ok := find(s)
	if !ok || may.Where == nil {
		return doc, nil
	}
	if ok, err = s.Matches(r.Context(), may.Where, doc.Ref); err != nil || !ok {
		return index.Doc{}, err
	}
	return doc, nil
}

func pathRef(r *http.Request) entity.Ref {
	return entity.Ref{Kind: r.PathValue("kind"), Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}
}

// deleteByUID answers DELETE /entities/by-uid/{uid}: 204 for unknown ones too (catalog.md 5.5).
func (a *API) deleteByUID(w http.ResponseWriter, r *http.Request) (err error) {
	uid := r.PathValue("uid")
	event := a.Audit.Event(r.Context(), telemetry.Event{
		Plugin: pluginID, ID: "entity-mutate", Meta: map[string]any{"actionType": "delete", "queryType": "by-id", "uid": uid},
	})
	defer func() { event.Done(err) }()
	if err := a.mayDelete(r, uid); err != nil {
		return err
	}
	position, err := a.Ledger.DeleteByUID(r.Context(), uid)
	if err != nil {
		return err
	}
	a.settle(w, r, position)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) mayDelete(r *http.Request, uid string) error {
	if _, err := query(r); err != nil {
		return err
	}
	may, err := a.scope(r.Context(), deleteEntity)
	if err != nil {
		return err
	}
	if may.None {
		return denied()
	}
	s, err := a.snapshot(r)
	if err != nil || may.Where == nil {
		return err
	}
	doc, ok := s.ByUID(uid)
	if !ok {
		return denied()
	}
	if ok, err = s.Matches(r.Context(), may.Where, doc.Ref); err == nil && !ok {
		return denied()
	}
	return err
}

// listing is what GET /entities asks for.
type listing struct {
	params        params
	query         index.Query
	fields        *projection
	paged         bool
	limit, offset int // limit -1: none
}

// entities answers GET /entities (catalog.md 5.1).
func (a *API) entities(w http.ResponseWriter, r *http.Request) error {
	l, err := readListing(r)
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
	if may.None {
		return writeJSON(w, r, []byte("[]"))
	}
	l.query.Predicate = may.And(l.query.Predicate)
	if l.paged {
		return a.writePage(w, r, s, l)
	}
	return a.writeAll(w, r, s, l)
}

func readListing(r *http.Request) (*listing, error) {
	p, err := query(r, "fields", "filter", "order", "limit", "offset", "after")
	if err != nil {
		return nil, err
	}
	l := &listing{params: p, limit: -1}
	limit, hasLimit, err := p.integer("limit")
	if err != nil {
		return nil, err
	}
	offset, hasOffset, err := p.integer("offset")
	if err != nil {
		return nil, err
	}
	after, hasAfter, err := p.text("after")
	if err != nil {
		return nil, err
	}
	if l.query.Predicate, err = parseFilter(p.all("filter")); err != nil {
		return nil, err
	}
	if l.fields, err = parseFields(p.all("fields")); err != nil {
		return nil, err
	}
	if l.query.Order, err = parseOrder(p.all("order")); err != nil {
		return nil, err
	}
	l.paged = hasLimit || hasOffset || hasAfter
	if hasLimit {
		l.limit = limit
	}
	l.offset = offset
	if hasAfter {
		if err := l.readAfter(after); err != nil {
			return nil, err
		}
	}
	if l.limit == 0 {
		return nil, fault.Input("Invalid limit, must be greater than zero")
	}
	l.query.KeepMissing, l.query.ByRef = true, l.paged
	l.query.Limit, l.query.Offset = l.limit, l.offset
	return l, nil
}

// readAfter lets the values of the after cursor override the parameters.
func (l *listing) readAfter(after string) error {
	malformed := func() error { return fault.Input("Malformed after cursor, could not be parsed") }
	v, err := entity.ParseJSON(decodeBase64(after))
	if err != nil {
		return malformed()
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return malformed()
	}
	for key, into := range map[string]*int{"limit": &l.limit, "offset": &l.offset} {
		v, ok := o.Get(key)
		if !ok {
			continue
		}
		n, ok := v.(float64)
		if !ok || n < 0 || n != float64(int64(n)) {
			return malformed()
		}
		*into = clampInt(n)
	}
	return nil
}

// writeAll answers with everything, as one list, chunk by chunk.
func (a *API) writeAll(w http.ResponseWriter, r *http.Request, s *index.Snapshot, l *listing) error {
	var out *stream
	var failed error
	var scratch []byte
	l.query.Limit = -1
	err := s.Select(r.Context(), l.query, func(d index.Doc) bool {
		if out == nil {
			out = a.stream(w)
			out.text("[")
		} else {
			out.text(",")
		}
		if l.fields == nil {
			out.write(d.Body)
		} else {
			if scratch, failed = l.fields.append(scratch[:0], d); failed != nil {
				return false
			}
			out.write(scratch)
		}
		return out.err == nil && r.Context().Err() == nil
	})
	if failed == nil {
		failed = err
	}
	if out == nil {
		if failed != nil {
			return failed
		}
		return writeJSON(w, r, []byte("[]"))
	}
	if failed == nil {
		out.text("]")
	}
	out.close()
	return failed
}

// writePage answers with one page, and a Link to the next.
func (a *API) writePage(w http.ResponseWriter, r *http.Request, s *index.Snapshot, l *listing) error {
	page, err := s.Query(r.Context(), l.query)
	if err != nil {
		return err
	}
	if page.More {
		cursor := entity.ObjectOf("limit", float64(l.limit), "offset", float64(l.offset+l.limit))
		next := l.params.without("offset").
			set("after", base64.StdEncoding.EncodeToString(entity.AppendJSON(nil, cursor)))
		w.Header()["Link"] = []string{"<" + router.RelativePath(r) + "?" + next.encode() + `>; rel="next"`}
	}
	if l.fields != nil {
		body, err := l.fields.appendAll(r.Context(), []byte("["), page.Docs)
		if err != nil {
			return err
		}
		return writeJSON(w, r, append(body, ']'))
	}
	out := a.stream(w)
	out.text("[")
	out.items(page.Docs)
	out.text("]")
	out.close()
	return nil
}

func parseOrder(orders []string) ([]index.OrderField, error) {
	fields := make([]index.OrderField, 0, len(orders))
	for _, o := range orders {
		direction, field, ok := strings.Cut(o, ":")
		if !ok || field == "" || (direction != "asc" && direction != "desc") {
			return nil, fault.Input("Invalid order parameter \"%s\", expected \"<asc or desc>:<field name>\"", o)
		}
		fields = append(fields, index.OrderField{Field: field, Desc: direction == "desc"})
	}
	return fields, nil
}

// parseFilter reads filter parameters. Errors about filters, predicates and fields are fit for the caller.
func parseFilter(sets []string) (entity.Predicate, error) {
	p, err := entity.ParseFilter(sets)
	if err != nil {
		return nil, fault.Input("%s", err.Error())
	}
	return limited(p)
}

func parseQuery(v *entity.Object) (entity.Predicate, error) {
	if v == nil {
		return nil, nil
	}
	p, err := entity.ParsePredicate(v)
	if err != nil {
		return nil, fault.Input("%s", err.Error())
	}
	return limited(p)
}
