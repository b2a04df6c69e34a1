package console

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func filesServer(t *testing.T) *fixture {
	t.Helper()
	f := start(t, &fakeSystem{}, newCatalog(t), "{}")
	return f
}

func TestFilesAreServed(t *testing.T) {
	t.Parallel()
	server := newFiles(fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html>page")},
		"theme.js":            {Data: []byte("theme")},
		"assets/index-abc.js": {Data: []byte("script")},
	})
	for _, c := range []struct {
		method, path string
		status       int
		cache, body  string
	}{
		{"GET", "/console", 200, "no-store", "<!doctype html>page"},
		{"GET", "/console/", 200, "no-store", "<!doctype html>page"},
		{"HEAD", "/console/", 200, "no-store", ""},
		{"GET", "/console/index.html", 200, "no-store", "<!doctype html>page"},
		{"GET", "/console/catalog/default/component/a.b.js", 200, "no-store", "<!doctype html>page"},
		{"GET", "/console/../../etc/passwd", 200, "no-store", "<!doctype html>page"},
		{"GET", "/CONSOLE/theme.js", 200, "no-cache", "theme"},
		{"GET", "/console/assets/index-abc.js", 200, "public, max-age=31536000, immutable", "script"},
		{"GET", "/console/assets/index-old.js", 404, "no-store", ""},
		{"GET", "/console/assets", 404, "no-store", ""},
		{"GET", "/console/assets/", 404, "no-store", ""},
		{"POST", "/console/", 404, "", ""},
		{"DELETE", "/console/assets/index-abc.js", 404, "", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://test"+c.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		w := newRecorder()
		server.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Cache-Control") != c.cache || w.Body.String() != c.body {
			t.Errorf("%s %s: %d %q %q", c.method, c.path, w.Code, w.Header().Get("Cache-Control"), w.Body.String())
		}
	}
}

func TestTheRootLeadsToTheConsole(t *testing.T) {
	t.Parallel()
	f := filesServer(t)
	if res, _ := f.get(t, "/", ""); res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/console/" {
		t.Errorf("GET /: %d %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res, _ := f.get(t, "/nothing", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("GET /nothing: %d", res.StatusCode)
	}
	res := f.open(t, t.Context(), http.MethodPost, "/", "")
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("POST /: %d", res.StatusCode)
	}
}

func TestThePageFitsItsSecurityPolicy(t *testing.T) {
	t.Parallel()
	f := filesServer(t)
	_, page := f.get(t, "/console/", "")
	for line := range strings.SplitSeq(page, "\n") {
		if strings.Contains(line, "<script") && !strings.Contains(line, "src=") || strings.Contains(line, "onclick") {
			t.Errorf("an inline script, which script-src 'self' forbids: %s", line)
		}
	}
	if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Error("the page names another server")
	}
}

func TestTurnedOff(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{}, newCatalog(t), "understudy: {console: {enabled: false}}")
	for _, path := range []string{"/console", "/console/", "/", "/api/understudy/v1/bootstrap"} {
		if res, _ := f.get(t, path, "service"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
