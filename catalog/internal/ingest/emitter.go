package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// maxRefreshKey is the longest refresh key that is stored as it is (catalog.md 7.10).
const maxRefreshKey = 255

// Emitter collects what processors emit for one entity (catalog.md 7.5). It is for one goroutine.
type Emitter struct {
	log      *slog.Logger
	parent   Item
	ref      string
	allowed  []string // location types that may be registered
	children []child
	at       map[string]int
	errors   []error

	relations map[entity.Relation]struct{}
	ordered   []entity.Relation
	keys      map[string]struct{}
	sources   *sources
	outside   bool
}

// child is an emitted entity, ready for the ledger, with what the rules ask of it.
type child struct {
	ledger.Child
	kind, specType string
}

func newEmitter(item Item, allowed []string, log *slog.Logger) *Emitter {
	return &Emitter{
		log: log, parent: item, ref: item.Entity.Ref().String(), allowed: allowed, at: make(map[string]int),
		relations: make(map[entity.Relation]struct{}), keys: make(map[string]struct{}), sources: newSources(),
	}
}

// Entity emits a child that was read from a location, which also becomes its key.
func (e *Emitter) Entity(from entity.LocationRef, child entity.Entity) {
	e.EntityWithKey(from, child, from.String())
}

// EntityWithKey emits a child under a location key of its own; an empty key lets anybody write it.
func (e *Emitter) EntityWithKey(from entity.LocationRef, emitted entity.Entity, key string) {
	e.add(e.prepare(from, emitted, key))
}

// prepare makes a child ready. It reads nothing that changes, so that many may be prepared at once.
func (e *Emitter) prepare(from entity.LocationRef, emitted entity.Entity, key string) (child, error) {
	if err := entity.ValidateEnvelope(emitted); err != nil {
		return child{}, typed(err)
	}
	marked := managed(emitted, from.String(), e.parent.Origin.String())
	stored, err := NewChild(Deferred{Entity: marked, LocationKey: key})
	if err != nil {
		return child{}, err
	}
	specType, _ := emitted.Path("spec", "type").(string)
	return child{Child: stored, kind: emitted.Kind(), specType: specType}, nil
}

func (e *Emitter) add(c child, err error) {
	if err != nil {
		e.errors = append(e.errors, err)
		return
	}
	if c.Ref == e.ref {
		e.log.Warn("ignored an emitted entity that has the ref of the entity being processed", "entity", e.ref)
		return
	}
	if i, ok := e.at[c.Ref]; ok {
		if e.children[i].LocationKey == c.LocationKey {
			e.children[i] = c // the same place says it twice: the last counts
			return
		}
		e.log.Warn("two sources declare the same entity, the first one counts", "entity", c.Ref,
			"first", e.children[i].LocationKey, "refused", c.LocationKey)
		return
	}
	e.at[c.Ref] = len(e.children)
	e.children = append(e.children, c)
}

// managed returns the entity with both managed-by annotations, whatever its author wrote there.
func managed(emitted entity.Entity, location, origin string) entity.Entity {
	root := entity.CollectObject(emitted.All())
	meta := entity.CollectObject(emitted.Metadata().All())
	marks := entity.NewObject()
	if v, ok := meta.Get("annotations"); ok {
		o, ok := v.(*entity.Object)
		if !ok {
			return emitted // the policy step names the mistake
		}
		marks = entity.CollectObject(o.All())
	}
	marks.Set(entity.AnnotationOriginLocation, origin)
	marks.Set(entity.AnnotationLocation, location)
	meta.Set("annotations", marks)
	root.Set("metadata", meta)
	return entity.FromObject(root)
}

// Location emits a Location entity for a further place to read. Its type must be that of the parent's own location or one
// that may be registered.
func (e *Emitter) Location(target entity.LocationRef, optional bool) {
	if err := e.allows(target.Type); err != nil {
		e.errors = append(e.errors, err)
		return
	}
	presence := ""
	if optional {
		presence = "optional"
	}
	emitted := generated(entity.GeneratedLocation{Location: target, Presence: presence, Parent: e.parent.Entity})
	stored, err := NewChild(Deferred{Entity: emitted, LocationKey: e.parent.Location.String()})
	e.add(child{Child: stored, kind: emitted.Kind(), specType: target.Type}, err)
}

// allows checks the type of a location that an entity leads to: without it, a descriptor on some website could have the
// server read its own files.
func (e *Emitter) allows(kind string) error {
	if kind == e.parent.Location.Type || slices.Contains(e.allowed, kind) {
		return nil
	}
	return fault.Input("Location of type '%s' is not allowed at %s, allowed types are %s", kind, e.parent.Location,
		quoted(append([]string{e.parent.Location.Type}, e.allowed...)))
}

func quoted(names []string) string {
	var list []string
	for _, n := range names {
		if q := "'" + n + "'"; len(list) == 0 || list[len(list)-1] != q {
			list = append(list, q)
		}
	}
	return strings.Join(list, ", ")
}

// Relation emits a relation. It belongs to the entity in hand, whatever its source.
func (e *Emitter) Relation(r entity.Relation) {
	for _, ref := range []string{r.Source, r.Target} {
		if err := storable(ref); err != nil {
			e.errors = append(e.errors, err)
			return
		}
	}
	if _, ok := e.relations[r]; !ok {
		e.relations[r] = struct{}{}
		e.ordered = append(e.ordered, r)
	}
}

// Error emits an error: processing counts as failed, but goes on, so that all errors are seen at once.
func (e *Emitter) Error(err error) { e.errors = append(e.errors, err) }

// RefreshKey says that the entity depends on something outside, such as "url:https://…", so that an event about
// that can have it processed again.
func (e *Emitter) RefreshKey(key string) { e.keys[refreshKey(key)] = struct{}{} }

// Outside says that the outside was read in a way that cannot be watched: the entity is processed again on the interval.
func (e *Emitter) Outside() { e.outside = true }

// refreshKey shortens long keys as Backstage stores them (catalog.md 7.10).
func refreshKey(key string) string {
	if len(key) <= maxRefreshKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return strings.ToValidUTF8(key[:180], "") + "#sha256:" + hex.EncodeToString(sum[:])
}
