package spacelift

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/hosttest"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate knows two tokens: "user" and "service".
type gate struct{}

func (gate) Authenticate(r *http.Request, _ string, level router.Level) (*http.Request, error) {
	who := auth.Credentials{}
	switch r.Header.Get("Authorization") {
	case "Bearer user", "Bearer golden-static-token-0123456789":
		who = auth.UserCredentials("user:default/jane")
	case "Bearer service":
		who = auth.PluginCredentials("tests")
	case "":
		if level != router.Open {
			return nil, fault.Authentication("Missing credentials")
		}
	default:
		if level != router.Open {
			return nil, fault.Authentication("Illegal token")
		}
	}
	return r.WithContext(auth.WithCredentials(r.Context(), who)), nil
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// catalog holds entities; those in hidden only services see.
type catalog struct {
	entities map[string]entity.Entity
	hidden   map[string]bool
	position int64
	broken   error
}

func (c *catalog) ByRef(_ context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	e, ok := c.entities[ref]
	return e, ok && (who.IsService() || !c.hidden[ref]), c.broken
}

func (c *catalog) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	return hosttest.ByRefs(ctx, c, who, refs)
}

func (c *catalog) Entities(_ context.Context, _ auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		if c.broken != nil {
			yield(entity.Entity{}, c.broken)
			return
		}
		for _, e := range c.entities {
			if rows, _ := entity.SearchRows(e); entity.Match(filter, rows) && !yield(e, nil) {
				return
			}
		}
	}
}

func (c *catalog) Position() int64 { return c.position }
func (c *catalog) Changed(ctx context.Context, _ int64) (int64, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

// setup is what a server of a test is like.
type setup struct {
	// config is the section spacelift; empty means that of the simulator, with more appended to it.
	config, more string
	// upstream is the simulator's address.
	upstream string
	db       *database.Database
	catalog  *catalog
	// permissions decides; nil allows everything to everybody.
	permissions permission.Checker
}

// server is a running plugin. Stop ends it before the test does.
type server struct {
	t       testing.TB
	plugin  *Plugin
	url     string
	log     *buffer
	metrics *prometheus.Registry
	tasks   *schedule.Scheduler
	client  *http.Client
	db      *database.Database
	stop    func()
}

// quick makes the tasks run as often as tests like it.
const quick = ", sync: {interval: 1h, activeInterval: 100ms, idleInterval: 200ms}, limits: {requestsPerSecond: 1000, burst: 1000}"

func section1(up, more string) string {
	return fmt.Sprintf("{apiUrl: %q, webUrl: 'https://acme.app.spacelift.io', apiKey: %s, apiSecret: %s%s%s}", up, sim.AdminKey, sim.Secret, quick, more)
}

func start(t testing.TB, s setup) *server {
	t.Helper()
	text := s.config
	if text == "" {
		text = section1(s.upstream, s.more)
	}
	cfg, err := config.Parse("app-config.yaml", []byte("spacelift: "+text+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.db == nil {
		s.db = databasetest.SQLite(t)
	}
	if s.catalog == nil {
		s.catalog = &catalog{}
	}
	if s.permissions == nil {
		s.permissions = &permission.Local{}
	}
	out := &server{t: t, db: s.db, log: &buffer{}, plugin: New(), metrics: prometheus.NewRegistry()}
	out.plugin.lookPauses = []time.Duration{0, 10 * time.Millisecond}
	out.plugin.logStep = 5 * time.Millisecond
	log := telemetry.NewLogger(out.log, telemetry.LogOptions{Format: telemetry.JSON, Level: -4})
	open := func(context.Context) (*database.Database, error) { return s.db, nil }
	rt, err := router.New(router.Config{}, router.Options{Gate: gate{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin(pluginID)
	if err != nil {
		t.Fatal(err)
	}
	out.tasks = schedule.New(schedule.Options{Plugin: pluginID, Database: open, Log: log, Lease: 3 * time.Second})
	env := &host.Env{
		ID: pluginID, Log: log, Config: cfg, Routes: routes, Database: open, Catalog: s.catalog, Permissions: s.permissions,
		Tasks: func() *schedule.Scheduler { return out.tasks }, Metrics: out.metrics,
		Audit: telemetry.NewAuditor(log, telemetry.AuditOptions{Actor: func(ctx context.Context) string { return auth.FromContext(ctx).String() }}),
	}
	if err := out.plugin.Register(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	out.run(rt, routes)
	return out
}

// run begins what the backend begins, and prepares to end it in its order.
func (s *server) run(rt *router.Router, routes *router.Routes) {
	if err := s.plugin.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	routes.Initialized()
	rt.Ready()
	listener := httptest.NewServer(rt)
	s.url = listener.URL + "/api/" + pluginID
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: transport}
	life, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, run := range []func(context.Context) error{s.plugin.Run, s.tasks.Run} {
		work.Go(func() {
			if err := run(life); err != nil {
				s.t.Errorf("run: %v", err)
			}
		})
	}
	s.stop = sync.OnceFunc(func() {
		if err := rt.Drain(context.Background()); err != nil {
			s.t.Error(err)
		}
		transport.CloseIdleConnections()
		listener.Close()
		cancel()
		work.Wait()
		if err := s.plugin.Stop(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(s.stop)
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *server) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	var reader io.Reader = http.NoBody
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer user")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

func (s *server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.send(http.MethodGet, path, "", headers...)
}

func (s *server) post(path, body string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, path, body, "Content-Type: application/json")
}

// json reads a good answer.
func (s *server) json(path string, into any) {
	s.t.Helper()
	a := s.get(path)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		s.t.Fatalf("%s: %v in %s", path, err, a.body)
	}
}

// until looks again and again until something that sends no signal is so.
func (s *server) until(what string, done func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("waited in vain: %s\n%s", what, s.log)
		}
	}
}

// audits returns the finished audit events of triggers.
func (s *server) audits() []map[string]any {
	s.t.Helper()
	return s.auditsOf("run-trigger")
}

// auditsOf returns the finished audit events with this id.
func (s *server) auditsOf(id string) []map[string]any {
	s.t.Helper()
	var list []map[string]any
	lines := bufio.NewScanner(strings.NewReader(s.log.String()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry map[string]any
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry["isAuditEvent"] == true && entry["eventId"] == id {
			list = append(list, entry)
		}
	}
	return list
}

// account starts a simulator of the small preset, whose clock stands still, and returns it with its GraphQL address.
func account(t testing.TB, o sim.Options) (*spacelifttest.Sim, string) {
	t.Helper()
	s := spacelifttest.Start(t, o)
	return s, s.URL + "/graphql"
}

// store is a further handle to the plugin's tables.
func (s *server) store(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), s.db)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func secretOf(context.Context) (config.Secret, error) { return config.NewSecret(sim.Secret), nil }

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// must returns one of the plugin's metrics.
func must(t *testing.T, s *server, name string) prometheus.Collector {
	t.Helper()
	return one{s.metrics, name}
}

// one collects a single family of a registry.
type one struct {
	from *prometheus.Registry
	name string
}

func (o one) Describe(chan<- *prometheus.Desc) {}
func (o one) Collect(out chan<- prometheus.Metric) {
	families, err := o.from.Gather()
	if err != nil {
		return
	}
	for _, f := range families {
		if f.GetName() != o.name {
			continue
		}
		total := 0.0
		for _, m := range f.GetMetric() {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(o.name, "sum", nil, nil), prometheus.UntypedValue, total)
	}
}
