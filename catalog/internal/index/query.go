package index

import (
	"context"
	"iter"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/understudy-portal/understudy/entity"
)

// Query asks for entities in an order (catalog.md 4.4, 5.1, 5.2).
type Query struct {
	// Predicate selects; nil selects everything.
	Predicate entity.Predicate
	// FullText selects further, or is nil.
	FullText *FullText
	// Order lists the fields to sort by. Without one, entities come in the order of their uids.
	Order []OrderField
	// KeepMissing keeps entities that lack an order field: they come last, whatever the direction, and ties are in
	// ascending order of uid. Without it only the first order field counts, entities without a value of it are left out
	// and not counted, and ties are in the field's direction: this is how by-query sorts, and what After is for.
	KeepMissing bool
	// ByRef sorts by canonical ref instead of by uid where there is no order field.
	ByRef bool
	// After is where to continue: strictly behind that position or, Backward, before it. Nil starts at the beginning,
	// or at the end. It is not meant for KeepMissing and ByRef, whose pages are found by Offset.
	After *Position
	// Backward walks the other way. The page still comes out in the query's own order.
	Backward bool
	// Offset leaves out that many entities at the start.
	Offset int
	// Limit is the most entities that Query returns; negative is no limit.
	Limit int
	// Total asks for the number of entities that are selected, whatever the page.
	Total bool
}

// FullText selects the entities with a field that contains a term, in any case.
type FullText struct {
	// Term is searched for literally, after trimming; a blank one selects everything.
	Term string
	// Fields are where to search. Without one it is the first order field or, without an order, metadata.uid.
	Fields []string
}

// OrderField is a field to sort by: by its least value, or, descending, its greatest.
type OrderField struct {
	// Field is a key of the search rows, in any case.
	Field string
	// Desc sorts from the greatest value to the least.
	Desc bool
}

// Position is the place of an entity in an order.
type Position struct {
	// Value is the lower-cased value of the first order field; "" without one.
	Value string
	// UID breaks ties.
	UID string
}

// Page is the answer to a Query.
type Page struct {
	// Docs are the entities.
	Docs []Doc
	// Total is how many the query selects; 0 where it did not ask.
	Total int
	// More says that there are further entities in the direction of the walk.
	More bool
	// First and Last are the positions of the first and the last of Docs; nil when there is none.
	First, Last *Position
}

// Query answers a query. The only error is the end of ctx.
func (s *Snapshot) Query(ctx context.Context, q Query) (Page, error) {
	var page Page
	w := s.walk(ctx, q)
	if q.Total {
		page.Total = w.total
	}
	if q.Limit == 0 {
		return page, ended(ctx)
	}
	w.skip(ctx, q.Offset)
	first, last := Position{}, Position{}
	for r := w.next(); r != nil && !stopped(ctx, len(page.Docs)); r = w.next() {
		if q.Limit > 0 && len(page.Docs) == q.Limit {
			page.More = true
			break
		}
		last = r.position()
		if len(page.Docs) == 0 {
			first = last
		}
		page.Docs = append(page.Docs, r.v.seg.doc(r.doc))
	}
	if err := ended(ctx); err != nil {
		return Page{}, err
	}
	if len(page.Docs) == 0 {
		return page, nil
	}
	if q.Backward {
		slices.Reverse(page.Docs)
		first, last = last, first
	}
	page.First, page.Last = &first, &last
	return page, nil
}

// Select calls yield with the entities of a query, one after the other, until it returns false. The only
// error is the end of ctx.
func (s *Snapshot) Select(ctx context.Context, q Query, yield func(Doc) bool) error {
	w := s.walk(ctx, q)
	w.skip(ctx, q.Offset)
	for n := 0; (q.Limit < 0 || n < q.Limit) && !stopped(ctx, n); n++ {
		r := w.next()
		if r == nil || !yield(r.v.seg.doc(r.doc)) {
			break
		}
	}
	return ended(ctx)
}

// Walk returns the entities that a predicate selects, in the order of their uids. It ends early when ctx does,
// which the caller is to ask.
func (s *Snapshot) Walk(ctx context.Context, p entity.Predicate) iter.Seq[Doc] {
	return func(yield func(Doc) bool) { _ = s.Select(ctx, Query{Predicate: p, Limit: -1}, yield) }
}

// Count returns how many entities a predicate selects.
func (s *Snapshot) Count(ctx context.Context, p entity.Predicate) (int, error) {
	count, where := 0, compile(ctx, p)
	for i := range s.views {
		count += int(s.views[i].match(where).GetCardinality())
	}
	return count, ended(ctx)
}

// Matches reports whether a predicate selects the entity with a canonical ref. It is false for an unknown one.
func (s *Snapshot) Matches(ctx context.Context, p entity.Predicate, ref string) (bool, error) {
	found, err := s.MatchingRefs(ctx, p, []string{ref})
	return len(found) == 1, err
}

// MatchingRefs returns those of the canonical refs that name an entity that the predicate selects.
func (s *Snapshot) MatchingRefs(ctx context.Context, p entity.Predicate, refs []string) (map[string]Doc, error) {
	found := make(map[string]Doc, len(refs))
	where := compile(ctx, p)
	sets := make([]*roaring.Bitmap, len(s.views))
	for i, ref := range refs {
		if stopped(ctx, i) {
			break
		}
		at, doc, ok := s.find(ref)
		if !ok {
			continue
		}
		if sets[at] == nil {
			sets[at] = s.views[at].match(where)
		}
		if sets[at].Contains(uint32(doc)) {
			found[ref] = s.views[at].seg.doc(doc)
		}
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return found, nil
}

// match returns the living documents that are selected. The set must not be changed.
func (v *view) match(where matcher) *roaring.Bitmap {
	set, own := where(v.seg)
	switch {
	case v.live == v.seg.full:
		return set
	case set == v.seg.full:
		return v.live
	}
	set, _ = intersect(set, own, v.live)
	return set
}
