package httpapi

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// cursor is the state of a walk through by-query (catalog.md 5.2). It is not signed: whatever it says is only a query
// that its holder could have made, and permissions are no part of it.
type cursor struct {
	orderFields []index.OrderField
	// query and filter select; filter is what older servers wrote. They are kept as the wire has them.
	query, filter any
	fullText      *entity.Object
	isPrevious    bool
	// values are those of the row at the edge of the page: [value, uid], or [uid] without an order. Of any other length
	// they name no position.
	values []any
	// first are those of the first row of the first page; nil before there was one.
	first []any
	total *float64
	// fresh says that the cursor stands for a first request, which orders the keys of what it becomes differently.
	fresh bool
}

// decodeBase64 is as lenient as Node's: URL-safe letters count, padding need not be there, other bytes are skipped.
func decodeBase64(s string) []byte {
	s, _, _ = strings.Cut(s, "=")
	clean := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '+' || c == '/' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean) // the letters have been checked
	return out[:n]
}

// decodeCursor reads a cursor of ours, or of another server that speaks the protocol.
func decodeCursor(text string) (*cursor, error) {
	v, err := entity.ParseJSON(decodeBase64(text))
	if err != nil {
		return nil, fault.Input("Malformed cursor: SyntaxError: %s", err.Error())
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return nil, fault.Input("Malformed cursor: InputError: Malformed cursor: not an object")
	}
	b := &body{Object: o, path: "cursor"}
	b.require("orderFields", "orderFieldValues", "isPrevious")
	c := &cursor{orderFields: b.orderFields("orderFields"), values: b.sortValues("orderFieldValues")}
	c.isPrevious = b.boolean("isPrevious")
	c.first = b.sortValues("firstSortFieldValues")
	c.query, c.filter = b.kept("query"), b.kept("filter")
	if c.fullText = b.object("fullTextFilter"); c.fullText != nil {
		if !c.fullText.Has("term") {
			b.fail("fullTextFilter/term", "string")
		}
		c.fullText = b.fullText()
	}
	if total, ok := o.Get("totalItems"); ok {
		n, isNumber := total.(float64)
		if !isNumber {
			b.fail("totalItems", "number")
		}
		c.total = &n
	}
	if b.err != nil {
		return nil, fault.Input("Malformed cursor: InputError: Malformed cursor: %s", b.err.Error())
	}
	return c, nil
}

// kept returns a member that is an object, typed any so that a missing one is nil.
func (b *body) kept(key string) any {
	if o := b.object(key); o != nil {
		return o
	}
	return nil
}

func (b *body) boolean(key string) bool {
	v, _ := b.Get(key)
	yes, ok := v.(bool)
	if !ok {
		b.fail(key, "boolean")
	}
	return yes
}

// sortValues returns a list of strings and nulls; nil when it is not there.
func (b *body) sortValues(key string) []any {
	if !b.Has(key) {
		return nil
	}
	items := b.list(key)
	for _, item := range items {
		switch item.(type) {
		case nil, string:
		default:
			b.fail(key, "a list of strings and nulls")
			return nil
		}
	}
	if items == nil {
		items = []any{}
	}
	return items
}

// orderFields returns a list of {field, order}.
func (b *body) orderFields(key string) []index.OrderField {
	items := b.list(key)
	fields := make([]index.OrderField, 0, len(items))
	for i, item := range items {
		part := b.part(key+"/"+itoa(i), item)
		part.require("field", "order")
		fields = append(fields, index.OrderField{
			Field: part.text("field"), Desc: part.oneOf("order", "asc", "desc") == "desc",
		})
		b.join(part)
	}
	return fields
}

// fullText returns the member fullTextFilter without keys that mean nothing.
func (b *body) fullText() *entity.Object {
	v, _ := b.Get("fullTextFilter")
	part := b.part("fullTextFilter", v)
	kept := entity.ObjectOf("term", part.text("term"))
	if part.Has("fields") {
		fields := part.texts("fields")
		if err := limitedFields("fullTextFilter", len(fields)); err != nil && part.err == nil {
			part.err = err
		}
		kept.Set("fields", anys(fields))
	}
	b.join(part)
	return kept
}

func anys(texts []string) []any {
	items := make([]any, len(texts))
	for i, t := range texts {
		items[i] = t
	}
	return items
}

// at returns the cursor for the row at an edge of the page, encoded. The order of the keys is upstream's, which puts
// what the request said before what the page adds, and after one decoding sorts them otherwise.
func (c *cursor) at(p index.Position, previous bool, first []any, total float64) string {
	return c.encode(c.sortValues(p), previous, first, total)
}

// restart returns the cursor for the beginning of the walk.
func (c *cursor) restart(total float64) string {
	first := c.first
	if first == nil {
		first = []any{}
	}
	return c.encode([]any{}, false, first, total)
}

func (c *cursor) encode(values []any, previous bool, first []any, total float64) string {
	o := entity.ObjectOf("orderFields", c.orderJSON(), "isPrevious", previous)
	set := func(key string, v any) {
		if v != nil {
			o.Set(key, v)
		}
	}
	if c.fresh {
		set("query", c.query)
	}
	if c.fullText != nil {
		o.Set("fullTextFilter", c.fullText)
	}
	o.Set("orderFieldValues", values)
	if !c.fresh {
		set("filter", c.filter)
		set("query", c.query)
	}
	o.Set("firstSortFieldValues", first)
	o.Set("totalItems", total)
	return base64.StdEncoding.EncodeToString(entity.AppendJSON(nil, o))
}

func (c *cursor) orderJSON() []any {
	fields := make([]any, 0, len(c.orderFields))
	for _, f := range c.orderFields {
		direction := "asc"
		if f.Desc {
			direction = "desc"
		}
		fields = append(fields, entity.ObjectOf("field", f.Field, "order", direction))
	}
	return fields
}

func (c *cursor) sortValues(p index.Position) []any {
	if len(c.orderFields) == 0 {
		return []any{p.UID}
	}
	return []any{p.Value, p.UID}
}

// position returns where the page begins; nil at the beginning. Beyond tells that it lies behind everything: a null sort
// value comes after all others, and entities without a value are not part of the walk.
func (c *cursor) position() (p *index.Position, beyond bool) {
	want := 1
	if len(c.orderFields) > 0 {
		want = 2
	}
	if len(c.values) != want {
		return nil, false
	}
	if c.values[0] == nil || c.values[want-1] == nil {
		return nil, !c.isPrevious
	}
	p = &index.Position{UID: c.values[want-1].(string)}
	if want == 2 {
		p.Value = c.values[0].(string)
	}
	return p, false
}

func sameRow(a, b []any) bool { return slices.Equal(a, b) }
