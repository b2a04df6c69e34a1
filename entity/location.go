package entity

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// LocationRef is where descriptors come from: a type such as "url" or "file", and a target (catalog.md 1.5).
type LocationRef struct{ Type, Target string }

// ParseLocationRef reads <type>:<target>. The error is a *SyntaxError.
func ParseLocationRef(s string) (LocationRef, error) {
	kind, target, _ := strings.Cut(s, ":")
	ref := LocationRef{Type: trim(kind), Target: trim(target)}
	switch {
	case ref.Type == "" || ref.Target == "":
		return LocationRef{}, locationError("Unable to parse location ref '" + s + "', expected '<type>:<target>', e.g. 'url:https://host/path'")
	case ref.Type == "http" || ref.Type == "https":
		return LocationRef{}, locationError("Invalid location ref '" + s + "', please prefix it with 'url:', e.g. 'url:" + s + "'")
	case IsScriptURL(ref.Target):
		return LocationRef{}, locationError("Invalid location ref '" + s + "', target is a javascript: URL")
	}
	return ref, nil
}

func locationError(message string) *SyntaxError {
	return &SyntaxError{Name: "TypeError", Message: message}
}

// String returns <type>:<target>.
func (l LocationRef) String() string { return l.Type + ":" + l.Target }

// GeneratedLocation describes the entity that stands for a location.
type GeneratedLocation struct {
	Location LocationRef
	// Presence is "required", "optional" or "".
	Presence string
	// Parent is the entity that emitted the location, or the zero Entity: its managed-by annotations are copied.
	Parent Entity
}

// Entity builds the Location entity. Its name is "generated-" and the hex SHA-1 of type:target.
func (g GeneratedLocation) Entity() Entity {
	ref := g.Location.String()
	own, origin := ref, ref
	if g.Parent.Object != nil {
		if s, ok := g.Parent.Annotation(AnnotationLocation); ok {
			own = s
		}
		if s, ok := g.Parent.Annotation(AnnotationOriginLocation); ok {
			origin = s
		}
	}
	spec := ObjectOf("type", g.Location.Type, "target", g.Location.Target)
	if g.Presence != "" {
		spec.Set("presence", g.Presence)
	}
	return FromObject(ObjectOf(
		"apiVersion", "backstage.io/v1alpha1",
		"kind", "Location",
		"metadata", ObjectOf(
			"name", GeneratedName(g.Location),
			"namespace", DefaultNamespace,
			"annotations", ObjectOf(AnnotationLocation, own, AnnotationOriginLocation, origin),
		),
		"spec", spec,
	))
}

// GeneratedName returns the metadata.name of the entity that stands for a location. The protocol fixes the digest;
// nothing is secured by it.
func GeneratedName(l LocationRef) string {
	sum := sha1.Sum([]byte(l.String()))
	return "generated-" + hex.EncodeToString(sum[:])
}

// IsScriptURL reports whether a browser would take s for a javascript: URL, also when it is disguised by case or
// control characters (catalog.md 1.5).
func IsScriptURL(s string) bool {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' })
	const scheme = "javascript:"
	matched := 0
	for i := 0; i < len(s) && matched < len(scheme); i++ {
		switch c := s[i]; {
		case matched > 0 && (c == '\r' || c == '\n' || c == '\t'):
		case c == scheme[matched], c >= 'A' && c <= 'Z' && c|0x20 == scheme[matched]:
			matched++
		default:
			return false
		}
	}
	return matched == len(scheme)
}
