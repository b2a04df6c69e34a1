package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/router"
)

// flood writes until that fails.
func flood(w io.Writer) {
	for piece := make([]byte, 1<<20); ; {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

// TestCallerTakesNothing: a caller who takes nothing of an answer does not hold it for ever.
func TestCallerTakesNothing(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		flood(w)
	}), setup{options: Options{idleLimit: 300 * time.Millisecond}})
	conn := dial(t, f.url)
	_, _ = io.WriteString(conn, request(http.MethodGet, "/api/catalog/x"))
	stopped(t, "the peer's end", ended)
	f.logs.has(t, "an answer was given up")
	f.logs.has(t, "/api/catalog/x HTTP/1.1")
}

// TestSocketWhoseCallerTakesNothing: nor is the stop of the server held by one.
func TestSocketWhoseCallerTakesNothing(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		close(begun)
		flood(conn)
	}), setup{})
	conn := dial(t, f.url)
	_, _ = io.WriteString(conn, request(http.MethodGet, "/api/signals", "Connection: Upgrade", "Upgrade: websocket"))
	stopped(t, "the upgrade", begun)
	_, _ = conn.Read(make([]byte, 1))
	if err := f.router.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped(t, "the peer's side", ended)
	f.logs.has(t, `/api/signals HTTP/1.1\" 101`)
}

// TestCallerStopsSending: a caller who does not send on is told so, also where the server has no limit of its own for that.
func TestCallerStopsSending(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }),
		setup{router: router.Config{RequestTimeout: time.Hour}, options: Options{idleLimit: 300 * time.Millisecond}})
	for _, body := range []string{"Content-Length: 10\r\n\r\n12345", "Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"} {
		got := send(t, f.url, strings.TrimSuffix(request(http.MethodPost, "/api/catalog/x"), "\r\n")+body)
		got.wantFault(t, 408, "RequestTimeoutError", "request body was not received in time")
		if !got.Close {
			t.Error("the rest of the body would be taken for the next request")
		}
	}
}

// TestPeerTakesNothing: nor does a peer who takes nothing of a body hold its caller.
func TestPeerTakesNothing(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := start(t, peer(t, func(http.ResponseWriter, *http.Request) { <-release }), setup{options: Options{idleLimit: 300 * time.Millisecond}})
	t.Cleanup(func() { close(release) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/api/catalog/x", io.LimitReader(zeros{}, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if data, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusGatewayTimeout || !strings.Contains(string(data), "GatewayTimeoutError") {
		t.Errorf("%d %s", res.StatusCode, data)
	}
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
