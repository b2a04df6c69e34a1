package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// bootstrapType is that of a row which upstream's migrations left behind and its API hides.
const bootstrapType = "bootstrap"

// defaultLocationLimit is the size of a page of locations/by-query that names none.
const defaultLocationLimit = 1000

// readLocations returns the registered locations that the caller may see, in the order of their ids.
func (a *API) readLocations(r *http.Request) ([]ledger.Location, error) {
	may, err := a.mayReadLocations(r)
	if err != nil || !may {
		return nil, err
	}
	if _, err := a.snapshot(r); err != nil {
		return nil, err
	}
	all, err := a.Ledger.Locations(r.Context())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(l ledger.Location) bool { return l.Type == bootstrapType }), nil
}

// locations answers GET /locations.
func (a *API) locations(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	all, err := a.readLocations(r)
	if err != nil {
		return err
	}
	list := make([]any, len(all))
	for i, l := range all {
		list[i] = entity.ObjectOf("data", locationJSON(l))
	}
	return writeJSON(w, r, entity.AppendJSON(nil, list))
}

func locationJSON(l ledger.Location) *entity.Object {
	return entity.ObjectOf("id", l.ID, "type", l.Type, "target", l.Target, "entityRef", l.EntityRef)
}

// locationByID answers GET /locations/{id}: 404 also for what is no id at all (catalog.md 11).
func (a *API) locationByID(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	all, err := a.readLocations(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	for _, l := range all {
		if strings.EqualFold(l.ID, id) {
			return writeJSON(w, r, entity.AppendJSON(nil, locationJSON(l)))
		}
	}
	return fault.NotFound("Found no location with ID %s", id)
}

// locationByEntity answers GET /locations/by-entity/{kind}/{namespace}/{name}: the registration that led to the entity.
func (a *API) locationByEntity(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	may, err := a.mayReadLocations(r)
	if err != nil {
		return err
	}
	if !may {
		return fault.NotFound("")
	}
	s, err := a.snapshot(r)
	if err != nil {
		return err
	}
	ref := pathRef(r).String()
	doc, ok := s.ByRef(ref)
	if !ok {
		return fault.NotFound("found no entity for ref %s", ref)
	}
	o, err := entity.ParseObject(doc.Body)
	if err != nil {
		return err
	}
	origin, ok := entity.FromObject(o).Annotation(entity.AnnotationOriginLocation)
	if !ok {
		return fault.NotFound("found no origin annotation for ref %s", ref)
	}
	at, err := entity.ParseLocationRef(origin)
	if err != nil {
		return fault.Input("%s", err.Error())
	}
	all, err := a.readLocations(r)
	if err != nil {
		return err
	}
	for _, l := range all {
		if l.Type == at.Type && l.Target == at.Target {
			return writeJSON(w, r, entity.AppendJSON(nil, locationJSON(l)))
		}
	}
	return fault.NotFound("Found no location with type %s and target %s", at.Type, at.Target)
}

// locationPage is what POST /locations/by-query asks for.
type locationPage struct {
	limit int
	after string
	query *entity.Object
}

// locationsByQuery answers POST /locations/by-query (catalog.md 5.8).
func (a *API) locationsByQuery(w http.ResponseWriter, r *http.Request) error {
	q, err := readLocationPage(r)
	if err != nil {
		return err
	}
	all, err := a.readLocations(r)
	if err != nil {
		return err
	}
	items, total, more := []any{}, 0, ""
	for _, l := range all {
		if r.Context().Err() != nil {
			return context.Cause(r.Context())
		}
		if q.query != nil && !locationMatches(q.query, l) {
			continue
		}
		total++
		switch {
		case l.ID <= q.after:
		case len(items) == q.limit:
			if more == "" {
				last, _ := items[len(items)-1].(*entity.Object)
				more, _ = last.Path("id").(string)
			}
		default:
			items = append(items, entity.ObjectOf("id", l.ID, "target", l.Target, "type", l.Type, "entityRef", l.EntityRef))
		}
	}
	info := entity.NewObject()
	if more != "" {
		info.Set("nextCursor", q.next(more))
	}
	return writeJSON(w, r, entity.AppendJSON(nil, entity.ObjectOf("items", items, "totalItems", float64(total), "pageInfo", info)))
}

func (q *locationPage) next(after string) string {
	o := entity.ObjectOf("limit", float64(q.limit), "afterId", after)
	if q.query != nil {
		o.Set("query", q.query)
	}
	return base64.StdEncoding.EncodeToString(entity.AppendJSON(nil, o))
}

func readLocationPage(r *http.Request) (*locationPage, error) {
	if _, err := query(r); err != nil {
		return nil, err
	}
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	q := &locationPage{}
	if b.Has("cursor") {
		text := b.text("cursor")
		if b.err != nil {
			return nil, b.err
		}
		v, err := entity.ParseJSON(decodeBase64(text))
		o, ok := v.(*entity.Object)
		if err != nil || !ok {
			return nil, fault.Input("Malformed cursor, could not be parsed")
		}
		b = &body{Object: o, path: "cursor"}
		b.require("limit", "afterId")
		q.after = b.text("afterId")
	}
	q.limit, q.query = b.whole("limit", 1, defaultLocationLimit), b.object("query")
	if b.err != nil {
		return nil, b.err
	}
	return q, checkLocationQuery(q.query)
}
