package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/hosttest"
	"github.com/understudy-portal/understudy/host/router"
	simrely "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

// catalog yields entities that it parses from text, as the real one does.
type catalog struct {
	mu    sync.Mutex // guards what follows
	texts map[string][]byte
	order []string
}

// newCatalog has n entities of about one and a half kilobytes, of all kinds that matter.
func newCatalog(n int) *catalog {
	c := &catalog{texts: map[string][]byte{}}
	if n == 0 {
		return c
	}
	c.put("Group", "g0", "")
	c.put("User", "u0", "")
	kinds := []string{"Component", "Component", "Component", "Component", "API", "Resource", "System", "Location"}
	for i := range n - 2 {
		c.put(kinds[i%len(kinds)], fmt.Sprintf("n%06d", i), "")
	}
	return c
}

func (c *catalog) put(kind, name, description string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if description == "" {
		description = strings.Repeat("what "+name+" is for. ", 20)
	}
	text := fmt.Sprintf(`{"apiVersion":"backstage.io/v1alpha1","kind":%q,"metadata":{"name":%q,"namespace":"default","title":"Title of %[2]s","uid":"00000000-0000-4000-8000-000000000000",
		"etag":"e0","description":%q,"tags":["go","grpc","tier-1"],"labels":{"language":"go","team":"g0"},
		"annotations":{"backstage.io/source-location":"url:https://github.com/acme/%[2]s/tree/main/","backstage.io/managed-by-location":"url:https://github.com/acme/%[2]s/blob/main/catalog-info.yaml","github.com/project-slug":"acme/%[2]s","pagerduty.com/service-id":"P%[2]s"},
		"links":[{"url":"https://runbooks.acme.test/%[2]s","title":"Runbook"},{"url":"https://dash.acme.test/%[2]s","title":"Dashboard"}]},
		"spec":{"type":"service","lifecycle":"production","owner":"group:default/g0","system":"s","definition":"openapi: 3.0.0"},
		"relations":[{"type":"ownedBy","targetRef":"group:default/g0"},{"type":"dependsOn","targetRef":"component:default/n000000"},{"type":"partOf","targetRef":"system:default/n000006"}]}`,
		kind, name, description)
	c.store(strings.ToLower(kind+":default/"+name), text)
}

// add puts in an entity as it stands.
func (c *catalog) add(ref, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(ref, text)
}

func (c *catalog) store(ref, text string) {
	if _, known := c.texts[ref]; !known {
		c.order = append(c.order, ref)
	}
	c.texts[ref] = []byte(text)
}

func (c *catalog) ByRef(_ context.Context, _ auth.Credentials, ref string) (entity.Entity, bool, error) {
	c.mu.Lock()
	text, ok := c.texts[ref]
	c.mu.Unlock()
	if !ok {
		return entity.Entity{}, false, nil
	}
	o, err := entity.ParseObject(text)
	return entity.FromObject(o), err == nil, err
}

func (c *catalog) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	return hosttest.ByRefs(ctx, c, who, refs)
}

func (c *catalog) Entities(ctx context.Context, who auth.Credentials, _ entity.Predicate) iter.Seq2[entity.Entity, error] {
	c.mu.Lock()
	order := slices.Clone(c.order)
	c.mu.Unlock()
	return func(yield func(entity.Entity, error) bool) {
		for _, ref := range order {
			if e, _, err := c.ByRef(ctx, who, ref); !yield(e, err) {
				return
			}
		}
	}
}

func (c *catalog) Position() int64 { return 1 }

func (c *catalog) Changed(ctx context.Context, after int64) (int64, error) {
	<-ctx.Done()
	return after, context.Cause(ctx)
}

// gate takes "Bearer jane" for a user, "Bearer ci" for a service and "Bearer reader" for one that may only read.
type gate struct{}

func (gate) Authenticate(r *http.Request, _ string, level router.Level) (*http.Request, error) {
	who := auth.Credentials{}
	switch r.Header.Get("Authorization") {
	case "Bearer jane":
		who = auth.UserCredentials("user:default/jane")
	case "Bearer ci":
		who = auth.Credentials{Principal: auth.Principal{Kind: auth.KindService, Subject: "ci"}}
	case "Bearer reader":
		who = auth.Credentials{Principal: auth.Principal{Kind: auth.KindService, Subject: "reader", Restrictions: &auth.Restrictions{Actions: []string{"read"}}}}
	default:
		if level != router.Open {
			return nil, fault.Authentication("Missing credentials")
		}
	}
	return r.WithContext(auth.WithCredentials(r.Context(), who)), nil
}

// portal is an engine that exports to Rely's simulator, behind a router.
type portal struct {
	t       testing.TB
	catalog *catalog
	sim     *relytest.Sim
	engine  *export.Engine
	server  http.Handler
	stop    func()
}

type setting struct {
	sim    simrely.Options
	limits export.Limits
	gzip   bool
	mode   string
	mount  export.MountOptions
	change func(o *export.Options)
}

// open lifts all limits and timers, of both sides.
func lifted() setting {
	return setting{
		sim: simrely.Options{Limits: &simrely.Limits{}, Timers: &simrely.Timers{}, Journal: 10},
		limits: export.Limits{
			MaxEntities: 500, MaxBytes: 1 << 20, Concurrency: 2, RatePerMinute: -1, PollEvery: time.Millisecond, PollTimeout: time.Minute,
		},
	}
}

func newPortal(t testing.TB, db *database.Database, c *catalog, s setting) *portal {
	t.Helper()
	p := &portal{t: t, catalog: c, sim: relytest.Start(t, s.sim)}
	p.start(db, s)
	return p
}

func (p *portal) start(db *database.Database, s setting) {
	t := p.t
	t.Helper()
	m, err := mapping.Compile(mapping.Options{AppBaseURL: "http://portal.test"})
	if err != nil {
		t.Fatal(err)
	}
	dest, err := rely.New(rely.Options{
		Target: p.sim.URL, Headers: map[string]config.Secret{"Authorization": config.NewSecret("Bearer " + simrely.Token)},
		Gzip: s.gzip, Mode: s.mode, Mapping: m, Limits: s.limits,
	})
	if err != nil {
		t.Fatal(err)
	}
	opts := export.Options{
		ID: "rely", Destination: dest, Catalog: p.catalog, Database: db, RetryLadder: []time.Duration{}, Lease: 2 * time.Second,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if s.change != nil {
		s.change(&opts)
	}
	if p.engine, err = export.New(opts); err != nil {
		t.Fatal(err)
	}
	rt, err := router.New(router.Config{}, router.Options{Gate: gate{}})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("rely")
	if err != nil {
		t.Fatal(err)
	}
	p.engine.Mount(routes, s.mount)
	routes.Initialized()
	p.server = rt
	if err := p.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.engine.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(p.stop)
}

// call makes a request as a user and returns the answer's status and body.
func (p *portal) call(method, path, body string, headers ...string) (int, map[string]any) {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, "/api/rely"+path, bytes.NewReader([]byte(body)))
	r.Header.Set("Authorization", "Bearer jane")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			p.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code, out
}

// migrate runs an export to its end and returns the run.
func (p *portal) migrate(query string) map[string]any {
	p.t.Helper()
	code, out := p.call("POST", "/migrate?wait=10m"+query, "")
	if code != http.StatusOK {
		p.t.Fatalf("migrate: %d %v", code, out)
	}
	return out["run"].(map[string]any)
}

func counts(run map[string]any) map[string]any { return run["counts"].(map[string]any) }

// Scenario 1 of export.md 7.5, small.
func TestRelyHasWhatThePlanSays(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"tasks", "bulk"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := lifted()
			s.mode = mode
			p := newPortal(t, databasetest.SQLite(t), newCatalog(2000), s)
			plan := p.migrate("&dryRun=true&digest=true")
			if n := p.sim.Stats().Writes; n != 0 {
				t.Fatalf("a dry run wrote %d entities", n)
			}
			run := p.migrate("")
			if run["status"] != "succeeded" {
				t.Fatalf("%v", run)
			}
			if made := counts(plan)["requests"].(float64) + counts(run)["requests"].(float64); made == 0 || made != float64(p.sim.Stats().Requests) {
				t.Errorf("%v and %v are not the %d requests that were made", counts(plan)["requests"], counts(run)["requests"], p.sim.Stats().Requests)
			}
			if plan["digest"] == nil || plan["digest"] != p.sim.Digest() {
				t.Errorf("digest %v, the destination has %v", plan["digest"], p.sim.Digest())
			}
			if !maps.Equal(map[string]any{"create": counts(plan)["create"]}, map[string]any{"create": counts(run)["sent"]}) {
				t.Errorf("planned %v, sent %v", counts(plan), counts(run))
			}
			before := p.sim.Stats().Requests
			if again := p.migrate(""); counts(again)["requests"] != 0.0 || counts(again)["unchanged"] != counts(run)["sent"] {
				t.Errorf("%v", counts(again))
			}
			if n := p.sim.Stats().Requests - before; n != 0 {
				t.Errorf("%d requests although nothing changed", n)
			}
		})
	}
}

// BenchmarkExport measures 65,000 entities with the limits and timers of both sides lifted: entities a second, and how
// much memory that takes above idle, with the simulator's part, which keeps all that it gets.
func BenchmarkExport(b *testing.B) {
	const n = 65_000
	for _, mode := range []string{"bulk", "tasks"} {
		b.Run(mode, func(b *testing.B) {
			for b.Loop() {
				s := lifted()
				s.mode = mode
				p := newPortal(b, databasetest.SQLite(b), newCatalog(n), s)
				runtime.GC()
				peak := watchHeap(b)
				began := time.Now()
				run := p.migrate("")
				took := time.Since(began)
				if run["status"] != "succeeded" {
					b.Fatalf("%v", run)
				}
				b.ReportMetric(float64(n)/took.Seconds(), "entities/s")
				b.ReportMetric(peak(), "MB/peak")
				b.ReportMetric(counts(run)["requests"].(float64), "requests")
				began = time.Now()
				p.migrate("")
				b.ReportMetric(float64(n)/time.Since(began).Seconds(), "unchanged/s")
				p.stop()
			}
		})
	}
}

// watchHeap returns a function that tells how far the heap in use went above where it was.
func watchHeap(b *testing.B) func() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base, peak := m.HeapInuse, uint64(0)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	return func() float64 {
		cancel()
		<-done
		return float64(peak-min(peak, base)) / (1 << 20)
	}
}
