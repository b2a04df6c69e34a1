package remote_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/catalog/internal/httpapi"
	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// ownPeer serves n entities by our own routes over TCP.
func ownPeer(tb testing.TB, n int) (address string, refs []string) {
	tb.Helper()
	changes := indextest.Generate(n, 1)
	for _, c := range changes {
		refs = append(refs, c.Ref)
	}
	ix := index.New(index.Options{})
	if err := ix.Apply(changes, int64(n)); err != nil {
		tb.Fatal(err)
	}
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	routes, err := rt.Plugin("catalog")
	if err != nil {
		tb.Fatal(err)
	}
	routes.Open("/")
	log := slog.New(slog.DiscardHandler)
	httpapi.New(httpapi.Deps{
		Index: ix, Permissions: &permission.Local{}, Log: log, Audit: telemetry.NewAuditor(log, telemetry.AuditOptions{}),
	}).Mount(routes)
	routes.Initialized()
	s := httptest.NewServer(rt)
	tb.Cleanup(s.Close)
	return s.URL + "/api/catalog", refs
}

func ownReader(tb testing.TB, address string) (*remote.Reader, *prometheus.Registry) {
	tb.Helper()
	client, metrics := remote.NewClient(), prometheus.NewRegistry()
	tb.Cleanup(client.CloseIdleConnections)
	return remote.New(remote.Options{
		Plugin: "rely", Client: client, Metrics: metrics,
		Address: func(context.Context) (string, error) { return address, nil },
		Token:   func(context.Context, auth.Credentials) (string, error) { return "token", nil },
	}), metrics
}

// requests counts what a reader has sent.
func requests(tb testing.TB, metrics *prometheus.Registry) int {
	tb.Helper()
	families, err := metrics.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	total := 0
	for _, f := range families {
		if f.GetName() == "understudy_catalog_remote_requests_total" {
			for _, m := range f.GetMetric() {
				total += int(m.GetCounter().GetValue())
			}
		}
	}
	return total
}

// TestCostOfAWalk: so many requests, each of which the metrics know.
func TestCostOfAWalk(t *testing.T) {
	t.Parallel()
	address, refs := ownPeer(t, 2100)
	r, metrics := ownReader(t, address)
	names, err := walk(t, r, own, nil)
	if n := requests(t, metrics); err != nil || len(names) != 2100 || n != 5 {
		t.Errorf("%d entities by %d requests, %v", len(names), n, err)
	}
	found, err := r.ByRefs(t.Context(), own, refs)
	if n := requests(t, metrics); err != nil || len(found) != 2100 || n != 8 {
		t.Errorf("%d entities by %d requests, %v", len(found), n, err)
	}
	if problems, err := testutil.GatherAndLint(metrics); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// BenchmarkWalk reads 20,000 entities of about 1.7 KB from our own routes over loopback: for orientation.
func BenchmarkWalk(b *testing.B) {
	const n = 20_000
	address, refs := ownPeer(b, n)
	r, metrics := ownReader(b, address)
	b.Run("entities", func(b *testing.B) {
		before := requests(b, metrics)
		for b.Loop() {
			some := 0
			for _, err := range r.Entities(b.Context(), own, nil) {
				if err != nil {
					b.Fatal(err)
				}
				some++
			}
			if some != n {
				b.Fatalf("%d entities", some)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entities/s")
		b.ReportMetric(float64(requests(b, metrics)-before)/float64(b.N), "requests/op")
	})
	b.Run("by-refs", func(b *testing.B) {
		before := requests(b, metrics)
		for b.Loop() {
			if _, err := r.ByRefs(b.Context(), own, refs); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entities/s")
		b.ReportMetric(float64(requests(b, metrics)-before)/float64(b.N), "requests/op")
	})
	b.Run("compare", func(b *testing.B) {
		// The first comparison of a reader is due at once.
		for b.Loop() {
			fresh, _ := ownReader(b, address)
			if _, err := fresh.Changed(b.Context(), fresh.Position()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
