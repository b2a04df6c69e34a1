package index

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

const (
	// fanOut is how many segments of like size are merged into one. It trades the work of merging for the number of
	// segments that a query has to visit.
	fanOut = 4
	// tiny is the size below which segments are merged at once: small batches then cost no more than this.
	tiny = 64
)

// level groups segments of like size: 0 below tiny, then one for each factor of fanOut.
func level(count int) int {
	if count < tiny {
		return 0
	}
	return 1 + (bits.Len(uint(count/tiny))-1)/2
}

// compact merges until no level has more segments than it may, and rewrites segments of which a quarter is dead.
func compact(seed maphash.Seed, views []view) []view {
	views = slices.DeleteFunc(views, func(v view) bool { return v.count == 0 })
	for {
		picked := pick(views)
		if len(picked) == 0 {
			return views
		}
		from := make([]view, len(picked))
		for i, at := range picked {
			from[i] = views[at]
		}
		kept := make([]view, 0, len(views))
		for i, v := range views {
			if !slices.Contains(picked, i) {
				kept = append(kept, v)
			}
		}
		kept = append(kept, merge(seed, from))
		views = kept
	}
}

// pick returns which views to merge next, the smallest level first, or none.
func pick(views []view) []int {
	var levels [16][]int
	for i, v := range views {
		levels[level(v.count)] = append(levels[level(v.count)], i)
	}
	for l, members := range levels {
		if (l == 0 && len(members) < 2) || (l > 0 && len(members) < fanOut) {
			continue
		}
		slices.SortFunc(members, func(a, b int) int { return views[a].count - views[b].count })
		total, fit := 0, 0
		for _, at := range members {
			if total += views[at].count; total > maxDocs {
				break
			}
			fit++
		}
		if fit > 1 {
			return members[:fit]
		}
	}
	for i, v := range views {
		if dead := v.seg.len() - v.count; dead*4 > v.seg.len() {
			return []int{i}
		}
	}
	return nil
}
