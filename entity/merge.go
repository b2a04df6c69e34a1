package entity

import "slices"

// Merge lays top over base: objects are merged key by key, anything else in top replaces what base has. The keys of
// base come first. Neither argument is changed, and the result shares nothing with them.
func Merge(base, top any) any {
	b, ok1 := base.(*Object)
	t, ok2 := top.(*Object)
	if !ok1 || !ok2 || b == nil || t == nil {
		return CloneValue(top)
	}
	merged := b.Clone()
	for key, value := range t.All() {
		if below, ok := merged.Get(key); ok {
			merged.Set(key, Merge(below, value))
		} else {
			merged.Set(key, CloneValue(value))
		}
	}
	return merged
}

// EqualValues reports whether two values are the same JSON value; the order of keys does not matter.
func EqualValues(a, b any) bool {
	switch a := a.(type) {
	case *Object:
		b, ok := b.(*Object)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, EqualValues)
	default:
		switch b.(type) {
		case *Object, []any:
			return false
		}
		return a == b
	}
}

func equalObjects(a, b *Object) bool {
	if a.Len() != b.Len() {
		return false
	}
	for key, value := range a.All() {
		other, ok := b.Get(key)
		if !ok || !EqualValues(value, other) {
			return false
		}
	}
	return true
}
