package entity

// Predicate selects entities by their search rows (catalog.md 4). It is one of the node types All, Any, Not, Exists,
// Equal, HasPrefix and RelationContains. A nil Predicate selects everything.
//
// Keys and values are kept as they were written; whoever compares them with rows folds them first (Fold).
type Predicate interface{ predicate() }

// All holds when every part does; without parts, always.
type All struct {
	Of []Predicate
	// object says that it was written as one object of several conditions, and not as $all.
	object bool
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
	source any // how it was written, nil for the plain form
}

// HasPrefix holds when the value of some row of the key begins with the prefix.
type HasPrefix struct{ Key, Prefix string }

// RelationContains holds when there is a relation of the type to one of the targets, or, when Targets is nil, to
// whatever target: a row of the key RowKey.
type RelationContains struct {
	Type    string
	Targets []string
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

// ParsePredicate reads the JSON predicate language (catalog.md 4.2). The error is a *SyntaxError whose message begins
// with "Invalid query: ".
func ParsePredicate(v any) (Predicate, error) { return nil, nil }

// ParseLegacyFilter reads the filter tree of older cursors: {key, values?}, {allOf}, {anyOf} or {not} (catalog.md 5.2).
// The error is a *SyntaxError.
func ParseLegacyFilter(v any) (Predicate, error) { return nil, nil }

// PredicateJSON writes a predicate in the language that ParsePredicate reads, as cursors store it (catalog.md 5.2). A
// predicate that was parsed comes out as it was written; nil comes out as nil.
func PredicateJSON(p Predicate) any { return nil }

// Match reports whether the entity with these rows is selected. It is the plain reading of catalog.md 4, one row after
// the other; the index answers the same question quickly and is held against this one in tests.
func Match(p Predicate, rows []Row) bool { return false }
