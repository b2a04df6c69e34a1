package entity

import (
	"slices"
	"strings"
)

// ParsePredicate reads the JSON predicate language (catalog.md 4.2). The error is a *SyntaxError whose message begins
// with "Invalid query: ".
func ParsePredicate(v any) (Predicate, error) {
	o, ok := v.(*Object)
	if !ok {
		return nil, queryError("expected an object, received " + typeName(v))
	}
	if operator, ok := logical(o); ok {
		if o.Len() > 1 {
			return nil, queryError(operator + " must be the only key of its object")
		}
		operand, _ := o.Get(operator)
		return parseLogical(operator, operand)
	}
	conditions := make([]Predicate, 0, o.Len())
	for key, value := range o.All() {
		if strings.HasPrefix(key, "$") {
			return nil, queryError("unknown operator " + quote(key))
		}
		condition, err := parseCondition(key, value)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	if len(conditions) == 1 {
		return conditions[0], nil
	}
	return All{Of: conditions, object: true}, nil
}

func queryError(reason string) error {
	return inputError("Invalid query: Validation error: " + reason)
}

func quote(s string) string { return string(appendString(nil, s)) }

func logical(o *Object) (string, bool) {
	for _, operator := range []string{"$all", "$any", "$not"} {
		if o.Has(operator) {
			return operator, true
		}
	}
	return "", false
}

func parseLogical(operator string, operand any) (Predicate, error) {
	if operator == "$not" {
		part, err := ParsePredicate(operand)
		if err != nil {
			return nil, err
		}
		return Not{Of: part}, nil
	}
	items, ok := operand.([]any)
	if !ok {
		return nil, queryError(operator + " expects an array, received " + typeName(operand))
	}
	parts := make([]Predicate, 0, len(items))
	for _, item := range items {
		part, err := ParsePredicate(item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if operator == "$any" {
		return Any{Of: parts}, nil
	}
	return All{Of: parts}, nil
}

// parseCondition reads one "path": value. An object is tried as each operator in turn, and what else it holds is
// ignored, as Backstage's validator does.
func parseCondition(key string, value any) (Predicate, error) {
	if text, ok := scalarText(value); ok {
		equal := Equal{Key: key, Values: []string{text}}
		if _, isString := value.(string); !isString {
			equal.source = value
		}
		return equal, nil
	}
	o, ok := value.(*Object)
	if !ok {
		return nil, queryError("a value cannot be " + typeName(value) + " at " + quote(key))
	}
	if exists, ok := o.Path("$exists").(bool); ok {
		return Exists{Key: key, Absent: !exists}, nil
	}
	if values, ok := scalarTexts(o.Path("$in")); ok {
		return Equal{Key: key, Values: values, source: ObjectOf("$in", CloneValue(o.Path("$in")))}, nil
	}
	switch operand := o.Path("$contains").(type) {
	case string, bool, float64:
		if text, ok := scalarText(operand); ok {
			return Equal{Key: key, Values: []string{text}, source: ObjectOf("$contains", operand)}, nil
		}
	case *Object:
		return parseContains(key, operand)
	}
	if prefix, ok := o.Path("$hasPrefix").(string); ok {
		return HasPrefix{Key: key, Prefix: prefix}, nil
	}
	return nil, queryError("expected one of $exists, $in, $contains and $hasPrefix with a value of its type at " + quote(key))
}

func scalarTexts(v any) ([]string, bool) {
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := scalarText(item)
		if !ok {
			return nil, false
		}
		values = append(values, text)
	}
	return values, true
}

// parseContains reads the one object that $contains takes: {type, targetRef} on relations.
func parseContains(key string, relation *Object) (Predicate, error) {
	if Fold(key) != "relations" {
		return nil, queryError("$contains with an object is only supported on relations, not at " + quote(key))
	}
	r := RelationContains{key: key, source: relation.Clone()}
	hasType := false
	for name, value := range relation.All() {
		switch Fold(name) {
		case "type":
			if r.Type, hasType = value.(string); !hasType {
				return nil, queryError("type of a relation must be a string")
			}
		case "targetref":
			targets, ok := relationTargets(value)
			if !ok {
				return nil, queryError("targetRef of a relation must be a string, or $in with strings")
			}
			r.Targets = targets
		default:
			return nil, queryError("a relation has type and targetRef, not " + quote(name))
		}
	}
	if !hasType {
		return nil, queryError("a relation must have a type")
	}
	return r, nil
}

func relationTargets(v any) ([]string, bool) {
	if s, ok := v.(string); ok {
		return []string{s}, true
	}
	o, _ := v.(*Object)
	return stringList(o.Path("$in"))
}

// stringList returns the items of a list that is not empty and has strings alone.
func stringList(v any) ([]string, bool) {
	items, _ := v.([]any)
	if len(items) == 0 || slices.ContainsFunc(items, func(v any) bool { _, ok := v.(string); return !ok }) {
		return nil, false
	}
	values, _ := scalarTexts(items)
	return values, true
}

// ParseLegacyFilter reads the filter tree of older cursors: {key, values?}, {allOf}, {anyOf} or {not} (catalog.md 5.2).
// The error is a *SyntaxError.
func ParseLegacyFilter(v any) (Predicate, error) {
	o, ok := v.(*Object)
	if !ok {
		return nil, inputError("Invalid filter: expected an object, received " + typeName(v))
	}
	switch {
	case o.Has("allOf"):
		parts, err := legacyFilters(o.Path("allOf"))
		if err != nil {
			return nil, err
		}
		return All{Of: parts}, nil
	case o.Has("anyOf"):
		parts, err := legacyFilters(o.Path("anyOf"))
		if err != nil {
			return nil, err
		}
		return Any{Of: parts}, nil
	case o.Has("not"):
		part, err := ParseLegacyFilter(o.Path("not"))
		if err != nil {
			return nil, err
		}
		return Not{Of: part}, nil
	default:
		return legacyCondition(o)
	}
}

func legacyFilters(v any) ([]Predicate, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, inputError("Invalid filter: expected an array, received " + typeName(v))
	}
	parts := make([]Predicate, 0, len(items))
	for _, item := range items {
		part, err := ParseLegacyFilter(item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func legacyCondition(o *Object) (Predicate, error) {
	key, ok := o.Path("key").(string)
	if !ok {
		return nil, inputError("Invalid filter: expected key, allOf, anyOf or not")
	}
	given, ok := o.Get("values")
	if !ok {
		return Exists{Key: key}, nil
	}
	values, ok := scalarTexts(given)
	if !ok {
		return nil, inputError("Invalid filter: values must be strings")
	}
	return Equal{Key: key, Values: values}, nil
}
