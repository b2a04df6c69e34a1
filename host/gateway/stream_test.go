package gateway

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // the WebSocket handshake is made of it
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/router"
)

// stopped waits for a sign; a test that waits for ever says what for.
func stopped(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(15 * time.Second):
		t.Fatalf("%s: nothing happened", what)
	}
}

// TestEventsArriveOneByOne: each event goes out when it comes in; the peer sends the next only after the caller has the last.
func TestEventsArriveOneByOne(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		for i := range 3 {
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
		}
	}), setup{})
	res := f.open(t.Context(), "/api/catalog/events") // the header came before any event
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		next <- struct{}{}
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) || !lines.Scan() {
			t.Fatalf("event %d: %q, %v", i, lines.Text(), lines.Err())
		}
	}
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("after the last: %q, %v", lines.Text(), lines.Err())
	}
}

// TestPiecesOfAKnownLength are not held back either.
func TestPiecesOfAKnownLength(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2")
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-next:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "b")
	}), setup{})
	res := f.open(t.Context(), "/api/catalog/x")
	var one [1]byte
	if _, err := io.ReadFull(res.Body, one[:]); err != nil || one[0] != 'a' {
		t.Fatalf("%q, %v", one, err)
	}
	close(next)
	if _, err := io.ReadFull(res.Body, one[:]); err != nil || one[0] != 'b' {
		t.Fatalf("%q, %v", one, err)
	}
}

// TestLongPoll: the bus answers 202 at once and nothing for long (core.md 16.2). The caller has the header meanwhile, and
// however short the limit for a header is, the wait goes on.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := start(t, peer(t, longPoll(release)), setup{options: Options{headerLimit: 200 * time.Millisecond}})
	res := f.open(t.Context(), "/api/events/bus/v1/subscriptions/x/events")
	if res.StatusCode != http.StatusAccepted || res.Header.Get("Backstage-Events-Notify-Timeout") != "55000" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	timer := time.NewTimer(400 * time.Millisecond) // past the limit for headers
	defer timer.Stop()
	<-timer.C
	close(release)
	if data, err := io.ReadAll(res.Body); err != nil || len(data) != 0 {
		t.Errorf("%q, %v", data, err)
	}
}

func longPoll(release <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("backstage-events-notify-timeout", "55000")
		w.WriteHeader(http.StatusAccepted)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
}

// TestUploadStreams: the peer reads the beginning of a body before the caller has sent its end.
func TestUploadStreams(t *testing.T) {
	t.Parallel()
	got := make(chan byte)
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		var one [1]byte
		for {
			if _, err := io.ReadFull(r.Body, one[:]); err != nil {
				break
			}
			got <- one[0]
		}
		_, _ = io.WriteString(w, "all")
	}), setup{})
	reader, writer := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.url+"/api/catalog/upload", reader)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	go func() {
		res, err := f.client.Do(r)
		if err != nil {
			answer <- err.Error()
			return
		}
		data, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		answer <- string(data)
	}()
	for _, b := range []byte("xyz") {
		if _, err := writer.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
		if have := <-got; have != b {
			t.Fatalf("%q, want %q", have, b)
		}
	}
	_ = writer.Close()
	if text := <-answer; text != "all" {
		t.Error(text)
	}
}

// TestExpectContinue: a caller who asks before it sends is asked to send, once.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body) // net/http says 100 now
		_, _ = w.Write(data)
	}), setup{})
	conn := dial(t, f.url)
	_, _ = io.WriteString(conn, request(http.MethodPut, "/api/catalog/x", "Expect: 100-continue", "Content-Length: 4"))
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil || res.StatusCode != http.StatusContinue {
		t.Fatalf("%v, %v", res, err)
	}
	_, _ = io.WriteString(conn, "body")
	res, err = http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if data, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || string(data) != "body" {
		t.Errorf("%d %q, %v", res.StatusCode, data, err)
	}
}

// TestCallerGoesAway: the peer's work ends with its caller.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	f := start(t, peer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}), setup{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/api/catalog/x", http.NoBody)
		_, err := f.client.Do(r)
		done <- err
	}()
	stopped(t, "the request", begun)
	cancel()
	stopped(t, "its end at the peer", ended)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if strings.Contains(f.logs.String(), "broke off") || strings.Contains(f.logs.String(), "level=ERROR") {
		t.Errorf("a caller who went is no failure of a peer's:\n%s", f.logs)
	}
}

// TestPeerDiesMidStream: a caller must not take half an answer for the whole.
func TestPeerDiesMidStream(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "100"} {
		kill := make(chan struct{})
		f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			<-kill
			panic(http.ErrAbortHandler)
		}), setup{})
		res := f.open(t.Context(), "/api/catalog/x")
		half := make([]byte, 4)
		if _, err := io.ReadFull(res.Body, half); err != nil {
			t.Fatal(err)
		}
		close(kill)
		if rest, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("length %q: the answer ended as if it were whole: %q", length, rest)
		}
		f.logs.has(t, "a peer broke off its answer")
		f.logs.has(t, "plugin=catalog address=http://127.0.0.1:")
	}
}

// TestSilence: a stream in which nothing happens is given up, with the reason in the log.
func TestSilence(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}), setup{options: Options{idleLimit: 50 * time.Millisecond}})
	res := f.open(t.Context(), "/api/catalog/x")
	if data, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("it ended as if it were whole: %q", data)
	}
	stopped(t, "the peer's end", ended)
	f.logs.has(t, "nothing was sent for")
}

// echoSocket is a WebSocket endpoint that sends back what it gets. It echoes the subprotocol, which is the user's token.
func echoSocket(closed chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Sec-WebSocket-Protocol")
		if r.Header.Get("Upgrade") != "websocket" || token == "" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer close(closed)
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
			acceptKey(r.Header.Get("Sec-WebSocket-Key")), token)
		_ = buffered.Flush()
		_, _ = io.Copy(conn, buffered)
	}
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// socket opens a WebSocket as a browser does. The frames that follow are bytes to everybody in between.
func socket(t *testing.T, f *front) (net.Conn, *bufio.Reader) {
	t.Helper()
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	conn := dial(t, f.url)
	_, err := io.WriteString(conn, request(http.MethodGet, "/api/signals", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: "+key, "Sec-WebSocket-Protocol: eyJ.user.token"))
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-WebSocket-Accept") != acceptKey(key) ||
		res.Header.Get("Sec-WebSocket-Protocol") != "eyJ.user.token" || !strings.EqualFold(res.Header.Get("Upgrade"), "websocket") {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	return conn, reader
}

// frame is a masked text frame, as browsers send them.
func frame(text string) []byte {
	mask := [4]byte{1, 2, 3, 4}
	out := append([]byte{0x81, 0x80 | byte(len(text))}, mask[:]...)
	for i := range len(text) {
		out = append(out, text[i]^mask[i%4])
	}
	return out
}

func exchange(t *testing.T, conn net.Conn, reader io.Reader) {
	t.Helper()
	sent := frame(`{"action":"subscribe","channel":"c"}`)
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != string(sent) {
		t.Fatalf("%x, %v; want %x", got, err, sent)
	}
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	f := start(t, peer(t, echoSocket(closed)), setup{})
	conn, reader := socket(t, f)
	for range 3 {
		exchange(t, conn, reader)
	}
	_ = conn.Close()
	stopped(t, "the peer's side", closed)
	f.logs.has(t, `/api/signals HTTP/1.1\" 101`)
}

func TestWebSocketRefused(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, echoSocket(nil)), setup{})
	got := f.get("/api/signals", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x")
	if got.StatusCode != http.StatusUnauthorized || got.body != "no\n" {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
}

func TestWebSocketWhosePeerDies(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_ = buffered.Flush()
		_ = conn.(*net.TCPConn).SetLinger(0) // a reset, as of a killed process
		_ = conn.Close()
	}), setup{})
	conn := dial(t, f.url)
	_, _ = io.WriteString(conn, request(http.MethodGet, "/api/signals", "Connection: Upgrade", "Upgrade: websocket"))
	if data, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("%q, %v", data, err)
	}
}

func TestSilentWebSocket(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	f := start(t, peer(t, echoSocket(closed)), setup{options: Options{idleLimit: 200 * time.Millisecond}})
	conn, reader := socket(t, f)
	exchange(t, conn, reader)
	if _, err := reader.ReadByte(); err == nil {
		t.Error("a byte from nowhere")
	}
	stopped(t, "the peer's side", closed)
}

// TestStop: what would never end is ended in good order, what has an end is waited for, and what is new is refused.
func TestStop(t *testing.T) {
	t.Parallel()
	release, socketClosed := make(chan struct{}), make(chan struct{})
	slowBegun := make(chan struct{})
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/signals":
			echoSocket(socketClosed)(w, r)
		case "/api/events/poll":
			longPoll(release)(w, r)
		case "/api/catalog/slow":
			close(slowBegun)
			<-release
			_, _ = io.WriteString(w, "slow, and whole")
		default:
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			_, _ = io.WriteString(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}), setup{})
	conn, reader := socket(t, f)
	exchange(t, conn, reader)
	poll, events := f.open(t.Context(), "/api/events/poll"), f.open(t.Context(), "/api/catalog/events")
	slow := make(chan string, 1)
	go func() {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/api/catalog/slow", http.NoBody)
		res, err := f.client.Do(r)
		if err != nil {
			slow <- err.Error()
			return
		}
		data, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		slow <- fmt.Sprint(string(data), err)
	}()
	stopped(t, "the slow request", slowBegun)
	if err := f.router.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(poll.Body); err != nil || len(data) != 0 {
		t.Errorf("the long poll ended badly: %q, %v", data, err)
	}
	if data, err := io.ReadAll(events.Body); err != nil || string(data) != "data: 1\n\n" {
		t.Errorf("the stream of events ended badly: %q, %v", data, err)
	}
	if _, err := reader.ReadByte(); err == nil {
		t.Error("the socket is still open")
	}
	stopped(t, "the socket's peer", socketClosed)
	f.get("/api/catalog/x").wantFault(t, 503, "ServiceUnavailableError", "Service is shutting down")
	f.get("/index.html").wantFault(t, 503, "ServiceUnavailableError", "Service is shutting down")
	close(release)
	if text := <-slow; text != "slow, and whole<nil>" {
		t.Errorf("what has an end: %s", text)
	}
}

// TestALateBody: a caller who does not send on is told so; that is no fault of the peer's.
func TestALateBody(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }),
		setup{router: router.Config{RequestTimeout: 100 * time.Millisecond}})
	send(t, f.url, request(http.MethodPost, "/api/catalog/x", "Content-Length: 10")+"12345").
		wantFault(t, 408, "RequestTimeoutError", "request body was not received in time")
}
