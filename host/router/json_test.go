package router_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	o := entity.NewObject()
	o.Set("z", 1.0)
	o.Set("a", "<&>\u2028")
	for _, c := range []struct {
		v    any
		want string
	}{
		{o, "{\"z\":1,\"a\":\"<&>\u2028\"}"},
		{map[string]any{"b": 1, "a": "<&>\u2028\u2029"}, "{\"a\":\"<&>\u2028\u2029\",\"b\":1}"},
		{"\\u2028 \u2028", "\"\\\\u2028 \u2028\""},
		{`\`, `"\\"`},
		{struct {
			A *int   `json:"a,omitempty"`
			B string `json:"b"`
		}{B: "☃"}, `{"b":"☃"}`},
		{json.RawMessage(`{"x": 1}`), `{"x": 1}`},
		{[]any{1e21, 1e-7, 0.1, 100.0, nil, true}, `[1e+21,1e-7,0.1,100,null,true]`},
	} {
		got, err := router.AppendJSON([]byte("x"), c.v)
		if err != nil || string(got) != "x"+c.want {
			t.Errorf("%v: %s, %v, want %s", c.v, got, err, c.want)
		}
	}
	if _, err := router.AppendJSON(nil, func() {}); err == nil {
		t.Error("a function is no JSON")
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("/x", func(w http.ResponseWriter, r *http.Request) error {
			status, _ := strconv.Atoi(r.URL.Query().Get("status"))
			return router.WriteJSON(w, r, max(status, 200), map[string]string{"status": "ok"})
		})
		p.Handle("/own", func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("ETag", `"mine"`)
			w.Header().Set("Content-Type", "application/x-own")
			return router.WriteRawJSON(w, r, 200, []byte("{}"))
		})
		p.Handle("/bad", func(w http.ResponseWriter, r *http.Request) error { return router.WriteJSON(w, r, 200, func() {}) })
	})
	const etag = `W/"f-VaSQ4oDUiZblZNAEkkN+sX+q3Sg"`
	a := f.get("/api/catalog/x")
	if a.body != `{"status":"ok"}` || a.Header.Get("Etag") != etag || a.Header.Get("Content-Length") != "15" || a.Header.Get("Content-Type") != "application/json; charset=utf-8" || a.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("%s %v", a.body, a.Header)
	}
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
	}{
		{"GET", "/x", []string{"If-None-Match: " + etag}, 304},
		{"HEAD", "/x", []string{"If-None-Match: " + etag}, 304},
		{"GET", "/x", []string{"If-None-Match: " + strings.TrimPrefix(etag, "W/")}, 304},
		{"GET", "/x", []string{`If-None-Match: "a", ` + etag + `, "b"`}, 304},
		{"GET", "/x", []string{`If-None-Match: "a"`, "If-None-Match: " + etag}, 304},
		{"GET", "/x", []string{"If-None-Match: *"}, 304},
		{"GET", "/x", []string{`If-None-Match: W/"other"`}, 200},
		{"GET", "/x", []string{"If-None-Match: " + etag, "Cache-Control: no-cache"}, 200},
		{"POST", "/x", []string{"If-None-Match: " + etag}, 200},
		{"GET", "/x?status=404", []string{"If-None-Match: " + etag}, 404},
		{"GET", "/own", []string{`If-None-Match: "mine"`}, 304},
		{"GET", "/bad", nil, 500},
	} {
		a := f.do(c.method, "/api/catalog"+c.path, "", c.headers...)
		if a.StatusCode != c.status {
			t.Errorf("%s %s %v: %d, want %d", c.method, c.path, c.headers, a.StatusCode, c.status)
		}
		if c.status == 304 && (a.body != "" || a.Header.Get("Content-Type") != "" || a.Header.Get("Etag") == "" || a.Header.Get("Vary") != "Accept-Encoding") {
			t.Errorf("%s %s: %q %v", c.method, c.path, a.body, a.Header)
		}
	}
	if a := f.get("/api/catalog/own"); a.Header.Get("Etag") != `"mine"` || a.Header.Get("Content-Type") != "application/x-own" {
		t.Errorf("the handler's own headers: %v", a.Header)
	}
	if a := f.do("HEAD", "/api/catalog/x", ""); a.body != "" || a.Header.Get("Content-Length") != "15" || a.Header.Get("Etag") != etag {
		t.Errorf("HEAD: %v", a.Header)
	}
}

// pair is one of the recorded ones in test/golden.
type pair struct {
	Name    string
	Request struct {
		Method, Path string
		Headers      map[string]string
	}
	Response struct {
		Status  int
		Headers map[string]any
		Body    json.RawMessage
		RawBody *string
	}
}

func goldenPairs(t *testing.T) map[string][]pair {
	t.Helper()
	files, err := filepath.Glob("../../test/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden pairs: %v", err)
	}
	all := map[string][]pair{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pairs []pair
		if err := json.Unmarshal(data, &pairs); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = pairs
	}
	return all
}

// Every recorded JSON answer, sent by WriteJSON, has the length and the ETag that the Node backend computed: the bytes are
// the same. Error bodies are built from the error alone.
func TestGoldenBodies(t *testing.T) {
	t.Parallel()
	var answer func(w http.ResponseWriter, r *http.Request) error
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		for _, id := range []string{"catalog", "auth", "proxy", "permission", "spacelift-io"} {
			plugin(t, rt, id).Handle("/{rest...}", func(w http.ResponseWriter, r *http.Request) error { return answer(w, r) })
		}
	})
	checked, failures := 0, 0
	for file, pairs := range goldenPairs(t) {
		for _, p := range pairs {
			etag, _ := p.Response.Headers["ETag"].(string)
			id, _, _ := strings.Cut(strings.TrimPrefix(p.Request.Path, "/api/"), "/")
			if etag == "" || !strings.HasPrefix(p.Request.Path, "/api/") || strings.Contains(string(p.Response.Body), "{{signed jwt}}") {
				continue
			}
			if len(p.Response.Body) > 0 && p.Response.Body[0] == '"' {
				continue // a text
			}
			if p.Response.RawBody != nil {
				continue // as the golden files' README says: not compact JSON
			}
			v, err := entity.ParseJSON(p.Response.Body)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, p.Name, err)
			}
			answer = func(w http.ResponseWriter, r *http.Request) error {
				if e := recordedError(v); e != nil {
					failures++
					return e
				}
				return router.WriteJSON(w, r, p.Response.Status, v)
			}
			checked++
			a := f.do(p.Request.Method, p.Request.Path, "")
			if a.StatusCode != p.Response.Status || a.Header.Get("Etag") != etag || a.Header.Get("Content-Length") != p.Response.Headers["Content-Length"] ||
				a.Header.Get("Vary") != p.Response.Headers["Vary"] || a.Header.Get("Content-Type") != p.Response.Headers["Content-Type"] {
				t.Errorf("%s: %s (%s): %d %s %s\n%.500s", file, p.Name, id, a.StatusCode, a.Header.Get("Etag"), etag, a.body)
			}
		}
	}
	if checked < 100 || failures < 50 {
		t.Errorf("only %d pairs, %d errors", checked, failures)
	}
}

// recordedError is the error that a recorded body tells of.
func recordedError(v any) error {
	body, _ := v.(*entity.Object)
	if body == nil || !body.Has("request") || !body.Has("response") {
		return nil
	}
	e, _ := body.Path("error").(*entity.Object)
	status, _ := body.Path("response", "statusCode").(float64)
	if e == nil {
		return nil
	}
	name, _ := e.Path("name").(string)
	message, _ := e.Path("message").(string)
	out := &fault.Error{Name: name, Status: int(status), Message: message}
	for key, value := range e.All() {
		if key != "name" && key != "message" {
			out = out.With(key, value)
		}
	}
	return out
}
