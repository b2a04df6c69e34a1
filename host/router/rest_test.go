package router_test

import (
	"net/http"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

func TestHandleRestTakesWhatNoPatternDoes(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "proxy")
		p.Handle("GET /.backstage/known", echo())
		p.HandleRest(func(w http.ResponseWriter, r *http.Request) error {
			router.WriteText(w, http.StatusTeapot, r.Method+" "+router.RelativePath(r))
			return nil
		})
	})
	for path, want := range map[string]string{
		"/api/proxy":                   "GET ",
		"/api/proxy/":                  "GET /",
		"/api/proxy/x/%2e%2e/%ff//y":   "GET /x/%2e%2e/%ff//y",
		"/api/PROXY/.backstage/knownx": "GET /.backstage/knownx",
	} {
		a := f.get(path)
		if a.StatusCode != http.StatusTeapot || a.body != want || a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || a.Header.Get("Etag") == "" {
			t.Errorf("%s: %d %q %v, want %q", path, a.StatusCode, a.body, a.Header, want)
		}
	}
	if a := f.get("/api/proxy/.backstage/known"); a.StatusCode != http.StatusOK {
		t.Errorf("a pattern gives way to the rest: %d", a.StatusCode)
	}
	if a := f.do(http.MethodDelete, "/api/proxy/.backstage/known", ""); a.body != "DELETE /.backstage/known" {
		t.Errorf("another method of a pattern: %q", a.body)
	}
}

func TestDecideLevelsComesBeforeThePolicies(t *testing.T) {
	t.Parallel()
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := plugin(t, rt, "proxy") // all of it open
	p.DecideLevels(func(path string) (router.Level, bool) { return router.Required, path == "/secret" })
	if got := p.Level("/secret"); got != router.Required {
		t.Errorf("a path that was decided is %s", got)
	}
	if got := p.Level("/other"); got != router.Open {
		t.Errorf("a path that was not decided is %s", got)
	}
}

func TestHandleRestTwiceIsAMistake(t *testing.T) {
	t.Parallel()
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := plugin(t, rt, "proxy")
	p.HandleRest(func(http.ResponseWriter, *http.Request) error { return nil })
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	p.HandleRest(func(http.ResponseWriter, *http.Request) error { return nil })
}
