package index_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/entity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestApplyRefusesABatchWhole(t *testing.T) {
	t.Parallel()
	ix := index.New(index.Options{})
	changes := indextest.Generate(3, 1)
	if err := ix.Apply(changes[:1], 5); err != nil {
		t.Fatal(err)
	}
	broken := []index.Change{changes[1], {Ref: "component:default/x", UID: "x", Body: []byte("[]")}}
	if err := ix.Apply(broken, 6); err == nil {
		t.Error("a body that is no object was taken")
	}
	if err := ix.Apply(changes[1:], 4); err == nil {
		t.Error("the index went back in time")
	}
	if s := ix.Snapshot(); s.Len() != 1 || s.Position() != 5 {
		t.Errorf("%d entities at %d, want 1 at 5", s.Len(), s.Position())
	}
	if err := ix.Apply(nil, 9); err != nil || ix.Snapshot().Position() != 9 {
		t.Errorf("an empty batch must move the position: %v, %d", err, ix.Snapshot().Position())
	}
}

func TestLastChangeOfABatchCounts(t *testing.T) {
	t.Parallel()
	ix := index.New(index.Options{})
	c := indextest.Generate(1, 1)[0]
	again := c
	again.UID = "another"
	gone := index.Change{Ref: c.Ref}
	if err := ix.Apply([]index.Change{c, gone, again}, 3); err != nil {
		t.Fatal(err)
	}
	if d, ok := ix.Snapshot().ByRef(c.Ref); !ok || d.UID != "another" {
		t.Errorf("got %v %q", ok, d.UID)
	}
	if _, ok := ix.Snapshot().ByUID(c.UID); ok {
		t.Error("the first of two uids is still there")
	}
	if err := ix.Apply([]index.Change{again, gone}, 5); err != nil {
		t.Fatal(err)
	}
	if ix.Snapshot().Len() != 0 {
		t.Error("the entity is still there")
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	ix := index.New(index.Options{})
	done := make(chan error, 1)
	go func() { done <- ix.Wait(t.Context(), 2) }()
	for position := range int64(3) {
		if err := ix.Apply(nil, position); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Errorf("wait: %v", err)
	}
	late := errors.New("too late")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, late)
	defer cancel()
	if err := ix.Wait(ctx, 3); !errors.Is(err, late) {
		t.Errorf("got %v, want the context's cause", err)
	}
}

// TestSnapshotsStayWhileTheCatalogChanges reads from many goroutines while a writer replaces everything again and again:
// each snapshot must be one state of the catalog, whole.
func TestSnapshotsStayWhileTheCatalogChanges(t *testing.T) {
	t.Parallel()
	const n = 300
	ix := index.New(index.Options{})
	round := func(i int) []index.Change {
		changes := make([]index.Change, n)
		for j := range changes {
			changes[j] = index.Change{
				Ref: fmt.Sprintf("component:default/c%d", j), UID: fmt.Sprintf("%03d", j),
				Body: fmt.Appendf(nil, `{"kind":"Component","metadata":{"name":"c%d","uid":"%03d"},"spec":{"round":"r%d","order":%d}}`, j, j, i, (j*7+i)%n),
			}
		}
		return changes
	}
	if err := ix.Apply(round(0), 0); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s := ix.Snapshot()
				counted, err := s.Facets(t.Context(), nil, []string{"spec.round"})
				if err != nil {
					t.Error(err)
					return
				}
				facets := counted["spec.round"]
				page, err := s.Query(t.Context(), index.Query{
					Order: []index.OrderField{{Field: "spec.order"}}, Limit: 20, Total: true,
					FullText: &index.FullText{Term: "r", Fields: []string{"spec.round"}},
				})
				if err != nil || len(facets) != 1 || facets[0].Count != n || page.Total != n || len(page.Docs) != 20 {
					t.Errorf("at %d: facets %v, total %d, error %v", s.Position(), facets, page.Total, err)
					return
				}
			}
		})
	}
	for i := range 60 {
		if err := ix.Apply(round(i+1), int64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

// TestLargeCatalog goes beyond one full segment, where the property test does not reach.
func TestLargeCatalog(t *testing.T) {
	t.Parallel()
	const n = 42_000
	ix := index.New(index.Options{})
	random := rand.New(rand.NewPCG(3, 3))
	changes := make([]index.Change, n)
	for i := range changes {
		uid := fmt.Sprintf("%016x", random.Uint64())
		changes[i] = index.Change{
			Ref: fmt.Sprintf("component:default/c%d", i), UID: uid,
			Body: fmt.Appendf(nil, `{"kind":"Component","metadata":{"name":"C%05d","uid":"%s"},"spec":{"seventh":"%d"}}`, i, uid, i%7),
		}
	}
	if err := ix.Apply(changes[:35_000], 1); err != nil {
		t.Fatal(err)
	}
	for at := 35_000; at < n; at += 1000 {
		if err := ix.Apply(changes[at:at+1000], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	s := ix.Snapshot()
	third := entity.Equal{Key: "spec.seventh", Values: []string{"3"}}
	byName := []index.OrderField{{Field: "metadata.name"}}
	var after *index.Position
	seen := 0
	for {
		page, err := s.Query(t.Context(), index.Query{Predicate: third, Order: byName, Limit: 999, After: after, Total: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Docs {
			if want := fmt.Sprintf("component:default/c%d", seen*7+3); d.Ref != want {
				t.Fatalf("entity %d is %s, want %s", seen, d.Ref, want)
			}
			seen++
		}
		if page.Total != n/7 {
			t.Fatalf("total %d, want %d", page.Total, n/7)
		}
		if !page.More {
			break
		}
		after = page.Last
	}
	if seen != n/7 {
		t.Errorf("%d entities in all, want %d", seen, n/7)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	ix := index.New(index.Options{Metrics: registry})
	if err := ix.Apply(indextest.Generate(7, 1), 7); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		m := f.GetMetric()[0]
		got[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	for name, want := range map[string]float64{
		"understudy_catalog_entities": 7, "understudy_catalog_index_position": 7,
		"understudy_catalog_index_changes_total": 7, "understudy_catalog_index_segments": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}
