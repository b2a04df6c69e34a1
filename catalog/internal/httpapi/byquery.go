package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// defaultLimit is the size of a page of by-query that names none.
const defaultLimit = 200

func itoa(n int) string { return strconv.Itoa(n) }

// pageRequest is what by-query asks for, whichever verb it came by.
type pageRequest struct {
	cursor    *cursor
	predicate entity.Predicate
	fields    *projection
	limit     int
	offset    int
	exclude   bool // do not count
}

// getByQuery answers GET /entities/by-query.
func (a *API) getByQuery(w http.ResponseWriter, r *http.Request) error {
	q, err := readQueryParams(r)
	if err != nil {
		return err
	}
	return a.writeQuery(w, r, q)
}

// postByQuery answers POST /entities/by-query.
func (a *API) postByQuery(w http.ResponseWriter, r *http.Request) error {
	q, err := readQueryBody(r)
	if err != nil {
		return err
	}
	return a.writeQuery(w, r, q)
}

func readQueryParams(r *http.Request) (*pageRequest, error) {
	p, err := query(r, "fields", "limit", "offset", "orderField", "cursor", "filter", "fullTextFilterTerm",
		"fullTextFilterFields", "totalItems")
	if err != nil {
		return nil, err
	}
	q := &pageRequest{limit: defaultLimit}
	limit, hasLimit, err := p.integer("limit")
	if err != nil {
		return nil, err
	}
	if hasLimit {
		q.limit = limit
	}
	if q.offset, _, err = p.integer("offset"); err != nil {
		return nil, err
	}
	from, hasCursor, err := p.text("cursor")
	if err != nil {
		return nil, err
	}
	term, _, err := p.text("fullTextFilterTerm")
	if err != nil {
		return nil, err
	}
	if q.exclude, err = excludesTotal(p); err != nil {
		return nil, err
	}
	if q.fields, err = parseFields(p.all("fields")); err != nil {
		return nil, err
	}
	if hasCursor {
		return q, q.resume(from)
	}
	if q.predicate, err = parseFilter(p.all("filter")); err != nil {
		return nil, err
	}
	fullText := entity.ObjectOf("term", term)
	if fields := distinct(commaLists(p.all("fullTextFilterFields"))); len(fields) > 0 {
		if err := limitedFields("fullTextFilterFields", len(fields)); err != nil {
			return nil, err
		}
		fullText.Set("fields", anys(fields))
	}
	q.cursor = &cursor{fresh: true, query: entity.PredicateJSON(q.predicate), fullText: fullText}
	q.cursor.orderFields, err = parseOrderFields(p.all("orderField"))
	return q, err
}

func excludesTotal(p params) (bool, error) {
	v, ok, err := p.text("totalItems")
	if err != nil || !ok {
		return false, err
	}
	if v != "include" && v != "exclude" {
		return false, fault.Input("request/query/totalItems must be equal to one of the allowed values: include, exclude")
	}
	return v == "exclude", nil
}

// parseOrderFields reads <field>[,asc|desc].
func parseOrderFields(params []string) ([]index.OrderField, error) {
	fields := make([]index.OrderField, 0, len(params))
	for _, p := range params {
		parts := strings.SplitN(p, ",", 3)
		f := index.OrderField{Field: parts[0]}
		if len(parts) > 1 {
			if parts[1] != "asc" && parts[1] != "desc" {
				return nil, fault.Input("Invalid order field order, must be asc or desc")
			}
			f.Desc = parts[1] == "desc"
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func readQueryBody(r *http.Request) (*pageRequest, error) {
	if _, err := query(r); err != nil {
		return nil, err
	}
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	q := &pageRequest{limit: b.whole("limit", 0, defaultLimit), offset: b.whole("offset", 0, 0)}
	q.exclude = b.oneOf("totalItems", "include", "exclude") == "exclude"
	fields := b.texts("fields")
	cursorText, hasCursor := b.text("cursor"), b.Has("cursor")
	selection := b.object("query")
	c := &cursor{fresh: true, query: b.kept("query"), orderFields: b.orderFields("orderBy")}
	if b.Has("fullTextFilter") {
		c.fullText = b.fullText()
	}
	if b.err != nil {
		return nil, b.err
	}
	if q.fields, err = parseFields(fields); err != nil {
		return nil, err
	}
	if hasCursor {
		if cursorText == "" {
			return nil, fault.Input("Cursor cannot be empty")
		}
		return q, q.resume(cursorText)
	}
	q.cursor = c
	q.predicate, err = parseQuery(selection)
	return q, err
}

// resume continues the walk of a cursor: of the request only limit and fields count.
func (q *pageRequest) resume(text string) error {
	c, err := decodeCursor(text)
	if err != nil {
		return err
	}
	q.cursor, q.offset, q.exclude = c, 0, false
	if o, ok := c.query.(*entity.Object); ok {
		if q.predicate, err = parseQuery(o); err != nil {
			return err
		}
	}
	if c.filter == nil {
		return nil
	}
	legacy, err := entity.ParseLegacyFilter(c.filter)
	if err != nil {
		return fault.Input("Malformed cursor: %s", err.Error())
	}
	if legacy, err = limited(legacy); err != nil {
		return err
	}
	q.predicate = Scope{Where: legacy}.And(q.predicate)
	return nil
}

func (q *pageRequest) indexQuery(may Scope) index.Query {
	c := q.cursor
	iq := index.Query{
		Predicate: may.And(q.predicate), Order: c.orderFields, Limit: q.limit, Offset: q.offset,
		Backward: c.isPrevious, Total: c.total == nil && !q.exclude,
	}
	if c.fullText != nil {
		term, _ := c.fullText.Path("term").(string)
		fields, _ := entity.Strings(c.fullText.Path("fields"))
		iq.FullText = &index.FullText{Term: term, Fields: fields}
	}
	return iq
}

// writeQuery answers with a page.
func (a *API) writeQuery(w http.ResponseWriter, r *http.Request, q *pageRequest) error {
	may, err := a.scope(r.Context(), readEntity)
	if err != nil {
		return err
	}
	s, err := a.snapshot(r)
	if err != nil {
		return err
	}
	if may.None {
		return writeJSON(w, r, []byte(`{"items":[],"totalItems":0,"pageInfo":{}}`))
	}
	iq := q.indexQuery(may)
	var beyond bool
	if iq.After, beyond = q.cursor.position(); beyond {
		iq.Limit = 0
	}
	page, err := s.Query(r.Context(), iq)
	if err != nil {
		return err
	}
	total := float64(page.Total)
	if q.cursor.total != nil {
		total = *q.cursor.total
	}
	tail := append([]byte(`],"totalItems":`), entity.NumberString(total)...)
	tail = append(tail, `,"pageInfo":`...)
	tail = append(entity.AppendJSON(tail, q.pageInfo(page, total)), '}')
	const head = `{"items":[`
	if q.fields != nil {
		body, err := q.fields.appendAll(r.Context(), []byte(head), page.Docs)
		if err != nil {
			return err
		}
		return writeJSON(w, r, append(body, tail...))
	}
	out := a.stream(w)
	out.text(head)
	out.items(page.Docs)
	out.write(tail)
	out.close()
	return nil
}

// pageInfo tells how to go on, and back (catalog.md 5.2).
func (q *pageRequest) pageInfo(page index.Page, total float64) *entity.Object {
	info := entity.NewObject()
	c := q.cursor
	if q.limit == 0 {
		return info
	}
	if len(page.Docs) == 0 {
		if c.isPrevious {
			// What was before the page is gone, so what follows is the beginning.
			info.Set("nextCursor", c.restart(total))
		}
		return info
	}
	first := c.first
	if first == nil {
		first = c.sortValues(*page.First)
	}
	if c.isPrevious || page.More {
		info.Set("nextCursor", c.at(*page.Last, false, first, total))
	}
	if c.first != nil && !sameRow(c.sortValues(*page.First), c.first) {
		info.Set("prevCursor", c.at(*page.First, true, first, total))
	}
	return info
}
