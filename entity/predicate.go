package entity

import "strings"

// Predicate selects entities by their search rows (catalog.md 4). It is one of the node types All, Any, Not, Exists,
// Equal, HasPrefix and RelationContains. A nil Predicate selects everything.
//
// Keys and values are kept as they were written; whoever compares them with rows folds them first (Fold).
type Predicate interface{ predicate() }

// All holds when every part does; without parts, always.
type All struct {
	Of     []Predicate
	object bool // written as one object of conditions, and not as $all
}

// Any holds when some part does; without parts, never.
type Any struct{ Of []Predicate }

// Not holds when its part does not.
type Not struct{ Of Predicate }

// Exists holds when there is a row with the key, null or not; with Absent, when there is none.
type Exists struct {
	Key    string
	Absent bool
}

// Equal holds when some row of the key has one of the values; without values, never.
type Equal struct {
	Key    string
	Values []string
	source any // the condition as it was written, where that is not what the values alone give
}

// HasPrefix holds when the value of some row of the key begins with the prefix.
type HasPrefix struct{ Key, Prefix string }

// RelationContains holds when there is a relation of the type to one of the targets, or, when Targets is nil, to
// whatever target: a row of the key RowKey.
type RelationContains struct {
	Type    string
	Targets []string
	key     string // how "relations" was written
	source  any
}

// RowKey returns the key of the rows in question, "relations.<type>", not folded.
func (r RelationContains) RowKey() string { return "relations." + r.Type }

func (All) predicate()              {}
func (Any) predicate()              {}
func (Not) predicate()              {}
func (Exists) predicate()           {}
func (Equal) predicate()            {}
func (HasPrefix) predicate()        {}
func (RelationContains) predicate() {}

// Match reports whether the entity with these rows is selected. It is the plain reading of catalog.md 4, one row after
// the other; the index answers the same question quickly and is held against this one in tests.
func Match(p Predicate, rows []Row) bool {
	switch p := p.(type) {
	case nil:
		return true
	case All:
		for _, part := range p.Of {
			if !Match(part, rows) {
				return false
			}
		}
		return true
	case Any:
		for _, part := range p.Of {
			if Match(part, rows) {
				return true
			}
		}
		return false
	case Not:
		return !Match(p.Of, rows)
	case Exists:
		return hasRow(rows, p.Key, func(Row) bool { return true }) != p.Absent
	case Equal:
		return hasRow(rows, p.Key, func(r Row) bool { return isOneOf(r, p.Values) })
	case HasPrefix:
		prefix := Fold(p.Prefix)
		return hasRow(rows, p.Key, func(r Row) bool { return !r.Null && strings.HasPrefix(r.Value, prefix) })
	case RelationContains:
		return hasRow(rows, p.RowKey(), func(r Row) bool { return p.Targets == nil || isOneOf(r, p.Targets) })
	default:
		return false
	}
}

func hasRow(rows []Row, key string, ok func(Row) bool) bool {
	key = Fold(key)
	for _, r := range rows {
		if r.Key == key && ok(r) {
			return true
		}
	}
	return false
}

func isOneOf(r Row, values []string) bool {
	if r.Null {
		return false
	}
	for _, v := range values {
		if Fold(v) == r.Value {
			return true
		}
	}
	return false
}

// PredicateJSON writes a predicate in the language that ParsePredicate reads, as cursors store it (catalog.md 5.2). A
// predicate that was parsed comes out as it was written; nil comes out as nil.
func PredicateJSON(p Predicate) any {
	switch p := p.(type) {
	case All:
		if p.object {
			return conditionsJSON(p.Of)
		}
		return ObjectOf("$all", predicatesJSON(p.Of))
	case Any:
		return ObjectOf("$any", predicatesJSON(p.Of))
	case Not:
		return ObjectOf("$not", partJSON(p.Of))
	case Exists:
		return ObjectOf(p.Key, ObjectOf("$exists", !p.Absent))
	case Equal:
		return ObjectOf(p.Key, p.json())
	case HasPrefix:
		return ObjectOf(p.Key, ObjectOf("$hasPrefix", p.Prefix))
	case RelationContains:
		return p.json()
	default:
		return nil
	}
}

func partJSON(p Predicate) any {
	if p == nil {
		return NewObject() // the empty object selects everything, as nil does
	}
	return PredicateJSON(p)
}

func predicatesJSON(parts []Predicate) []any {
	list := make([]any, 0, len(parts))
	for _, part := range parts {
		list = append(list, partJSON(part))
	}
	return list
}

// conditionsJSON puts conditions, which came from one object and so have different keys, back into one.
func conditionsJSON(conditions []Predicate) *Object {
	o := NewObject()
	for _, condition := range conditions {
		if single, ok := PredicateJSON(condition).(*Object); ok {
			for key, value := range single.All() {
				o.Set(key, value)
			}
		}
	}
	return o
}

func (p Equal) json() any {
	switch {
	case p.source != nil:
		return CloneValue(p.source)
	case len(p.Values) == 1:
		return p.Values[0]
	default:
		return ObjectOf("$in", anySlice(p.Values))
	}
}

func (r RelationContains) json() any {
	key := r.key
	if key == "" {
		key = "relations"
	}
	if r.source != nil {
		return ObjectOf(key, ObjectOf("$contains", CloneValue(r.source)))
	}
	relation := ObjectOf("type", r.Type)
	switch {
	case len(r.Targets) == 1:
		relation.Set("targetRef", r.Targets[0])
	case r.Targets != nil:
		relation.Set("targetRef", ObjectOf("$in", anySlice(r.Targets)))
	}
	return ObjectOf(key, ObjectOf("$contains", relation))
}

func anySlice(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
