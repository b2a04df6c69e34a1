package spacelift_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestUnknownPreset(t *testing.T) {
	if _, err := spacelift.New(spacelift.Options{Preset: "huge"}); err == nil {
		t.Error("no error")
	}
}

func TestTLS(t *testing.T) {
	sim := spacelifttest.StartTLS(t, spacelift.Options{})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(sim.PEM) {
		t.Fatal("no certificate")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sim.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	s, err := spacelift.New(spacelift.Options{Speed: 100})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// TestAmbient: the demo does not come to a standstill, and nothing ends up where it cannot be.
func TestAmbient(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo, AmbientPerMinute: 4, Now: fixed})
	for hour := range 6 {
		before := c.sim.Moved()
		c.sim.Advance(time.Hour)
		if c.sim.Moved() < before+200 {
			t.Errorf("hour %d: %d transitions", hour, c.sim.Moved()-before)
		}
	}
	state := c.sim.State()
	if state.Stacks != 40 || state.Busy > 12 {
		t.Errorf("state %+v", state)
	}
	if runs := c.sim.Runs("prod-cluster-eu"); !slices.ContainsFunc(runs, func(r spacelift.Run) bool { return r.State == "UNCONFIRMED" }) {
		t.Error("nobody may decide about the run that needs approval")
	}
}

// TestEverybodyAtOnce is for the race detector.
func TestEverybodyAtOnce(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo, AmbientPerMinute: 600, Speed: 100})
	queries := []string{stacksPage, runsPage, stackDetail, stackRuns, trigger, runDetail, viewerQuery}
	stacks := c.sim.Stacks()
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 20 {
				stack := stacks[(n*20+i)%len(stacks)]
				c.get(queries[(n+i)%len(queries)], map[string]any{
					"input": map[string]any{"first": 20}, "id": stack, "stack": stack, "run": "01NONE",
				})
				c.sim.Patch(stack, spacelift.Patch{Name: &stack, Labels: &[]string{"x"}})
				c.sim.State()
			}
		})
	}
	all.Wait()
	if got := len(c.sim.Requests()); got != 1+8*20 {
		t.Errorf("%d requests", got)
	}
}

// TestLargeOverHTTP reads all of it, as a sync would, and looks at what it costs.
func TestLargeOverHTTP(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Large})
	c.ask(runsPage, map[string]any{"input": map[string]any{"first": 50}})
	ids, pages := c.sweep(map[string]any{"first": 50})
	if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); pages != 200 || len(distinct) != 10_000 {
		t.Errorf("%d stacks in %d pages", len(distinct), pages)
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 300<<20 {
		t.Errorf("%d MB on the heap", memory.HeapAlloc>>20)
	}
}

func BenchmarkPageOfLarge(b *testing.B) {
	c := start(b, spacelift.Options{Preset: spacelift.Large})
	for b.Loop() {
		c.get(stacksPage, map[string]any{"input": map[string]any{"first": 50}})
	}
}

func BenchmarkNewLarge(b *testing.B) {
	for b.Loop() {
		if _, err := spacelift.New(spacelift.Options{Preset: spacelift.Large}); err != nil {
			b.Fatal(err)
		}
	}
}
