package router_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// call asks the router without a network.
func call(h http.Handler, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}

// echo answers with the pattern and the values of its wildcards.
func echo(names ...string) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		out := []string{r.Pattern}
		for _, name := range names {
			out = append(out, name+"="+r.PathValue(name))
		}
		_, err := io.WriteString(w, strings.Join(out, " "))
		return err
	}
}

func catalogRoutes(t *testing.T, rt *router.Router) {
	p := plugin(t, rt, "catalog")
	p.Handle("GET /entities/by-name/{kind}/{namespace}/{name}", echo("kind", "namespace", "name"))
	p.Handle("GET /entities/by-name/{kind}/{namespace}/{name}/ancestry", echo("name"))
	p.Handle("GET /entities", echo())
	p.Handle("GET /locations/{id}", echo("id"))
	p.Handle("DELETE /locations/{id}", echo("id"))
	p.Handle("POST /locations/by-entity", echo())
	p.Handle("GET /files/{path...}", echo("path"))
	p.Handle("/any", echo())
	p.Handle("GET /", echo())
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) { catalogRoutes(t, rt) })
	for path, want := range map[string]string{
		"/api/catalog/entities":     "GET /entities",
		"/api/catalog/entities/":    "GET /entities",
		"/API/Catalog/ENTITIES?x=1": "GET /entities",
		"/api/catalog":              "GET /",
		"/api/catalog/":             "GET /",
		"/api/catalog/entities/by-name/Component/DEFAULT/SVC-Api":      "GET /entities/by-name/{kind}/{namespace}/{name} kind=Component namespace=DEFAULT name=SVC-Api",
		"/api/catalog/entities/by-name/c/d/a%20b%2Fc":                  "GET /entities/by-name/{kind}/{namespace}/{name} kind=c namespace=d name=a b/c",
		"/api/catalog/entities/by-name/c/d/%252e":                      "GET /entities/by-name/{kind}/{namespace}/{name} kind=c namespace=d name=%2e",
		"/api/catalog/Entities/By-Name/c/d/n/Ancestry/":                "GET /entities/by-name/{kind}/{namespace}/{name}/ancestry name=n",
		"/api/catalog/locations/url%3Ahttp%3A%2F%2Fx%2Fy":              "GET /locations/{id} id=url:http://x/y",
		"/api/catalog/locations/by-entity":                             "GET /locations/{id} id=by-entity", // the literal has POST only
		"/api/catalog/files":                                           "GET /files/{path...} path=",
		"/api/catalog/files/":                                          "GET /files/{path...} path=",
		"/api/catalog/files/A/b/c%2fd/":                                "GET /files/{path...} path=A/b/c/d/",
		"/api/catalog/any":                                             "/any",
		"/api/catalog/entities/by-name/c/d/" + strings.Repeat("x", 99): "GET /entities/by-name/{kind}/{namespace}/{name} kind=c namespace=d name=" + strings.Repeat("x", 99),
	} {
		if a := f.get(path); a.StatusCode != 200 || a.body != want {
			t.Errorf("%s: %d %q, want %q", path, a.StatusCode, a.body, want)
		}
	}
	for _, path := range []string{
		"/api", "/api/", "/api/nope", "/api/nope/x", "/", "/nope", "/healthcheck", "/apix", "/api/catalogx/entities", "/api/catalog/entitiesx",
		"/api/catalog/entities/by-name/c/d", "/api/catalog/entities/by-name/c/d/n/other", "/api/catalog/entities/by-name/c/d/n/ancestry/x",
		"/api/" + strings.Repeat("x", 100) + "/y", "/api/catalog/" + strings.Repeat("y", 100),
	} {
		f.get(path).empty404(t, path)
	}
	f.do(http.MethodPut, "/api/catalog/entities", "{}").empty404(t, "another method")
	f.do(http.MethodPost, "/anything", "").empty404(t, "POST outside")
	if a := f.do(http.MethodHead, "/api/catalog/entities", ""); a.StatusCode != 200 || a.body != "" {
		t.Errorf("HEAD: %d %q", a.StatusCode, a.body)
	}
	if a := f.do(http.MethodPost, "/api/catalog/locations/by-entity", ""); a.body != "POST /locations/by-entity" {
		t.Errorf("POST: %q", a.body)
	}
	if a := f.do(http.MethodPatch, "/api/catalog/any", ""); a.body != "/any" {
		t.Errorf("any method: %q", a.body)
	}
}

// Hostile paths: nothing is cleaned, so policy and routes see the same path, and net/http refuses what is no path at all.
func TestHostilePaths(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p, err := rt.Plugin("catalog")
		if err != nil {
			t.Fatal(err)
		}
		p.Initialized()
		p.Open("/public")
		p.Handle("GET /public", echo())
		p.Handle("GET /public/{name}", echo("name"))
		p.Handle("GET /secret", echo())
		p.Handle("GET /secret/{name}", echo("name"))
		rt.Handle("/console", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "console "+r.URL.EscapedPath()) }))
	})
	for _, c := range []struct {
		path   string
		status int
		body   string // "" means: an empty body, "*" any
	}{
		{"/api/catalog/public/a", 200, "GET /public/{name} name=a"},
		{"/api/catalog/secret", 401, "*"},
		{"/api/catalog/public/../secret", 404, ""},
		{"/api/catalog/public/%2e%2e/secret", 404, ""},
		{"/api/catalog/public/..%2Fsecret", 200, "GET /public/{name} name=../secret"}, // one value, as sent
		{"/api/catalog/public/..", 200, "GET /public/{name} name=.."},
		{"/api/catalog//secret", 401, "*"},
		{"/api/catalog/public//secret", 404, ""},
		{"/api/catalog/./public", 401, "*"},
		{"/api/catalog/publicx", 401, "*"},
		{"/api/catalog/%70ublic", 401, "*"}, // policies and literals are compared raw
		{"/api/catalog/%73ecret", 401, "*"},
		{"/api/catalog%2Fpublic", 404, ""},
		{"/api%2Fcatalog/public", 404, ""},
		{"/api/../api/catalog/secret", 404, ""},
		{"//api/catalog/public", 404, ""},
		{"/api//catalog/public", 404, ""},
		{"/api/catalog/public/%00", 400, `{"error":{"name":"URIError","message":"Failed to decode param '%00'","statusCode":400,"status":400},"request":{"method":"GET","url":"/public/%00"},"response":{"statusCode":400}}`},
		{"/api/catalog/public/%ff", 400, "*"},
		{"/api/catalog/public/%zz", 400, "*"},
		{"/api/catalog/public/a\x00b", 400, "*"},
		{"/api/catalog/public/\\..\\secret", 200, `GET /public/{name} name=\..\secret`},
		{"/api/catalog/public/a;b=c", 200, "GET /public/{name} name=a;b=c"},
		{"http://elsewhere/api/catalog/secret", 401, "*"},
		{"/console/../api/catalog/secret", 200, "console /console/../api/catalog/secret"}, // the console's own to refuse
		{"*", 404, ""},
	} {
		a := f.raw("GET " + c.path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if a.StatusCode != c.status || c.body != "*" && a.body != c.body {
			t.Errorf("%q: %d %q, want %d %q", c.path, a.StatusCode, a.body, c.status, c.body)
		}
		if strings.Contains(a.body, "GET /secret") {
			t.Errorf("%q passed the gate", c.path)
		}
	}
}

func TestHeaderSizes(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{MaxHeaders: 50, MaxRequestsPerSocket: 2}, router.Options{}, func(rt *router.Router) { plugin(t, rt, "catalog").Handle("GET /x", ok) })
	if a := f.get("/api/catalog/x", "Authorization: Bearer "+strings.Repeat("a", 40<<10)); a.StatusCode != 200 {
		t.Errorf("a token of 40 KiB: %d", a.StatusCode)
	}
	if a := f.raw("GET /api/catalog/x HTTP/1.1\r\nHost: h\r\nX-Big: " + strings.Repeat("a", 80<<10) + "\r\n\r\n"); a.StatusCode != 431 {
		t.Errorf("80 KiB of headers: %d", a.StatusCode)
	}
	var many []string
	for i := range 60 {
		many = append(many, "X-"+strings.Repeat("a", i+1)+": 1")
	}
	if a := f.get("/api/catalog/x", many...); a.StatusCode != 431 {
		t.Errorf("60 headers of 50: %d", a.StatusCode)
	}
	if a := f.get("/api/catalog/x"); a.Close == f.get("/api/catalog/x").Close {
		t.Errorf("every second request is the last of its connection")
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	type key struct{}
	gate := gateFunc(func(r *http.Request, plugin string, level router.Level) (*http.Request, error) {
		if plugin != "catalog" || r.Header.Get("Authorization") == "" && level == router.Required {
			return nil, fault.Authentication("Missing credentials")
		}
		return r.WithContext(context.WithValue(r.Context(), key{}, level)), nil
	})
	f := start(t, router.Config{}, router.Options{Gate: gate}, func(rt *router.Router) {
		p, _ := rt.Plugin("catalog")
		p.Initialized()
		p.Open("/health")
		p.AllowCookie("/static")
		who := func(w http.ResponseWriter, r *http.Request) error {
			level, _ := r.Context().Value(key{}).(router.Level)
			_, err := io.WriteString(w, level.String()+" "+router.RelativePath(r)+" "+router.RelativeURL(r))
			return err
		}
		p.Handle("GET /{rest...}", who)
		p.HandlePublic("GET /keys", who)
	})
	for _, c := range []struct{ path, auth, body string }{
		{"/Health/x?q=1", "", "unauthenticated /Health/x /Health/x?q=1"},
		{"/static/a", "", "user-cookie /static/a /static/a"},
		{"/x?", "Authorization: a", "required /x /x?"},
		{"", "Authorization: a", "required  /"},
		{"/keys", "", "required /keys /keys"}, // the level's zero value: no gate was asked
		{"/x?a=b", "", `{"error":{"name":"AuthenticationError","message":"Missing credentials"},"request":{"method":"GET","url":"/x?a=b"},"response":{"statusCode":401}}`},
		{"?a=b", "", `{"error":{"name":"AuthenticationError","message":"Missing credentials"},"request":{"method":"GET","url":"/?a=b"},"response":{"statusCode":401}}`},
	} {
		var headers []string
		if c.auth != "" {
			headers = []string{c.auth}
		}
		if a := f.get("/api/catalog"+c.path, headers...); a.body != c.body {
			t.Errorf("%s: %s, want %s", c.path, a.body, c.body)
		}
	}
}

type gateFunc func(r *http.Request, plugin string, level router.Level) (*http.Request, error)

func (g gateFunc) Authenticate(r *http.Request, plugin string, level router.Level) (*http.Request, error) {
	return g(r, plugin, level)
}

func TestRootHandlers(t *testing.T) {
	t.Parallel()
	page := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, name+" "+r.URL.Path) })
	}
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		rt.Handle("/console", page("console"))
		rt.Handle("/console/assets/", page("assets"))
		rt.Handle("/", page("root"))
		rt.Fallback(page("app"), router.PlainHTTP())
	})
	for path, want := range map[string]string{
		"/": "root /", "/console": "console /console", "/Console/x": "console /Console/x", "/console/assets/a.js": "assets /console/assets/a.js",
		"/consolex": "app /consolex", "/healthcheck": "app /healthcheck", "/apix": "app /apix",
	} {
		if a := f.get(path); a.body != want {
			t.Errorf("%s: %q, want %q", path, a.body, want)
		}
	}
	// What is under /api is never the frontend's.
	for _, path := range []string{"/api", "/api/", "/API/nope"} {
		f.get(path).empty404(t, path)
	}
	if csp := f.get("/x").Header.Get("Content-Security-Policy"); strings.Contains(csp, "upgrade-insecure") {
		t.Errorf("the fallback's option: %s", csp)
	}
}

func TestMountsThatClash(t *testing.T) {
	t.Parallel()
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := rt.Plugin("catalog")
	if err != nil || p.ID() != "catalog" {
		t.Fatal(err)
	}
	for _, id := range []string{"catalog", "Catalog", "catalog/x", "", ".", "..", "a b", "a%2fb", strings.Repeat("a", 65)} {
		if _, err := rt.Plugin(id); err == nil {
			t.Errorf("plugin %q was mounted", id)
		}
	}
	if _, err := rt.Plugin("catalog-import"); err != nil {
		t.Error(err)
	}
	p.Handle("GET /a/{x}", ok)
	for _, pattern := range []string{
		"GET /a/{y}", "get", "GET a", "GET /a/{x", "GET /{x...}/b", "GET /a//b", "GET /a/{}", "GET /a/b{x}", "GET /{$}",
		"GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}",
	} {
		mustPanic(t, pattern, func() { p.Handle(pattern, ok) })
	}
	mustPanic(t, "nil handler", func() { p.Handle("GET /nil", nil) })
	for _, prefix := range []string{"", "console", "/api", "/API/x"} {
		mustPanic(t, prefix, func() { rt.Handle(prefix, http.NotFoundHandler()) })
	}
	p.HandlePublic("POST /b", ok)
	if got := p.Patterns(); !slices.Equal(got, []string{"GET /a/{x}", "POST /b"}) {
		t.Errorf("patterns: %v", got)
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%q was taken", what)
		}
	}()
	f()
}
