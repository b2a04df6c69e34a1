package router_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

// standardHeaders are those of core.md 2.4.
var standardHeaders = map[string]string{
	"Content-Security-Policy":           "default-src 'self';base-uri 'self';font-src 'self' https: data:;frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self' 'unsafe-eval';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
	"Referrer-Policy":                   "no-referrer",
	"Strict-Transport-Security":         "max-age=15552000; includeSubDomains",
	"X-Content-Type-Options":            "nosniff",
	"X-DNS-Prefetch-Control":            "off",
	"X-Download-Options":                "noopen",
	"X-Frame-Options":                   "SAMEORIGIN",
	"X-Permitted-Cross-Domain-Policies": "none",
	"X-XSS-Protection":                  "0",
}

func TestSecurityHeadersOnEveryResponse(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("boom") })
		rt.Handle("/page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") }))
	})
	for _, path := range []string{"/", "/api/catalog/nope", "/api/nope", "/page", "/.backstage/health/v1/liveness", "/api/catalog/panic"} {
		a := f.get(path)
		for name, want := range standardHeaders {
			if got := a.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if powered := a.Header.Get("X-Powered-By"); powered != "" {
			t.Errorf("%s: X-Powered-By %q", path, powered)
		}
	}
}

func TestPlainHTTPLeavesUpgradeOut(t *testing.T) {
	t.Parallel()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") })
	mount := func(rt *router.Router) {
		rt.Handle("/console", page, router.PlainHTTP())
		rt.Handle("/strict", page)
	}
	const upgrade = "upgrade-insecure-requests"
	f := start(t, router.Config{}, router.Options{}, mount)
	if csp := f.get("/console/x").Header.Get("Content-Security-Policy"); strings.Contains(csp, upgrade) || !strings.Contains(csp, "style-src") {
		t.Errorf("console over HTTP: %s", csp)
	}
	if csp := f.get("/strict").Header.Get("Content-Security-Policy"); !strings.Contains(csp, upgrade) {
		t.Errorf("others keep it: %s", csp)
	}
	asked := start(t, router.Config{UpgradeAsked: true}, router.Options{}, mount)
	if csp := asked.get("/console").Header.Get("Content-Security-Policy"); !strings.Contains(csp, upgrade) {
		t.Errorf("what the operator asks for stays: %s", csp)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		plugin(t, rt, "catalog").Handle("GET /id", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, router.RequestID(r.Context()))
			return err
		})
	})
	for given, kept := range map[string]bool{
		"abc-123_X.y:z/=+@": true, "": false, "has space": false, "quote\"": false, "a;b": false, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		a := f.get("/api/catalog/id", "X-Request-Id: "+given)
		got := a.Header.Get("X-Request-Id")
		if got != a.body {
			t.Errorf("header %q, context %q", got, a.body)
		}
		if (got == given) != kept || got == "" {
			t.Errorf("given %q: got %q, want kept %t", given, got, kept)
		}
	}
	if a, b := f.get("/api/catalog/id").body, f.get("/api/catalog/id").body; a == b || len(a) != 32 {
		t.Errorf("ids repeat or are malformed: %q %q", a, b)
	}
	for _, line := range f.logs.requests(t) {
		if line["requestId"] == nil {
			t.Errorf("a line without its request id: %v", line)
		}
	}
}
