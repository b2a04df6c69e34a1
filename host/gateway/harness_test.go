package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/router"
)

var testTime = time.Unix(1_795_320_000, 0)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// front is a server with a gateway, and a plugin "here" of its own.
type front struct {
	t       *testing.T
	gateway *Gateway
	router  *router.Router
	metrics *prometheus.Registry
	logs    *logs
	url     string
	client  *http.Client
}

type setup struct {
	router  router.Config
	options Options
	// endpoints is the value of discovery.endpoints; %s in it stands for the peer's address.
	endpoints string
	// root mounts further handlers.
	declare func(rt *router.Router)
}

// everything places all plugins at one peer.
const everything = "[{target: {internal: '%s/api/{{pluginId}}'}, plugins: ['*']}]"

// start brings a server up before a peer. It ends with the test.
func start(t *testing.T, peer string, s setup) *front {
	t.Helper()
	f := &front{t: t, metrics: prometheus.NewRegistry(), logs: &logs{}}
	if s.endpoints == "" {
		s.endpoints = everything
	}
	c, err := config.Parse("app-config.yaml", []byte("discovery: {endpoints: "+strings.ReplaceAll(s.endpoints, "%s", peer)+"}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.options.Log = slog.New(slog.NewTextHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.options.Metrics = f.metrics
	if s.options.Discovery, err = discovery.Load(c); err != nil {
		t.Fatal(err)
	}
	if f.gateway, err = New(s.options); err != nil {
		t.Fatal(err)
	}
	s.router.Listen = "127.0.0.1:0"
	if f.router, err = router.New(s.router, router.Options{Log: s.options.Log}); err != nil {
		t.Fatal(err)
	}
	f.router.PassOn(f.gateway)
	f.here()
	if s.declare != nil {
		s.declare(f.router)
	}
	addr, err := f.router.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.options.Discovery.SetListener(addr)
	f.url = "http://" + addr.String()
	f.serve()
	return f
}

// here mounts the plugin that lives here.
func (f *front) here() {
	routes, err := f.router.Plugin("here")
	if err != nil {
		f.t.Fatal(err)
	}
	routes.Open("/")
	routes.Handle("GET /who", func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "here")
		return err
	})
	routes.Initialized()
}

func (f *front) serve() {
	served := make(chan error, 1)
	go func() { served <- f.router.Serve(context.Background()) }()
	transport := &http.Transport{DisableCompression: true}
	f.client = &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	f.t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.router.Shutdown(ctx); err != nil {
			f.t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			f.t.Errorf("serve: %v", err)
		}
		f.gateway.Close()
	})
}

// peer is a backend that answers as told. It ends with the test.
func peer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// answered is an answer read to its end.
type answered struct {
	*http.Response
	body string
}

// send sends bytes as they are, which a client might spell otherwise, and reads one answer.
func send(t *testing.T, url, request string) answered {
	t.Helper()
	conn := dial(t, url)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{res, string(data)}
}

func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// request writes a request's bytes; headers are "Name: value".
func request(method, target string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: portal.example.com\r\n", method, target)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String() + "\r\n"
}

func (f *front) get(path string, headers ...string) answered {
	f.t.Helper()
	return send(f.t, f.url, request(http.MethodGet, path, headers...))
}

// open sends a request and returns its answer with the body unread.
func (f *front) open(ctx context.Context, path string) *http.Response {
	f.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, http.NoBody)
	if err != nil {
		f.t.Fatal(err)
	}
	res, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// fault is Backstage's error body.
type faultBody struct {
	Error struct{ Name, Message string }
}

func (a answered) wantFault(t *testing.T, status int, name, message string) {
	t.Helper()
	var body faultBody
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%d %q: %v", a.StatusCode, a.body, err)
	}
	if a.StatusCode != status || body.Error.Name != name || body.Error.Message != message {
		t.Errorf("got  %d %s %s\nwant %d %s %s", a.StatusCode, body.Error.Name, body.Error.Message, status, name, message)
	}
}

// logs collects lines, and tells when one has come.
type logs struct {
	mu   sync.Mutex // guards buf
	buf  bytes.Buffer
	wait []chan struct{}
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.wait {
		close(w)
	}
	l.wait = nil
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// has waits until the log has text in it.
func (l *logs) has(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		found := strings.Contains(l.buf.String(), text)
		next := make(chan struct{})
		l.wait = append(l.wait, next)
		l.mu.Unlock()
		if found {
			return
		}
		select {
		case <-next:
		case <-timeout:
			t.Fatalf("the log has no %q:\n%s", text, l)
		}
	}
}
