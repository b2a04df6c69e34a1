package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/router"
)

// rawPeer accepts connections and does with each as it is told.
func rawPeer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			})
		}
	})
	return "http://" + l.Addr().String()
}

// TestPeerFailures: the caller learns which plugin, and nothing of where it lives; the log has the address and the reason.
func TestPeerFailures(t *testing.T) {
	t.Parallel()
	read := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	closedPort := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		return "http://" + l.Addr().String()
	}()
	for _, tc := range []struct {
		name, peer           string
		status               int
		errorName, text, log string
	}{
		{"refused", closedPort, 503, "ServiceUnavailableError", "The backend of the plugin 'catalog' cannot be reached", "connection refused"},
		{"no such name", "http://no-such-name.invalid:7007", 503, "ServiceUnavailableError", "The backend of the plugin 'catalog' cannot be reached", "no-such-name.invalid"},
		{"silent", rawPeer(t, func(c net.Conn) { read(c); read(c) }), 504, "GatewayTimeoutError", "The backend of the plugin 'catalog' did not answer in time", "timeout awaiting response headers"},
		{"hangs up", rawPeer(t, read), 502, "BadGatewayError", "The backend of the plugin 'catalog' broke off before it answered", "EOF"},
		{
			"speaks no HTTP", rawPeer(t, func(c net.Conn) { read(c); _, _ = io.WriteString(c, "220 smtp.example.com ESMTP\r\n\r\n") }), 502, "BadGatewayError",
			"The backend of the plugin 'catalog' broke off before it answered", "malformed HTTP status code",
		},
		{"endless header", rawPeer(t, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for range 2 * maxHeader / 1000 {
				if _, err := io.WriteString(c, "X-A: "+strings.Repeat("a", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}), 502, "BadGatewayError", "The backend of the plugin 'catalog' broke off before it answered", "exceeded"},
		{"another protocol", rawPeer(t, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
			read(c)
		}), 502, "BadGatewayError", "The backend of the plugin 'catalog' broke off before it answered", "switch protocol"},
		{
			"TLS", strings.Replace(rawPeer(t, func(c net.Conn) { read(c); _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }), "http:", "https:", 1), 502, "BadGatewayError",
			"The backend of the plugin 'catalog' broke off before it answered", "tls",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tc.peer, setup{options: Options{headerLimit: 300 * time.Millisecond}})
			got := f.get("/api/catalog/entities?x=1")
			got.wantFault(t, tc.status, tc.errorName, tc.text)
			address := strings.SplitN(tc.peer, "//", 2)[1]
			if strings.Contains(got.body, address) || strings.Contains(fmt.Sprint(got.Header), address) {
				t.Errorf("the caller is told where the peer lives: %s", got.body)
			}
			if !strings.Contains(got.body, `"request":{"method":"GET","url":"/api/catalog/entities?x=1"}`) {
				t.Errorf("no trace of the request: %s", got.body)
			}
			f.logs.has(t, "pass on to the plugin catalog at "+tc.peer+"/api/catalog: ")
			f.logs.has(t, tc.log)
		})
	}
}

// TestRetryOfAStaleConnection: Node closes connections that wait. A GET that meets one is sent again, on a new one.
func TestRetryOfAStaleConnection(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	f := start(t, rawPeer(t, func(c net.Conn) {
		n := connections.Add(1)
		_, _ = c.Read(make([]byte, 4096))
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n) // and close, without having said so
	}), setup{})
	for i := range 3 {
		if got := f.get("/api/catalog/x"); got.StatusCode != 200 || got.body != fmt.Sprint(i+1) {
			t.Errorf("%d: %d %s", i, got.StatusCode, got.body)
		}
	}
}

// TestLoop: an address that leads back here ends the request after one round, with a clear word, not in a storm.
func TestLoop(t *testing.T) {
	t.Parallel()
	var rounds atomic.Int64
	var target atomic.Pointer[string]
	between := peer(t, func(w http.ResponseWriter, r *http.Request) {
		rounds.Add(1)
		to := *target.Load()
		out, _ := http.NewRequestWithContext(r.Context(), r.Method, to+r.RequestURI, http.NoBody)
		out.Header = r.Header.Clone()
		res, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	})
	f := start(t, between, setup{})
	target.Store(&f.url)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	const told = "Requests for the plugin 'catalog' come back to the server that passes them on; see its discovery.endpoints"
	f.get("/api/catalog/x").wantFault(t, 508, "LoopDetectedError", told)
	if n := rounds.Load(); n != 1 {
		t.Errorf("%d rounds", n)
	}
	if got := f.get("/api/catalog/x", "Via: "+strings.Repeat("1.1 another, ", maxHops-1)+"1.1 another"); got.StatusCode != 508 {
		t.Errorf("after %d proxies: %d", maxHops, got.StatusCode)
	}
	if n := rounds.Load(); n != 1 {
		t.Errorf("a request that has been everywhere went on: %d rounds", n)
	}
}

// TestTwoGatewaysThatPointAtEachOther end the same way.
func TestTwoGatewaysThatPointAtEachOther(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	first := start(t, "http://"+address, setup{})
	second := start(t, first.url, setup{})
	// The second one's requests arrive at address, too.
	server := &http.Server{Handler: second.router, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { _ = server.Serve(l); close(served) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
	if got := first.get("/api/todo/x"); got.StatusCode != 508 || !strings.Contains(got.body, "LoopDetectedError") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// TestMetrics: a plugin has its own label once a peer knows it; names that callers make up have none.
func TestMetrics(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/catalog/"), strings.HasPrefix(r.URL.Path, "/api/todo/"), r.URL.Path == "/index.html":
		case strings.HasPrefix(r.URL.Path, "/api/broken/"):
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}), setup{endpoints: "[{target: {internal: '%s/api/{{pluginId}}'}, plugins: ['*', catalog, broken]}]", declare: func(rt *router.Router) {}})
	for i := range 50 {
		f.get(fmt.Sprintf("/api/made-up-%d/x", i))
	}
	f.get("/api/catalog/x")
	f.get("/api/todo/x")
	f.get("/api/todo/x")
	f.get("/api/broken/x")
	f.get("/index.html")
	err := testutil.GatherAndCompare(f.metrics, strings.NewReader(`
# HELP understudy_gateway_requests_total Requests passed on to other backends, by plugin and class of the status.
# TYPE understudy_gateway_requests_total counter
understudy_gateway_requests_total{plugin="app",status="2xx"} 1
understudy_gateway_requests_total{plugin="broken",status="5xx"} 1
understudy_gateway_requests_total{plugin="catalog",status="2xx"} 1
understudy_gateway_requests_total{plugin="other",status="4xx"} 50
understudy_gateway_requests_total{plugin="todo",status="2xx"} 2
`), "understudy_gateway_requests_total")
	if err != nil {
		t.Error(err)
	}
	for _, id := range []string{"catalog", "todo", "other", "app"} {
		if n := testutil.ToFloat64(f.gateway.metrics.inFlight.WithLabelValues(id)); n != 0 {
			t.Errorf("%s: %v in flight at rest", id, n)
		}
	}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := newMetrics(nil, []string{"catalog"})
	for i := range 10 * maxLabels {
		m.begin(fmt.Sprint("p", i))(200, 0)
	}
	if len(m.labels) > maxLabels || m.label("p9999") != other || m.label("catalog") != "catalog" {
		t.Errorf("%d labels", len(m.labels))
	}
}
