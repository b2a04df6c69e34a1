package rely

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// view is an entity as lists show it; details add the rest (export.md 2.2).
type view struct {
	ID          string   `json:"id"`
	BlueprintID string   `json:"blueprintId"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	IsActive    bool     `json:"isActive"`
	IsHidden    bool     `json:"isHidden"`
	Properties  document `json:"properties,omitempty"`
	Relations   document `json:"relations,omitempty"`
	Sources     document `json:"sources,omitempty"`
	CreatedAt   string   `json:"createdAt"`
	CreatedBy   string   `json:"createdBy"`
	UpdatedAt   string   `json:"updatedAt"`
	UpdatedBy   string   `json:"updatedBy"`
}

func (e *entity) view(details bool) view {
	stamp := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
	v := view{
		ID: e.id, BlueprintID: e.blueprint, Title: e.title, Description: e.description, IsActive: !e.inactive, IsHidden: e.hidden,
		CreatedAt: stamp(e.created), CreatedBy: e.createdBy, UpdatedAt: stamp(e.updated), UpdatedBy: e.updatedBy,
	}
	if details {
		v.Properties, v.Relations, v.Sources = e.properties, e.relations, e.sources
	}
	return v
}

// page is the envelope of lists (export.md 2.1).
type page struct {
	Items                any     `json:"items"`
	Total                int     `json:"total"`
	CurrentPage          *string `json:"current_page"`
	CurrentPageBackwards *string `json:"current_page_backwards"`
	PreviousPage         *string `json:"previous_page"`
	NextPage             *string `json:"next_page"`
}

func cursor(id string) *string {
	c := base64.URLEncoding.EncodeToString([]byte(">" + id))
	return &c
}

func (s *Server) listEntities(r *request) answer {
	query := r.URL.Query()
	size, err := strconv.Atoi(query.Get("size"))
	if query.Get("size") == "" {
		size = 50
	} else if err != nil || size < 1 || size > 100 {
		return invalid([]problem{{Loc: []any{"query", "size"}, Msg: "Input should be a number from 1 to 100", Type: "int_parsing"}}, true)
	}
	after := ""
	if given := query.Get("cursor"); given != "" {
		decoded, err := base64.URLEncoding.DecodeString(given)
		if err != nil || len(decoded) == 0 || decoded[0] != '>' {
			return refuse(http.StatusBadRequest, "invalid", "Invalid cursor value")
		}
		after = string(decoded[1:])
	}
	matches, err := filter(query["filters"])
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid", "%v", err)
	}
	ids := s.entities.ids()
	if len(query["filters"]) > 0 {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !matches(s.entities.byID[id]) })
	}
	from := sort.Search(len(ids), func(i int) bool { return ids[i] > after })
	to := min(len(ids), from+size)
	items := make([]view, 0, to-from)
	for _, id := range ids[from:to] {
		items = append(items, s.entities.byID[id].view(false))
	}
	p := page{Items: items, Total: len(ids), CurrentPage: cursor(after)}
	if to < len(ids) {
		p.NextPage = cursor(ids[to-1])
	}
	if from > 0 {
		before := ""
		if from > size {
			before = ids[from-size-1]
		}
		p.PreviousPage = cursor(before)
	}
	return reply(http.StatusOK, p)
}

// filter compiles `field:op:value`, all of which must hold (export.md 2.1).
func filter(given []string) (func(*entity) bool, error) {
	var all []func(*entity) bool
	for _, text := range given {
		parts := strings.SplitN(text, ":", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("Invalid filter %q: field:op:value", text) //nolint:staticcheck // the server's words
		}
		field, value := parts[0], parts[2]
		test := map[string]func(string) bool{
			"eq":       func(v string) bool { return v == value },
			"neq":      func(v string) bool { return v != value },
			"in":       func(v string) bool { return slices.Contains(strings.Split(value, ","), v) },
			"contains": func(v string) bool { return strings.Contains(v, value) },
			"like": func(v string) bool {
				return strings.Contains(strings.ToLower(v), strings.ToLower(strings.Trim(value, "%")))
			},
		}[parts[1]]
		if test == nil {
			return nil, fmt.Errorf("Invalid filter operator %q", parts[1]) //nolint:staticcheck // the server's words
		}
		all = append(all, func(e *entity) bool { return test(e.field(field)) })
	}
	return func(e *entity) bool {
		return !slices.ContainsFunc(all, func(f func(*entity) bool) bool { return !f(e) })
	}, nil
}

// field is one as text, for filters.
func (e *entity) field(name string) string {
	switch name {
	case "id":
		return e.id
	case "blueprintId":
		return e.blueprint
	case "title":
		return e.title
	case "description":
		return e.description
	case "isActive":
		return strconv.FormatBool(!e.inactive)
	case "isHidden":
		return strconv.FormatBool(e.hidden)
	case "sources":
		return string(e.sources)
	}
	value, _ := e.properties.at(strings.TrimPrefix(name, "properties."))
	if value.kind() == '"' {
		return value.str()
	}
	return string(value)
}

func (s *Server) getEntity(r *request) answer {
	e, ok := s.entities.byID[r.PathValue("id")]
	if !ok {
		return refuse(http.StatusNotFound, "not_found", "Entity with id %s not found", r.PathValue("id"))
	}
	return reply(http.StatusOK, e.view(true))
}

func (s *Server) deleteEntity(r *request) answer {
	id := r.PathValue("id")
	if s.switches.Delete == "off" {
		return refuse(http.StatusMethodNotAllowed, "off", "Method Not Allowed").set("Allow", "GET, PUT")
	}
	if s.entities.byID[id] == nil {
		return refuse(http.StatusNotFound, "not_found", "Entity with id %s not found", id)
	}
	s.remove(id, r.token.User, r.sim)
	return reply(http.StatusNoContent, nil)
}

func (s *Server) createEntity(r *request) answer {
	id, _ := r.doc.at("id")
	if s.entities.byID[id.str()] != nil {
		return refuse(http.StatusConflict, "conflict", "Entity with id %s already exists", id.str())
	}
	return s.single(r, parameters{})
}

// putEntity answers PUT /api/v1/entities/{id}, the upsert of one.
func (s *Server) putEntity(r *request) answer {
	p, refused := queryParameters(r.Request)
	if refused != nil {
		return *refused
	}
	if id, ok := r.doc.at("id"); ok && id.str() != r.PathValue("id") {
		return refuse(http.StatusBadRequest, "invalid", "The id of the body is not that of the path")
	} else if !ok && r.doc.kind() == '{' {
		r.doc = object(merged(r.doc.members(), []member{{key: "id", value: quote(r.PathValue("id"))}}))
	}
	return s.single(r, p)
}

func (s *Server) single(r *request, p parameters) answer {
	in, problems := s.readEntity(r.doc, []any{"body"})
	if r.fault != nil && r.fault.Action.Reject != "" {
		problems = append(problems, problem{Loc: []any{"body", "id"}, Msg: r.fault.Action.Reject, Type: "value_error"})
	}
	if len(problems) > 0 {
		return invalid(problems, true)
	}
	s.stats.unknown(in.unknown)
	if why := s.check(&in, p, map[string]bool{in.id: true}); why != nil {
		return why.answer()
	}
	s.write(&in, p, r.token.User, r.sim)
	return reply(http.StatusOK, s.entities.byID[in.id].view(true))
}

func (why *refusal) answer() answer {
	if why.conflict {
		return refuse(http.StatusConflict, "conflict", "%s", why.message)
	}
	return refuse(http.StatusBadRequest, "invalid", "%s", why.message)
}

// putEntities answers PUT /api/v1/entities/bulk with the entities as they are now.
func (s *Server) putEntities(r *request) answer {
	if s.switches.BulkPut == "off" {
		return refuse(http.StatusMethodNotAllowed, "off", "Method Not Allowed").set("Allow", "GET")
	}
	p, refused := queryParameters(r.Request)
	if refused != nil {
		return *refused
	}
	if r.doc.kind() != '[' {
		return invalid([]problem{{Loc: []any{"body"}, Msg: "Input should be a valid list", Type: "list_type"}}, true)
	}
	batch, refused := s.readPayload(r, r.doc.elements(), "body")
	if refused != nil {
		return *refused
	}
	if why := s.apply(batch, p, r.token.User, r.sim); why != nil {
		return why.answer()
	}
	out := make([]view, len(batch))
	for i := range batch {
		out[i] = s.entities.byID[batch[i].id].view(true)
	}
	return reply(http.StatusOK, out)
}

// readPayload reads the entities of a payload, or refuses it whole.
func (s *Server) readPayload(r *request, docs []document, loc ...any) ([]incoming, *answer) {
	if most := s.limits.MaxEntities; most > 0 && len(docs) > most {
		a := invalid([]problem{{
			Loc: loc, Type: "too_long",
			Msg: fmt.Sprintf("List should have at most %d items after validation, not %d", most, len(docs)),
		}}, true)
		a.verdict = "too_long"
		return nil, &a
	}
	batch := make([]incoming, 0, len(docs))
	seen := make(map[string]bool, len(docs))
	var problems []problem
	for i, doc := range docs {
		in, wrong := s.readEntity(doc, append(slices.Clone(loc), i))
		if problems = append(problems, wrong...); in.id != "" && seen[in.id] {
			problems = append(problems, problem{Loc: append(slices.Clone(loc), i, "id"), Msg: "Duplicate id " + in.id, Type: "value_error"})
		}
		seen[in.id] = true
		s.stats.unknown(in.unknown)
		batch = append(batch, in)
	}
	if r.fault != nil && r.fault.Action.Reject != "" {
		i := max(0, r.fault.Match.index(r))
		problems = append(problems, problem{Loc: append(slices.Clone(loc), i, "id"), Msg: r.fault.Action.Reject, Type: "value_error"})
	}
	if len(problems) > 0 {
		a := invalid(problems, s.switches.Loc == "on")
		return nil, &a
	}
	s.stats.payload(r.doc, len(docs))
	return batch, nil
}

// apply writes a payload: all of it, or what the switch leaves of it when an entity is refused. The refusal names the
// first one.
func (s *Server) apply(batch []incoming, p parameters, by string, at time.Time) (first *refusal) {
	ids := make(map[string]bool, len(batch))
	for i := range batch {
		ids[batch[i].id] = true
	}
	bad := make([]bool, len(batch))
	for i := range batch {
		if why := s.check(&batch[i], p, ids); why != nil {
			if bad[i] = true; first == nil {
				first = why
			}
		}
	}
	if first != nil && s.switches.TaskAtomicity == "all" {
		return first
	}
	for i := range batch {
		if !bad[i] {
			s.write(&batch[i], p, by, at)
		}
	}
	return first
}

// queryParameters reads those of a write from the query, in both casings.
func queryParameters(r *http.Request) (p parameters, refused *answer) {
	for _, v := range []struct {
		into  *bool
		names []string
	}{
		{&p.patch, []string{"patch"}},
		{&p.limited, []string{"updatePropertiesAndRelationsOnly", "update_properties_and_relations_only"}},
	} {
		value, ok := flag(r, false, v.names...)
		if !ok {
			a := badFlag(v.names[0])
			return p, &a
		}
		*v.into = value
	}
	for _, name := range []string{"unmappedProperties", "unmapped_properties"} {
		switch r.URL.Query().Get(name) {
		case "", "ignore":
		case "reject":
			p.reject = true
		default:
			a := invalid([]problem{{Loc: []any{"query", name}, Msg: "Input should be 'ignore' or 'reject'", Type: "enum"}}, true)
			return p, &a
		}
	}
	return p, nil
}

// flag reads a boolean of the query as pydantic does.
func flag(r *http.Request, otherwise bool, names ...string) (value, ok bool) {
	for _, name := range names {
		switch strings.ToLower(r.URL.Query().Get(name)) {
		case "":
		case "true", "1", "yes", "on", "t", "y":
			return true, true
		case "false", "0", "no", "off", "f", "n":
			return false, true
		default:
			return false, false
		}
	}
	return otherwise, true
}

func badFlag(name string) answer {
	return invalid([]problem{{Loc: []any{"query", name}, Msg: "Input should be a valid boolean, unable to interpret input", Type: "bool_parsing"}}, true)
}
