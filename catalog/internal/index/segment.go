package index

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"iter"
	"sort"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

const (
	// maxDocs is how many documents a segment may hold: half of what 16 bits number, so that merging one takes a
	// fraction of a second and a set of its documents is a single roaring container.
	maxDocs = 1 << 15
	// longList is the length from which a posting list is a roaring bitmap; below it the bitmap's own structure
	// would outweigh what it holds.
	longList = 128
	// separator joins the values of a column's text. The byte does not occur in UTF-8, so no term can match across
	// two values.
	separator = 0xFF
)

// segment is an immutable part of the index. Documents are numbered in the order of their uids.
type segment struct {
	bodies [][]byte
	// names holds uid and ref of each document, back to back; those of document i lie between ends[2i], ends[2i+1]
	// and ends[2i+2].
	names string
	ends  []uint32
	// refs is an open-addressing hash table of the refs by the hash of seed: document + 1, or 0.
	refs []uint16
	seed maphash.Seed
	// full holds every document, and is long[0] too, because the keys that all have share it.
	full *roaring.Bitmap

	// keys are in order, back to back; key i is keys[keyEnds[i]:keyEnds[i+1]]. Its terms are terms[starts[i]:starts[i+1]],
	// in the order of (lower-cased value, original value); exists[i] tells which documents have the key at all, null
	// values included. There are many keys, because each string of a list makes one (catalog.md 2).
	keys    string
	keyEnds []uint32
	starts  []uint32
	exists  []posting
	terms   []term
	text    []byte
	lists   []uint16
	long    []*roaring.Bitmap

	// columns holds by columnKey what queries have asked for. Two readers may make the same one at the same time; the
	// first to store it wins.
	columns sync.Map
}

// posting tells which documents have something: one document by number, a part of lists, or an index into long.
type posting struct {
	at    uint32
	count uint16
}

// term is one distinct (key, original value).
type term struct {
	posting
	size uint16 // bytes of the original value, and the flags
	text uint32 // where the value starts, in the document's body or in the segment's text
}

const (
	inBody  = 1 << 13 // the value stands in the body of its only document
	folds   = 1 << 14 // the lower-cased value is the value with its ASCII letters lowered
	apart   = 1 << 15 // the lower-cased value is stored before the value, after its length
	maxSize = inBody - 1
)

// value is a term's text: the original, and how to compare it lower-cased.
type value struct {
	original []byte
	lowered  []byte // the bytes to compare
	fold     bool   // lowered still has upper-case ASCII letters, to be folded
}

func (s *segment) len() int { return len(s.bodies) }

func (s *segment) uid(doc uint16) string { return s.names[s.ends[2*int(doc)]:s.ends[2*int(doc)+1]] }

func (s *segment) ref(doc uint16) string { return s.names[s.ends[2*int(doc)+1]:s.ends[2*int(doc)+2]] }

func (s *segment) doc(doc uint16) Doc {
	return Doc{Ref: s.ref(doc), UID: s.uid(doc), Body: s.bodies[doc]}
}

// key returns the number of a lower-cased key.
func (s *segment) key(key string) (int, bool) {
	i := sort.Search(s.keyCount(), func(i int) bool { return s.keyText(i) >= key })
	return i, i < s.keyCount() && s.keyText(i) == key
}

func (s *segment) keyCount() int { return len(s.keyEnds) - 1 }

func (s *segment) keyText(i int) string { return s.keys[s.keyEnds[i]:s.keyEnds[i+1]] }

// keyTerms returns the terms of a key.
func (s *segment) keyTerms(key int) []term { return s.terms[s.starts[key]:s.starts[key+1]] }

// value returns the text of a term.
func (s *segment) value(t *term) value {
	n := uint32(t.size & maxSize)
	if t.size&inBody != 0 {
		original := s.bodies[t.at][t.text : t.text+n]
		return value{original: original, lowered: original, fold: t.size&folds != 0}
	}
	if t.size&apart == 0 {
		original := s.text[t.text : t.text+n]
		return value{original: original, lowered: original, fold: t.size&folds != 0}
	}
	low := uint32(binary.LittleEndian.Uint16(s.text[t.text:]))
	at := t.text + 2
	return value{lowered: s.text[at : at+low], original: s.text[at+low : at+low+n]}
}

// appendLowered appends the lower-cased value.
func (v value) appendLowered(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, v.lowered...)
	if v.fold {
		for i := start; i < len(dst); i++ {
			dst[i] = foldASCII(dst[i])
		}
	}
	return dst
}

func foldASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// compare orders values by their lower-cased bytes.
func (v value) compare(w value) int {
	if !v.fold && !w.fold {
		return bytes.Compare(v.lowered, w.lowered)
	}
	n := min(len(v.lowered), len(w.lowered))
	for i := range n {
		a, b := v.lowered[i], w.lowered[i]
		if a == b {
			continue
		}
		if v.fold {
			a = foldASCII(a)
		}
		if w.fold {
			b = foldASCII(b)
		}
		if a != b {
			if a < b {
				return -1
			}
			return 1
		}
	}
	return len(v.lowered) - len(w.lowered)
}

// lowered is the value of a string that is lower case already.
func lowered(s string) value {
	b := bytesOf(s)
	return value{original: b, lowered: b}
}

// valueTerms returns the terms of a key whose lower-cased value is v: one for each casing.
func (s *segment) valueTerms(key int, v value) []term {
	terms := s.keyTerms(key)
	lo := s.firstTerm(terms, v)
	hi := lo
	for hi < len(terms) && s.value(&terms[hi]).compare(v) == 0 {
		hi++
	}
	return terms[lo:hi]
}

// firstTerm returns the place of the first of a key's terms that is not less than v.
func (s *segment) firstTerm(terms []term, v value) int {
	return sort.Search(len(terms), func(i int) bool { return s.value(&terms[i]).compare(v) >= 0 })
}

// list returns the documents of a posting that is no bitmap. The scratch holds a single document.
func (s *segment) list(p posting, scratch *[1]uint16) []uint16 {
	if p.count == 1 {
		scratch[0] = uint16(p.at)
		return scratch[:]
	}
	return s.lists[p.at : p.at+uint32(p.count)]
}

// bitmap returns the bitmap of a long posting, or nil.
func (s *segment) bitmap(p posting) *roaring.Bitmap {
	if p.count < longList {
		return nil
	}
	return s.long[p.at]
}

// docs yields the documents of a posting, in order.
func (s *segment) docs(p posting) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		if b := s.bitmap(p); b != nil {
			b.Iterate(func(doc uint32) bool { return yield(uint16(doc)) })
			return
		}
		var one [1]uint16
		for _, doc := range s.list(p, &one) {
			if !yield(doc) {
				return
			}
		}
	}
}

// countIn returns how many documents of a posting are in a set, which is given in both forms: long lists are counted
// word by word, short ones bit by bit.
func (s *segment) countIn(set *roaring.Bitmap, bits *field, p posting) int {
	if b := s.bitmap(p); b != nil {
		return int(b.AndCardinality(set))
	}
	var one [1]uint16
	n := 0
	for _, doc := range s.list(p, &one) {
		n += int(bits[doc>>6] >> (doc & 63) & 1)
	}
	return n
}

// addTo adds a posting's documents to a bit field.
func (s *segment) addTo(f *field, p posting) {
	for doc := range s.docs(p) {
		f.set(uint32(doc))
	}
}

// field collects documents that come in no order.
type field [maxDocs / 64]uint64

func (f *field) set(doc uint32) { f[doc>>6] |= 1 << (doc & 63) }

func (f *field) bitmap() *roaring.Bitmap { return roaring.FromDense(f[:], true) }

// buildRefs fills the hash table of refs.
func (s *segment) buildRefs() {
	size := 4
	for size < s.len()*3/2 {
		size *= 2
	}
	s.refs = make([]uint16, size)
	for doc := range s.len() {
		i := maphash.String(s.seed, s.ref(uint16(doc))) & uint64(size-1)
		for s.refs[i] != 0 {
			i = (i + 1) & uint64(size-1)
		}
		s.refs[i] = uint16(doc) + 1
	}
}

// byRef finds a document by its canonical ref, whose hash the caller has made once for all segments.
func (s *segment) byRef(ref string, hash uint64) (uint16, bool) {
	mask := uint64(len(s.refs) - 1)
	for i := hash & mask; s.refs[i] != 0; i = (i + 1) & mask {
		if doc := s.refs[i] - 1; s.ref(doc) == ref {
			return doc, true
		}
	}
	return 0, false
}

// byUID finds a document by its uid.
func (s *segment) byUID(uid string) (uint16, bool) {
	i := sort.Search(s.len(), func(i int) bool { return s.uid(uint16(i)) >= uid })
	if i < s.len() && s.uid(uint16(i)) == uid {
		return uint16(i), true
	}
	return 0, false
}
