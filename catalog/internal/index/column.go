package index

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// columnKind tells what a column is for.
type columnKind int

const (
	lowColumn  columnKind = iota // order by the least value of a document, for ascending order
	highColumn                   // order by the greatest, for descending order
	textColumn                   // search in all values
	refColumn                    // order by canonical ref
)

// columnKey names what a segment makes when it is first asked for, and a merged segment makes anew at once.
type columnKey struct {
	kind columnKind
	key  string
}

// absent is the rank of a document that has no value.
const absent = ^uint32(0)

// column has the documents in the order of their values of one key (catalog.md 11: of several values, one counts).
// Its memory is in proportion to the documents that have the key, so that asking for many rare ones does no harm.
type column struct {
	order   []uint16        // by (rank, number)
	present *roaring.Bitmap // those in order
	// A rank is the place of the first term with the document's value among the key's terms: documents whose values
	// differ only in casing have the same. ranks holds that of each document, or, where few documents have the key,
	// those of docs.
	ranks []uint32
	docs  []uint16
	terms []term
}

// rank returns a document's rank, or absent.
func (c *column) rank(doc uint16) uint32 {
	if c == nil {
		return absent
	}
	if c.docs == nil {
		return c.ranks[doc]
	}
	if i, ok := slices.BinarySearch(c.docs, doc); ok {
		return c.ranks[i]
	}
	return absent
}

// made returns what the segment keeps under a key, or makes it.
func made[T any](s *segment, key columnKey, build func() T) T {
	if kept, ok := s.columns.Load(key); ok {
		return kept.(T)
	}
	kept, _ := s.columns.LoadOrStore(key, build())
	return kept.(T)
}

// renew makes what another segment had been asked for.
func (s *segment) renew(key columnKey) {
	switch key.kind {
	case textColumn:
		s.columnText(key.key)
	case refColumn:
		s.byRefOrder()
	default:
		s.column(key.key, key.kind)
	}
}

// column returns the order by a lower-cased key, or nil when no document has a value.
func (s *segment) column(key string, kind columnKind) *column {
	at, ok := s.key(key)
	if !ok || len(s.keyTerms(at)) == 0 {
		return nil
	}
	return made(s, columnKey{kind, key}, func() *column { return s.buildColumn(at, kind) })
}

func (s *segment) buildColumn(key int, kind columnKind) *column {
	c := &column{terms: s.keyTerms(key), ranks: make([]uint32, s.len())}
	for i := range c.ranks {
		c.ranks[i] = absent
	}
	count := 0
	for rank, group := range s.groups(c.terms) {
		for i := range group {
			for doc := range s.docs(group[i].posting) {
				if c.ranks[doc] == absent {
					count++
				} else if kind == lowColumn {
					continue
				}
				c.ranks[doc] = rank
			}
		}
	}
	c.order = make([]uint16, 0, count)
	for rank, group := range s.groups(c.terms) {
		start := len(c.order)
		for i := range group {
			for doc := range s.docs(group[i].posting) {
				if c.ranks[doc] == rank {
					c.order = append(c.order, doc)
				}
			}
		}
		if len(group) > 1 {
			slices.Sort(c.order[start:])
		}
	}
	c.compress(s)
	return c
}

// groups yields the terms whose values differ in nothing but casing, together, by the place of the first of them.
func (s *segment) groups(terms []term) iter.Seq2[uint32, []term] {
	return func(yield func(uint32, []term) bool) {
		for lo := 0; lo < len(terms); {
			v := s.value(&terms[lo])
			hi := lo + 1
			for hi < len(terms) && s.value(&terms[hi]).compare(v) == 0 {
				hi++
			}
			if !yield(uint32(lo), terms[lo:hi]) {
				return
			}
			lo = hi
		}
	}
}

// compress settles which of its forms the column takes.
func (c *column) compress(s *segment) {
	if len(c.order) == s.len() {
		c.present = s.full
		return
	}
	var f field
	for _, doc := range c.order {
		f.set(uint32(doc))
	}
	c.present = f.bitmap()
	if len(c.order)*4 >= s.len() {
		return
	}
	c.docs = slices.Sorted(slices.Values(c.order))
	ranks := make([]uint32, len(c.docs))
	for i, doc := range c.docs {
		ranks[i] = c.ranks[doc]
	}
	c.ranks = ranks
}

// byRefOrder returns the documents in the order of their canonical refs.
func (s *segment) byRefOrder() []uint16 {
	return made(s, columnKey{kind: refColumn}, func() []uint16 {
		order := make([]uint16, s.len())
		for i := range order {
			order[i] = uint16(i)
		}
		slices.SortFunc(order, func(a, b uint16) int { return cmp.Compare(s.ref(a), s.ref(b)) })
		return order
	})
}

// columnText is the lower-cased text of all values of a key, in the order of its terms, each followed by the
// separator, so that one pass over memory finds a term in all of them.
type columnText struct {
	text   []byte
	starts []uint32
	terms  []term
}

// columnText returns the text of a lower-cased key, or nil when no document has a value.
func (s *segment) columnText(key string) *columnText {
	at, ok := s.key(key)
	if !ok || len(s.keyTerms(at)) == 0 {
		return nil
	}
	return made(s, columnKey{textColumn, key}, func() *columnText {
		c := &columnText{terms: s.keyTerms(at)}
		c.starts = make([]uint32, len(c.terms))
		size := len(c.terms)
		for i := range c.terms {
			size += len(s.value(&c.terms[i]).lowered)
		}
		c.text = make([]byte, 0, size)
		for i := range c.terms {
			c.starts[i] = uint32(len(c.text))
			c.text = append(s.value(&c.terms[i]).appendLowered(c.text), separator)
		}
		return c
	})
}

// find marks the documents that have a value with the lower-cased needle in it. The needle is not empty.
func (c *columnText) find(s *segment, needle []byte, into *field) {
	if c == nil || bytes.IndexByte(needle, separator) >= 0 {
		return
	}
	for at, i := 0, 0; ; {
		hit := bytes.Index(c.text[at:], needle)
		if hit < 0 {
			return
		}
		// The hit is in term i or, usually, far beyond it.
		at += hit
		i += sort.Search(len(c.starts)-i, func(j int) bool { return int(c.starts[i+j]) > at }) - 1
		s.addTo(into, c.terms[i].posting)
		if i++; i == len(c.starts) {
			return
		}
		at = int(c.starts[i])
	}
}
