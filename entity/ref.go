package entity

import "strings"

// Ref names an entity (catalog.md 1.4). Its parts keep the casing that they were written in; two refs name the same
// entity when their String is the same.
type Ref struct{ Kind, Namespace, Name string }

// RefDefaults fills in what a reference leaves out.
type RefDefaults struct {
	Kind      string // "" = the kind must be written
	Namespace string // "" = DefaultNamespace
}

// ParseRef reads [<kind>:][<namespace>/]<name>. A slash before the colon makes the colon part of the name. The error is
// a *SyntaxError.
func ParseRef(s string, defaults RefDefaults) (Ref, error) {
	if s == "" {
		return Ref{}, &SyntaxError{Name: "Error", Message: "Entity reference must not be empty"}
	}
	colon, slash := strings.IndexByte(s, ':'), strings.IndexByte(s, '/')
	if slash >= 0 && slash < colon {
		colon = -1
	}
	ref := Ref{Kind: defaults.Kind, Namespace: defaults.Namespace, Name: s[max(colon, slash)+1:]}
	if ref.Namespace == "" {
		ref.Namespace = DefaultNamespace
	}
	if colon >= 0 {
		ref.Kind = s[:colon]
	}
	if slash >= 0 {
		ref.Namespace = s[colon+1 : slash]
	}
	if colon == 0 || ref.Namespace == "" || ref.Name == "" {
		return Ref{}, &SyntaxError{
			Name:    "TypeError",
			Message: `Entity reference "` + s + `" was not on the form [<kind>:][<namespace>/]<name>`,
		}
	}
	if ref.Kind == "" {
		return Ref{}, missingPart(s, `kind (e.g. did not start with "component:" or similar)`)
	}
	return ref, nil
}

func missingPart(ref any, part string) *SyntaxError {
	return &SyntaxError{
		Name:    "Error",
		Message: "Entity reference " + string(AppendJSON(nil, ref)) + " had missing or empty " + part,
	}
}

// String returns the canonical form, which is the identity of the entity everywhere: lower-case kind:namespace/name.
func (r Ref) String() string {
	namespace := r.Namespace
	if namespace == "" {
		namespace = DefaultNamespace
	}
	return Fold(r.Kind) + ":" + Fold(namespace) + "/" + Fold(r.Name)
}

// refValue reads a reference where a descriptor may hold any value: a string, or an object of kind, namespace and name.
func refValue(v any, defaults RefDefaults) (Ref, error) {
	if s, ok := v.(string); ok {
		return ParseRef(s, defaults)
	}
	if v == nil || v == false || v == 0.0 {
		return ParseRef("", defaults)
	}
	o, _ := v.(*Object)
	part := func(key, fallback string) string {
		value, ok := o.Get(key)
		if !ok || value == nil {
			return fallback
		}
		s, _ := value.(string)
		return s
	}
	if defaults.Namespace == "" {
		defaults.Namespace = DefaultNamespace
	}
	ref := Ref{
		Kind:      part("kind", defaults.Kind),
		Namespace: part("namespace", defaults.Namespace),
		Name:      part("name", ""),
	}
	switch {
	case ref.Kind == "":
		return Ref{}, missingPart(v, `kind (e.g. did not start with "component:" or similar)`)
	case ref.Namespace == "":
		return Ref{}, missingPart(v, "namespace")
	case ref.Name == "":
		return Ref{}, missingPart(v, "name")
	}
	return ref, nil
}
