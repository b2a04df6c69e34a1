package index_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/entity"
)

var sizes = []int{10_000, 100_000}

// filled returns an index that took its entities in batches of 100, as after a day of ingestion, and not the tidier
// one of a start.
func filled(b testing.TB, n int) (*index.Index, []index.Change) {
	b.Helper()
	changes := indextest.Generate(n, 7)
	ix := index.New(index.Options{})
	for at := 0; at < n; at += 100 {
		if err := ix.Apply(changes[at:min(at+100, n)], int64(at+100)); err != nil {
			b.Fatal(err)
		}
	}
	return ix, changes
}

func BenchmarkQueries(b *testing.B) {
	component := entity.Equal{Key: "kind", Values: []string{"component"}}
	byName := []index.OrderField{{Field: "metadata.name"}}
	cases := []struct {
		name string
		run  func(s *index.Snapshot, i int)
	}{
		{"sorted page of 20", func(s *index.Snapshot, _ int) {
			_, _ = s.Query(b.Context(), index.Query{Predicate: component, Order: byName, Limit: 20, Total: true})
		}},
		{"sorted page, selective", func(s *index.Snapshot, i int) {
			owner := entity.Equal{Key: "relations.ownedBy", Values: []string{fmt.Sprintf("group:default/team-%d", i%100)}}
			_, _ = s.Query(b.Context(), index.Query{Predicate: entity.All{Of: []entity.Predicate{component, owner}}, Order: byName, Limit: 20, Total: true})
		}},
		{"full text", func(s *index.Snapshot, _ int) {
			_, _ = s.Query(b.Context(), index.Query{
				Predicate: component, Order: byName, Limit: 20, Total: true,
				FullText: &index.FullText{Term: "ing-re", Fields: []string{"metadata.name", "metadata.title"}},
			})
		}},
		{"facets kind and type", func(s *index.Snapshot, _ int) { _, _ = s.Facets(b.Context(), nil, []string{"kind", "spec.type"}) }},
		{"facets, filtered", func(s *index.Snapshot, _ int) {
			_, _ = s.Facets(b.Context(), component, []string{"metadata.tags", "relations.ownedBy"})
		}},
		{"page of 500 by uid", func(s *index.Snapshot, _ int) { _, _ = s.Query(b.Context(), index.Query{Limit: 500}) }},
		{"all by name", func(s *index.Snapshot, _ int) {
			_ = s.Select(b.Context(), index.Query{Order: byName, Limit: -1, KeepMissing: true}, func(index.Doc) bool { return true })
		}},
	}
	for _, n := range sizes {
		ix, changes := filled(b, n)
		s := ix.Snapshot()
		b.Run(fmt.Sprintf("%d/by ref", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := s.ByRef(changes[i%n].Ref); !ok {
					b.Fatal("not found")
				}
			}
		})
		for _, c := range cases {
			b.Run(fmt.Sprintf("%d/%s", n, c.name), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c.run(s, i)
				}
			})
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, n := range sizes {
		ix, changes := filled(b, n)
		first := index.Query{Order: []index.OrderField{{Field: "metadata.name"}}, Limit: 1}
		if _, err := ix.Snapshot().Query(b.Context(), first); err != nil {
			b.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("%d/update %d", n, batch), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					part := make([]index.Change, batch)
					for i := range part {
						part[i] = changes[random.IntN(n)]
					}
					if err := ix.Apply(part, ix.Snapshot().Position()+1); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/entity")
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range sizes {
		changes := indextest.Generate(n, 7)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var ix *index.Index
			for b.Loop() {
				ix = index.New(index.Options{})
				if err := ix.Apply(changes, int64(n)); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entity")
			// The bodies are the benchmark's own, so this is what the index adds to them.
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/entity")
			runtime.KeepAlive(ix)
		})
	}
}
