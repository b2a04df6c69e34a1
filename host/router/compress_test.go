package router_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/understudy-portal/understudy/host/router"
)

func TestCompression(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		plugin(t, rt, "x").Handle("/size", sized)
	})
	for _, c := range []struct {
		name, query, accept string
		encoding, vary      string
	}{
		{"br preferred when tied", "n=1024", "gzip, deflate, br", "br", "Accept-Encoding"},
		{"gzip", "n=1024", "gzip", "gzip", "Accept-Encoding"},
		{"upper case", "n=1024", "GZIP", "gzip", "Accept-Encoding"},
		{"weights", "n=5000", "br;q=0.5, gzip;q=0.8", "gzip", "Accept-Encoding"},
		{"any", "n=5000", "*", "br", "Accept-Encoding"},
		{"any but br", "n=5000", "br;q=0, *", "gzip", "Accept-Encoding"},
		{"identity preferred", "n=5000", "gzip;q=0.5, identity", "", "Accept-Encoding"},
		{"refused", "n=5000", "gzip;q=0, br;q=0", "", "Accept-Encoding"},
		{"bad weight", "n=5000", "gzip;q=x", "", "Accept-Encoding"},
		{"only deflate", "n=5000", "deflate", "", "Accept-Encoding"},
		{"nothing accepted", "n=5000", "", "", "Accept-Encoding"},
		{"too short", "n=1023", "br", "", "Accept-Encoding"},
		{"length announced, too short", "n=1023&length=1", "br", "", "Accept-Encoding"},
		{"length announced", "n=1024&length=1", "br", "br", "Accept-Encoding"},
		{"in small writes", "n=5000&chunk=7", "gzip", "gzip", "Accept-Encoding"},
		{"flushed early", "n=100&flush=1", "gzip", "gzip", "Accept-Encoding"},
		{"no type", "n=5000&type=-", "br", "", ""},
		{"image", "n=5000&type=image/png", "br", "", ""},
		{"html", "n=5000&type=text/html;+charset=utf-8", "br", "br", "Accept-Encoding"},
		{"svg", "n=5000&type=image/svg%2Bxml", "br", "br", "Accept-Encoding"},
		{"lines", "n=5000&type=application/x-ndjson", "br", "br", "Accept-Encoding"},
		{"event stream", "n=5000&type=text/event-stream", "br", "", ""},
		{"no-transform", "n=5000&cache=no-transform", "br", "", ""},
		{"encoded already", "n=5000&encoding=zstd", "br", "zstd", "Accept-Encoding"},
		{"error status", "n=5000&status=404", "br", "br", "Accept-Encoding"},
	} {
		var headers []string
		if c.accept != "" {
			headers = []string{"Accept-Encoding: " + c.accept}
		}
		a := f.get("/api/x/size?"+c.query, headers...)
		if a.Header.Get("Content-Encoding") != c.encoding || a.Header.Get("Vary") != c.vary {
			t.Errorf("%s: encoding %q, vary %q, want %q, %q", c.name, a.Header.Get("Content-Encoding"), a.Header.Get("Vary"), c.encoding, c.vary)
		}
		q := a.Request.URL.Query()
		n, _ := strconv.Atoi(q.Get("n"))
		if plain := unpack(t, a.body, c.encoding); plain != strings.Repeat("a", n) {
			t.Errorf("%s: %d bytes came back, want %d", c.name, len(plain), n)
		}
		if packed := c.encoding == "br" || c.encoding == "gzip"; packed && (a.ContentLength >= 0 || a.Header.Get("Content-Length") != "") && len(a.body) > 200 {
			t.Errorf("%s: a length of the plain body: %v", c.name, a.Header)
		}
	}
	if a := f.get("/api/x/size?n=5000&status=206", "Accept-Encoding: br"); a.Header.Get("Content-Encoding") != "" {
		t.Errorf("a range: %v", a.Header)
	}
	if a := f.get("/api/x/size?n=5000&etag=x", "Accept-Encoding: br"); a.Header.Get("Etag") != `W/"x"` {
		t.Errorf("a strong ETag: %v", a.Header)
	}
	if a := f.get("/api/x/size?n=5000&etag=x"); a.Header.Get("Etag") != `"x"` {
		t.Errorf("a strong ETag, plain: %v", a.Header)
	}
	a := f.do(http.MethodHead, "/api/x/size?n=5000&length=1", "", "Accept-Encoding: br")
	if a.Header.Get("Content-Encoding") != "" || a.Header.Get("Content-Length") != "5000" || a.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("HEAD: %v", a.Header)
	}
	if a := f.get("/api/x/size?n=0&status=204", "Accept-Encoding: br"); a.StatusCode != 204 || a.Header.Get("Content-Encoding") != "" {
		t.Errorf("204: %v", a.Header)
	}
}

// sized answers as the query says.
func sized(w http.ResponseWriter, r *http.Request) error {
	q, h := r.URL.Query(), w.Header()
	n, _ := strconv.Atoi(q.Get("n"))
	switch kind := q.Get("type"); kind {
	case "":
		h.Set("Content-Type", "application/json")
	case "-":
		h["Content-Type"] = nil
	default:
		h.Set("Content-Type", kind)
	}
	for name, key := range map[string]string{"Cache-Control": "cache", "Content-Encoding": "encoding"} {
		if v := q.Get(key); v != "" {
			h.Set(name, v)
		}
	}
	if v := q.Get("etag"); v != "" {
		h.Set("ETag", `"`+v+`"`)
	}
	if q.Get("length") != "" {
		h.Set("Content-Length", strconv.Itoa(n))
	}
	if status, _ := strconv.Atoi(q.Get("status")); status > 0 {
		w.WriteHeader(status)
		w.WriteHeader(500) // too late to change
	}
	body := bytes.Repeat([]byte("a"), n)
	chunk, _ := strconv.Atoi(q.Get("chunk"))
	if chunk == 0 {
		chunk = max(n, 1)
	}
	for len(body) > 0 {
		part := body[:min(chunk, len(body))]
		if _, err := w.Write(part); err != nil {
			return err
		}
		body = body[len(part):]
		if q.Get("flush") != "" {
			return http.NewResponseController(w).Flush()
		}
	}
	return nil
}

func unpack(t *testing.T, body, encoding string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch encoding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		gz, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = gz
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", encoding, err)
	}
	return string(data)
}

// What a handler flushes arrives, compressed or not, before it goes on.
func TestStreaming(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, accept, encoding string }{
		{"text/event-stream", "br, gzip", ""},
		{"application/x-ndjson", "gzip", "gzip"},
		{"application/x-ndjson", "", ""},
	} {
		seen := make(chan struct{})
		f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
			plugin(t, rt, "x").Handle("/stream", func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Type", c.kind)
				rc := http.NewResponseController(w)
				for range 3 {
					if _, err := io.WriteString(w, "event\n"); err != nil {
						return err
					}
					if err := rc.Flush(); err != nil {
						return err
					}
					<-seen
				}
				return nil
			})
		})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/api/x/stream", nil)
		if c.accept != "" {
			r.Header.Set("Accept-Encoding", c.accept)
		}
		res, err := f.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.Header.Get("Content-Encoding") != c.encoding {
			t.Errorf("%s: %v", c.kind, res.Header)
		}
		var body io.Reader = res.Body
		if c.encoding == "gzip" {
			if body, err = gzip.NewReader(res.Body); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, len("event\n"))
		for range 3 {
			if _, err := io.ReadFull(body, buf); err != nil || string(buf) != "event\n" {
				t.Fatalf("%s: %q %v", c.kind, buf, err)
			}
			seen <- struct{}{}
		}
		if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
			t.Errorf("%s: %q %v", c.kind, rest, err)
		}
		_ = res.Body.Close()
	}
}
