package router_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

const leaked = "this is secret"

func leak(w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, leaked)
	return err
}

// request makes one with exactly this path, if net/http would take it.
func request(target string) (*http.Request, *httptest.ResponseRecorder, bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, nil, false
	}
	r := &http.Request{Method: http.MethodGet, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: "h", Body: http.NoBody}
	return r, httptest.NewRecorder(), true
}

func TestParseListen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"7007": ":7007", ":7007": ":7007", "0.0.0.0:7007": "0.0.0.0:7007", "localhost:80": "localhost:80", "127.0.0.1:0": "127.0.0.1:0", "host:007": "host:7",
	} {
		if got, err := router.ParseListen(text); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":", "host", "host:", "host:x", "::1:7007", "[::1]:7007", "7007x", "65536", "-1", "a b:1", "host:1.5", "1e3", "http://x:1"} {
		_, err := router.ParseListen(text)
		if want := "Unable to parse listen address " + text + ", expected <port> or <host>:<port>"; err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseListen(f *testing.F) {
	for _, seed := range []string{"7007", ":7007", "h:1", "[::1]:7007", "a:b:c", "", "65536", "host:00000", "\x00:1", "h\n:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := router.ParseListen(text)
		if err != nil {
			return
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatalf("%q gave %q: %v", text, address, err)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 || strings.Contains(host, ":") {
			t.Fatalf("%q gave %q", text, address)
		}
		if again, err := router.ParseListen(address); err != nil || again != address {
			t.Fatalf("%q gave %q, which gives %q, %v", text, address, again, err)
		}
	})
}

func TestExplainListen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.EADDRINUSE, "listen on :80: address already in use; stop the other process or change backend.listen"},
		{syscall.EACCES, "listen on :80: permission denied; choose a port above 1023 in backend.listen"},
		{syscall.EADDRNOTAVAIL, "listen on :80: this machine has no such address; change backend.listen"},
		{&net.OpError{Op: "listen", Err: errors.New("no such host")}, "listen on :80: no such host; change backend.listen"},
	} {
		if got := router.ExplainListen(":80", "backend.listen", c.err).Error(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
