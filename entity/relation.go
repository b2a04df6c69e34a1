package entity

// Relation is a directed edge between two entities, which are given as canonical refs.
type Relation struct{ Type, Source, Target string }

// SortRefs sorts, in place, the lists of references in spec that are sorted before processing (catalog.md 1.7).
func SortRefs(e Entity) {}

// Relations works out the relations that an entity of a known kind declares, each followed by its reverse, which has
// the other entity as its source (catalog.md 1.7). An entity of another kind declares none. The error is a *SyntaxError.
func Relations(e Entity) ([]Relation, error) { return nil, nil }
