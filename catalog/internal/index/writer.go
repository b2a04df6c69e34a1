package index

import (
	"encoding/binary"
	"hash/maphash"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// writer lays out a segment. Its caller gives the documents in the order of their uids, then the keys in their order,
// and the terms of each key in theirs.
type writer struct {
	seg   *segment
	names strings.Builder
	keys  strings.Builder
	long  []uint32
}

func newWriter(seed maphash.Seed, docs int) *writer {
	w := &writer{seg: &segment{seed: seed, full: roaring.New()}}
	w.seg.bodies = make([][]byte, 0, docs)
	w.seg.ends = append(make([]uint32, 0, 2*docs+1), 0)
	w.seg.full.AddRange(0, uint64(docs))
	w.seg.long = append(w.seg.long, w.seg.full)
	w.seg.keyEnds, w.seg.starts = []uint32{0}, []uint32{0}
	return w
}

func (w *writer) doc(d Doc) {
	w.seg.bodies = append(w.seg.bodies, d.Body)
	w.names.WriteString(d.UID)
	w.seg.ends = append(w.seg.ends, uint32(w.names.Len()))
	w.names.WriteString(d.Ref)
	w.seg.ends = append(w.seg.ends, uint32(w.names.Len()))
}

// docsDone ends the documents.
func (w *writer) docsDone() {
	w.seg.names = strings.Clone(w.names.String())
	w.seg.buildRefs()
}

// key ends a key: its terms are those added since the last one.
func (w *writer) key(key string, exists []uint16) {
	w.keys.WriteString(key)
	w.seg.keyEnds = append(w.seg.keyEnds, uint32(w.keys.Len()))
	w.seg.starts = append(w.seg.starts, uint32(len(w.seg.terms)))
	w.seg.exists = append(w.seg.exists, w.posting(exists))
}

// term adds a term with its documents, in order. A term of one document whose body is known to hold the original value
// says where (at >= 0).
func (w *writer) term(v value, docs []uint16, at int) {
	t := term{posting: w.posting(docs), size: uint16(len(v.original))}
	plain := len(v.lowered) == len(v.original) && (len(v.original) == 0 || &v.lowered[0] == &v.original[0])
	switch {
	case at >= 0 && plain:
		t.size |= inBody
		t.text = uint32(at)
	case plain:
		t.text = uint32(len(w.seg.text))
		w.seg.text = append(w.seg.text, v.original...)
	default:
		t.size |= apart
		t.text = uint32(len(w.seg.text))
		w.seg.text = binary.LittleEndian.AppendUint16(w.seg.text, uint16(len(v.lowered)))
		w.seg.text = append(append(w.seg.text, v.lowered...), v.original...)
	}
	if v.fold {
		t.size |= folds
	}
	w.seg.terms = append(w.seg.terms, t)
}

func (w *writer) posting(docs []uint16) posting {
	p := posting{count: uint16(len(docs))}
	switch {
	case len(docs) == 1:
		p.at = uint32(docs[0])
	case len(docs) < longList:
		p.at = uint32(len(w.seg.lists))
		w.seg.lists = append(w.seg.lists, docs...)
	case len(docs) == w.seg.len():
		p.at = 0
	default:
		p.at = uint32(len(w.seg.long))
		w.long = w.long[:0]
		for _, doc := range docs {
			w.long = append(w.long, uint32(doc))
		}
		b := roaring.BitmapOf(w.long...)
		b.RunOptimize()
		w.seg.long = append(w.seg.long, b)
	}
	return p
}

// done returns the segment, without the slack that growing has left.
func (w *writer) done() *segment {
	s := w.seg
	s.keys = strings.Clone(w.keys.String())
	s.keyEnds, s.starts, s.exists = exact(s.keyEnds), exact(s.starts), exact(s.exists)
	s.terms, s.text, s.lists, s.long = exact(s.terms), exact(s.text), exact(s.lists), exact(s.long)
	return s
}

// exact returns the slice in an array of its own size.
func exact[T any](s []T) []T {
	if cap(s)-len(s) <= len(s)/16 {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}
