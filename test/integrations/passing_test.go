package integrations_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// double stands in for Understudy behind the bridge, and tells what reached it.
type double struct {
	*httptest.Server
	version atomic.Value  // string: what it says of itself
	left    chan struct{} // a caller of /hang has left
	next    chan string   // what /events and /sse say next
	// How many requests have come for a path that no caller of the bridge can name.
	smuggled atomic.Int64
}

// smuggled is below none of the mounts: a request for it has come inside another one.
const smuggled = "/api/catalog/smuggled"

func startDouble(t *testing.T) *double {
	t.Helper()
	d := &double{left: make(chan struct{}, 1), next: make(chan string)}
	d.version.Store("0.1.0")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.backstage/health/v1/liveness", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Understudy-Bridge") == "" {
			t.Error("the bridge does not tell its version")
		}
		w.Header().Set("Understudy-Version", d.version.Load().(string))
	})
	const api = "/api/spacelift-io"
	mux.HandleFunc(api+"/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Vary", "X-Something")
		w.Header().Set("X-Own", "kept")
		w.Header().Set("Referrer-Policy", "unsafe-url")
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "%s %s\n", r.Method, r.RequestURI)
		_ = r.Header.Write(w)
	})
	mux.HandleFunc("GET "+api+"/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"tag"`)
		http.ServeContent(w, r, "file.txt", time.Unix(1, 0), strings.NewReader(strings.Repeat("0123456789", 1000)))
	})
	mux.HandleFunc("POST "+api+"/hash", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		_, _ = fmt.Fprintf(w, "%d %s %v %v", n, hex.EncodeToString(sum.Sum(nil)), r.TransferEncoding, err)
	})
	mux.HandleFunc(api+"/body", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "<%s %s %q %v>", r.Method, r.URL.Path, text, err)
	})
	stream := func(kind string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			_ = http.NewResponseController(w).Flush()
			for {
				select {
				case line := <-d.next:
					_, _ = io.WriteString(w, line)
					_ = http.NewResponseController(w).Flush()
				case <-r.Context().Done():
					d.left <- struct{}{}
					return
				}
			}
		}
	}
	mux.HandleFunc("GET "+api+"/events", stream("application/x-ndjson"))
	mux.HandleFunc("GET "+api+"/sse", stream("text/event-stream"))
	mux.HandleFunc("GET "+api+"/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == smuggled {
			d.smuggled.Add(1)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.CloseClientConnections)
	return d
}

// raw sends a request as it is, and gives the answer as it comes.
func raw(ctx context.Context, t *testing.T, method, url string, body io.Reader, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// TestPassing wants every request and every answer to come through as it is.
func TestPassing(t *testing.T) {
	b, d := prepare(t), startDouble(t)
	b.bridge(t, map[string]any{"url": d.URL})
	b.start(t)
	api := b.url("/api/spacelift-io")
	t.Run("headers", func(t *testing.T) {
		resp := raw(t.Context(), t, http.MethodDelete, api+"/echo?a=%2F&b=c%20d", http.NoBody, "Authorization", "Bearer x.y.z", "Cookie", "backstage-auth=t",
			"If-None-Match", `W/"1"`, "X-Forwarded-For", "203.0.113.9", "Connection", "X-Hop", "X-Hop", "1", "Accept-Encoding", "gzip")
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"DELETE /api/spacelift-io/echo?a=%2F&b=c%20d\n", "Authorization: Bearer x.y.z\r\n", "Cookie: backstage-auth=t\r\n", "If-None-Match: W/\"1\"\r\n",
			"X-Forwarded-For: 203.0.113.9, ", "X-Forwarded-Proto: http\r\n", "Accept-Encoding: gzip\r\n", "X-Forwarded-Host: " + strings.TrimPrefix(b.Node.URL, "http://"),
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%q did not come through:\n%s", want, text)
			}
		}
		if strings.Contains(string(text), "X-Hop") {
			t.Errorf("a header of the connection came through:\n%s", text)
		}
		h := resp.Header
		if resp.StatusCode != http.StatusTeapot || len(h.Values("Set-Cookie")) != 2 || h.Get("X-Own") != "kept" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "X-Something") {
			t.Errorf("%s %v", resp.Status, h)
		}
		if policy := h.Get("Referrer-Policy"); policy != "no-referrer" {
			t.Errorf("the backend's own header gave way: Referrer-Policy %q", policy)
		}
	})
	t.Run("conditions and ranges", func(t *testing.T) {
		if resp := raw(t.Context(), t, http.MethodGet, api+"/file", nil, "If-None-Match", `"tag"`); resp.StatusCode != http.StatusNotModified || resp.Header.Get("ETag") != `"tag"` {
			t.Errorf("%s %v", resp.Status, resp.Header)
		}
		resp := raw(t.Context(), t, http.MethodGet, api+"/file", nil, "Range", "bytes=10-12", "Accept-Encoding", "gzip, br")
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusPartialContent || string(text) != "012" || resp.Header.Get("Content-Range") != "bytes 10-12/10000" {
			t.Errorf("%s %q %v", resp.Status, text, resp.Header)
		}
		if resp := raw(t.Context(), t, http.MethodHead, api+"/file", nil); resp.StatusCode != http.StatusOK || resp.ContentLength != 10_000 {
			t.Errorf("HEAD: %s %v", resp.Status, resp.Header)
		}
	})
	t.Run("a large body", func(t *testing.T) {
		const size = 64 << 20
		line := strings.Repeat("x", 1023) + "\n"
		sum := sha256.New()
		for range size / len(line) {
			_, _ = io.WriteString(sum, line)
		}
		for _, length := range []int64{size, -1} { // known, and chunked
			pr, pw := io.Pipe()
			go func() {
				for range size / len(line) {
					if _, err := io.WriteString(pw, line); err != nil {
						return
					}
				}
				_ = pw.Close()
			}()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api+"/hash", pr)
			if err != nil {
				t.Fatal(err)
			}
			req.ContentLength = length
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if want := fmt.Sprintf("%d %x ", size, sum.Sum(nil)); !strings.HasPrefix(string(text), want) {
				t.Errorf("%d: %s", length, text)
			}
		}
	})
	for _, path := range []string{"/events", "/sse"} {
		t.Run("a stream"+path, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			resp := raw(ctx, t, http.MethodGet, api+path, nil, "Accept-Encoding", "gzip, br")
			lines := bufio.NewReader(resp.Body)
			for i := range 3 {
				want := fmt.Sprintf("data: %d\n", i)
				d.next <- want // the next one is sent only when this one has come
				if got, err := lines.ReadString('\n'); err != nil || got != want {
					t.Fatalf("%q, %v", got, err)
				}
			}
			leave()
			select {
			case <-d.left:
			case <-time.After(10 * time.Second):
				t.Error("the caller has left, and Understudy was not told")
			}
		})
	}
	t.Run("half an answer", func(t *testing.T) {
		resp := raw(t.Context(), t, http.MethodGet, api+"/half", nil)
		if text, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("half an answer looks whole: %q", text)
		}
	})
	t.Run("a path that leaves its plugin", func(t *testing.T) {
		for _, path := range []string{"/%2e%2e/rely/migrate", "/a/..%2f..%2frely/migrate", "/a%5c..%5c"} {
			if resp := raw(t.Context(), t, http.MethodGet, api+path, nil); resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", path, resp.Status)
			}
		}
	})
	t.Run("a body is no request", func(t *testing.T) { b.smuggles(t, d) })
	t.Run("other versions", func(t *testing.T) { b.versions(t, d) })
	t.Run("a stream does not hold the end", func(t *testing.T) {
		d.version.Store("0.1.0")
		resp := raw(t.Context(), t, http.MethodGet, api+"/events", nil)
		if resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
		began := time.Now()
		if err := b.Node.Stop(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("Node took %s to stop", took)
		}
		<-d.left
	})
}

// smuggles hides a request in the body of others, in every frame that a caller can give it, and wants it to arrive as a body.
func (b *bench) smuggles(t *testing.T, d *double) {
	inner := "GET " + smuggled + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inner), inner)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(inner))
	for _, method := range []string{"GET", "DELETE", "OPTIONS", "POST"} {
		for name, frame := range map[string][2]string{
			"chunked":           {"Transfer-Encoding: chunked\r\n", chunked},
			"chunked, named":    {"Connection: transfer-encoding, close\r\nTransfer-Encoding: Chunked\r\n", chunked},
			"of a length":       {length, inner},
			"of a named length": {"Connection: Content-Length\r\n" + length, inner},
			"both":              {"Transfer-Encoding: chunked\r\n" + length, chunked},
			"another coding":    {"Transfer-Encoding: gzip, chunked\r\n", chunked},
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				status, text := b.wire(t, method+" /api/spacelift-io/body HTTP/1.1\r\nHost: h\r\n"+frame[0]+"\r\n"+frame[1])
				want := fmt.Sprintf("<%s /api/spacelift-io/body %q <nil>>", method, inner)
				refused := status == http.StatusBadRequest && (name == "both" || name == "another coding")
				preflight := method == "OPTIONS" && status == http.StatusNoContent // the backend's own CORS answers it
				if !refused && !preflight && (status != http.StatusOK || text != want) {
					t.Errorf("%d %s, want %s", status, text, want)
				}
			})
		}
	}
	// What had been left on a connection would answer those that come next.
	for i := range 5 {
		path := fmt.Sprintf("/api/spacelift-io/file?%d", i)
		if status, text := b.wire(t, "GET "+path+" HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9\r\n\r\n"); status != http.StatusPartialContent || text != "0123456789" {
			t.Errorf("another caller got %d %s", status, text)
		}
	}
	if n := d.smuggled.Load(); n > 0 {
		t.Errorf("%d requests reached Understudy inside others", n)
	}
}

// wire writes a request as it stands, and reads one answer.
func (b *bench) wire(t *testing.T, request string) (int, string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.Node.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// versions restarts Node beside other versions of Understudy.
func (b *bench) versions(t *testing.T, d *double) {
	again := func(version, says string) {
		t.Helper()
		d.version.Store(version)
		if err := b.Node.Stop(); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		b.says(t, says)
	}
	again("7.2.0", "Understudy is of version 7.2.0, and its bridge of 0.1.0: the first number must be the same")
	until(t, "requests are refused", func() bool {
		a := ask(t, http.MethodGet, b.url("/api/spacelift-io/file"), "", nil)
		return a.Status == http.StatusServiceUnavailable && strings.Contains(a.Message(), "of version 7.2.0") && a.Header.Get("Retry-After") != ""
	})
	again("0.9.0", "Understudy is of version 0.9.0, and its bridge of 0.1.0: install the same of both")
	if a := ask(t, http.MethodGet, b.url("/api/spacelift-io/file"), "", nil); a.Status != http.StatusOK {
		t.Errorf("with a warning it serves: %s", a)
	}
}

// imposter is a program that starts as Understudy does, of another version.
const imposter = `#!/usr/bin/env node
require('node:http')
  .createServer((_request, response) => response.setHeader('Understudy-Version', '9.0.0').end('{}'))
  .listen(0, '127.0.0.1', function () { console.log(JSON.stringify({ port: this.address().port })); });
process.stdin.resume().on('end', () => process.exit(0));
`

// TestOtherBinary starts a binary whose version does not fit, and one that is no Understudy at all.
func TestOtherBinary(t *testing.T) {
	b := prepare(t)
	path := filepath.Join(t.TempDir(), "understudy")
	if err := os.WriteFile(path, []byte(imposter), 0o755); err != nil { //nolint:gosec // it is to be executed
		t.Fatal(err)
	}
	b.bridge(t, map[string]any{"binary": map[string]any{"path": path}})
	b.start(t)
	b.says(t, "Understudy is of version 9.0.0, and its bridge of 0.1.0")
	until(t, "requests are refused", func() bool {
		a := ask(t, http.MethodGet, b.url("/api/rely/status"), "", nil)
		return a.Status == http.StatusServiceUnavailable && strings.Contains(a.Message(), "of version 9.0.0")
	})
}
