package mapping

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Blueprint is one that documents need.
type Blueprint struct {
	ID string `json:"id"`
	// Title is for people.
	Title      string              `json:"title"`
	Icon       string              `json:"icon,omitempty"`
	IsActive   bool                `json:"isActive"`
	IsHideable bool                `json:"isHideable,omitempty"`
	Options    map[string]any      `json:"options"`
	Schema     ObjectSchema        `json:"schemaProperties"`
	Relations  map[string]Relation `json:"relations"`
}

// ObjectSchema is the schema of all properties.
type ObjectSchema struct {
	Type       string            `json:"type"`
	Properties map[string]schema `json:"properties"`
}

// Relation is one that a blueprint has.
type Relation struct {
	Title string `json:"title"`
	// Value is the id of the blueprint that it leads to.
	Value string `json:"value"`
	Array bool   `json:"array,omitempty"`
}

// Ours reports whether a blueprint's id is in the range of ours, which no user edits.
func Ours(id string) bool { return strings.HasPrefix(id, "backstage.v1.") }

// Kinds are those that have rules of their own, in lower case. All others need a blueprint each.
func (m *Mapping) Kinds() []string {
	kinds := slices.Collect(maps.Keys(m.kinds))
	return slices.DeleteFunc(slices.Sorted(slices.Values(kinds)), func(kind string) bool { return kind == everyKind })
}

// Blueprints are those that documents need, sorted by id; with those of further kinds of the catalog that have no rules
// of their own.
func (m *Mapping) Blueprints(kinds ...string) []Blueprint {
	made := map[string]Blueprint{}
	for _, kind := range slices.Sorted(maps.Keys(m.kinds)) {
		if k := m.kinds[kind]; !k.skip && k.blueprint != "" {
			k.describe(made, k.blueprint, cmp.Or(k.blueprintTitle, titleOf(kind)))
		}
	}
	if every := m.kinds[everyKind]; every != nil && !every.skip && every.blueprint == "" {
		for _, kind := range kinds {
			// The native expression is the only one whose ids can be told without an entity.
			name := strings.ToLower(kind)
			if _, own := m.kinds[name]; !own && validID(name) {
				every.describe(made, "backstage.v1."+name, kind)
			}
		}
	}
	out := slices.Collect(maps.Values(made))
	slices.SortFunc(out, func(a, b Blueprint) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// describe adds a kind's properties and relations to a blueprint: two kinds may share one.
func (k *kindMapping) describe(made map[string]Blueprint, id, title string) {
	b, ok := made[id]
	if !ok {
		b = Blueprint{
			ID: id, Title: title, IsActive: true, IsHideable: Ours(id), Options: map[string]any{"showInSideBar": true},
			Schema: ObjectSchema{Type: "object", Properties: map[string]schema{}}, Relations: map[string]Relation{},
		}
		if id == "service" {
			b.Icon = "terminal"
		}
	}
	for _, f := range k.properties {
		b.Schema.Properties[f.key] = f.schema
	}
	for _, f := range k.relations {
		if f.target != "" {
			b.Relations[f.key] = Relation{Title: f.schema.Title, Value: f.target, Array: f.many}
		}
	}
	made[id] = b
}

// titleOf is the title of a kind's blueprint.
func titleOf(kind string) string {
	switch kind {
	case "component":
		return "Service"
	case "group":
		return "Team"
	case "api":
		return "API"
	default:
		return labelOf(kind)
	}
}

// resolveTargets finds the blueprint that each relation leads to.
func (m *Mapping) resolveTargets() {
	for _, k := range m.kinds {
		for _, f := range k.relations {
			if f.target != "" {
				continue
			}
			kind := strings.ToLower(leadsTo(f.expr))
			if target := m.kinds[kind]; target != nil {
				f.target = target.blueprint
			} else if kind != "" {
				f.target = "backstage.v1." + kind
			}
		}
	}
}
