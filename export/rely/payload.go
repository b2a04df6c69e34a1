package rely

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
)

// What stands around the elements of a payload (export.md 2.4, 2.2, 1.3).
const (
	taskHead = `{"type":"entities_bulk_upsert","data":{"payload":[`
	taskTail = `],"parameters":{"unmapped_properties":"ignore","patch":true,"update_properties_and_relations_only":false}}}`
	bulkHead = `[`
	bulkTail = `]`
	// What replaces has the same form but for these: the line end tells Submit.
	taskTailWhole = `],"parameters":{"unmapped_properties":"ignore","patch":false,"update_properties_and_relations_only":false}}}`
	bulkHeadWhole = "[\n"
	rawHead       = `{"entities":[`
	rawTail       = `]}`
)

// Payload joins elements to the body of one request. Its form tells Submit how it is sent, so that a payload that was
// made before a restart goes the way that it was made for.
func (d *Destination) Payload(elements [][]byte) []byte {
	head, tail := taskHead, taskTail
	switch d.state.Load().mode {
	case Bulk:
		head, tail = bulkHead, bulkTail
	case Raw:
		head, tail = rawHead, rawTail
	}
	return join(head, elements, tail)
}

func join(head string, elements [][]byte, tail string) []byte {
	size := len(head) + len(tail)
	for _, e := range elements {
		size += len(e) + 1
	}
	out := append(make([]byte, 0, size), head...)
	for i, e := range elements {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e...)
	}
	return append(out, tail...)
}

// Overhead is that of the longest form. What replaces is shorter for the nulls that it lacks.
func (d *Destination) Overhead() int { return len(taskHead) + len(taskTail) }

// modeOf is the way that a payload was made for.
func modeOf(payload []byte) string {
	switch {
	case bytes.HasPrefix(payload, []byte(bulkHead)):
		return Bulk
	case bytes.HasPrefix(payload, []byte(rawHead)):
		return Raw
	default:
		return Tasks
	}
}

// idsOf are the ids of a payload's elements, in their order.
func idsOf(payload []byte) []string {
	type element struct {
		ID string `json:"id"`
	}
	var elements []element
	if modeOf(payload) == Bulk {
		_ = json.Unmarshal(payload, &elements)
	} else {
		var task struct{ Data struct{ Payload []element } }
		_ = json.Unmarshal(payload, &task)
		elements = task.Data.Payload
	}
	ids := make([]string, len(elements))
	for i, e := range elements {
		ids[i] = e.ID
	}
	return ids
}

// Element is a document's body, with what clears the keys that it lacks (export.md 3, field ownership): null for a
// property or a relation to one, an empty list for a relation to many.
func (d *Destination) Element(doc export.Document, gone []string) []byte {
	if len(gone) == 0 || d.opts.Mode == Raw {
		return doc.Body
	}
	o, err := entity.ParseObject(doc.Body)
	if err != nil {
		return doc.Body // it is not one of ours
	}
	blueprint, _ := o.Path("blueprintId").(string)
	account, known := d.state.Load().shape[blueprint]
	for _, key := range gone {
		if name, ok := strings.CutPrefix(key, "properties."); ok {
			section(o, "properties").Set(name, nil)
			continue
		}
		name, ok := strings.CutPrefix(key, "relations.")
		if !ok {
			continue
		}
		relation, there := account.Relations[name]
		switch {
		case known && !there: // the blueprint has lost it: naming it would be refused
		case relation.Array:
			empty := entity.NewObject()
			empty.Set("value", []any{})
			section(o, "relations").Set(name, empty)
		default:
			section(o, "relations").Set(name, nil)
		}
	}
	return entity.StableJSON(o)
}

func section(o *entity.Object, key string) *entity.Object {
	if s, ok := o.Path(key).(*entity.Object); ok {
		return s
	}
	s := entity.NewObject()
	o.Set(key, s)
	return s
}

// Shrink leaves out the texts of definitions and whole specs, which are what makes entities large (export.md 2.5).
func (d *Destination) Shrink(doc export.Document) (export.Document, bool) {
	if d.opts.Mode == Raw {
		return shrinkRaw(doc)
	}
	o, err := entity.ParseObject(doc.Body)
	if err != nil {
		return doc, false
	}
	properties := section(o, "properties")
	dropped := false
	for _, key := range []string{"definition", "spec"} {
		if properties.Has(key) {
			properties.Delete(key)
			doc.Keys = slices.DeleteFunc(slices.Clone(doc.Keys), func(k string) bool { return k == "properties."+key })
			doc.Warnings = append(slices.Clone(doc.Warnings), "properties."+key+" is left out, because the entity is too large with it")
			dropped = true
		}
	}
	if dropped {
		doc.Body = entity.StableJSON(o)
	}
	return doc, dropped
}

func shrinkRaw(doc export.Document) (export.Document, bool) {
	o, err := entity.ParseObject(doc.Body)
	if err != nil {
		return doc, false
	}
	spec, ok := o.Path("spec").(*entity.Object)
	if !ok || !spec.Has("definition") {
		return doc, false
	}
	spec.Delete("definition")
	doc.Warnings = append(slices.Clone(doc.Warnings), "spec.definition is left out, because the entity is too large with it")
	doc.Body = entity.StableJSON(o)
	return doc, true
}

// tickets remembers which ids a task was given, so that a failure that names one can be traced to its element.
type tickets struct {
	mu    sync.Mutex
	ids   map[string][]string
	order []string
}

// mostTickets bounds the memory; a forgotten ticket costs a bisection.
const mostTickets = 1000

func newTickets() *tickets { return &tickets{ids: map[string][]string{}} }

func (t *tickets) put(ticket string, ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.ids[ticket]; !known {
		t.order = append(t.order, ticket)
	}
	t.ids[ticket] = ids
	for len(t.ids) > mostTickets && len(t.order) > 0 {
		delete(t.ids, t.order[0])
		t.order = t.order[1:]
	}
	if len(t.order) > 2*mostTickets {
		t.order = slices.DeleteFunc(t.order, func(id string) bool { _, known := t.ids[id]; return !known })
	}
}

// take returns what a ticket stands for, and forgets it.
func (t *tickets) take(ticket string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := t.ids[ticket]
	delete(t.ids, ticket)
	return ids
}

// named finds the element whose id a message names: of several, the one that is named first.
func named(message string, ids []string) map[int]string {
	where, best := -1, -1
	for i, id := range ids {
		at := mention(message, id)
		if at < 0 {
			continue
		}
		if where < 0 || at < where || at == where && len(id) > len(ids[best]) {
			where, best = at, i
		}
	}
	if best < 0 {
		return nil
	}
	return map[int]string{best: message}
}

// mention is where an id stands in a text as a word of its own, or -1.
func mention(text, id string) int {
	if id == "" {
		return -1
	}
	isPart := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
	}
	for from := 0; ; {
		i := strings.Index(text[from:], id)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(id)
		before := i == 0 || !isPart(text[i-1]) && text[i-1] != '.'
		// A dot may end the sentence, or go on with a longer id.
		after := end == len(text) || !isPart(text[end]) && (text[end] != '.' || end+1 == len(text) || !isPart(text[end+1]))
		if before && after {
			return i
		}
		from = i + 1
	}
}
