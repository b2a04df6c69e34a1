package mapping

import (
	"bytes"
	_ "embed" // for the native mapping
	"fmt"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
)

//go:embed native.json
var nativeJSON []byte

// The mappings that need no file.
const (
	// Native writes the account's own blueprints, such as "service" (export.md 3).
	Native = "native"
	// Mirror writes blueprints of our own, "backstage.v1.<kind>", and so cannot touch anything that users made.
	Mirror = "mirror"
	none   = "none"
)

// everyKind is the entry for kinds that have none of their own.
const everyKind = "*"

// source is a mapping as it is written.
type source struct {
	prelude []string
	common  rules
	kinds   map[string]*rules
}

// rules are what common and each kind may say. A text is a jq expression.
type rules struct {
	skip          bool
	blueprint     string
	blueprintExpr string
	title         string            // the blueprint's, for people
	texts         map[string]string // id, title, description
	properties    map[string]property
	relations     map[string]relation
}

// property is one property: its expression and, for the blueprint, what it is.
type property struct {
	expr                string
	kind, format, label string
}

// relation is one relation. The blueprint that it leads to follows from the expression where target is empty.
type relation struct {
	expr, target, label string
	array               bool
}

// textKeys are the expressions that are not properties or relations.
func textKeys() []string { return []string{"id", "title", "description"} }

// Error is a mistake in a mapping.
type Error struct {
	// Source is the file, or "native", or "idStrategy".
	Source string
	// Path is the place inside the mapping, such as "kinds.component.properties.tier"; it may be empty.
	Path string
	// Column counts from one inside the expression; zero when it is not known.
	Column int
	// Message says what is wrong, for an expression in jq's own words.
	Message string
}

// Error returns "source: path: message (column n)".
func (e *Error) Error() string {
	text := e.Message
	if e.Column > 0 {
		text = fmt.Sprintf("%s (column %d)", text, e.Column)
	}
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	return e.Source + ": " + text
}

// load reads the named mapping, or the file laid over the one that it extends.
func load(name, file string, content []byte) (*source, error) {
	if content == nil {
		return builtin(name)
	}
	o, err := parse(content)
	if err != nil {
		return nil, &Error{Source: file, Message: err.Error()}
	}
	r := &reader{file: file}
	base := Native
	if v, ok := o.Get("extends"); ok {
		base = r.text("extends", v)
		if !slices.Contains([]string{Native, Mirror, none}, base) {
			r.fail("extends", "use native, mirror or none")
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	s, err := builtin(base)
	if err != nil {
		return nil, err
	}
	r.source(o, s)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func builtin(name string) (*source, error) {
	s := &source{common: newRules(), kinds: map[string]*rules{}}
	if name == none {
		return s, nil
	}
	o, err := entity.ParseObject(nativeJSON)
	if err != nil {
		return nil, fmt.Errorf("read the native mapping: %w", err)
	}
	r := &reader{file: Native}
	r.source(o, s)
	if r.err != nil {
		return nil, r.err
	}
	if name == Mirror {
		for kind, k := range s.kinds {
			if kind != everyKind {
				k.blueprint = "backstage.v1." + kind
			}
		}
	}
	return s, nil
}

func newRules() rules {
	return rules{texts: map[string]string{}, properties: map[string]property{}, relations: map[string]relation{}}
}

// parse reads JSON, or YAML.
func parse(content []byte) (*entity.Object, error) {
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return entity.ParseObject(content)
	}
	node, err := yamlcore.ParseOne(content)
	if err != nil {
		return nil, err
	}
	if node == nil {
		return nil, fmt.Errorf("there is no mapping in it")
	}
	v, err := yamlcore.Value(node)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return nil, fmt.Errorf("a mapping is an object with common and kinds")
	}
	return o, nil
}

// reader lays what is written over a source. It keeps the first mistake.
type reader struct {
	file string
	err  error
}

func (r *reader) fail(path, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Source: r.file, Path: path, Message: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) text(path string, v any) string {
	s, ok := v.(string)
	if !ok {
		r.fail(path, "a text is wanted here")
	}
	return s
}

func (r *reader) flag(path string, v any) bool {
	b, ok := v.(bool)
	if !ok {
		r.fail(path, "true or false is wanted here")
	}
	return b
}

func (r *reader) object(path string, v any) *entity.Object {
	o, ok := v.(*entity.Object)
	if !ok {
		r.fail(path, "an object is wanted here")
	}
	return o
}

func (r *reader) source(o *entity.Object, s *source) {
	for key, v := range o.All() {
		switch key {
		case "extends":
		case "prelude":
			s.prelude = append(s.prelude, r.text(key, v))
		case "common":
			r.rules(key, r.object(key, v), &s.common)
		case "kinds":
			for kind, v := range r.object(key, v).All() {
				name := strings.ToLower(kind)
				if v == nil { // the kind is like any other
					delete(s.kinds, name)
					continue
				}
				k := s.kinds[name]
				if k == nil {
					fresh := newRules()
					k = &fresh
					s.kinds[name] = k
				}
				r.rules(key+"."+kind, r.object(key+"."+kind, v), k)
			}
		default:
			r.fail(key, "unknown key; extends, prelude, common and kinds are known")
		}
	}
}

func (r *reader) rules(path string, o *entity.Object, to *rules) {
	for key, v := range o.All() {
		at := path + "." + key
		switch {
		case key == "skip":
			to.skip = r.flag(at, v)
		case key == "blueprintId" && v == nil, key == "blueprintIdExpr" && v == nil:
			to.blueprint, to.blueprintExpr = "", ""
		case key == "blueprintId":
			to.blueprint, to.blueprintExpr = r.text(at, v), ""
		case key == "blueprintIdExpr":
			to.blueprint, to.blueprintExpr = "", r.text(at, v)
		case key == "blueprintTitle":
			to.title = r.text(at, v)
		case slices.Contains(textKeys(), key):
			to.texts[key] = "" // null removes what was inherited
			if v != nil {
				to.texts[key] = r.text(at, v)
			}
		case key == "properties":
			for name, v := range r.object(at, v).All() {
				to.properties[name] = r.property(at+"."+name, v)
			}
		case key == "relations":
			for name, v := range r.object(at, v).All() {
				to.relations[name] = r.relation(at+"."+name, v)
			}
		default:
			r.fail(at, "unknown key; skip, blueprintId, blueprintIdExpr, blueprintTitle, id, title, description, properties and relations are known")
		}
	}
}

// property reads an expression, or an object around one. A property without an expression removes an inherited one.
func (r *reader) property(path string, v any) (p property) {
	o, ok := v.(*entity.Object)
	if !ok {
		if v != nil {
			p.expr = r.text(path, v)
		}
		return p
	}
	for key, v := range o.All() {
		switch key {
		case "value":
			p.expr = r.text(path+".value", v)
		case "type":
			p.kind = r.text(path+".type", v)
			if !slices.Contains([]string{"string", "number", "integer", "boolean", "object", "array"}, p.kind) {
				r.fail(path+".type", "use string, number, integer, boolean, object or array")
			}
		case "format":
			p.format = r.text(path+".format", v)
		case "title":
			p.label = r.text(path+".title", v)
		default:
			r.fail(path+"."+key, "unknown key; value, type, format and title are known")
		}
	}
	if p.expr == "" {
		r.fail(path, "value is missing")
	}
	return p
}

func (r *reader) relation(path string, v any) (l relation) {
	if v == nil {
		return l
	}
	o := r.object(path, v)
	for key, v := range o.All() {
		switch key {
		case "value":
			l.expr = r.text(path+".value", v)
		case "target":
			l.target = r.text(path+".target", v)
		case "array":
			l.array = r.flag(path+".array", v)
		case "title":
			l.label = r.text(path+".title", v)
		default:
			r.fail(path+"."+key, "unknown key; value, target, array and title are known")
		}
	}
	if l.expr == "" {
		r.fail(path, "value is missing")
	}
	return l
}
