package integrations_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// TestAddress has the bridge pass requests to an Understudy that runs by itself, with the configuration of examples/joined,
// and measures what the way costs where UNDERSTUDY_LATENCY says how many requests to make.
func TestAddress(t *testing.T) {
	if set() == legacySet {
		t.Skip("the joined configuration is for the new backend system")
	}
	b := prepare(t)
	b.bridge(t, map[string]any{"url": b.UnderstudyURL})
	if err := b.Understudy[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	b.serves(t)
	var run struct{ Status string }
	until(t, "an export has succeeded", func() bool {
		return ask(t, http.MethodPost, b.url("/api/rely/migrate?wait=20s"), stage.Token, nil).JSON(&run) == nil && run.Status == "succeeded"
	})
	t.Run("Understudy is away", func(t *testing.T) {
		if err := b.Understudy[0].Stop(); err != nil {
			t.Fatal(err)
		}
		if a := ask(t, http.MethodGet, b.url("/api/rely/status"), stage.Token, nil); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s, Retry-After %q", a, a.Header.Get("Retry-After"))
		}
		if err := b.Understudy[0].Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.serves(t)
	})
	var n int
	if _, err := fmt.Sscan(os.Getenv("UNDERSTUDY_LATENCY"), &n); err != nil {
		return
	}
	for _, path := range []string{"/api/rely/status", "/api/spacelift-io/stacks"} {
		for _, way := range []struct{ name, base string }{{"direct", b.UnderstudyURL}, {"bridge", b.Node.URL}, {"direct", b.UnderstudyURL}, {"bridge", b.Node.URL}} {
			took := make([]time.Duration, 0, n)
			var size int
			for range n {
				began := time.Now()
				a := ask(t, http.MethodGet, way.base+path, stage.Token, nil)
				took = append(took, time.Since(began))
				size = len(a.Body)
			}
			slices.Sort(took)
			t.Logf("%-26s %6d bytes %s: p50 %s, p99 %s", path, size, way.name, took[n/2].Round(10*time.Microsecond), took[n*99/100].Round(10*time.Microsecond))
		}
	}
}
