package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/hosttest"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeCatalog holds entities by ref, and wakes who waits when one is put.
type fakeCatalog struct {
	mu       sync.Mutex // guards what follows
	order    []string
	entities map[string]entity.Entity
	hidden   map[string]bool
	position int64
	changed  chan struct{}
	broken   error
	walks    int
	reads    int
}

func newCatalog(t *testing.T, docs ...string) *fakeCatalog {
	c := &fakeCatalog{entities: map[string]entity.Entity{}, hidden: map[string]bool{}, changed: make(chan struct{})}
	for _, doc := range docs {
		c.put(t, doc)
	}
	return c
}

func (c *fakeCatalog) put(t *testing.T, doc string) {
	t.Helper()
	o, err := entity.ParseObject([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	e := entity.FromObject(o)
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := e.Ref().String()
	if _, known := c.entities[ref]; !known {
		c.order = append(c.order, ref)
	}
	c.entities[ref] = e
	c.position++
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *fakeCatalog) ByRef(_ context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entities[ref]
	return e, ok && (who.IsService() || !c.hidden[ref]), nil
}

func (c *fakeCatalog) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	c.mu.Lock()
	c.reads++
	c.mu.Unlock()
	return hosttest.ByRefs(ctx, c, who, refs)
}

func (c *fakeCatalog) Entities(context.Context, auth.Credentials, entity.Predicate) iter.Seq2[entity.Entity, error] {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.walks++
	order, broken := append([]string(nil), c.order...), c.broken
	return func(yield func(entity.Entity, error) bool) {
		if broken != nil {
			yield(entity.Entity{}, broken)
			return
		}
		for _, ref := range order {
			if !yield(c.entities[ref], nil) {
				return
			}
		}
	}
}

func (c *fakeCatalog) Position() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position
}

func (c *fakeCatalog) Changed(ctx context.Context, after int64) (int64, error) {
	for {
		c.mu.Lock()
		position, changed, broken := c.position, c.changed, c.broken
		c.mu.Unlock()
		if broken != nil {
			return 0, broken
		}
		if position > after {
			return position, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// fakeSystem is a server that says what the test wants.
type fakeSystem struct {
	demo      bool
	plugins   []host.PluginStatus
	tasks     []schedule.Status
	lines     []config.Line
	steps     []host.Step
	providers []string
	elsewhere map[string]string
	mu        sync.Mutex // guards asked
	asked     int

	checkup    host.Checkup
	checkToken string
}

func (s *fakeSystem) Title() string             { return "Acme" }
func (s *fakeSystem) Version() string           { return "v1.2.3" }
func (s *fakeSystem) Demo() bool                { return s.demo }
func (s *fakeSystem) SignInProviders() []string { return s.providers }
func (s *fakeSystem) Elsewhere(id string) (base string, ok bool) {
	base, ok = s.elsewhere[id]
	return base, ok
}

func (s *fakeSystem) Plugins(context.Context) []host.PluginStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.plugins
}

func (s *fakeSystem) Tasks(context.Context) ([]schedule.Status, error) { return s.tasks, nil }
func (s *fakeSystem) ConfigLines() []config.Line                       { return s.lines }
func (s *fakeSystem) LastCheck() (host.Checkup, bool)                  { return s.checkup, !s.checkup.At.IsZero() }

func (s *fakeSystem) SelfCheck(_ context.Context, token config.Secret) host.Checkup {
	s.checkToken = token.Reveal()
	s.checkup = host.Checkup{At: time.Unix(1_700_000_000, 0), Took: 1500 * time.Millisecond, Steps: s.steps}
	return s.checkup
}

// fakeGate knows the tokens "user" and "service", and three of services that are restricted.
type fakeGate struct{}

func (fakeGate) Authenticate(r *http.Request, _ string, level router.Level) (*http.Request, error) {
	var who auth.Credentials
	switch r.Header.Get("Authorization") {
	case "Bearer user":
		who = auth.UserCredentials("user:default/jane")
	case "Bearer service":
		who = auth.PluginCredentials("tests")
	case "Bearer reader", "Bearer checker", "Bearer other":
		who = auth.PluginCredentials("tests")
		who.Restrictions = map[string]*auth.Restrictions{
			"Bearer reader": {Permissions: []string{"understudy.system.read"}}, "Bearer checker": {Actions: []string{"create"}},
			"Bearer other": {Permissions: []string{"nothing.at.all"}},
		}[r.Header.Get("Authorization")]
	default:
		if level != router.Open {
			return nil, fault.Authentication("Missing credentials")
		}
	}
	return r.WithContext(auth.WithCredentials(r.Context(), who)), nil
}

// fixture is a running server with the plugin on it.
type fixture struct {
	plugin  *Plugin
	router  *router.Router
	system  *fakeSystem
	catalog *fakeCatalog
	url     string
	client  *http.Client
	logs    *strings.Builder
}

func start(t *testing.T, system *fakeSystem, catalog *fakeCatalog, yaml string) *fixture {
	t.Helper()
	cfg, err := config.Parse("app-config.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := router.New(router.Config{}, router.Options{Gate: fakeGate{}})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin(ID)
	if err != nil {
		t.Fatal(err)
	}
	logs := &strings.Builder{}
	p := New()
	env := &host.Env{ID: ID, Log: slog.New(slog.NewTextHandler(logs, nil)), Config: cfg, Routes: routes, Catalog: catalog, System: system, Permissions: &permission.Local{}, Audit: telemetry.NewAuditor(nil, telemetry.AuditOptions{})}
	if err := p.Register(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	if prefix, h := p.Root(); h != nil {
		rt.Handle(prefix, h)
	}
	if h := p.Fallback(); h != nil {
		rt.Fallback(h)
	}
	routes.Initialized()
	rt.Ready()
	server := httptest.NewServer(rt)
	transport := &http.Transport{}
	t.Cleanup(func() {
		// What is still streaming ends now, so that the server need not wait for it.
		if err := rt.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		server.Close()
	})
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &fixture{plugin: p, router: rt, system: system, catalog: catalog, url: server.URL, client: client, logs: logs}
}

func (f *fixture) open(t *testing.T, ctx context.Context, method, path, token string) *http.Response { //nolint:revive // the test comes first here
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, f.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// get reads an answer to its end.
func (f *fixture) get(t *testing.T, path, token string) (*http.Response, string) {
	t.Helper()
	res := f.open(t, t.Context(), http.MethodGet, path, token)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// json reads a good answer.
func (f *fixture) json(t *testing.T, path, token string, into any) {
	t.Helper()
	res, body := f.get(t, path, token)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
}

// listening is an open event stream.
type listening struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Scanner
	leave context.CancelFunc
}

func (f *fixture) listen(t *testing.T) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	res := f.open(t, ctx, http.MethodGet, "/api/understudy/v1/events", "user")
	l := &listening{t: t, res: res, lines: bufio.NewScanner(res.Body), leave: cancel}
	t.Cleanup(func() { cancel(); _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("events: %d", res.StatusCode)
	}
	return l
}

// next reads one event; ok is false at the end of the stream.
func (l *listening) next() (e event, ok bool) {
	l.t.Helper()
	if !l.lines.Scan() {
		return event{}, false
	}
	if err := json.Unmarshal(l.lines.Bytes(), &e); err != nil {
		l.t.Fatalf("event %s: %v", l.lines.Text(), err)
	}
	return e, true
}

var errTest = errors.New("it is broken")
