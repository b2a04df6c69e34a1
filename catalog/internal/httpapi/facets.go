package httpapi

import (
	"net/http"
	"strconv"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// getFacets answers GET /entity-facets.
func (a *API) getFacets(w http.ResponseWriter, r *http.Request) error {
	p, err := query(r, "facet", "filter")
	if err != nil {
		return err
	}
	facets := p.all("facet")
	if len(facets) == 0 {
		return fault.Input("request/query must have required property 'facet'")
	}
	where, err := parseFilter(p.all("filter"))
	if err != nil {
		return err
	}
	return a.writeFacets(w, r, facets, where)
}

// postFacets answers POST /entity-facets.
func (a *API) postFacets(w http.ResponseWriter, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	b, err := readBody(r)
	if err != nil {
		return err
	}
	b.require("facets")
	facets, selection := b.texts("facets"), b.object("query")
	if b.err != nil {
		return b.err
	}
	where, err := parseQuery(selection)
	if err != nil {
		return err
	}
	return a.writeFacets(w, r, facets, where)
}

func (a *API) writeFacets(w http.ResponseWriter, r *http.Request, facets []string, where entity.Predicate) error {
	facets = distinct(facets)
	if len(facets) > maxFacets {
		return fault.Input("Invalid facets: more than %d", maxFacets)
	}
	may, err := a.scope(r.Context(), readEntity)
	if err != nil {
		return err
	}
	s, err := a.snapshot(r)
	if err != nil {
		return err
	}
	where = may.And(where)
	if may.None {
		where = entity.Any{}
	}
	counts, err := s.Facets(r.Context(), where, facets)
	if err != nil {
		return err
	}
	body := []byte(`{"facets":{`)
	for i, facet := range facets {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(entity.AppendJSON(body, facet), ':', '[')
		for i, c := range counts[facet] {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(entity.AppendJSON(append(body, `{"value":`...), c.Value), `,"count":`...)
			body = append(strconv.AppendInt(body, int64(c.Count), 10), '}')
		}
		body = append(body, ']')
	}
	return writeJSON(w, r, append(body, "}}"...))
}
