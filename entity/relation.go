package entity

import "slices"

// Relation is a directed edge between two entities, which are given as canonical refs.
type Relation struct{ Type, Source, Target string }

// SortRefs sorts, in place, the lists of references in spec that are sorted before processing: those whose items are
// all strings, by UTF-16 code units (catalog.md 1.7).
func SortRefs(e Entity) {
	spec := e.Spec()
	for _, key := range []string{
		"providesApis", "consumesApis", "dependsOn", "dependencyOf", "memberOf", "children", "members",
	} {
		v, _ := spec.Get(key)
		items, _ := v.([]any)
		if len(items) < 2 || slices.ContainsFunc(items, func(v any) bool { _, ok := v.(string); return !ok }) {
			continue
		}
		// A copy, because the list may be shared with the entity as its provider still holds it.
		items = slices.Clone(items)
		slices.SortStableFunc(items, func(a, b any) int { return CompareUTF16(a.(string), b.(string)) })
		spec.Set(key, items)
	}
}

// relationRule is a row of the table in catalog.md 1.7.
type relationRule struct {
	field       string
	defaultKind string // "" = the kind must be written
	forward     string
	reverse     string
}

func relationRules(kind string) []relationRule {
	owner := relationRule{"owner", "Group", "ownedBy", "ownerOf"}
	dependsOn := relationRule{"dependsOn", "", "dependsOn", "dependencyOf"}
	dependencyOf := relationRule{"dependencyOf", "", "dependencyOf", "dependsOn"}
	system := relationRule{"system", "System", "partOf", "hasPart"}
	switch kind {
	case "Component":
		return []relationRule{
			owner,
			{"subcomponentOf", "Component", "partOf", "hasPart"},
			{"providesApis", "API", "providesApi", "apiProvidedBy"},
			{"consumesApis", "API", "consumesApi", "apiConsumedBy"},
			dependsOn, dependencyOf, system,
		}
	case "API":
		return []relationRule{owner, system}
	case "Resource":
		return []relationRule{owner, dependsOn, dependencyOf, system}
	case "System":
		return []relationRule{owner, {"domain", "Domain", "partOf", "hasPart"}}
	case "Domain":
		return []relationRule{owner, {"subdomainOf", "Domain", "partOf", "hasPart"}}
	case "Template":
		return []relationRule{owner}
	case "User":
		return []relationRule{{"memberOf", "Group", "memberOf", "hasMember"}}
	case "Group":
		return []relationRule{
			{"parent", "Group", "childOf", "parentOf"},
			{"children", "Group", "parentOf", "childOf"},
			{"members", "User", "hasMember", "memberOf"},
		}
	default:
		return nil
	}
}

// Relations works out the relations that an entity of a built-in kind declares, each followed by its reverse, which has
// the other entity as its source (catalog.md 1.7). An entity of another kind declares none. The same relation may come
// twice. The error is a *SyntaxError: one bad reference fails them all.
func Relations(e Entity) ([]Relation, error) {
	spec := e.Spec()
	self := e.Ref().String()
	defaults := RefDefaults{Namespace: e.Namespace()}
	var relations []Relation
	for _, rule := range relationRules(e.Kind()) {
		value, _ := spec.Get(rule.field)
		targets, isList := value.([]any)
		if !isList {
			if value == nil || value == "" || value == false || value == 0.0 {
				continue
			}
			targets = []any{value}
		}
		defaults.Kind = rule.defaultKind
		for _, target := range targets {
			ref, err := refValue(target, defaults)
			if err != nil {
				return nil, err
			}
			other := ref.String()
			relations = append(relations,
				Relation{Type: rule.forward, Source: self, Target: other},
				Relation{Type: rule.reverse, Source: other, Target: self})
		}
	}
	return relations, nil
}
