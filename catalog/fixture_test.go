package catalog_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a catalog as the backend would run it, without a listener.
type running struct {
	plugin  *catalog.Plugin
	reader  host.CatalogReader
	router  *router.Router
	metrics *prometheus.Registry
	stop    func() error
}

// gate lets everybody in as a user.
type gate struct{}

func (gate) Authenticate(r *http.Request, _ string, _ router.Level) (*http.Request, error) {
	return r.WithContext(auth.WithCredentials(r.Context(), auth.UserCredentials("user:default/tester"))), nil
}

func parse(t testing.TB, yaml string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a catalog until the test ends.
func start(t testing.TB, db *database.Database, yaml string, opts ...catalog.Option) *running {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &running{plugin: catalog.New(opts...), metrics: prometheus.NewRegistry()}
	var err error
	if r.router, err = router.New(router.Config{}, router.Options{Log: log, Gate: gate{}}); err != nil {
		t.Fatal(err)
	}
	routes, err := r.router.Plugin(catalog.ID)
	if err != nil {
		t.Fatal(err)
	}
	env := &host.Env{
		ID: catalog.ID, Log: log, Config: parse(t, yaml), Routes: routes, Permissions: &permission.Local{},
		Audit: telemetry.NewAuditor(log, telemetry.AuditOptions{}), Metrics: r.metrics,
		Database: func(context.Context) (*database.Database, error) { return db, nil },
	}
	if err := r.plugin.Register(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	r.reader = r.plugin.CatalogReader()
	if err := r.plugin.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	routes.Initialized()
	r.router.Ready()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.plugin.Run(ctx) }()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			return err
		}
		return r.plugin.Stop(context.Background())
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// do sends a request to the routes.
func (r *running) do(t testing.TB, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/api/catalog"+path, nil))
	return w.Code, w.Body.String()
}

// await waits until the catalog's reads satisfy a condition, woken by its changes.
func (r *running) await(t testing.TB, what string, condition func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		position := r.reader.Position()
		if condition() {
			return time.Since(begin)
		}
		if _, err := r.reader.Changed(ctx, position); err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}

func (r *running) has(t testing.TB, ref string) bool {
	t.Helper()
	_, ok, err := r.reader.ByRef(t.Context(), auth.UserCredentials("user:default/tester"), ref)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func component(name string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name + "}\nspec: {type: service, lifecycle: production, owner: team}\n"
}
