package spacelift

import (
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

// TestLarge polls the list of an account of 10,000 stacks with 50 clients and reports what it took. It measures, and so
// runs only when asked to: SPACELIFT_LARGE=1 go test -run TestLarge -v.
func TestLarge(t *testing.T) {
	if os.Getenv("SPACELIFT_LARGE") == "" {
		t.Skip("SPACELIFT_LARGE is not set")
	}
	up, url := account(t, sim.Options{Preset: sim.Large, Seed: 1})
	s := start(t, setup{config: strings.ReplaceAll(section1(url, ""), "interval: 1h, activeInterval: 100ms, idleInterval: 200ms", "interval: 1h")})
	began := time.Now()
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	t.Logf("first sweep: %s, %d requests", time.Since(began), len(up.Requests()))
	for _, c := range []struct {
		name, path string
		headers    []string
	}{
		{"all", "/stacks", nil},
		{"all, gzip", "/stacks", []string{"Accept-Encoding: gzip"}},
		{"unchanged", "/stacks", []string{"If-None-Match: " + s.get("/stacks").header.Get("Etag")}},
		{"a page", "/v1/stacks?limit=50", nil},
		{"a search", "/v1/stacks?q=prod+net&group=failed", nil},
	} {
		before := len(up.Requests())
		took := s.poll(c.path, c.headers)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		t.Logf("%-10s n=%d p50=%s p99=%s requests=%d heap=%d MB", c.name, len(took), took[len(took)/2], took[len(took)*99/100], len(up.Requests())-before, m.HeapAlloc>>20)
	}
}

// poll lets 50 clients ask at the rate of open pages for some seconds, and returns how long the answers took, in order.
func (s *server) poll(path string, headers []string) []time.Duration {
	const clients, each, every = 50, 4, 2 * time.Second
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			<-time.After(every * time.Duration(i) / clients)
			for range each {
				began := time.Now()
				if a := s.get(path, headers...); a.status != http.StatusOK && a.status != http.StatusNotModified {
					s.t.Errorf("%d", a.status)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
				<-tick.C
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}
