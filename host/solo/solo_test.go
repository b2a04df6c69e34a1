package solo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/solo"
)

// widget is a plugin that uses what a plugin may use.
type widget struct {
	mu    sync.Mutex // guards steps
	steps []string

	env     *host.Env
	entered chan struct{} // a request is in /slow
	leave   chan struct{} // and may leave
	fail    chan error    // ends Run
}

func newWidget() *widget {
	return &widget{entered: make(chan struct{}), leave: make(chan struct{}), fail: make(chan error)}
}

func (w *widget) step(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, s)
}

func (w *widget) ID() string             { return "widget" }
func (w *widget) RequiredConfig() string { return "widget" }

func (w *widget) CheckConfig(c *config.Config) error {
	if c.Has("widget.wrong") {
		return c.Errorf("widget.wrong", "leave it out", "is wrong")
	}
	if c.Has("widget.odd") {
		p := c.Errorf("widget.odd", "leave it out", "is odd")
		p.Warning = true
		return p
	}
	return nil
}

func (w *widget) Register(ctx context.Context, env *host.Env) error {
	w.env = env
	if _, err := env.Database(ctx); err != nil {
		return err
	}
	env.Routes.Handle("GET /who/{name...}", func(rw http.ResponseWriter, r *http.Request) error {
		who := auth.FromContext(r.Context())
		return router.WriteJSON(rw, r, http.StatusOK, []string{who.UserRef + who.Subject, r.PathValue("name"), r.URL.RawQuery})
	})
	env.Routes.Handle("GET /slow", func(rw http.ResponseWriter, r *http.Request) error {
		close(w.entered)
		<-w.leave
		w.step("answered")
		return router.WriteJSON(rw, r, http.StatusOK, "late")
	})
	env.Routes.Handle("GET /catalog", func(_ http.ResponseWriter, r *http.Request) error {
		_, _, err := env.Catalog.ByRef(r.Context(), auth.FromContext(r.Context()), "user:default/a")
		return err
	})
	env.Routes.Handle("GET /open", func(rw http.ResponseWriter, r *http.Request) error {
		return router.WriteJSON(rw, r, http.StatusOK, auth.FromContext(r.Context()).IsNone())
	})
	env.Routes.Open("/open")
	further, err := env.Mount("gadget")
	if err != nil {
		return err
	}
	further.Handle("GET /who", func(rw http.ResponseWriter, r *http.Request) error {
		return router.WriteJSON(rw, r, http.StatusOK, "at the further mount: "+auth.FromContext(r.Context()).Subject)
	})
	return env.Tasks().Add(schedule.Task{ID: "tick", Schedule: config.Schedule{Manual: true, Timeout: config.Duration(1e9)}, Run: func(context.Context) error { return nil }})
}

func (w *widget) Start(context.Context) error { w.step("start"); return nil }

func (w *widget) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		w.step("run ends")
		return ctx.Err()
	case err := <-w.fail:
		return err
	}
}

func (w *widget) Stop(context.Context) error { w.step("stop"); return nil }

func environment(t *testing.T, widget string) host.Environment {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(`
backend:
  baseUrl: http://localhost
  auth: {externalAccess: [{type: static, options: {token: 0123456789abcdef, subject: ci}}]}
understudy: {dataDir: '`+t.TempDir()+`'}
`+widget), nil)
	if err != nil {
		t.Fatal(err)
	}
	return host.Environment{Config: c}
}

func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// serve mounts the router where its user would.
func serve(t *testing.T, r *solo.Router) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/portal/widget/", http.StripPrefix("/portal/widget", r))
	mux.Handle("/portal/widget/gadget/", http.StripPrefix("/portal/widget/gadget", r.Mount("gadget")))
	mux.Handle("/portal/widget/gizmo/", http.StripPrefix("/portal/widget/gizmo", r.Mount("gizmo")))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/portal/widget"
}

func TestRoutesOfAMountedPlugin(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	r, err := solo.New(ctx, newWidget(), environment(t, "widget: {}"))
	if err != nil {
		t.Fatal(err)
	}
	at := serve(t, r)
	const token = "0123456789abcdef"
	for _, tc := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/who/a/b%2Fc?x=1&y=%20", token, 200, `["ci","a/b/c","x=1&y=%20"]`},
		{"/who/me", "", 401, `"url":"/who/me"`},
		{"/who/me", "wrong-wrong", 401, "Illegal token"},
		{"/open", "", 200, "true"},
		{"/nothing", token, 404, ""},
		{"", token, 404, ""},
		{"/catalog", token, 503, "set Catalog or RemoteCatalog"},
		{"/.backstage/auth/v1/jwks.json", "", 200, `"keys"`},
		{"/gadget/who", token, 200, "at the further mount: ci"},
		{"/gadget/.backstage/auth/v1/jwks.json", "", 200, `"keys"`},
		{"/gizmo/who", token, 404, ""},
		{"/.backstage/scheduler/v1/tasks", token, 200, `"taskId":"tick"`},
	} {
		if status, body := get(t, at+tc.path, tc.token); status != tc.status || !strings.Contains(body, tc.body) {
			t.Errorf("%s: %d %s", tc.path, status, body)
		}
	}
	stop()
	<-r.Done()
	if err := r.Err(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if status, body := get(t, at+"/who/me", token); status != 503 || !strings.Contains(body, "shutting down") {
		t.Errorf("after the end: %d %s", status, body)
	}
}

// TestOwnSignIn: a server that signs people in by other means says who they are, and the gate stays.
func TestOwnSignIn(t *testing.T) {
	t.Parallel()
	env := environment(t, "widget: {}")
	env.Authenticate = func(r *http.Request) (auth.Credentials, error) {
		switch user := r.Header.Get("Authorization"); user {
		case "":
			return auth.Credentials{}, nil
		case "Bearer broken":
			return auth.Credentials{}, errors.New("the session store is down")
		default:
			return auth.UserCredentials(strings.TrimPrefix(user, "Bearer ")), nil
		}
	}
	r, err := solo.New(t.Context(), newWidget(), env)
	if err != nil {
		t.Fatal(err)
	}
	at := serve(t, r)
	for _, tc := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/who/me", "user:default/jane", 200, `"user:default/jane"`},
		{"/who/me", "", 401, "Missing credentials"},
		{"/who/me", "broken", 500, "An internal error occurred"},
		{"/open", "broken", 200, "true"},
		{"/open", "user:default/jane", 200, "false"},
	} {
		if status, body := get(t, at+tc.path, tc.token); status != tc.status || !strings.Contains(body, tc.body) {
			t.Errorf("%s as %q: %d %s", tc.path, tc.token, status, body)
		}
	}
}

// TestTheEnd: a request that is being served gets its answer before the plugin's work ends.
func TestTheEnd(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	w := newWidget()
	r, err := solo.New(ctx, w, environment(t, "widget: {}"))
	if err != nil {
		t.Fatal(err)
	}
	at := serve(t, r)
	answered := make(chan string, 1)
	go func() {
		_, body := get(t, at+"/slow", "0123456789abcdef")
		answered <- body
	}()
	<-w.entered
	stop()
	close(w.leave)
	if body := <-answered; body != `"late"` {
		t.Errorf("answer %s", body)
	}
	<-r.Done()
	if got := strings.Join(w.steps, ", "); got != "start, answered, run ends, stop" {
		t.Errorf("steps: %s", got)
	}
}

func TestAPluginThatFails(t *testing.T) {
	t.Parallel()
	w := newWidget()
	r, err := solo.New(t.Context(), w, environment(t, "widget: {}"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Err() != nil {
		t.Error("it has not ended")
	}
	w.fail <- errors.New("no electricity")
	<-r.Done()
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "no electricity") {
		t.Errorf("%v", err)
	}
}

// TestWarnings: what is odd and still works is logged, as a backend would.
func TestWarnings(t *testing.T) {
	t.Parallel()
	env := environment(t, "widget: {odd: 1}")
	var log bytes.Buffer
	env.Log = slog.New(slog.NewTextHandler(&log, nil))
	ctx, stop := context.WithCancel(t.Context())
	r, err := solo.New(ctx, newWidget(), env)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-r.Done()
	if !strings.Contains(log.String(), "widget.odd: is odd; leave it out") {
		t.Errorf("the log:\n%s", &log)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]string{
		"":                   `needs the section "widget"`,
		"widget: {wrong: 1}": "widget.wrong: is wrong; leave it out",
		"widget: {}\npermission: {enabled: maybe}": "permission.enabled",
	} {
		if _, err := solo.New(t.Context(), newWidget(), environment(t, section)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", section, err)
		}
	}
	if _, err := solo.New(t.Context(), newWidget(), host.Environment{}); err == nil || !strings.Contains(err.Error(), "config.Load") {
		t.Errorf("no configuration: %v", err)
	}
}
