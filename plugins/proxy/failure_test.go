package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// rawTarget is a target that answers each connection with some bytes once it has the request's header, and closes it.
func rawTarget(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			lines := bufio.NewReader(conn)
			for line, err := lines.ReadString('\n'); err == nil && line != "\r\n"; line, err = lines.ReadString('\n') {
				continue
			}
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

// closedPort is an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return "http://" + listener.Addr().String()
}

// The statuses and the text of core.md 10.
func TestFailures(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	silent := target(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-hangs:
		}
	})
	t.Cleanup(func() { close(hangs) })
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(tls.Close)
	s := start(t, closedPort(t), `
		/refused: $UP/base
		/dns: http://nowhere.invalid
		/silent: {target: '`+silent.URL+`', proxyTimeout: 100}
		/silent2: {target: '`+silent.URL+`', timeout: '100'}
		/reset: `+rawTarget(t, "")+`
		/half: `+rawTarget(t, "HTTP/1.1 200 OK\r\nContent-Type: x\r\n")+`
		/garbage: `+rawTarget(t, "SSH-2.0-OpenSSH_9\r\n")+`
		/status: `+rawTarget(t, "HTTP/1.1 abc OK\r\n\r\n")+`
		/header: `+rawTarget(t, "HTTP/1.1 200 OK\r\n: x\r\n\r\n")+`
		/length: `+rawTarget(t, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")+`
		/unasked: `+rawTarget(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")+`
		/certificate: `+tls.URL+`
		/insecure: {target: '`+tls.URL+`', secure: false}
	`)
	host := strings.TrimPrefix(s.url, "http://")
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/refused/p":       {504, "/p"},
		"/refused/p?x=1":   {504, "/p?x=1"},
		"/refused/<x>%3Cy": {504, "/%3Cx%3E%3Cy"},
		"/refused/p?q=<script>alert('1')</script>&\"`": {504, "/p?q=%3Cscript%3Ealert(%271%27)%3C/script%3E&%22%60"},
		"/dns/p":         {504, "/p"},
		"/silent/p":      {504, "/p"},
		"/silent2/p":     {504, "/p"},
		"/reset/p":       {504, "/p"},
		"/half/p":        {504, "/p"},
		"/garbage/p":     {502, "/p"},
		"/status/p":      {502, "/p"},
		"/header/p":      {502, "/p"},
		"/length/p":      {502, "/p"},
		"/unasked/p":     {500, "/p"},
		"/certificate/p": {500, "/p"},
	} {
		got := s.raw("GET /api/proxy" + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + bearer + "\r\nConnection: close\r\n\r\n")
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.HasPrefix(head, fmt.Sprintf("HTTP/1.1 %d ", want.status)) {
			t.Errorf("%s: want %d\n%s", path, want.status, got)
		}
		if body != "Error occurred while trying to proxy: "+host+want.text || strings.Contains(head, "Content-Type:") {
			t.Errorf("%s: %q\n%s", path, body, head)
		}
	}
	if a := s.get("/api/proxy/insecure/p"); a.StatusCode != http.StatusNotFound {
		t.Errorf("secure: false: %d", a.StatusCode)
	}
	if !strings.Contains(s.logs.String(), "a proxied request failed") {
		t.Error("failures are not logged")
	}
}

// An answer that breaks off is not passed on as if it were whole, and neither is one in which nothing moves any more.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	stalls := target(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "some")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := start(t, rawTarget(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"), `
		/short: $UP
		/chunked: `+rawTarget(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n")+`
		/stalls: {target: '`+stalls.URL+`', proxyTimeout: 150}
	`)
	for _, path := range []string{"/short", "/chunked", "/stalls"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/proxy"+path, nil)
		req.Header.Set("Authorization", "Bearer "+bearer)
		res, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%s: half of an answer passed for all of it", path)
		}
		_ = res.Body.Close()
	}
	await(t, "three lines in the log", func() bool { return strings.Count(s.logs.String(), "ended early") == 3 })
	if !strings.Contains(s.logs.String(), "nothing has moved for too long") {
		t.Errorf("the log does not tell why:\n%s", s.logs)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := echo(t)
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("Authorization")+" "+r.Header.Get("Content-Type"))
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/see":
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		case "/keep":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/x", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		default:
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	})
	s := start(t, up.URL, `
		/follow: {target: $UP, followRedirects: true, headers: {Authorization: upstream-secret-value}}
		/pass: $UP
	`)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/follow/x", 200, "GET " + secret + " "},
		{"POST", "/follow/x", 200, "GET " + secret + " "},
		{"PUT", "/follow/see", 200, "GET " + secret + " "},
		{"GET", "/follow/keep", 200, "GET " + secret + " "},
		{"POST", "/follow/keep", 307, ""}, // the body is not kept
		{"GET", "/follow/loop", 500, "Error"},
		{"GET", "/follow/away", 500, "Error"}, // not a public address, and the secret would not have gone there
		{"GET", "/follow/file", 302, ""},
		{"GET", "/pass/x", 302, ""},
	} {
		body := ""
		if c.method != http.MethodGet {
			body = "text"
		}
		a := s.do(c.method, "/api/proxy"+c.path, body, "Content-Type: text/x")
		want := strings.TrimSuffix(c.body, " ")
		if c.method == "GET" && c.status == 200 {
			want += " text/x"
		}
		if a.StatusCode != c.status || !strings.HasPrefix(strings.TrimSpace(a.body), want) || a.Header.Get("Location") != "" {
			t.Errorf("%s %s: %d %q %v, want %d %q", c.method, c.path, a.StatusCode, a.body, a.Header["Location"], c.status, want)
		}
	}
	if !strings.Contains(s.logs.String(), "is not public") {
		t.Error("the log does not tell why a redirect was not followed")
	}
}
