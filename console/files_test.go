package console

import (
	"net/http"
	"testing"
	"testing/fstest"
)

func TestFilesAreServed(t *testing.T) {
	t.Parallel()
	server := newFiles(fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html>page")},
		"theme.js":            {Data: []byte("theme")},
		"assets/index-abc.js": {Data: []byte("script")},
	}, func() []string { return nil })
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

func TestTurnedOff(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{}, newCatalog(t), "understudy: {console: {enabled: false}}")
	for _, path := range []string{"/console", "/console/", "/", "/api/understudy/v1/bootstrap"} {
		if res, _ := f.get(t, path, "service"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
