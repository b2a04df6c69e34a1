package httpapi

import (
	"context"
	"fmt"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
)

// A policy may make a decision about entities hang on conditions: criteria over the rules below (core.md 8.1). They
// become predicates over the same rows that filters work on (catalog.md 6).

// rule is one of the conditions on offer.
type rule struct {
	permission.Rule
	// predicate is the condition with the rule's first parameter, and the optional parameter "value".
	predicate func(param []string, value string, hasValue bool) entity.Predicate
}

var rules = []rule{
	underKey("metadata.annotations.", permission.Rule{
		Name: "HAS_ANNOTATION", Description: "Allow entities with the specified annotation",
		Params: keyAndValue("annotation", "Name of the annotation to match on", "Value of the annotation to match on"),
	}),
	underKey("metadata.labels.", permission.Rule{
		Name: "HAS_LABEL", Description: "Allow entities with the specified label",
		Params: keyAndValue("label", "Name of the label to match on", "Value of the label to match on"),
	}),
	underKey("metadata.", permission.Rule{
		Name: "HAS_METADATA", Description: "Allow entities with the specified metadata subfield",
		Params: keyAndValue("key", "Property within the entities metadata to match on", "Value of the given property to match on"),
	}),
	underKey("spec.", permission.Rule{
		Name: "HAS_SPEC", Description: "Allow entities with the specified spec subfield",
		Params: keyAndValue("key", "Property within the entities spec to match on", "Value of the given property to match on"),
	}),
	oneOf("kind", permission.Rule{
		Name: "IS_ENTITY_KIND", Description: "Allow entities matching a specified kind",
		Params: []permission.Param{{Name: "kinds", About: "List of kinds to match at least one of", List: true}},
	}),
	oneOf("relations.ownedBy", permission.Rule{
		Name: "IS_ENTITY_OWNER", Description: "Allow entities owned by a specified claim",
		Params: []permission.Param{{Name: "claims", About: "List of claims to match at least one on within ownedBy", List: true}},
	}),
}

func keyAndValue(name, about, aboutValue string) []permission.Param {
	return []permission.Param{{Name: name, About: about}, {Name: "value", About: aboutValue, Optional: true}}
}

func underKey(prefix string, described permission.Rule) rule {
	return rule{described, func(param []string, value string, hasValue bool) entity.Predicate {
		if !hasValue {
			return entity.Exists{Key: prefix + param[0]}
		}
		return entity.Equal{Key: prefix + param[0], Values: []string{value}}
	}}
}

func oneOf(key string, described permission.Rule) rule {
	return rule{described, func(param []string, _ string, _ bool) entity.Predicate {
		return entity.Equal{Key: key, Values: param}
	}}
}

// Resources describes entities to the permission backend. Conditions are applied to what the index has now; nil describes them
// only.
func Resources(entities *index.Index) permission.Resources {
	r := permission.Resources{Type: resourceType}
	for i := range rules {
		r.Rules = append(r.Rules, rules[i].Rule)
	}
	if entities == nil {
		return r
	}
	r.Apply = func(ctx context.Context, _ auth.Credentials, criteria permission.Criteria, refs []string) ([]bool, error) {
		where, err := predicate(criteria)
		if err != nil {
			return nil, err
		}
		folded := make([]string, len(refs))
		for i, ref := range refs {
			folded[i] = entity.Fold(ref)
		}
		found, err := entities.Snapshot().MatchingRefs(ctx, where, folded)
		if err != nil {
			return nil, err
		}
		holds := make([]bool, len(refs))
		for i, ref := range folded {
			_, holds[i] = found[ref]
		}
		return holds, nil
	}
	return r
}

// Where turns the conditions of a decision about entities into a predicate. The error is internal: it is the policy that is at
// fault, not the caller.
func Where(d permission.Decision) (entity.Predicate, error) {
	described := Resources(nil)
	criteria, err := described.Criteria(d)
	if err != nil {
		return nil, err
	}
	return predicate(criteria)
}

// predicate builds what the index looks for.
func predicate(criteria permission.Criteria) (entity.Predicate, error) {
	return permission.Algebra[entity.Predicate]{
		All:  func(parts []entity.Predicate) entity.Predicate { return entity.All{Of: parts} },
		Any:  func(parts []entity.Predicate) entity.Predicate { return entity.Any{Of: parts} },
		Not:  func(part entity.Predicate) entity.Predicate { return entity.Not{Of: part} },
		Rule: condition,
	}.Compile(criteria)
}

func condition(c permission.Condition) (entity.Predicate, error) {
	for i := range rules {
		r := &rules[i]
		if r.Name != c.Rule {
			continue
		}
		first := r.Params[0]
		if first.List {
			return r.predicate(c.List(first.Name), "", false), nil
		}
		param, _ := c.Text(first.Name)
		value, hasValue := c.Text("value")
		return r.predicate([]string{param}, value, hasValue), nil
	}
	return nil, fmt.Errorf("unknown permission rule %q", c.Rule)
}
