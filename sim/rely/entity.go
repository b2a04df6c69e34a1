package rely

import (
	"slices"
	"strings"
	"time"
)

// entity is one as it is stored.
type entity struct {
	id, blueprint      string
	title, description string
	hidden, inactive   bool
	properties         document // without nulls
	relations          document // {key: {"value": …}}, without empties
	sources            document
	created, updated   int64 // milliseconds
	createdBy          string
	updatedBy          string
	version            int
	history            []Change
}

// Change is one of an entity's.
type Change struct {
	Version   int       `json:"version"`
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`
	By        string    `json:"by"`
	// Changed are the keys of an update, such as "properties.tier".
	Changed []string `json:"changed,omitempty"`
}

// keptChanges bounds an entity's history.
const keptChanges = 50

// catalog is all entities by id, with their ids in order as long as none came or went.
type catalog struct {
	byID   map[string]*entity
	sorted []string
	gone   map[string][]Change
}

func newCatalog() catalog { return catalog{byID: map[string]*entity{}, gone: map[string][]Change{}} }

func (c *catalog) ids() []string {
	if c.sorted == nil {
		c.sorted = make([]string, 0, len(c.byID))
		for id := range c.byID {
			c.sorted = append(c.sorted, id)
		}
		slices.Sort(c.sorted)
	}
	return c.sorted
}

// incoming is an entity of a payload, well formed. A nil pointer was not given.
type incoming struct {
	id, blueprint      string
	title, description *string
	active, hidden     *bool
	properties         []member
	relations          []member // the values only
	sources            document
	unknown            []string // fields that entities do not have
}

// parameters are those of a write.
type parameters struct {
	reject  bool // unmapped properties are errors
	patch   bool
	limited bool // to properties and relations
}

// readEntity reads one of a payload, and says what is wrong with its shape.
func (s *Server) readEntity(doc document, loc []any) (in incoming, problems []problem) {
	if doc.kind() != '{' {
		return in, []problem{{Loc: loc, Msg: "Input should be a valid dictionary or object", Type: "model_attributes_type"}}
	}
	wrong := func(msg, kind string, path ...any) {
		problems = append(problems, problem{Loc: append(slices.Clone(loc), path...), Msg: msg, Type: kind})
	}
	var hasID, hasBlueprint bool
	var buffer [16]member
	for _, m := range doc.appendMembers(buffer[:0]) {
		switch m.key {
		case "id":
			if in.id, hasID = m.value.str(), true; !goodID(in.id) {
				problems = append(problems, patternProblem(m.value, true, append(slices.Clone(loc), "id")))
			}
		case "blueprintId":
			if in.blueprint, hasBlueprint = m.value.str(), true; !goodID(in.blueprint) {
				problems = append(problems, patternProblem(m.value, true, append(slices.Clone(loc), "blueprintId")))
			}
		case "title", "description":
			if m.value.kind() != '"' && m.value.kind() != 'n' {
				wrong("Input should be a valid string", "string_type", m.key)
			} else if text := m.value.str(); m.key == "title" && m.value.kind() == '"' {
				in.title = &text
			} else if m.key == "description" {
				in.description = &text
			}
		case "isActive", "isHidden":
			if m.value.kind() != 't' && m.value.kind() != 'f' {
				wrong("Input should be a valid boolean", "bool_type", m.key)
			} else if yes := m.value == "true"; m.key == "isActive" {
				in.active = &yes
			} else {
				in.hidden = &yes
			}
		case "properties":
			if m.value.kind() != '{' {
				wrong("Input should be a valid dictionary", "dict_type", m.key)
			}
			in.properties = m.value.members()
		case "relations":
			if m.value.kind() != '{' {
				wrong("Input should be a valid dictionary", "dict_type", m.key)
			}
			in.relations = readRelations(m.value, wrong)
		case "sources":
			if in.sources = m.value; !listOfStrings(m.value) {
				wrong("Input should be a valid list of strings", "list_type", m.key)
			}
		case "createdAt", "createdBy", "updatedAt", "updatedBy":
		default:
			in.unknown = append(in.unknown, m.key)
		}
	}
	if !hasID {
		wrong("Field required", "missing", "id")
	}
	if !hasBlueprint {
		wrong("Field required", "missing", "blueprintId")
	}
	if b := s.blueprints[in.blueprint]; b != nil {
		for _, m := range in.properties {
			if p := b.properties[m.key]; p != nil {
				if message, kind := p.shape(m.value); message != "" {
					wrong(message, kind, "properties", m.key)
				}
			}
		}
	}
	return in, problems
}

// readRelations takes the values out: `{"team": {"value": "x"}}` is team: "x".
func readRelations(doc document, wrong func(msg, kind string, path ...any)) []member {
	list := doc.members()
	for i, m := range list {
		if m.value.kind() == 'n' {
			continue
		}
		value, ok := m.value.at("value")
		switch {
		case m.value.kind() != '{':
			wrong("Input should be a valid dictionary", "dict_type", "relations", m.key)
		case !ok:
			wrong("Field required", "missing", "relations", m.key, "value")
		case value.kind() != '"' && value.kind() != 'n' && !listOfStrings(value):
			wrong("Input should be a valid string or list of strings", "string_type", "relations", m.key, "value")
		}
		list[i].value = value
	}
	return list
}

func listOfStrings(v document) bool {
	return v.kind() == '[' && !slices.ContainsFunc(v.elements(), func(e document) bool { return e.kind() != '"' })
}

// targets are the ids that a relation's value names.
func targets(value document) []string {
	if value.kind() == '"' {
		return []string{value.str()}
	}
	var ids []string
	for _, e := range value.elements() {
		ids = append(ids, e.str())
	}
	return ids
}

// empty tells whether a relation's value names nothing.
func empty(value document) bool {
	return value.kind() == 'n' || value == "[]" || value == `""`
}

// refusal is why an entity of right shape cannot be written.
type refusal struct {
	conflict bool // 409 rather than 400
	message  string
}

// check says why an entity cannot be written, after the state of now. batch holds the ids that come with it.
func (s *Server) check(in *incoming, p parameters, batch map[string]bool) *refusal {
	b := s.blueprints[in.blueprint]
	if b == nil {
		return &refusal{message: "Entity " + in.id + ": Blueprint with id " + in.blueprint + " not found"}
	}
	old := s.entities.byID[in.id]
	switch {
	case old != nil && old.blueprint != in.blueprint && s.switches.BlueprintChange == "reject":
		return &refusal{conflict: true, message: "Entity " + in.id + ": exists with blueprint " + old.blueprint + ", which cannot be changed to " + in.blueprint}
	case in.title == nil && (old == nil || !p.patch && !p.limited):
		return &refusal{message: "Entity " + in.id + ": title is required"}
	}
	for _, m := range in.properties {
		known := b.properties[m.key]
		if known == nil && p.reject {
			return &refusal{message: "Entity " + in.id + ": property " + m.key + " is not in blueprint " + b.id}
		}
		if known != nil && !known.allowed(m.value) {
			return &refusal{message: "Entity " + in.id + ": property " + m.key + ": " + string(m.value) + " is not an allowed value"}
		}
	}
	for _, m := range in.relations {
		if message := s.checkRelation(b, m, batch); message != "" {
			return &refusal{message: "Entity " + in.id + ": relation " + m.key + " " + message}
		}
	}
	return nil
}

func (s *Server) checkRelation(b *blueprint, m member, batch map[string]bool) string {
	rel, known := b.relations[m.key]
	switch {
	case !known:
		return "is not in blueprint " + b.id
	case rel.array && m.value.kind() == '"':
		return "takes a list"
	case !rel.array && m.value.kind() == '[' && !empty(m.value):
		return "takes one value, not a list"
	case s.switches.Dangling == "allow":
		return ""
	}
	for _, id := range targets(m.value) {
		if id != "" && s.entities.byID[id] == nil && !batch[id] {
			return "points to " + id + ", which does not exist"
		}
	}
	return ""
}

// write stores an entity that check lets pass.
func (s *Server) write(in *incoming, p parameters, by string, at time.Time) {
	b := s.blueprints[in.blueprint]
	old := s.entities.byID[in.id]
	next := entity{id: in.id, properties: "{}", relations: "{}", sources: "[]"}
	if old != nil {
		next = *old
	}
	replaced := old != nil && old.blueprint != in.blueprint
	next.blueprint = b.id
	p.patch = p.patch && !replaced
	if old == nil || !p.limited {
		next.describe(in, p.patch)
	}
	next.properties = s.properties(b, in, old, p)
	next.relations = s.relations(in, old, p)
	if old == nil {
		next.created, next.createdBy, next.id = at.UnixMilli(), by, strings.Clone(in.id)
		next.change(Change{Operation: "create", At: at, By: by})
		s.entities.byID[next.id], s.entities.sorted = &next, nil
		s.stats.Entities.Created++
		return
	}
	changed := old.differences(&next)
	if len(changed) == 0 {
		s.stats.Entities.Noop++
		return
	}
	next.change(Change{Operation: "update", At: at, By: by, Changed: changed})
	*old = next
	s.stats.Entities.Updated++
}

// describe takes over what is neither a property nor a relation. Without patch, what is not given is its default.
func (e *entity) describe(in *incoming, patch bool) {
	if !patch {
		e.description, e.hidden, e.inactive, e.sources = "", false, false, "[]"
	}
	if in.title != nil {
		e.title = strings.Clone(*in.title)
	}
	if in.description != nil {
		e.description = strings.Clone(*in.description)
	}
	if in.hidden != nil {
		e.hidden = *in.hidden
	}
	if in.active != nil {
		e.inactive = !*in.active
	}
	if in.sources != "" {
		e.sources = document(strings.Clone(string(in.sources)))
	}
}

// properties are those that an entity has after a write.
func (s *Server) properties(b *blueprint, in *incoming, old *entity, p parameters) document {
	given := make([]member, 0, len(in.properties))
	for _, m := range in.properties {
		switch {
		case b.properties[m.key] == nil:
			s.stats.Entities.Dropped++
		case m.value.kind() == 'n' && s.switches.Null == "ignore":
		default:
			given = append(given, m)
		}
	}
	if old != nil && p.patch {
		given = merged(old.properties.members(), given)
	}
	return object(slices.DeleteFunc(given, func(m member) bool { return m.value.kind() == 'n' }))
}

// relations likewise.
func (s *Server) relations(in *incoming, old *entity, p parameters) document {
	given := make([]member, 0, len(in.relations))
	for _, m := range in.relations {
		if m.value.kind() == 'n' && s.switches.Null == "ignore" {
			continue
		}
		value := document("null")
		if !empty(m.value) {
			value = `{"value":` + m.value + `}`
		}
		given = append(given, member{key: m.key, value: value})
	}
	if old != nil && p.patch {
		given = merged(old.relations.members(), given)
	}
	return object(slices.DeleteFunc(given, func(m member) bool { return m.value == "null" }))
}

// change counts one up, and remembers it.
func (e *entity) change(c Change) {
	e.version++
	c.Version = e.version
	e.updated, e.updatedBy = c.At.UnixMilli(), c.By
	e.history = append(slices.Clip(e.history), c)
	if over := len(e.history) - keptChanges; over > 0 {
		e.history = e.history[over:]
	}
}

// differences names what is not the same in next.
func (e *entity) differences(next *entity) (changed []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"blueprintId", e.blueprint == next.blueprint},
		{"title", e.title == next.title},
		{"description", e.description == next.description},
		{"isHidden", e.hidden == next.hidden},
		{"isActive", e.inactive == next.inactive},
		{"sources", e.sources == next.sources},
	} {
		if !f.same {
			changed = append(changed, f.name)
		}
	}
	changed = append(changed, keysChanged("properties.", e.properties, next.properties)...)
	return append(changed, keysChanged("relations.", e.relations, next.relations)...)
}

func keysChanged(prefix string, from, to document) (changed []string) {
	if from == to {
		return nil
	}
	before := map[string]document{}
	for _, m := range from.members() {
		before[m.key] = m.value
	}
	for _, m := range to.members() {
		if before[m.key] != m.value {
			changed = append(changed, prefix+strings.Clone(m.key))
		}
		delete(before, m.key)
	}
	for key := range before {
		changed = append(changed, prefix+strings.Clone(key))
	}
	slices.Sort(changed)
	return changed
}

// remove deletes an entity; its history stays.
func (s *Server) remove(id, by string, at time.Time) {
	e := s.entities.byID[id]
	e.change(Change{Operation: "delete", At: at, By: by})
	delete(s.entities.byID, id)
	s.entities.gone[id], s.entities.sorted = e.history, nil
	s.stats.Entities.Deleted++
}
