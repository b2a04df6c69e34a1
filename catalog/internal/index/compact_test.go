package index

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

// TestCompactKeepsFewSegments applies batches of all sizes and checks what compact promises.
func TestCompactKeepsFewSegments(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	s := &Snapshot{seed: maphash.MakeSeed()}
	position := int64(0)
	for range 100 {
		var changes []Change
		for range []int{1, 3, 50, 400, 3000}[random.IntN(5)] {
			name := random.IntN(20_000)
			changes = append(changes, Change{
				Ref: fmt.Sprintf("component:default/c%d", name), UID: fmt.Sprintf("%d", name),
				Body: fmt.Appendf(nil, `{"kind":"Component","metadata":{"name":"c%d"}}`, name),
			})
		}
		position++
		next, err := s.apply(changes, position)
		if err != nil {
			t.Fatal(err)
		}
		s = next
		checkViews(t, s)
	}
}

func checkViews(t *testing.T, s *Snapshot) {
	t.Helper()
	var levels [16]int
	full := 0
	for _, v := range s.views {
		if n := v.seg.len(); n > maxDocs || v.count < 1 || v.count != int(v.live.GetCardinality()) || (n-v.count)*4 > n {
			t.Fatalf("a segment of %d has %d living entities", n, v.count)
		}
		if v.count*2 > maxDocs {
			full++
			continue
		}
		levels[level(v.count)]++
	}
	for l, n := range levels {
		if n >= fanOut {
			t.Fatalf("level %d has %d segments", l, n)
		}
	}
	if most := 1 + s.count/(maxDocs/2); full > most {
		t.Fatalf("%d large segments for %d entities", full, s.count)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for count, want := range map[int]int{1: 0, 63: 0, 64: 1, 255: 1, 256: 2, 1023: 2, 1024: 3, 4096: 4, 16383: 4, 16384: 5, maxDocs: 5} {
		if got := level(count); got != want {
			t.Errorf("level of %d is %d, want %d", count, got, want)
		}
	}
}
