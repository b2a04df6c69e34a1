package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// socketTarget switches protocols and sends back what it gets, with the header it saw in front.
func socketTarget(t *testing.T) string {
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			_, _ = fmt.Fprintf(w, "plain %q", r.Header.Get("Connection"))
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: accepted\r\nSet-Cookie: a=b\r\n\r\n")
		_, _ = fmt.Fprintf(conn, "%s cookie=%q auth=%q key=%q origin=%q\n", r.RequestURI, r.Header.Get("Cookie"), r.Header.Get("Authorization"),
			r.Header.Get("Sec-Websocket-Key"), r.Header.Get("Origin"))
		_, _ = io.Copy(conn, buffered)
	})
	return up.URL
}

// dialSocket asks for a WebSocket and returns what came up to the end of the header.
func dialSocket(t *testing.T, s *server, path, authorization string) (net.Conn, *bufio.Reader, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if authorization != "" {
		authorization = "Authorization: " + authorization + "\r\n"
	}
	_, _ = io.WriteString(conn, "GET /api/proxy"+path+" HTTP/1.1\r\nHost: portal\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"+authorization+
		"Cookie: backstage-auth=x\r\nOrigin: http://portal\r\nSec-WebSocket-Key: key\r\nSec-WebSocket-Version: 13\r\n\r\n")
	reader := bufio.NewReader(conn)
	var head strings.Builder
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q", err, head.String())
		}
		head.WriteString(line)
		if line == "\r\n" {
			return conn, reader, head.String()
		}
	}
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	s := start(t, socketTarget(t), `
		/live: {target: $UP/base, ws: true}
		/open: {target: $UP, ws: true, credentials: dangerously-allow-unauthenticated}
		/plain: $UP
	`)
	conn, reader, head := dialSocket(t, s, "/live/x?y=1", "Bearer "+bearer)
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "Sec-Websocket-Accept: accepted") || strings.Contains(head, "Set-Cookie") {
		t.Fatalf("%s", head)
	}
	if line, _ := reader.ReadString('\n'); line != "/base/x?y=1 cookie=\"\" auth=\"\" key=\"key\" origin=\"http://portal\"\n" {
		t.Errorf("the target saw %q", line)
	}
	for i := range 3 {
		_, _ = fmt.Fprintf(conn, "message %d\n", i)
		if line, err := reader.ReadString('\n'); err != nil || line != fmt.Sprintf("message %d\n", i) {
			t.Fatalf("%q %v", line, err)
		}
	}
	// It ends with the server.
	if err := s.rt.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.ReadString('\n'); err == nil {
		t.Error("the connection outlives the server")
	}
	await(t, "the line of the request", func() bool {
		return strings.Contains(s.logs.String(), `"status":101`) || strings.Contains(s.logs.String(), "status=101")
	})
}

func TestWebSocketAsksForCredentials(t *testing.T) {
	t.Parallel()
	s := start(t, socketTarget(t), `
		/live: {target: $UP, ws: true}
		/open: {target: $UP, ws: true, credentials: dangerously-allow-unauthenticated}
		/plain: $UP
	`)
	for _, c := range []struct{ path, authorization, want string }{
		{"/live", "", "HTTP/1.1 401 "},
		{"/live", "Bearer nonsense", "HTTP/1.1 401 "},
		{"/live/../x", "Bearer " + bearer, "HTTP/1.1 400 "},
		{"/open", "", "HTTP/1.1 101 "},
		{"/plain", "Bearer " + bearer, "HTTP/1.1 200 "}, // without ws: true it is an ordinary request
	} {
		conn, _, head := dialSocket(t, s, c.path, c.authorization)
		if !strings.HasPrefix(head, c.want) {
			t.Errorf("%s with %q: %s", c.path, c.authorization, head)
		}
		_ = conn.Close()
	}
}
