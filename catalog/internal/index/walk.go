package index

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/understudy-portal/understudy/entity"
)

// walk goes through the entities of a query in order: it merges the runs of all segments.
type walk struct {
	q     Query
	keys  []orderKey
	total int
	heap  []*run // by their heads, the next one first
}

// orderKey is an order field, folded.
type orderKey struct {
	key  string
	desc bool
}

// run is what one segment adds to a walk.
type run struct {
	v *view
	w *walk
	// list holds the documents in the walk's order, or, with step -1, in the opposite one; nil stands for all in
	// numerical order. Those not in match are left out; a nil match leaves out none.
	list  []uint16
	at    int
	end   int // the place behind the last
	step  int
	match *roaring.Bitmap

	columns []*column // one for each order key
	doc     uint16    // the head
	values  []value   // the head's, where the walk has order keys
	has     []bool
	used    bool // the head has been handed out
}

func (s *Snapshot) walk(ctx context.Context, q Query) *walk {
	w := &walk{q: q, keys: q.orderKeys()}
	where, text := compile(ctx, q.Predicate), q.text(ctx)
	for i := range s.views {
		if ctx.Err() != nil {
			break
		}
		if r := w.run(&s.views[i], where, text); r != nil && r.advance() {
			w.heap = append(w.heap, r)
		}
	}
	for i := len(w.heap)/2 - 1; i >= 0; i-- {
		w.sink(i)
	}
	return w
}

// orderKeys returns what to sort by. What has been named before decides nothing more.
func (q *Query) orderKeys() []orderKey {
	var keys []orderKey
	seen := make(map[orderKey]bool, len(q.Order))
	for _, o := range q.Order {
		key := orderKey{key: entity.Fold(o.Field), desc: o.Desc}
		if seen[key] {
			continue
		}
		seen[key] = true
		keys = append(keys, key)
		if !q.KeepMissing {
			break
		}
	}
	return keys
}

// text returns the part of the query that searches, or nil.
func (q *Query) text(ctx context.Context) matcher {
	if q.FullText == nil {
		return nil
	}
	needle := []byte(entity.Fold(strings.TrimSpace(q.FullText.Term)))
	if len(needle) == 0 {
		return nil
	}
	var keys []string
	for _, f := range q.FullText.Fields {
		keys = append(keys, entity.Fold(f))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	switch {
	case len(keys) > 0:
	case len(q.Order) > 0:
		keys = append(keys, entity.Fold(q.Order[0].Field))
	default:
		keys = append(keys, "metadata.uid")
	}
	return func(s *segment) (*roaring.Bitmap, bool) {
		var f field
		for _, key := range keys {
			if ctx.Err() != nil {
				break
			}
			s.columnText(key).find(s, needle, &f)
		}
		return f.bitmap(), true
	}
}

// run sets up one segment's part, and counts it; it is nil when there is none.
func (w *walk) run(v *view, where, text matcher) *run {
	r := &run{v: v, w: w, step: 1, match: v.match(where)}
	if text != nil && !r.match.IsEmpty() {
		set, own := text(v.seg)
		r.match, _ = intersect(set, own, r.match)
	}
	for _, k := range w.keys {
		kind := lowColumn
		if k.desc {
			kind = highColumn
		}
		r.columns = append(r.columns, v.seg.column(k.key, kind))
	}
	if len(w.keys) > 0 && !w.q.KeepMissing {
		if r.columns[0] == nil {
			return nil
		}
		if present := r.columns[0].present; present != v.seg.full {
			r.match = roaring.And(r.match, present)
		}
	}
	count := int(r.match.GetCardinality())
	w.total += count
	if count == 0 || w.q.Limit == 0 {
		return nil
	}
	r.values, r.has = make([]value, len(w.keys)), make([]bool, len(w.keys))
	r.arrange(count)
	r.seek()
	return r
}

// arrange lays out the list.
func (r *run) arrange(count int) {
	switch {
	case len(r.columns) > 0 && r.w.q.KeepMissing:
		c := r.columns[0]
		if len(r.columns) == 1 && c != nil && !r.few(count, len(c.order)) {
			r.list = r.keepMissing(c, count)
		} else {
			r.list = documents(r.match, count)
			slices.SortFunc(r.list, r.compareDocs)
		}
		r.match = nil
	case len(r.columns) > 0:
		r.reverse(r.w.keys[0].desc != r.w.q.Backward)
		c := r.columns[0]
		if r.few(count, len(c.order)) {
			r.list, r.match = documents(r.match, count), nil
			slices.SortFunc(r.list, func(a, b uint16) int {
				return cmp.Or(cmp.Compare(c.rank(a), c.rank(b)), cmp.Compare(a, b))
			})
		} else {
			r.list = c.order
		}
	case r.w.q.ByRef:
		r.reverse(r.w.q.Backward)
		if r.few(count, r.v.seg.len()) {
			r.list, r.match = documents(r.match, count), nil
			slices.SortFunc(r.list, func(a, b uint16) int { return cmp.Compare(r.v.seg.ref(a), r.v.seg.ref(b)) })
		} else {
			r.list = r.v.seg.byRefOrder()
		}
	default:
		r.reverse(r.w.q.Backward)
		if count*16 < r.v.seg.len() {
			r.list, r.match = documents(r.match, count), nil
		}
	}
	if r.match == r.v.seg.full {
		r.match = nil
	}
}

// keepMissing lists the documents by one column, those with equal values by number whatever the direction, and then
// those without a value.
func (r *run) keepMissing(c *column, count int) []uint16 {
	list := make([]uint16, 0, count)
	take := func(docs []uint16) {
		for _, doc := range docs {
			if r.match.Contains(uint32(doc)) {
				list = append(list, doc)
			}
		}
	}
	if !r.w.keys[0].desc {
		take(c.order)
	}
	for end := len(c.order); r.w.keys[0].desc && end > 0; {
		start, rank := end-1, c.rank(c.order[end-1])
		for start > 0 && c.rank(c.order[start-1]) == rank {
			start--
		}
		take(c.order[start:end])
		end = start
	}
	if len(list) < count {
		roaring.AndNot(r.match, c.present).Iterate(func(doc uint32) bool {
			list = append(list, uint16(doc))
			return true
		})
	}
	return list
}

func (r *run) reverse(yes bool) {
	if yes {
		r.step = -1
	}
}

// few decides between sorting the documents that are selected and walking through a list of many in their order, testing
// each: sorting costs for every one of them, walking for as many of the list as it takes to find a page.
func (r *run) few(count, list int) bool {
	walked := list
	if limit := r.w.q.Limit; limit >= 0 {
		walked = min(list, (limit+r.w.q.Offset+1)*(list/count+1))
	}
	return count*8 < walked
}

// documents lists a set.
func documents(set *roaring.Bitmap, count int) []uint16 {
	docs := make([]uint16, 0, count)
	set.Iterate(func(doc uint32) bool {
		docs = append(docs, uint16(doc))
		return true
	})
	return docs
}

// compareDocs orders two documents of the segment as KeepMissing asks.
func (r *run) compareDocs(a, b uint16) int {
	for i, c := range r.columns {
		x, y := c.rank(a), c.rank(b)
		if x == y {
			continue
		}
		// The missing rank is the greatest, and stays so when the direction turns.
		if less := x < y; x == absent || y == absent || !r.w.keys[i].desc {
			return sign(less)
		}
		return sign(x > y)
	}
	return cmp.Compare(a, b)
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// seek goes to where the walk starts.
func (r *run) seek() {
	n := len(r.list)
	if r.list == nil {
		n = r.v.seg.len()
	}
	r.at, r.end = 0, n
	if r.step < 0 {
		r.at, r.end = n-1, -1
	}
	after := r.w.q.After
	if after == nil {
		return
	}
	behind := func(i int) int { return r.compareTo(r.number(i), after) }
	if r.step > 0 {
		r.at = sort.Search(n, func(i int) bool { return behind(i) > 0 })
	} else {
		r.at = sort.Search(n, func(i int) bool { return behind(i) >= 0 }) - 1
	}
}

func (r *run) number(i int) uint16 {
	if r.list == nil {
		return uint16(i)
	}
	return r.list[i]
}

// compareTo tells where a document lies from a position in ascending order.
func (r *run) compareTo(doc uint16, p *Position) int {
	if len(r.columns) > 0 {
		c := r.columns[0]
		if d := r.v.seg.value(&c.terms[c.rank(doc)]).compare(lowered(p.Value)); d != 0 {
			return d
		}
	}
	return cmp.Compare(r.v.seg.uid(doc), p.UID)
}

// advance makes the next document of the run its head; false at the end.
func (r *run) advance() bool {
	for ; r.at != r.end; r.at += r.step {
		doc := r.number(r.at)
		if r.match != nil && !r.match.Contains(uint32(doc)) {
			continue
		}
		r.at += r.step
		r.doc = doc
		for i, c := range r.columns {
			rank := c.rank(doc)
			if r.has[i] = rank != absent; r.has[i] {
				r.values[i] = r.v.seg.value(&c.terms[rank])
			}
		}
		return true
	}
	return false
}

// position is the head's.
func (r *run) position() Position {
	p := Position{UID: r.v.seg.uid(r.doc)}
	if len(r.values) > 0 && r.has[0] {
		p.Value = string(r.values[0].appendLowered(nil))
	}
	return p
}

// before reports whether r's head comes before that of o.
func (r *run) before(o *run) bool {
	for i, k := range r.w.keys {
		if r.has[i] != o.has[i] {
			return r.has[i]
		}
		if !r.has[i] {
			continue
		}
		if c := r.values[i].compare(o.values[i]); c != 0 {
			return (c < 0) != (k.desc != r.w.q.Backward)
		}
	}
	turned := r.w.q.Backward
	if len(r.w.keys) > 0 {
		turned = !r.w.q.KeepMissing && r.w.keys[0].desc != r.w.q.Backward
	} else if r.w.q.ByRef {
		return (r.v.seg.ref(r.doc) < o.v.seg.ref(o.doc)) != turned
	}
	return (r.v.seg.uid(r.doc) < o.v.seg.uid(o.doc)) != turned
}

// next returns a run whose head is the next entity of the walk, or nil. The head is good until the next call.
func (w *walk) next() *run {
	if len(w.heap) == 0 {
		return nil
	}
	// The head handed out last is replaced only now, so that the caller could look at it.
	if top := w.heap[0]; top.used {
		top.used = false
		if !top.advance() {
			last := len(w.heap) - 1
			w.heap[0] = w.heap[last]
			w.heap = w.heap[:last]
			if last == 0 {
				return nil
			}
		}
		w.sink(0)
	}
	w.heap[0].used = true
	return w.heap[0]
}

func (w *walk) skip(ctx context.Context, n int) {
	for ; n > 0 && !stopped(ctx, n) && w.next() != nil; n-- {
	}
}

// sink restores the heap below i.
func (w *walk) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(w.heap); child++ {
			if w.heap[child].before(w.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		w.heap[i], w.heap[least] = w.heap[least], w.heap[i]
		i = least
	}
}
