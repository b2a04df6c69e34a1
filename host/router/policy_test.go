package router_test

import (
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

func routesWith(t testing.TB, open, cookie []string) *router.Routes {
	t.Helper()
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := rt.Plugin("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range open {
		p.Open(path)
	}
	for _, path := range cookie {
		p.AllowCookie(path)
	}
	return p
}

func TestPathPolicy(t *testing.T) {
	t.Parallel()
	// Rows of core.md 5.
	for _, c := range []struct {
		policy, path string
		want         bool
	}{
		{"/public", "/public", true},
		{"/public", "/public/x", true},
		{"/public", "/public/", true},
		{"/public", "/publicx", false},
		{"/public", "/PUBLIC/x", true},
		{"/Public", "/public", true},
		{"/public", "/", false},
		{"/public", "", false},
		{"/public", "/x/public", false},
		{"/public", "//public", false},
		{"/public", "/%70ublic", false},
		{"/public", "/public%2Fx", false},
		{"/public/", "/public", false},
		{"/public/", "/public/", false},
		{"/public/", "/public/x", false},
		{"public", "/public", false},
		{"", "/public", false},
		{"/", "/anything", true},
		{"/", "", true},
		{"/a/:id/b", "/a/1/b", true},
		{"/a/:id/b", "/a/1/b/c", true},
		{"/a/:id/b", "/a/%2e%2e/B", true},
		{"/a/:id/b", "/a//b", false},
		{"/a/:id/b", "/a/1/c", false},
		{"/a/:id/b", "/a/1", false},
		{"/a/:id", "/a/1", true},
		{"/a/:id", "/a/", false},
		{"/k", "/\u212a", false}, // the Kelvin sign is no k
	} {
		p := routesWith(t, []string{c.policy}, nil)
		if got := p.Level(c.path) == router.Open; got != c.want {
			t.Errorf("policy %q, path %q: %t, want %t", c.policy, c.path, got, c.want)
		}
	}
	p := routesWith(t, []string{"/static/open"}, []string{"/static"})
	for path, want := range map[string]router.Level{"/static": router.Cookie, "/static/open/x": router.Open, "/other": router.Required} {
		if got := p.Level(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// A policy opens only paths that begin with its segments, whatever the bytes.
func FuzzPathPolicy(f *testing.F) {
	for _, seed := range []string{"/public", "/public/../secret", "//public", "/publicx", "/PUBLIC/%2e%2e", "/a/b/c", "", "public", "/\x00", "/public\xff/x", "/x/y/z"} {
		f.Add("/public", seed)
		f.Add("/x/:p/z", seed)
	}
	f.Fuzz(func(t *testing.T, policy, path string) {
		p := routesWith(t, []string{policy}, nil)
		got := p.Level(path) == router.Open
		if policy == "/" {
			if !got {
				t.Fatalf("%q must open everything", policy)
			}
			return
		}
		if want := plainPolicy(policy, path); got != want {
			t.Fatalf("policy %q, path %q: %t, want %t", policy, path, got, want)
		}
	})
}

// plainPolicy is the rule once more, slowly.
func plainPolicy(policy, path string) bool {
	if !strings.HasPrefix(policy, "/") || !strings.HasPrefix(path, "/") {
		return false
	}
	want, got := strings.Split(policy, "/")[1:], strings.Split(path, "/")[1:]
	if len(got) < len(want) {
		return false
	}
	for i, segment := range want {
		switch {
		case segment == "" || got[i] == "":
			return false
		case len(segment) > 1 && segment[0] == ':':
		case asciiLower(segment) != asciiLower(got[i]):
			return false
		}
	}
	return true
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// The gate and the routes must never see different paths: what a policy for one subtree opens is served by that subtree.
func FuzzRoutesNeverPassTheGate(f *testing.F) {
	for _, seed := range []string{"/public/a", "/public/../secret/a", "/public/%2e%2e/secret", "//secret", "/Secret/x", "/public//secret/x", "/./secret/a"} {
		f.Add(seed)
	}
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		f.Fatal(err)
	}
	p, err := rt.Plugin("x")
	if err != nil {
		f.Fatal(err)
	}
	p.Initialized()
	p.Open("/public")
	p.Handle("GET /public/{rest...}", ok)
	p.Handle("GET /secret/{rest...}", leak)
	p.Handle("GET /{any}", leak)
	f.Fuzz(func(t *testing.T, path string) {
		r, w, valid := request("/api/x" + path)
		if !valid {
			return
		}
		rt.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), leaked) {
			t.Fatalf("%q reached a route that is not open", path)
		}
	})
}
