package entity

// Ref names an entity (catalog.md 1.4). Its parts keep the casing that they were written in; two refs name the same
// entity when their String is the same.
type Ref struct{ Kind, Namespace, Name string }

// RefDefaults fills in what a reference leaves out.
type RefDefaults struct {
	Kind      string // "" = the kind must be written
	Namespace string // "" = DefaultNamespace
}

// ParseRef reads [<kind>:][<namespace>/]<name>. The error is a *SyntaxError.
func ParseRef(s string, defaults RefDefaults) (Ref, error) { return Ref{}, nil }

// String returns the canonical form, which is the identity of the entity everywhere: lower-case kind:namespace/name.
func (r Ref) String() string { return "" }
