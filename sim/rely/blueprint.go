package rely

import (
	"net/http"
	"regexp"
)

// pattern is what ids look like (export.md 2.3).
var pattern = regexp.MustCompile(`^([a-z0-9_.-]+)$`)

// goodID is pattern without the cost of a regular expression.
func goodID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return id != ""
}

// blueprint is a kind of entity, compiled for checks.
type blueprint struct {
	id           string
	doc          document
	userEditable bool
	properties   map[string]*property
	relations    map[string]relation
}

// relation points to entities of another blueprint.
type relation struct {
	target string
	array  bool
}

// compile reads a blueprint. Relations of a former version stay (export.md 2.2).
func compile(doc document, loc []any, former *blueprint) (*blueprint, []problem) {
	if doc.kind() != '{' {
		return nil, []problem{{Loc: loc, Msg: "Input should be a valid dictionary", Type: "dict_type"}}
	}
	b := &blueprint{properties: map[string]*property{}, relations: map[string]relation{}}
	var problems []problem
	id, ok := doc.at("id")
	if b.id = id.str(); !ok || !goodID(b.id) {
		problems = append(problems, patternProblem(id, ok, append(loc, "id")))
	}
	if title, ok := doc.at("title"); !ok || title.kind() != '"' {
		problems = append(problems, problem{Loc: append(loc, "title"), Msg: "Field required", Type: "missing"})
	}
	schema, _ := doc.at("schemaProperties")
	declared, _ := schema.at("properties")
	for _, m := range declared.members() {
		p, mistake := compileProperty(m.value)
		if mistake != "" {
			problems = append(problems, problem{Loc: append(loc, "schemaProperties", "properties", m.key), Msg: mistake, Type: "value_error"})
			continue
		}
		b.properties[m.key] = p
	}
	given, _ := doc.at("relations")
	relations := given.members()
	if former != nil {
		old, _ := former.doc.at("relations")
		relations = merged(relations, old.members())
	}
	problems = append(problems, b.setRelations(doc, relations, loc)...)
	return b, problems
}

// setRelations reads the relations, and makes them the document's.
func (b *blueprint) setRelations(doc document, relations []member, loc []any) (problems []problem) {
	for _, m := range relations {
		target, ok := m.value.at("value")
		if !ok || !goodID(target.str()) {
			problems = append(problems, patternProblem(target, ok, append(loc, "relations", m.key, "value")))
			continue
		}
		array, _ := m.value.at("array")
		b.relations[m.key] = relation{target: target.str(), array: array == "true"}
	}
	b.doc = object(merged(doc.members(), []member{{key: "relations", value: object(relations)}}))
	return problems
}

func patternProblem(value document, present bool, loc []any) problem {
	switch {
	case !present:
		return problem{Loc: loc, Msg: "Field required", Type: "missing"}
	case value.kind() != '"':
		return problem{Loc: loc, Msg: "Input should be a valid string", Type: "string_type"}
	default:
		return problem{Loc: loc, Msg: "String should match pattern '" + pattern.String() + "'", Type: "string_pattern_mismatch"}
	}
}

func (s *Server) getBlueprint(r *request) answer {
	b, ok := s.blueprints[r.PathValue("id")]
	if !ok {
		return refuse(http.StatusNotFound, "not_found", "Blueprint with id %s not found", r.PathValue("id"))
	}
	return reply(http.StatusOK, b.doc)
}

// putBlueprints answers PUT /api/v1/blueprints/bulk with the stored blueprints.
func (s *Server) putBlueprints(r *request) answer {
	if r.doc.kind() != '[' {
		return invalid([]problem{{Loc: []any{"body"}, Msg: "Input should be a valid list", Type: "list_type"}}, true)
	}
	editable, ok := flag(r.Request, true, "user_editable", "userEditable")
	if !ok {
		return badFlag("user_editable")
	}
	made := map[string]*blueprint{}
	var order []string
	var problems []problem
	for i, doc := range r.doc.elements() {
		id, _ := doc.at("id")
		b, mistakes := compile(doc, []any{"body", i}, s.blueprints[id.str()])
		if problems = append(problems, mistakes...); len(mistakes) == 0 {
			b.userEditable = editable
			made[b.id] = b
			order = append(order, b.id)
		}
	}
	if len(problems) > 0 {
		return invalid(problems, s.switches.Loc == "on")
	}
	for _, id := range order {
		for _, rel := range made[id].relations {
			if made[rel.target] == nil && s.blueprints[rel.target] == nil {
				return refuse(http.StatusBadRequest, "invalid", "Blueprint with id %s not found", rel.target)
			}
		}
	}
	out := make([]document, len(order))
	for i, id := range order {
		s.blueprints[id] = made[id]
		out[i] = made[id].doc
	}
	return reply(http.StatusOK, out)
}

// addRelations answers POST /api/v1/blueprints/{id}/relations.
func (s *Server) addRelations(r *request) answer {
	id := r.PathValue("id")
	b, ok := s.blueprints[id]
	if !ok {
		return refuse(http.StatusNotFound, "not_found", "Blueprint with id %s not found", id)
	}
	if r.doc.kind() != '{' {
		return invalid([]problem{{Loc: []any{"body"}, Msg: "Input should be a valid dictionary", Type: "dict_type"}}, true)
	}
	added := r.doc.members()
	for _, m := range added {
		if _, ok := b.relations[m.key]; ok {
			status := http.StatusBadRequest
			if s.switches.RelationRepeat == "409" {
				status = http.StatusConflict
			}
			return refuse(status, "conflict", "Blueprint %s already has a relation with key %s", id, m.key)
		}
	}
	changed := *b
	changed.relations = map[string]relation{}
	old, _ := b.doc.at("relations")
	if problems := changed.setRelations(b.doc, merged(old.members(), added), []any{"body"}); len(problems) > 0 {
		return invalid(problems, true)
	}
	for _, rel := range changed.relations {
		if s.blueprints[rel.target] == nil {
			return refuse(http.StatusBadRequest, "invalid", "Blueprint with id %s not found", rel.target)
		}
	}
	s.blueprints[id] = &changed
	return reply(http.StatusOK, changed.doc)
}
