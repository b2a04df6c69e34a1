package httpapi

import (
	"encoding/json"
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/permission"
)

// A policy may make a decision about entities hang on conditions: criteria over the rules below (core.md 8.1). They
// become predicates over the same rows that filters work on (catalog.md 6).

// rule is one of the conditions on offer.
type rule struct {
	name, description string
	param, about      string // its required parameter
	list              bool   // which is a list of strings
	other             string // about the optional parameter "value", or empty for none
	predicate         func(param []string, value string, hasValue bool) entity.Predicate
}

var rules = []rule{
	{
		name: "HAS_ANNOTATION", description: "Allow entities with the specified annotation",
		param: "annotation", about: "Name of the annotation to match on", other: "Value of the annotation to match on",
		predicate: underKey("metadata.annotations."),
	},
	{
		name: "HAS_LABEL", description: "Allow entities with the specified label",
		param: "label", about: "Name of the label to match on", other: "Value of the label to match on",
		predicate: underKey("metadata.labels."),
	},
	{
		name: "HAS_METADATA", description: "Allow entities with the specified metadata subfield",
		param: "key", about: "Property within the entities metadata to match on", other: "Value of the given property to match on",
		predicate: underKey("metadata."),
	},
	{
		name: "HAS_SPEC", description: "Allow entities with the specified spec subfield",
		param: "key", about: "Property within the entities spec to match on", other: "Value of the given property to match on",
		predicate: underKey("spec."),
	},
	{
		name: "IS_ENTITY_KIND", description: "Allow entities matching a specified kind",
		param: "kinds", about: "List of kinds to match at least one of", list: true,
		predicate: oneOf("kind"),
	},
	{
		name: "IS_ENTITY_OWNER", description: "Allow entities owned by a specified claim",
		param: "claims", about: "List of claims to match at least one on within ownedBy", list: true,
		predicate: oneOf("relations.ownedBy"),
	},
}

func underKey(prefix string) func([]string, string, bool) entity.Predicate {
	return func(param []string, value string, hasValue bool) entity.Predicate {
		if !hasValue {
			return entity.Exists{Key: prefix + param[0]}
		}
		return entity.Equal{Key: prefix + param[0], Values: []string{value}}
	}
}

func oneOf(key string) func([]string, string, bool) entity.Predicate {
	return func(param []string, _ string, _ bool) entity.Predicate {
		return entity.Equal{Key: key, Values: param}
	}
}

// Rules describes the conditions that a policy may use.
func Rules() []permission.Rule {
	described := make([]permission.Rule, 0, len(rules))
	for _, r := range rules {
		described = append(described, permission.Rule{
			Name: r.name, Description: r.description, ResourceType: resourceType, ParamsSchema: r.schema(),
		})
	}
	return described
}

func (r *rule) schema() json.RawMessage {
	text := func(about string) *entity.Object {
		return object("type", "string", "description", about)
	}
	properties := entity.NewObject()
	if r.list {
		properties.Set(r.param, object("type", "array", "items", object("type", "string"), "description", r.about))
	} else {
		properties.Set(r.param, text(r.about))
	}
	if r.other != "" {
		properties.Set("value", text(r.other))
	}
	return entity.AppendJSON(nil, object("type", "object", "properties", properties, "required", []any{r.param},
		"additionalProperties", false, "$schema", "http://json-schema.org/draft-07/schema#"))
}

// object builds an object from keys and values in turn.
func object(pairs ...any) *entity.Object {
	o := entity.NewObject()
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// conditions turns criteria into a predicate. The error is internal: it is the policy that is at fault, not the caller.
func conditions(criteria any) (entity.Predicate, error) {
	o, ok := criteria.(*entity.Object)
	if !ok {
		return nil, fmt.Errorf("permission criteria are %T, not an object", criteria)
	}
	if parts, ok := o.Get("allOf"); ok {
		of, err := allConditions(parts)
		return entity.All{Of: of}, err
	}
	if parts, ok := o.Get("anyOf"); ok {
		of, err := allConditions(parts)
		return entity.Any{Of: of}, err
	}
	if part, ok := o.Get("not"); ok {
		of, err := conditions(part)
		return entity.Not{Of: of}, err
	}
	return condition(o)
}

func allConditions(parts any) ([]entity.Predicate, error) {
	list, ok := parts.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("permission criteria need a list that is not empty")
	}
	of := make([]entity.Predicate, 0, len(list))
	for _, part := range list {
		p, err := conditions(part)
		if err != nil {
			return nil, err
		}
		of = append(of, p)
	}
	return of, nil
}

func condition(o *entity.Object) (entity.Predicate, error) {
	name, _ := o.Path("rule").(string)
	for i := range rules {
		r := &rules[i]
		if r.name != name {
			continue
		}
		if kind, ok := o.Path("resourceType").(string); ok && kind != resourceType {
			return nil, fmt.Errorf("permission rule %s is about %s, not %q", name, resourceType, kind)
		}
		params, _ := o.Path("params").(*entity.Object)
		param, ok := texts(params.Path(r.param), r.list)
		if !ok {
			return nil, fmt.Errorf("permission rule %s lacks the parameter %s", name, r.param)
		}
		value, hasValue := params.Path("value").(string)
		return r.predicate(param, value, hasValue), nil
	}
	return nil, fmt.Errorf("unknown permission rule %q", name)
}

// texts reads a string, or a list of them.
func texts(v any, list bool) ([]string, bool) {
	if !list {
		s, ok := v.(string)
		return []string{s}, ok
	}
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
