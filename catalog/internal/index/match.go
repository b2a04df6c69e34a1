package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/understudy-portal/understudy/entity"
)

// matcher finds the documents of a segment that a predicate selects. It returns the set, and whether the set is the
// caller's own; a set that is not must not be changed. Dead documents may be in it.
type matcher func(s *segment) (set *roaring.Bitmap, own bool)

// compiler makes matchers for all segments: keys and values are folded once, and a condition that occurs more than once
// is looked up once a segment.
type compiler struct {
	ctx    context.Context
	leaves map[string]*leaf
}

// compile prepares a predicate. When ctx ends, matchers return early and what they return is worthless: whoever uses
// them asks ctx in the end.
func compile(ctx context.Context, p entity.Predicate) matcher {
	c := compiler{ctx: ctx, leaves: make(map[string]*leaf)}
	return c.compile(p)
}

// compile panics on a node type that the entity package has and this function does not know, which is a mistake in the
// program.
func (c *compiler) compile(p entity.Predicate) matcher {
	switch p := p.(type) {
	case nil:
		return everything
	case entity.All:
		return all(c.compileAll(p.Of))
	case entity.Any:
		return anyOf(c.compileAll(p.Of))
	case entity.Not:
		return not(c.compile(p.Of))
	case entity.Exists:
		if p.Absent {
			return not(c.exists(p.Key))
		}
		return c.exists(p.Key)
	case entity.Equal:
		return c.equal(p.Key, p.Values)
	case entity.HasPrefix:
		return c.hasPrefix(p.Key, p.Prefix)
	case entity.RelationContains:
		if p.Targets == nil {
			return c.exists(p.RowKey())
		}
		return c.equal(p.RowKey(), p.Targets)
	default:
		panic(fmt.Sprintf("index: unknown predicate %T", p))
	}
}

func (c *compiler) compileAll(parts []entity.Predicate) []matcher {
	matchers := make([]matcher, len(parts))
	for i, p := range parts {
		matchers[i] = c.compile(p)
	}
	return matchers
}

func (c *compiler) exists(key string) matcher {
	key = entity.Fold(key)
	return c.leaf('e', exists(key), key)
}

func (c *compiler) equal(key string, values []string) matcher {
	key = entity.Fold(key)
	folded := make([]string, len(values))
	for i, v := range values {
		folded[i] = entity.Fold(v)
	}
	slices.Sort(folded)
	folded = slices.Compact(folded)
	return c.leaf('v', equal(c.ctx, key, folded), append([]string{key}, folded...)...)
}

func (c *compiler) hasPrefix(key, prefix string) matcher {
	key, prefix = entity.Fold(key), entity.Fold(prefix)
	return c.leaf('p', hasPrefix(key, prefix), key, prefix)
}

// leaf is a condition on the rows of one key.
type leaf struct {
	find   matcher
	shared bool // it occurs more than once
	at     *segment
	set    *roaring.Bitmap
}

// leaf returns the matcher of a condition, the same for the same kind and texts.
func (c *compiler) leaf(kind byte, find matcher, texts ...string) matcher {
	name := []byte{kind}
	for _, t := range texts {
		name = append(binary.AppendUvarint(name, uint64(len(t))), t...)
	}
	l, ok := c.leaves[string(name)]
	if !ok {
		l = &leaf{find: find}
		c.leaves[string(name)] = l
	}
	l.shared = l.shared || ok
	ctx := c.ctx
	return func(s *segment) (*roaring.Bitmap, bool) {
		if ctx.Err() != nil {
			return roaring.New(), true
		}
		return l.match(s)
	}
}

func (l *leaf) match(s *segment) (*roaring.Bitmap, bool) {
	if !l.shared {
		return l.find(s)
	}
	if l.at != s {
		l.set, _ = l.find(s)
		l.at = s
	}
	return l.set, false
}

// askEvery is after how many steps of a loop its context is asked: often enough to end within a millisecond, seldom
// enough to cost nothing.
const askEvery = 256

// stopped reports, every so many steps, whether ctx has ended.
func stopped(ctx context.Context, step int) bool { return step%askEvery == 0 && ctx.Err() != nil }

// ended returns why ctx has ended, or nil.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
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
	return func(s *segment) (*roaring.Bitmap, bool) {
		at, ok := s.key(key)
		if !ok {
			return roaring.New(), true
		}
		return s.set(s.exists[at])
	}
}

func equal(ctx context.Context, key string, values []string) matcher {
	wanted := make([]value, len(values))
	for i, v := range values {
		wanted[i] = lowered(v)
	}
	return func(s *segment) (*roaring.Bitmap, bool) {
		at, ok := s.key(key)
		if !ok {
			return roaring.New(), true
		}
		var found []term
		for i, v := range wanted {
			if stopped(ctx, i) {
				break
			}
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
	start := lowered(prefix)
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
