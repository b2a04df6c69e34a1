package index

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/understudy-portal/understudy/entity"
)

// matcher finds the documents of a segment that a predicate selects. It returns the set, and whether the set is the
// caller's own; a set that is not must not be changed. Dead documents may be in it.
type matcher func(s *segment) (set *roaring.Bitmap, own bool)

// compile prepares a predicate for all segments: keys and values are folded once. A node type that the entity package
// has and this function does not know is a mistake in the program, and panics.
func compile(p entity.Predicate) matcher {
	switch p := p.(type) {
	case nil:
		return everything
	case entity.All:
		return all(compileAll(p.Of))
	case entity.Any:
		return anyOf(compileAll(p.Of))
	case entity.Not:
		return not(compile(p.Of))
	case entity.Exists:
		if p.Absent {
			return not(exists(p.Key))
		}
		return exists(p.Key)
	case entity.Equal:
		return equal(p.Key, p.Values)
	case entity.HasPrefix:
		return hasPrefix(p.Key, p.Prefix)
	case entity.RelationContains:
		if p.Targets == nil {
			return exists(p.RowKey())
		}
		return equal(p.RowKey(), p.Targets)
	default:
		panic(fmt.Sprintf("index: unknown predicate %T", p))
	}
}

func compileAll(parts []entity.Predicate) []matcher {
	matchers := make([]matcher, len(parts))
	for i, p := range parts {
		matchers[i] = compile(p)
	}
	return matchers
}

func everything(s *segment) (*roaring.Bitmap, bool) { return s.full, false }

func all(parts []matcher) matcher {
	return func(s *segment) (*roaring.Bitmap, bool) {
		set, own := s.full, false
		for _, part := range parts {
			if set == s.full {
				set, own = part(s)
			} else {
				other, _ := part(s)
				set, own = intersect(set, own, other)
			}
			if set.IsEmpty() {
				break
			}
		}
		return set, own
	}
}

// intersect returns what is in both sets, in the first if that is the caller's own.
func intersect(set *roaring.Bitmap, own bool, other *roaring.Bitmap) (*roaring.Bitmap, bool) {
	if !own {
		return roaring.And(set, other), true
	}
	set.And(other)
	return set, true
}

func anyOf(parts []matcher) matcher {
	return func(s *segment) (*roaring.Bitmap, bool) {
		set, own := roaring.New(), true
		for i, part := range parts {
			other, otherOwn := part(s)
			switch {
			case i == 0:
				set, own = other, otherOwn
			case own:
				set.Or(other)
			default:
				set, own = roaring.Or(set, other), true
			}
		}
		return set, own
	}
}

func not(part matcher) matcher {
	return func(s *segment) (*roaring.Bitmap, bool) {
		set, _ := part(s)
		return roaring.AndNot(s.full, set), true
	}
}

func exists(key string) matcher {
	key = entity.Fold(key)
	return func(s *segment) (*roaring.Bitmap, bool) {
		at, ok := s.key(key)
		if !ok {
			return roaring.New(), true
		}
		return s.set(s.exists[at])
	}
}

func equal(key string, values []string) matcher {
	key = entity.Fold(key)
	wanted := make([]value, len(values))
	for i, v := range values {
		wanted[i] = lowered(entity.Fold(v))
	}
	return func(s *segment) (*roaring.Bitmap, bool) {
		at, ok := s.key(key)
		if !ok {
			return roaring.New(), true
		}
		var found []term
		for i, v := range wanted {
			terms := s.valueTerms(at, v)
			if i == 0 {
				found = slices.Clip(terms)
			} else {
				found = append(found, terms...)
			}
		}
		return s.union(found)
	}
}

func hasPrefix(key, prefix string) matcher {
	key = entity.Fold(key)
	start := lowered(entity.Fold(prefix))
	return func(s *segment) (*roaring.Bitmap, bool) {
		at, ok := s.key(key)
		if !ok {
			return roaring.New(), true
		}
		terms := s.keyTerms(at)
		lo := s.firstTerm(terms, start)
		hi := lo
		var text []byte
		for ; hi < len(terms); hi++ {
			text = s.value(&terms[hi]).appendLowered(text[:0])
			if !bytes.HasPrefix(text, start.lowered) {
				break
			}
		}
		return s.union(terms[lo:hi])
	}
}

// set returns the documents of one posting list.
func (s *segment) set(p posting) (*roaring.Bitmap, bool) {
	if b := s.bitmap(p); b != nil {
		return b, false
	}
	var one [1]uint16
	var docs [longList]uint32
	n := copyDocs(docs[:], s.list(p, &one))
	return roaring.BitmapOf(docs[:n]...), true
}

func copyDocs(to []uint32, from []uint16) int {
	for i, doc := range from {
		to[i] = uint32(doc)
	}
	return len(from)
}

// union returns the documents that have any of the terms.
func (s *segment) union(terms []term) (*roaring.Bitmap, bool) {
	switch len(terms) {
	case 0:
		return roaring.New(), true
	case 1:
		return s.set(terms[0].posting)
	}
	var short field
	var long []*roaring.Bitmap
	for i := range terms {
		if b := s.bitmap(terms[i].posting); b != nil {
			long = append(long, b)
		} else {
			s.addTo(&short, terms[i].posting)
		}
	}
	set := short.bitmap()
	for _, b := range long {
		set.Or(b)
	}
	return set, true
}
