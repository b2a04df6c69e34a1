package proxy_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// flood answers with more than the buffers of any connection hold.
func flood(w io.Writer) {
	for piece := make([]byte, 1<<20); ; {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

// hold opens a connection, sends bytes, and reads nothing.
func (s *server) hold(request string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// A caller who takes nothing of an answer is given up like a target that says nothing, whether the answer is compressed
// or not.
func TestACallerWhoTakesNothing(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Accept-Encoding: gzip\r\n"} {
		left := make(chan struct{})
		up := target(t, func(w http.ResponseWriter, _ *http.Request) {
			defer close(left)
			w.Header().Set("Content-Type", "text/plain")
			flood(noise{w})
		})
		s := start(t, up.URL, "/up: {target: $UP, proxyTimeout: 200, credentials: dangerously-allow-unauthenticated}\n")
		s.hold("GET /api/proxy/up/x HTTP/1.1\r\nHost: x\r\n" + header + "\r\n")
		wait(t, "the end of the target's request", left)
		await(t, "no request in flight", func() bool { return testutil.ToFloat64(gauge{s}) == 0 })
		await(t, "the line in the log", func() bool {
			return strings.Contains(s.logs.String(), "ended early") && strings.Contains(s.logs.String(), "nothing has moved for too long")
		})
	}
}

// noise writes what does not compress well, in place of what it is given.
type noise struct{ io.Writer }

// Write implements io.Writer.
func (n noise) Write(p []byte) (int, error) {
	state, text := uint32(len(p)), make([]byte, len(p))
	for i := range text {
		state = state*1664525 + 1013904223
		text[i] = byte(state >> 24)
	}
	return n.Writer.Write(text)
}

// The same once the target has answered in full, and what is left waits in buffers of ours.
func TestACallerWhoTakesNoneOfManyAnswers(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 256<<10)) })
	s := start(t, up.URL, "/up: {target: $UP, proxyTimeout: 200, credentials: dangerously-allow-unauthenticated}\n")
	conn := s.hold(strings.Repeat("GET /api/proxy/up/x HTTP/1.1\r\nHost: x\r\n\r\n", 200))
	await(t, "the line in the log", func() bool { return strings.Contains(s.logs.String(), "ended early") })
	await(t, "no request in flight", func() bool { return testutil.ToFloat64(gauge{s}) == 0 })
	if n, err := io.Copy(io.Discard, conn); err == nil && n >= 200*256<<10 {
		t.Errorf("all %d bytes came", n)
	}
}

// A caller who takes its time, but takes, is not given up, and its connection serves the next request.
func TestACallerWhoTakesItsTime(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		for range 3 {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
	})
	s := start(t, up.URL, "/up: {target: $UP, proxyTimeout: 150, credentials: dangerously-allow-unauthenticated}\n")
	conn := s.hold("")
	timer := time.NewTicker(250 * time.Millisecond) // longer than nothing may move within a request
	defer timer.Stop()
	for range 3 {
		if _, err := io.WriteString(conn, "GET /api/proxy/up/x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		piece := make([]byte, 4096)
		for !strings.HasSuffix(got.String(), "\r\n\r\nxxx") {
			n, err := conn.Read(piece)
			if err != nil {
				t.Fatalf("%v after %q", err, got.String())
			}
			got.Write(piece[:n])
		}
		<-timer.C
	}
}

// A caller who does not send on what it announced is told so within the endpoint's time, not the server's.
func TestACallerWhoStopsSending(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/early" {
			control := http.NewResponseController(w)
			_ = control.EnableFullDuplex()
			w.WriteHeader(http.StatusOK)
			_ = control.Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
	})
	s := start(t, up.URL, "/up: {target: $UP, proxyTimeout: 200, credentials: dangerously-allow-unauthenticated}\n")
	for _, length := range []string{"Content-Length: 10\r\n\r\n12345", "Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"} {
		got := s.rawAnswer("POST /api/proxy/up/x HTTP/1.1\r\nHost: x\r\n" + length)
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || !strings.Contains(got, "RequestTimeoutError") || !strings.Contains(got, "\r\nConnection: close\r\n") {
			t.Errorf("%q: %s", length, got)
		}
		conn := s.hold("POST /api/proxy/up/early HTTP/1.1\r\nHost: x\r\n" + length)
		if data, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(data), "HTTP/1.1 200 ") || strings.HasSuffix(string(data), "0\r\n\r\n") {
			t.Errorf("an early answer: %v %q", err, data)
		}
	}
	await(t, "no request in flight", func() bool { return testutil.ToFloat64(gauge{s}) == 0 })
}

// Nor does a caller who takes nothing of a WebSocket hold it when the server stops.
func TestASocketWhoseCallerTakesNothing(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	up := target(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(left)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		flood(conn)
	})
	s := start(t, up.URL, "/up: {target: $UP, ws: true, credentials: dangerously-allow-unauthenticated}\n")
	s.hold("GET /api/proxy/up/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	await(t, "the request", func() bool { return testutil.ToFloat64(gauge{s}) == 1 })
	if err := s.rt.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, "the end of the target's connection", left)
	await(t, "no request in flight", func() bool { return testutil.ToFloat64(gauge{s}) == 0 })
}
