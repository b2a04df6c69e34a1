package index_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
)

// model is the catalog as a plain map, searched one entity after the other.
type model map[string]modelDoc

type modelDoc struct {
	index.Change
	rows []entity.Row
}

func newModelDoc(c index.Change) modelDoc {
	o, err := entity.ParseObject(c.Body)
	if err != nil {
		panic(err)
	}
	rows, _ := entity.SearchRows(entity.FromObject(o))
	return modelDoc{Change: c, rows: rows}
}

func (m model) apply(changes []index.Change) {
	for _, c := range changes {
		if c.Body == nil {
			delete(m, c.Ref)
		} else {
			m[c.Ref] = newModelDoc(c)
		}
	}
}

// value returns what an order field sorts by.
func (d *modelDoc) value(f index.OrderField) (string, bool) {
	best, found := "", false
	for _, row := range d.rows {
		if row.Key != entity.Fold(f.Field) || row.Null {
			continue
		}
		if !found || (row.Value < best) != f.Desc && row.Value != best {
			best, found = row.Value, true
		}
	}
	return best, found
}

func (d *modelDoc) contains(text index.FullText) bool {
	term := entity.Fold(strings.TrimSpace(text.Term))
	return term == "" || slices.ContainsFunc(d.rows, func(row entity.Row) bool {
		return !row.Null && strings.Contains(row.Value, term) &&
			slices.ContainsFunc(text.Fields, func(f string) bool { return entity.Fold(f) == row.Key })
	})
}

// query answers by looking at every entity and sorting.
func (m model) query(q index.Query) (page []string, total int, more bool) {
	order := q.Order
	if !q.KeepMissing && len(order) > 1 {
		order = order[:1]
	}
	var found []modelDoc
	for _, d := range m {
		if !entity.Match(q.Predicate, d.rows) {
			continue
		}
		if q.FullText != nil {
			text := *q.FullText
			if len(text.Fields) == 0 && len(q.Order) > 0 {
				text.Fields = []string{q.Order[0].Field}
			} else if len(text.Fields) == 0 {
				text.Fields = []string{"metadata.uid"}
			}
			if !d.contains(text) {
				continue
			}
		}
		if len(order) > 0 && !q.KeepMissing {
			if _, ok := d.value(order[0]); !ok {
				continue
			}
		}
		found = append(found, d)
	}
	total = len(found)
	before := func(a, b modelDoc) int { return m.compare(q, order, a, b) }
	slices.SortFunc(found, before)
	if q.Backward {
		slices.Reverse(found)
	}
	if q.After != nil {
		found = slices.DeleteFunc(found, func(d modelDoc) bool {
			c := comparePosition(order, d, *q.After)
			return c == 0 || (c < 0) != q.Backward
		})
	}
	found = found[min(q.Offset, len(found)):]
	if q.Limit >= 0 && len(found) > q.Limit {
		found, more = found[:q.Limit], q.Limit > 0
	}
	if q.Backward {
		slices.Reverse(found)
	}
	for _, d := range found {
		page = append(page, d.Ref)
	}
	return page, total, more
}

func (m model) compare(q index.Query, order []index.OrderField, a, b modelDoc) int {
	for _, f := range order {
		x, hasX := a.value(f)
		y, hasY := b.value(f)
		if hasX != hasY {
			if hasX {
				return -1
			}
			return 1
		}
		if c := cmp.Compare(x, y); c != 0 {
			if f.Desc {
				return -c
			}
			return c
		}
	}
	if len(order) == 0 && q.ByRef {
		return cmp.Compare(a.Ref, b.Ref)
	}
	c := cmp.Compare(a.UID, b.UID)
	if len(order) > 0 && order[0].Desc && !q.KeepMissing {
		return -c
	}
	return c
}

// comparePosition tells where a document lies from a position, in the query's direction.
func comparePosition(order []index.OrderField, d modelDoc, p index.Position) int {
	c := 0
	if len(order) > 0 {
		v, _ := d.value(order[0])
		c = cmp.Compare(v, p.Value)
	}
	if c == 0 {
		c = cmp.Compare(d.UID, p.UID)
	}
	if len(order) > 0 && order[0].Desc {
		return -c
	}
	return c
}

func (m model) facets(p entity.Predicate, key string) []index.FacetCount {
	counts := map[string]int{}
	for _, d := range m {
		if !entity.Match(p, d.rows) {
			continue
		}
		for _, row := range d.rows {
			if row.Key == entity.Fold(key) && !row.Null {
				counts[row.Original]++
			}
		}
	}
	list := []index.FacetCount{}
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, index.FacetCount{Value: v, Count: counts[v]})
	}
	return list
}

// The vocabulary is small, so that entities share keys and values, in several casings.
var (
	modelKeys   = []string{"kind", "KIND", "metadata.tags", "metadata.tags.Go", "spec.type", "spec.Order", "spec.many", "metadata.uid", "metadata.name", "relations.ownedBy", "spec.rare", "spec.null", "nothing"}
	modelValues = []string{"a", "A", "b", "B", "ab", "Go", "go", "ÄÖ", "äö", "Straße", "100%", "a_b", "7", "true", "", " ", "zebra", "İstanbul", "x\"y\nz", strings.Repeat("long", 49), strings.Repeat("Long", 51), "group:default/a"}
)

// modelEntity makes an entity of the vocabulary; the name decides the ref.
func modelEntity(random *rand.Rand, name int, uid string) index.Change {
	value := func() any {
		switch random.IntN(12) {
		case 0:
			return nil
		case 1:
			return float64(random.IntN(12))
		case 2:
			return random.IntN(2) == 0
		default:
			return modelValues[random.IntN(len(modelValues))]
		}
	}
	list := func(most int) []any {
		var items []any
		for range random.IntN(most + 1) {
			items = append(items, value())
		}
		return items
	}
	spec := entity.NewObject()
	spec.Set("type", value())
	spec.Set("order", fmt.Sprint(random.IntN(40)))
	spec.Set("many", list(4))
	if random.IntN(20) == 0 {
		spec.Set("rare", value())
	}
	spec.Set("null", nil)
	metadata := entity.NewObject()
	metadata.Set("name", fmt.Sprintf("Name-%d", name))
	metadata.Set("uid", uid)
	if random.IntN(3) > 0 {
		metadata.Set("tags", list(3))
	}
	relation := entity.NewObject()
	relation.Set("type", "ownedBy")
	relation.Set("targetRef", fmt.Sprintf("group:default/%c", 'a'+random.IntN(3)))
	root := entity.NewObject()
	root.Set("kind", []string{"Component", "API", "Group"}[random.IntN(3)])
	root.Set("metadata", metadata)
	root.Set("spec", spec)
	root.Set("relations", []any{relation})
	return index.Change{Ref: fmt.Sprintf("component:default/name-%d", name), UID: uid, Body: entity.AppendJSON(nil, root)}
}

func drawPredicate(t *rapid.T, depth int) entity.Predicate {
	key := rapid.SampledFrom(modelKeys).Draw(t, "key")
	value := rapid.SampledFrom(modelValues)
	kinds := 8
	if depth == 0 {
		kinds = 5
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "node") {
	case 0:
		return entity.Exists{Key: key, Absent: rapid.Bool().Draw(t, "absent")}
	case 1:
		return entity.Equal{Key: key, Values: rapid.SliceOfN(value, 0, 3).Draw(t, "values")}
	case 2:
		return entity.HasPrefix{Key: key, Prefix: value.Draw(t, "prefix")}
	case 3:
		return entity.Equal{Key: "kind", Values: []string{rapid.SampledFrom([]string{"component", "API", "group", "x"}).Draw(t, "kind")}}
	case 4:
		targets := rapid.SampledFrom([][]string{nil, {}, {"group:default/a"}, {"Group:default/B", "group:default/c"}}).Draw(t, "targets")
		return entity.RelationContains{Type: "ownedBy", Targets: targets}
	case 5:
		return entity.Not{Of: drawPredicate(t, depth-1)}
	}
	var of []entity.Predicate
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		of = append(of, drawPredicate(t, depth-1))
	}
	if rapid.Bool().Draw(t, "any") {
		return entity.Any{Of: of}
	}
	return entity.All{Of: of}
}

func drawQuery(t *rapid.T, m model) index.Query {
	q := index.Query{
		Limit:  rapid.SampledFrom([]int{-1, 0, 1, 2, 3, 7, 20}).Draw(t, "limit"),
		Offset: rapid.SampledFrom([]int{0, 0, 0, 1, 5, 1000}).Draw(t, "offset"),
		Total:  true,
	}
	if rapid.Bool().Draw(t, "filtered") {
		q.Predicate = drawPredicate(t, 3)
	}
	for range rapid.SampledFrom([]int{0, 1, 1, 2, 3}).Draw(t, "fields") {
		q.Order = append(q.Order, index.OrderField{
			Field: rapid.SampledFrom(modelKeys).Draw(t, "order"), Desc: rapid.Bool().Draw(t, "desc"),
		})
	}
	if rapid.IntRange(0, 3).Draw(t, "searched") == 0 {
		q.FullText = &index.FullText{
			Term:   rapid.SampledFrom([]string{"", " ", "a", " GO ", "%", "_", "Ä", "name-1", "x\"Y", "\xff", "g:d"}).Draw(t, "term"),
			Fields: rapid.SliceOfN(rapid.SampledFrom(modelKeys), 0, 3).Draw(t, "text fields"),
		}
	}
	switch rapid.IntRange(0, 2).Draw(t, "manner") {
	case 0:
		q.KeepMissing, q.ByRef = true, rapid.Bool().Draw(t, "by ref")
		return q
	case 1:
		return q
	}
	q.Backward = rapid.Bool().Draw(t, "backward")
	if rapid.IntRange(0, 3).Draw(t, "placed") > 0 {
		q.After = drawPosition(t, m, q)
	}
	return q
}

// drawPosition is that of an entity of the catalog, or one that none is at.
func drawPosition(t *rapid.T, m model, q index.Query) *index.Position {
	p := &index.Position{Value: rapid.SampledFrom(modelValues).Draw(t, "after"), UID: fmt.Sprintf("%04d", rapid.IntRange(0, 9999).Draw(t, "after uid"))}
	p.Value = entity.Fold(p.Value)
	if len(m) > 0 && rapid.IntRange(0, 3).Draw(t, "existing") > 0 {
		d := m[rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(t, "at")]
		p.UID = d.UID
		if len(q.Order) > 0 {
			p.Value, _ = d.value(q.Order[0])
		}
	}
	return p
}

func drawChanges(t *rapid.T, random *rand.Rand, m model) []index.Change {
	var changes []index.Change
	names := rapid.SampledFrom([]int{5, 60, 400}).Draw(t, "names")
	for range rapid.SampledFrom([]int{0, 1, 2, 10, 100, 300}).Draw(t, "batch") {
		name := random.IntN(names)
		ref := fmt.Sprintf("component:default/name-%d", name)
		old, known := m[ref]
		uid := fmt.Sprintf("%04d-%d", random.IntN(10000), name) // unique by the name
		if known && random.IntN(2) == 0 {
			uid = old.UID
		}
		c := modelEntity(random, name, uid)
		if random.IntN(6) == 0 {
			c.Body = nil
		}
		changes = append(changes, c)
	}
	return changes
}

func refsOf(docs []index.Doc) (refs []string) {
	for _, d := range docs {
		refs = append(refs, d.Ref)
	}
	return refs
}

func checkQuery(t *rapid.T, s *index.Snapshot, m model, q index.Query) {
	want, total, more := m.query(q)
	page, err := s.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, refsOf(page.Docs)); diff != "" {
		t.Fatalf("query %+v of %d entities: -want +got\n%s", q, len(m), diff)
	}
	if page.Total != total || page.More != more {
		t.Fatalf("query %+v: got total %d, more %v; want %d, %v", q, page.Total, page.More, total, more)
	}
	for i, p := range []*index.Position{page.First, page.Last} {
		if (p == nil) != (len(want) == 0) {
			t.Fatalf("query %+v: position %d is %v for %d entities", q, i, p, len(want))
		}
		if p == nil {
			continue
		}
		d := m[want[i*(len(want)-1)]]
		at := index.Position{UID: d.UID}
		if len(q.Order) > 0 {
			at.Value, _ = d.value(q.Order[0])
		}
		if *p != at {
			t.Fatalf("query %+v: position %d is %+v, want %+v", q, i, *p, at)
		}
	}
}

func checkCatalog(t *rapid.T, s *index.Snapshot, m model) {
	if s.Len() != len(m) {
		t.Fatalf("%d entities, want %d", s.Len(), len(m))
	}
	for ref, d := range m {
		got, ok := s.ByRef(ref)
		if !ok || got.UID != d.UID || string(got.Body) != string(d.Body) {
			t.Fatalf("%s is %v %+v, want uid %s", ref, ok, got, d.UID)
		}
		if got, ok := s.ByUID(strings.ToUpper(d.UID)); !ok || got.Ref != ref {
			t.Fatalf("uid %s is %v %q", d.UID, ok, got.Ref)
		}
	}
	if _, ok := s.ByRef("component:default/nope"); ok {
		t.Fatal("found what is not there")
	}
}

// TestModel holds filters, order, pages in both directions, full text and facets to a plain evaluator, on random
// catalogs that change between queries.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix, m := index.New(index.Options{}), model{}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var position int64
		var held *index.Snapshot
		var heldModel model
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			changes := drawChanges(t, random, m)
			position += int64(len(changes))
			if err := ix.Apply(changes, position); err != nil {
				t.Fatal(err)
			}
			m.apply(changes)
			s := ix.Snapshot()
			checkCatalog(t, s, m)
			for range rapid.IntRange(1, 6).Draw(t, "queries") {
				checkQuery(t, s, m, drawQuery(t, m))
			}
			checkRest(t, s, m)
			if held != nil {
				checkCatalog(t, held, heldModel)
				checkQuery(t, held, heldModel, drawQuery(t, heldModel))
			}
			if held == nil || rapid.Bool().Draw(t, "hold") {
				held, heldModel = s, maps.Clone(m)
			}
		}
	})
}

// checkRest compares what is not a page.
func checkRest(t *rapid.T, s *index.Snapshot, m model) {
	p := drawPredicate(t, 2)
	keys := []string{"kind", rapid.SampledFrom(modelKeys).Draw(t, "facet")}
	facets, err := s.Facets(t.Context(), p, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if diff := gocmp.Diff(m.facets(p, key), facets[key]); diff != "" {
			t.Fatalf("facet %s of %+v: -want +got\n%s", key, p, diff)
		}
	}
	want, total, _ := m.query(index.Query{Predicate: p, Limit: -1})
	if got := refsOf(slices.Collect(s.Walk(t.Context(), p))); !slices.Equal(got, want) {
		t.Fatalf("walk of %+v: %v, want %v", p, got, want)
	}
	if n, err := s.Count(t.Context(), p); err != nil || n != total {
		t.Fatalf("count of %+v: %d, want %d; error %v", p, n, total, err)
	}
	for ref, d := range m {
		if got, err := s.Matches(t.Context(), p, ref); err != nil || got != entity.Match(p, d.rows) {
			t.Fatalf("%s matches %+v: %v, error %v", ref, p, got, err)
		}
		break
	}
}
