package mapping

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
)

// patience is how long jq may take for one entity: a mapping may have an endless expression.
const patience = 5 * time.Second

// input is one entity on its way through a mapping.
type input struct {
	m      *Mapping
	entity entity.Entity
	// converted is the entity for jq, made once.
	converted any
	// results are what the batch yielded.
	results []any
	// vars are the variables as far as they were asked for.
	vars [3]any
	have [3]bool
}

func (in *input) jq() any {
	if in.converted == nil {
		in.converted = toJQ(in.entity.Object)
	}
	return in.converted
}

func (in *input) values() []any {
	return []any{in.variable(0), in.variable(1), in.variable(2)}
}

// variable is one of variables().
func (in *input) variable(i int) any {
	if !in.have[i] {
		in.vars[i], in.have[i] = in.compute(i), true
	}
	return in.vars[i]
}

func (in *input) compute(i int) any {
	base := in.m.opts.AppBaseURL
	definition, ok := in.entity.Path("spec", "definition").(string)
	switch {
	case i == 0 && base != "":
		return base
	case i == 1 && ok && base != "":
		return base + "/catalog/" + in.entity.Namespace() + "/" + lower(in.entity.Kind()) + "/" + in.entity.Name() + "/definition"
	case i == 2 && ok:
		sum := sha256.Sum256([]byte(definition))
		return hex.EncodeToString(sum[:])
	default:
		return nil
	}
}

// warnings gathers what was left out.
type warnings struct{ list []string }

func (w *warnings) add(text string) {
	if !slices.Contains(w.list, text) {
		w.list = append(w.list, text)
	}
}

// buffers are reused, because a document is as large as its entity.
type buffers struct{ pool sync.Pool }

var bodies = buffers{pool: sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}}

// Map returns the document of an entity, export.ErrSkipped, or an *export.MapError.
func (m *Mapping) Map(ctx context.Context, e entity.Entity) (export.Document, error) {
	k := m.kindOf(e)
	doc := export.Document{EntityRef: e.Ref().String()}
	if k == nil || k.skip {
		return doc, export.ErrSkipped
	}
	e, ok := m.private(e)
	if !ok {
		return doc, export.ErrSkipped
	}
	doc.Stage = k.stage
	w := &warnings{}
	e.Object = m.withheld(e.Object, w)
	if m.opts.IDStrategy == ByRef {
		e.Object = withoutDotted(e.Object, w)
	}
	in := &input{m: m, entity: e}
	if err := k.ask(ctx, in); err != nil {
		return doc, err
	}
	if err := k.build(ctx, in, &doc, w); err != nil {
		return doc, err
	}
	doc.Warnings = w.list
	return doc, nil
}

// kindOf returns the rules for an entity, nil when the mapping has none.
func (m *Mapping) kindOf(e entity.Entity) *kindMapping {
	if k, ok := m.kinds[strings.ToLower(e.Kind())]; ok {
		return k
	}
	return m.kinds[everyKind]
}

// ask has jq compute whatever has no faster way. Where one expression fails, each is computed by itself when its turn
// comes, so that the message names the one that is to blame.
func (k *kindMapping) ask(ctx context.Context, in *input) error {
	if k.batch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := first(ctx, k.batch, in)
	if err != nil && ctx.Err() != nil {
		return k.gaveUp(ctx)
	}
	if err == nil {
		in.results, _ = v.([]any)
	}
	return nil
}

// gaveUp tells the end of the run from an endless expression.
func (k *kindMapping) gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return mapError("the mapping of kind %s took longer than %s", k.kind, patience)
	}
	return context.Cause(ctx)
}

func mapError(format string, args ...any) *export.MapError {
	return &export.MapError{Code: "mapping", Message: fmt.Sprintf(format, args...)}
}

// value is an expression's first output, nil when there is none.
func (k *kindMapping) value(ctx context.Context, in *input, e *expression) (any, error) {
	if e == nil {
		return nil, nil
	}
	if slot := k.slots[e]; slot > 0 && len(in.results) >= slot {
		out, _ := in.results[slot-1].([]any)
		if len(out) == 0 {
			return nil, nil
		}
		return out[0], nil
	}
	v, err := e.eval(ctx, in)
	if err != nil {
		return nil, mapError("%s", err)
	}
	return v, nil
}

// text is value for what must be a text.
func (k *kindMapping) text(ctx context.Context, in *input, e *expression) (string, error) {
	v, err := k.value(ctx, in, e)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok && v != nil {
		return "", mapError("%s: a text is wanted here, got %s", e.path, appendJSON(nil, v))
	}
	return s, nil
}

func (k *kindMapping) build(ctx context.Context, in *input, doc *export.Document, w *warnings) error {
	blueprint := k.blueprint
	if k.blueprintExpr != nil {
		var err error
		if blueprint, err = k.text(ctx, in, k.blueprintExpr); err != nil {
			return err
		}
		if !validID(blueprint) {
			return unmappable("blueprint", blueprint)
		}
	}
	if err := k.identify(ctx, in, doc); err != nil {
		return err
	}
	title, err := k.text(ctx, in, k.title)
	if err != nil {
		return err
	}
	if title == "" {
		return mapError("%s: the title is empty", k.title.path)
	}
	description, err := k.text(ctx, in, k.description)
	if err != nil {
		return err
	}
	buffer, _ := bodies.pool.Get().(*[]byte)
	defer bodies.pool.Put(buffer)
	b := (*buffer)[:0]
	b = entity.AppendJSON(append(b, `{"blueprintId":`...), blueprint)
	b = entity.AppendJSON(append(b, `,"description":`...), description)
	b = entity.AppendJSON(append(b, `,"id":`...), doc.ID)
	doc.Keys = make([]string, 0, len(k.properties)+len(k.relations))
	b = append(b, `,"properties":{`...)
	if b, err = k.appendProperties(ctx, in, b, doc, w); err != nil {
		return err
	}
	b = append(b, `},"relations":{`...)
	if b, err = k.appendRelations(ctx, in, b, doc, w); err != nil {
		return err
	}
	b = entity.AppendJSON(append(b, `},"title":`...), title)
	b = append(b, '}')
	doc.Body = slices.Clone(b)
	*buffer = b
	if k.warnLinks {
		warnLinks(in.entity, w)
	}
	return nil
}

// identify computes the document's id. It is never mended: another id would be another entity (export.md 3).
func (k *kindMapping) identify(ctx context.Context, in *input, doc *export.Document) error {
	v, err := k.value(ctx, in, k.id)
	if err != nil {
		return err
	}
	id, _ := v.(string)
	if !validID(id) {
		return unmappable("id", string(appendJSON(nil, v)))
	}
	if in.m.opts.IDStrategy == ByRef && dotted(doc.EntityRef) {
		return &export.MapError{Code: "unmappable_id", Message: fmt.Sprintf(
			"a dot in kind or namespace could give %q the id of another entity; rename it, or set rely.idStrategy", doc.EntityRef)}
	}
	doc.ID = id
	return nil
}

func unmappable(what, got string) error {
	return &export.MapError{Code: "unmappable_id", Message: fmt.Sprintf(
		"the %s would be %s, and may have lower-case letters, digits and _ . - only", what, got)}
}

// validID reports whether the destination takes an id (export.md 2.3).
func validID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return id != ""
}

// dotted reports whether a ref has a dot before its name.
func dotted(ref string) bool {
	head, _, ok := strings.Cut(ref, "/")
	return ok && strings.Contains(head, ".")
}

// withoutDotted leaves out relations to entities that have no id themselves.
func withoutDotted(o *entity.Object, w *warnings) *entity.Object {
	relations, _ := o.Get("relations")
	items, _ := relations.([]any)
	bad := func(item any) bool {
		r, _ := item.(*entity.Object)
		target, _ := r.Path("targetRef").(string)
		return dotted(target)
	}
	if !slices.ContainsFunc(items, bad) {
		return o
	}
	w.add("relations to entities with a dot in kind or namespace are left out, because these have no id")
	o = shallow(o)
	o.Set("relations", slices.DeleteFunc(slices.Clone(items), bad))
	return o
}

func (k *kindMapping) appendProperties(ctx context.Context, in *input, b []byte, doc *export.Document, w *warnings) ([]byte, error) {
	for _, f := range k.properties {
		v, err := k.value(ctx, in, f.expr)
		if err != nil {
			return b, err
		}
		if f.format != "" || f.enum != nil {
			v = f.fitting(v, w)
		}
		if v == nil {
			continue
		}
		b = appendMember(b, len(doc.Keys), f.key, v)
		doc.Keys = append(doc.Keys, f.path)
	}
	return b, nil
}

func (k *kindMapping) appendRelations(ctx context.Context, in *input, b []byte, doc *export.Document, w *warnings) ([]byte, error) {
	before := len(doc.Keys)
	for _, f := range k.relations {
		v, err := k.value(ctx, in, f.expr)
		if err != nil {
			return b, err
		}
		if v, err = f.targets(v, w); err != nil {
			return b, err
		}
		if v == nil {
			continue
		}
		if len(doc.Keys) > before {
			b = append(b, ',')
		}
		b = append(entity.AppendJSON(b, f.key), `:{"value":`...)
		b = append(appendJSON(b, v), '}')
		doc.Keys = append(doc.Keys, f.path)
	}
	return b, nil
}

// fitting returns the value, or the part of it, that the property's format allows: the destination refuses an entity for
// a single address that is none.
func (f *field) fitting(v any, w *warnings) any {
	switch v := v.(type) {
	case string:
		if f.fits(v) {
			return v
		}
		w.add(fmt.Sprintf("%s is left out where it is no %s", f.path, f.wanted()))
		return nil
	case []any:
		bad := func(item any) bool { s, ok := item.(string); return ok && !f.fits(s) }
		if !slices.ContainsFunc(v, bad) {
			return v
		}
		w.add(fmt.Sprintf("%s: what is no %s is left out", f.path, f.wanted()))
		return slices.DeleteFunc(slices.Clone(v), bad)
	default:
		return v
	}
}

func (f *field) wanted() string {
	if f.enum != nil {
		return "value that the account's blueprint lists"
	}
	return f.format
}

func (f *field) fits(s string) bool {
	if f.enum != nil && !slices.Contains(f.enum, s) {
		return false
	}
	switch f.format {
	case "url":
		return isURL(s)
	case "email":
		name, domain, ok := strings.Cut(s, "@")
		return ok && name != "" && strings.Trim(domain, ".") != "" && !strings.ContainsAny(s, " \t\r\n<>,;") && !strings.Contains(domain, "@")
	default:
		return true
	}
}

func isURL(s string) bool {
	if !isWeb(s) || strings.ContainsAny(s, " \t\r\n<>\"") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != ""
}

// targets checks the ids that a relation leads to, and gives it the form that the account's relation has.
func (f *field) targets(v any, w *warnings) (any, error) {
	var ids []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		ids = v
	default:
		ids = []any{v}
	}
	kept := ids[:0:0]
	for _, id := range ids {
		s, ok := id.(string)
		switch {
		case !ok:
			return nil, mapError("%s: a text or a list of texts is wanted here, got %s", f.expr.path, appendJSON(nil, v))
		case !validID(s):
			w.add(f.path + ": targets that have no id at the destination are left out")
		case !slices.Contains(kept, any(s)):
			kept = append(kept, s)
		}
	}
	switch {
	case len(kept) == 0:
		return nil, nil
	case f.many:
		return kept, nil
	case len(kept) > 1:
		w.add(f.path + " takes one target; the first of several is sent")
	}
	return kept[0], nil
}

// warnLinks tells of links that are no web addresses: the destination refuses them (export.md 3).
func warnLinks(e entity.Entity, w *warnings) {
	items, _ := e.Path("metadata", "links").([]any)
	for _, item := range items {
		o, _ := item.(*entity.Object)
		link, ok := o.Path("url").(string)
		if !ok || isWeb(link) {
			continue
		}
		scheme, _, found := strings.Cut(link, ":")
		if !found || len(scheme) > 20 {
			scheme = "other"
		}
		w.add("links: a " + scheme + " link is left out, because links are http and https addresses only")
	}
}
