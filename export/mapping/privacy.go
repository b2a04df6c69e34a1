package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/understudy-portal/understudy/entity"
)

// Users says what becomes of people.
type Users string

// What may become of people.
const (
	// FullUsers are sent as they are.
	FullUsers Users = "full"
	// PseudonymousUsers are sent under a name that is computed from their ref, without anything else that the entity tells
	// of them but their groups. Who knows a ref can recompute the name.
	PseudonymousUsers Users = "pseudonymous"
	// OmittedUsers are not sent, and neither are relations to them.
	OmittedUsers Users = "omit"
)

// DefaultDeny are the globs of what is not sent unless the configuration says otherwise (export.md 3).
func DefaultDeny() []string {
	return []string{"metadata.annotations.*token*", "*secret*", "*password*"}
}

// glob matches dotted paths without regard to case; * is any text.
type glob struct {
	parts [][]byte
	// only is the text of a glob such as "*secret*", for which there is a faster way.
	only []byte
}

// CheckDeny reports a glob that cannot be meant: one that matches nothing for its form, or what no document can do without.
func CheckDeny(pattern string) error {
	switch {
	case strings.TrimSpace(pattern) == "":
		return errors.New("is empty")
	case strings.TrimSpace(pattern) != pattern:
		return errors.New("has spaces around it")
	case strings.ContainsAny(pattern, `?[]{}()|^\`):
		return errors.New("is no path: * is all that stands for other text")
	case strings.HasPrefix(pattern, ".") || strings.HasSuffix(pattern, ".") || strings.Contains(pattern, ".."):
		return errors.New("has an empty name in it")
	case strings.HasPrefix(pattern, "properties.") || strings.HasPrefix(pattern, "relations."):
		return errors.New("is a path of what is sent; paths are those of the catalog's entities")
	}
	g := newGlob(pattern)
	for _, needed := range []string{"kind", "metadata", "metadata.name"} {
		if g.match([]byte(needed)) {
			return fmt.Errorf("would leave out %s, without which nothing can be sent", needed)
		}
	}
	return nil
}

func newGlob(pattern string) glob {
	g := glob{parts: bytes.Split([]byte(strings.ToLower(pattern)), []byte("*"))}
	if len(g.parts) == 3 && len(g.parts[0]) == 0 && len(g.parts[2]) == 0 {
		g.only = g.parts[1]
	}
	return g
}

func (g glob) match(path []byte) bool {
	if g.only != nil {
		return bytes.Contains(path, g.only)
	}
	rest, ok := bytes.CutPrefix(path, g.parts[0])
	if !ok {
		return false
	}
	if len(g.parts) == 1 {
		return len(rest) == 0
	}
	last := len(g.parts) - 1
	for _, part := range g.parts[1:last] {
		i := bytes.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return bytes.HasSuffix(rest, g.parts[last])
}

// denied returns the object without what a glob matches, and the paths of that. An object that keeps everything is
// returned as it is.
func (m *Mapping) denied(o *entity.Object, path []byte, found []string) (*entity.Object, []string) {
	var changed *entity.Object
	for key, v := range o.All() {
		if len(path) == 0 && key == "relations" {
			continue // they are the catalog's own, and many
		}
		at := append(append(path, strings.ToLower(key)...), '.')
		var inner any
		if m.denies(at[:len(at)-1]) {
			found = append(found, string(path)+key)
			changed = drop(o, changed, key)
			continue
		}
		switch v := v.(type) {
		case *entity.Object:
			inner, found = wrap(m.denied(v, at, found))
		case []any:
			inner, found = m.deniedItems(v, at, found)
		default:
			continue
		}
		if !same(inner, v) {
			if changed == nil {
				changed = shallow(o)
			}
			changed.Set(key, inner)
		}
	}
	if changed != nil {
		return changed, found
	}
	return o, found
}

func wrap(o *entity.Object, found []string) (any, []string) { return o, found }

func (m *Mapping) deniedItems(items []any, path []byte, found []string) (any, []string) {
	var changed []any
	for i, item := range items {
		o, ok := item.(*entity.Object)
		if !ok {
			continue
		}
		var inner *entity.Object
		if inner, found = m.denied(o, path, found); inner != o {
			if changed == nil {
				changed = append([]any(nil), items...)
			}
			changed[i] = inner
		}
	}
	if changed != nil {
		return changed, found
	}
	return items, found
}

// same reports whether a value came back as it was.
func same(a, b any) bool {
	switch a := a.(type) {
	case *entity.Object:
		o, ok := b.(*entity.Object)
		return ok && o == a
	case []any:
		items, ok := b.([]any)
		return ok && (len(a) == 0 || &a[0] == &items[0])
	}
	return true
}

func (m *Mapping) denies(path []byte) bool {
	for _, g := range m.deny {
		if g.match(path) {
			return true
		}
	}
	return false
}

func shallow(o *entity.Object) *entity.Object { return entity.CollectObject(o.All()) }

func drop(o, changed *entity.Object, key string) *entity.Object {
	if changed == nil {
		changed = shallow(o)
	}
	changed.Delete(key)
	return changed
}

// withheld returns the entity without what is denied.
func (m *Mapping) withheld(o *entity.Object, w *warnings) *entity.Object {
	if len(m.deny) == 0 {
		return o
	}
	var buffer [128]byte
	out, found := m.denied(o, buffer[:0], nil)
	for _, path := range found {
		w.add(path + " is left out by fields.deny")
	}
	return out
}

// private returns the entity as it may be told of, and whether it may be at all.
func (m *Mapping) private(e entity.Entity) (entity.Entity, bool) {
	if m.opts.Users == FullUsers {
		return e, true
	}
	isUser := strings.EqualFold(e.Kind(), "user")
	if isUser && m.opts.Users == OmittedUsers {
		return e, false
	}
	o := shallow(e.Object)
	if isUser {
		o = entity.NewObject()
		o.Set("kind", e.Path("kind"))
		metadata := entity.NewObject()
		metadata.Set("name", pseudonym(e.Ref().String()))
		if namespace := e.Path("metadata", "namespace"); namespace != nil {
			metadata.Set("namespace", namespace)
		}
		o.Set("metadata", metadata)
	} else if spec := e.Spec(); spec != nil {
		o.Set("spec", m.withoutPeople(spec))
	}
	if items, ok := e.Path("relations").([]any); ok {
		o.Set("relations", m.relationsOf(items))
	}
	return entity.FromObject(o), true
}

// relationsOf replaces or leaves out relations to users.
func (m *Mapping) relationsOf(items []any) []any {
	out := make([]any, 0, len(items))
	for _, item := range items {
		o, _ := item.(*entity.Object)
		target, _ := o.Path("targetRef").(string)
		if !isUserRef(target) {
			out = append(out, item)
			continue
		}
		if m.opts.Users == PseudonymousUsers {
			o = shallow(o)
			o.Set("targetRef", pseudonymousRef(target))
			o.Delete("target")
			out = append(out, o)
		}
	}
	return out
}

// withoutPeople replaces or leaves out texts that are refs of users, at any depth.
func (m *Mapping) withoutPeople(v any) any {
	switch v := v.(type) {
	case *entity.Object:
		o := entity.NewObject()
		for key, item := range v.All() {
			if item = m.withoutPeople(item); item != nil {
				o.Set(key, item)
			}
		}
		return o
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if item = m.withoutPeople(item); item != nil {
				out = append(out, item)
			}
		}
		return out
	case string:
		switch {
		case !isUserRef(v):
			return v
		case m.opts.Users == PseudonymousUsers:
			return pseudonymousRef(v)
		default:
			return nil
		}
	default:
		return v
	}
}

func isUserRef(text string) bool { return hasPrefixFold(text, "user:") }

func pseudonymousRef(text string) string {
	ref, err := entity.ParseRef(text, entity.RefDefaults{Kind: "user", Namespace: entity.DefaultNamespace})
	if err != nil {
		return "user:" + entity.DefaultNamespace + "/" + pseudonym(text)
	}
	return "user:" + strings.ToLower(ref.Namespace) + "/" + pseudonym(ref.String())
}

// pseudonym is the name that stands for a user's canonical ref.
func pseudonym(ref string) string {
	sum := sha256.Sum256([]byte("understudy/user/" + ref))
	return "user-" + hex.EncodeToString(sum[:10])
}
