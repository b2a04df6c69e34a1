package index

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"unsafe"

	"github.com/understudy-portal/understudy/entity"
)

// builder turns entities into a segment.
type builder struct {
	keys  map[string]*keyRows
	order []*keyRows
}

// keyRows are the rows of one key.
type keyRows struct {
	key    string
	terms  map[string]int // by original value, to its place in values
	values []valueRows
	exists []uint16
}

// valueRows are the documents of one (key, original value). The first stands apart because most values have no other.
type valueRows struct {
	original, lowered string
	at                int32 // where the body of the first holds the original, or -1
	first             uint16
	more              []uint16
}

// build makes a segment of documents, which it sorts.
func build(seed maphash.Seed, docs []Doc) (*segment, error) {
	slices.SortFunc(docs, func(a, b Doc) int { return cmp.Compare(a.UID, b.UID) })
	b := builder{keys: map[string]*keyRows{}}
	w := newWriter(seed, len(docs))
	var flattener entity.Flattener
	for i, d := range docs {
		object, err := entity.ParseObject(d.Body)
		if err != nil {
			return nil, fmt.Errorf("entity %s: %w", d.Ref, err)
		}
		w.doc(d)
		rows, _ := flattener.SearchRows(entity.FromObject(object))
		b.add(uint16(i), d.Body, rows)
	}
	w.docsDone()
	b.write(w)
	return w.done(), nil
}

func (b *builder) add(doc uint16, body []byte, rows []entity.Row) {
	near := 0
	for i := range rows {
		row := &rows[i]
		k := b.keys[row.Key]
		if k == nil {
			k = &keyRows{key: row.Key, terms: map[string]int{}}
			b.keys[row.Key] = k
			b.order = append(b.order, k)
		}
		if n := len(k.exists); n == 0 || k.exists[n-1] != doc {
			k.exists = append(k.exists, doc)
		}
		if row.Null || len(row.Original) > maxSize || len(row.Value) > maxSize {
			continue
		}
		if at, ok := k.terms[row.Original]; ok {
			k.values[at].more = append(k.values[at].more, doc)
			continue
		}
		at := find(body, row.Original, near)
		if at >= 0 {
			near = at
		}
		k.terms[row.Original] = len(k.values)
		k.values = append(k.values, valueRows{original: row.Original, lowered: row.Value, at: int32(at), first: doc})
	}
}

// worthFinding is the length from which a value is looked for in its document's body; a shorter one is stored as quickly.
const worthFinding = 8

// find tells where the body has a value as it is, or -1. Rows come nearly in the order of the body, so it looks behind
// the place of the last one first.
func find(body []byte, value string, near int) int {
	if len(value) < worthFinding {
		return -1
	}
	if at := bytes.Index(body[near:], bytesOf(value)); at >= 0 {
		return near + at
	}
	return bytes.Index(body, bytesOf(value))
}

func (b *builder) write(w *writer) {
	slices.SortFunc(b.order, func(a, b *keyRows) int { return cmp.Compare(a.key, b.key) })
	var docs []uint16
	for _, k := range b.order {
		slices.SortFunc(k.values, func(a, b valueRows) int {
			if c := cmp.Compare(a.lowered, b.lowered); c != 0 {
				return c
			}
			return cmp.Compare(a.original, b.original)
		})
		for i := range k.values {
			v := &k.values[i]
			docs = append(append(docs[:0], v.first), v.more...)
			at := -1
			if len(docs) == 1 {
				at = int(v.at)
			}
			w.term(v.value(), docs, at)
		}
		w.key(k.key, k.exists)
	}
}

// value says how the two forms of the text are to be stored: as one where lowering ASCII letters is all the difference.
func (v *valueRows) value() value {
	original := bytesOf(v.original)
	if v.original == v.lowered {
		return value{original: original, lowered: original}
	}
	if foldsTo(v.original, v.lowered) {
		return value{original: original, lowered: original, fold: true}
	}
	return value{original: original, lowered: bytesOf(v.lowered)}
}

func foldsTo(original, lowered string) bool {
	if len(original) != len(lowered) {
		return false
	}
	for i := range len(original) {
		if foldASCII(original[i]) != lowered[i] {
			return false
		}
	}
	return true
}

// bytesOf views a string as bytes, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
