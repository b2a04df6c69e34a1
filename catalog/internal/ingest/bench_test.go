package ingest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// BenchmarkIngest measures 10,000 entities of about 1 KiB, cold, from files to their final state.
func BenchmarkIngest(b *testing.B) {
	const entities = 10_000
	dir := b.TempDir()
	generate(b, dir, entities)
	for _, engine := range []struct {
		name string
		open func(testing.TB) *database.Database
	}{{"sqlite", databasetest.SQLite}, {"postgresql", databasetest.PostgreSQL}} {
		b.Run(engine.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				f := newFixture(b, engine.open(b))
				b.StartTimer()
				f.connect(b, &ingest.ConfigLocations{Locations: []entity.LocationRef{{Type: "file", Target: filepath.Join(dir, "*.yaml")}}})
				f.run(b, entities+1)
			}
			b.ReportMetric(float64(entities)*float64(b.N)/b.Elapsed().Seconds(), "entities/s")
		})
	}
}

// run lets the engine run until nothing is due.
func (f *fixture) run(tb testing.TB, want int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	go func() { done <- f.engine.Run(running) }()
	woken, end := f.ledger.Subscribe()
	defer end()
	for f.unsettled(tb, want) {
		select {
		case <-woken:
		case <-ctx.Done():
			tb.Fatal("the catalog does not settle")
		}
	}
	stop()
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
}

func (f *fixture) unsettled(tb testing.TB, want int) bool {
	tb.Helper()
	c, err := f.ledger.Counts(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if c.Due > 0 {
		return true
	}
	n := 0
	if _, err := f.ledger.Providers(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return f.position(tb) < int64(want) && n == 0
}

// generate writes files of 20 entities each: components with owner, system, APIs and dependencies.
func generate(tb testing.TB, dir string, n int) {
	tb.Helper()
	var b strings.Builder
	for i := range n {
		switch {
		case i%100 == 0:
			fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-%d\n  description: %s\nspec:\n  type: team\n  children: []\n---\n", i/100, lorem)
		case i%50 == 1:
			fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: system-%d\n  description: %s\nspec:\n  owner: team-%d\n---\n", i/50, lorem, i%100)
		case i%10 == 2:
			fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: api-%d\n  description: %s\nspec:\n  type: openapi\n  lifecycle: production\n  owner: team-%d\n  system: system-%d\n  definition: |\n    openapi: 3.0.0\n---\n", i/10, lorem, i%100, i%200)
		default:
			fmt.Fprintf(&b, `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: component-%d
  title: Component number %d
  description: %s
  labels:
    example.com/tier: "%d"
    example.com/region: eu-west-%d
  annotations:
    github.com/project-slug: acme/component-%d
    backstage.io/techdocs-ref: dir:.
    example.com/cost-center: cc-%d
  tags: [go, rest, tier-%d]
  links:
    - url: https://admin.example.com/%d
      title: Admin
spec:
  type: service
  lifecycle: production
  owner: team-%d
  system: system-%d
  providesApis: [api-%d]
  dependsOn: [component:component-%d]
---
`, i, i, lorem, i%4, i%3, i, i%50, i%5, i, i%100, i%200, i/10, (i+7)%n)
		}
		if i%20 == 19 || i == n-1 {
			write(tb, filepath.Join(dir, fmt.Sprintf("part-%05d.yaml", i/20)), b.String())
			b.Reset()
		}
	}
}

const lorem = "A service that takes orders from customers and passes them on to the people who fulfil them, with retries, an outbox, metrics and a runbook that is kept current by the team which also answers the pager at night"
