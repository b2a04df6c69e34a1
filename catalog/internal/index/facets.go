package index

import (
	"cmp"
	"context"
	"slices"

	"github.com/understudy-portal/understudy/entity"
)

// FacetCount is one value of a facet, in its own casing, and how many entities have it.
type FacetCount struct {
	Value string
	Count int
}

// Facets counts the values of each key among the entities that the predicate selects (catalog.md 5.6). The answer
// names the keys as they were given, and has the values in the order of their bytes. The only error is
// the end of ctx.
func (s *Snapshot) Facets(ctx context.Context, p entity.Predicate, keys []string) (map[string][]FacetCount, error) {
	where := compile(ctx, p)
	counts := make([]map[string]int, len(keys))
	for i := range s.views {
		s.views[i].countFacets(ctx, where, keys, counts)
	}
	facets := make(map[string][]FacetCount, len(keys))
	for i, key := range keys {
		if ctx.Err() != nil {
			break
		}
		list := make([]FacetCount, 0, len(counts[i]))
		for v, n := range counts[i] {
			list = append(list, FacetCount{Value: v, Count: n})
		}
		slices.SortFunc(list, func(a, b FacetCount) int { return cmp.Compare(a.Value, b.Value) })
		facets[key] = list
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return facets, nil
}

func (v *view) countFacets(ctx context.Context, where matcher, keys []string, counts []map[string]int) {
	set := v.match(where)
	if set.IsEmpty() {
		return
	}
	whole := set == v.seg.full
	var bits field
	if !whole {
		set.Iterate(func(doc uint32) bool {
			bits.set(doc)
			return true
		})
	}
	for i, key := range keys {
		at, ok := v.seg.key(entity.Fold(key))
		if !ok || ctx.Err() != nil {
			continue
		}
		terms := v.seg.keyTerms(at)
		if counts[i] == nil {
			counts[i] = make(map[string]int, len(terms))
		}
		for t := range terms {
			n := int(terms[t].count)
			if !whole {
				n = v.seg.countIn(set, &bits, terms[t].posting)
			}
			if n > 0 {
				counts[i][string(v.seg.value(&terms[t]).original)] += n
			}
		}
	}
}
