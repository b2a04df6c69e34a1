package httpapi

import (
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// Locations are queried in the predicate language of entities, with a few differences (catalog.md 5.8): there are four
// fields, $contains never matches, and an empty $all matches nothing.

// locationFields are what a query may ask about, folded.
var locationFields = []string{"id", "type", "target", "entityref"}

// checkLocationQuery refuses what is no predicate, or is about something that a location does not have. Nil is fine.
func checkLocationQuery(q *entity.Object) error {
	if q == nil {
		return nil
	}
	if _, err := parseQuery(q); err != nil {
		return err
	}
	return checkLocationFields(q)
}

func checkLocationFields(q *entity.Object) error {
	for key, v := range q.All() {
		var parts []any
		switch key {
		case "$all", "$any":
			parts, _ = v.([]any)
		case "$not":
			parts = []any{v}
		default:
			if !slices.Contains(locationFields, entity.Fold(key)) {
				return fault.Input("Invalid query: unknown field '%s', must be one of id, type, target, entityRef", key)
			}
		}
		for _, part := range parts {
			if o, ok := part.(*entity.Object); ok {
				if err := checkLocationFields(o); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// locationMatches evaluates a query that has been checked.
func locationMatches(q *entity.Object, l ledger.Location) bool {
	for key, v := range q.All() {
		ok := false
		switch key {
		case "$all":
			parts, _ := v.([]any)
			ok = len(parts) > 0 && !slices.ContainsFunc(parts, func(p any) bool { return !partMatches(p, l) })
		case "$any":
			parts, _ := v.([]any)
			ok = slices.ContainsFunc(parts, func(p any) bool { return partMatches(p, l) })
		case "$not":
			ok = !partMatches(v, l)
		default:
			ok = fieldMatches(entity.Fold(key), v, l)
		}
		if !ok {
			return false
		}
	}
	return true
}

func partMatches(part any, l ledger.Location) bool {
	o, ok := part.(*entity.Object)
	return ok && locationMatches(o, l)
}

func fieldMatches(field string, want any, l ledger.Location) bool {
	have := map[string]string{"id": l.ID, "type": l.Type, "target": l.Target, "entityref": l.EntityRef}[field]
	o, isObject := want.(*entity.Object)
	if !isObject {
		return entity.Fold(scalar(want)) == entity.Fold(have)
	}
	// The order in which operators are recognised when there are several (catalog.md 4.2).
	if exists, ok := o.Get("$exists"); ok {
		return exists == true
	}
	if in, ok := o.Get("$in"); ok {
		items, _ := in.([]any)
		return slices.ContainsFunc(items, func(item any) bool {
			if field == "id" {
				return scalar(item) == have
			}
			return entity.Fold(scalar(item)) == entity.Fold(have)
		})
	}
	if o.Has("$contains") {
		return false
	}
	prefix, ok := o.Path("$hasPrefix").(string)
	return ok && strings.HasPrefix(entity.Fold(have), entity.Fold(prefix))
}

// scalar is JavaScript's String(v) of a value that the predicate language permits.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case float64:
		return entity.NumberString(v)
	default:
		return ""
	}
}
