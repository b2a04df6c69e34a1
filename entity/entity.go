package entity

// DefaultNamespace is the namespace of an entity, or of a reference, that names none.
const DefaultNamespace = "default"

// Annotations that the catalog itself reads or writes (catalog.md 1.8).
const (
	AnnotationLocation       = "backstage.io/managed-by-location"
	AnnotationOriginLocation = "backstage.io/managed-by-origin-location"
	AnnotationViewURL        = "backstage.io/view-url"
	AnnotationEditURL        = "backstage.io/edit-url"
	AnnotationSourceLocation = "backstage.io/source-location"
	AnnotationOrphan         = "backstage.io/orphan"
)

// Entity is an object that is read as a catalog entity (catalog.md 1.1). The accessors never fail: what is missing, or
// of another type than it should be, reads as the empty value, so they may be used before validation.
type Entity struct{ *Object }

// FromObject returns o seen as an entity, not copied. The object may be nil.
func FromObject(o *Object) Entity { return Entity{Object: o} }

// UnmarshalJSON reads an entity, for structs that encoding/json reads.
func (e *Entity) UnmarshalJSON(data []byte) error {
	o, err := ParseObject(data)
	if err != nil {
		return err
	}
	e.Object = o
	return nil
}

// Clone returns a deep copy.
func (e Entity) Clone() Entity { return Entity{Object: e.Object.Clone()} }

func (e Entity) text(keys ...string) string {
	s, _ := e.Path(keys...).(string)
	return s
}

// APIVersion returns apiVersion.
func (e Entity) APIVersion() string { return e.text("apiVersion") }

// Kind returns kind as it is written.
func (e Entity) Kind() string { return e.text("kind") }

// Metadata returns metadata, or nil.
func (e Entity) Metadata() *Object {
	m, _ := e.Path("metadata").(*Object)
	return m
}

// Spec returns spec, or nil.
func (e Entity) Spec() *Object {
	s, _ := e.Path("spec").(*Object)
	return s
}

// Name returns metadata.name as it is written.
func (e Entity) Name() string { return e.text("metadata", "name") }

// Namespace returns metadata.namespace, or DefaultNamespace.
func (e Entity) Namespace() string {
	if ns := e.text("metadata", "namespace"); ns != "" {
		return ns
	}
	return DefaultNamespace
}

// UID returns metadata.uid.
func (e Entity) UID() string { return e.text("metadata", "uid") }

// Etag returns metadata.etag.
func (e Entity) Etag() string { return e.text("metadata", "etag") }

// Title returns metadata.title.
func (e Entity) Title() string { return e.text("metadata", "title") }

// Description returns metadata.description.
func (e Entity) Description() string { return e.text("metadata", "description") }

// Annotation returns the annotation key, and whether the entity has it as a string.
func (e Entity) Annotation(key string) (string, bool) {
	s, ok := e.Path("metadata", "annotations", key).(string)
	return s, ok
}

// SetAnnotation writes an annotation, making metadata and metadata.annotations where they are missing.
func (e Entity) SetAnnotation(key, value string) {
	e.child("metadata").child("annotations").Set(key, value)
}

// DeleteAnnotation removes an annotation.
func (e Entity) DeleteAnnotation(key string) {
	if annotations, ok := e.Path("metadata", "annotations").(*Object); ok {
		annotations.Delete(key)
	}
}

// child returns the object at key, which is made if there is none.
func (o *Object) child(key string) *Object {
	if v, ok := o.Get(key); ok {
		if child, ok := v.(*Object); ok && child != nil {
			return child
		}
	}
	child := NewObject()
	o.Set(key, child)
	return child
}

// Ref returns the reference to the entity, in the casing of the entity.
func (e Entity) Ref() Ref {
	return Ref{Kind: e.Kind(), Namespace: e.Namespace(), Name: e.Name()}
}

// Relations returns what the output-only array relations says, with the entity itself as the source. The function
// Relations, in contrast, works out what an entity's spec says.
func (e Entity) Relations() []Relation {
	items, _ := e.Path("relations").([]any)
	if len(items) == 0 {
		return nil
	}
	source := e.Ref().String()
	relations := make([]Relation, 0, len(items))
	for _, item := range items {
		o, _ := item.(*Object)
		kind, ok1 := o.Path("type").(string)
		target, ok2 := o.Path("targetRef").(string)
		if ok1 && ok2 {
			relations = append(relations, Relation{Type: kind, Source: source, Target: target})
		}
	}
	return relations
}
