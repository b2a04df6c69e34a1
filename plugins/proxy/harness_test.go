package proxy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/proxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bearer is the caller's token, secret what the configuration adds.
const (
	bearer = "callers-static-token"
	secret = "upstream-secret-value"
)

// server is a router with the proxy plugin and the real gate.
type server struct {
	t       *testing.T
	url     string
	rt      *router.Router
	logs    *buffer
	metrics *prometheus.Registry
	client  *http.Client
}

// start serves the endpoints, YAML of proxy.endpoints in which $UP is the target's URL.
func start(t *testing.T, up, endpoints string) *server {
	t.Helper()
	return serve(t, "", "proxy:\n  endpoints:\n"+indent(strings.ReplaceAll(endpoints, "$UP", up)))
}

func indent(yaml string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(yaml, "\n")) {
		b.WriteString("    " + strings.TrimLeft(line, "\t"))
	}
	return b.String() + "\n"
}

// serve serves a configuration; more is added to backend.auth.
func serve(t *testing.T, more, yaml string) *server {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte("backend:\n  baseUrl: http://127.0.0.1:7007\n  auth: {externalAccess: [{type: static, options: {token: "+
		bearer+", subject: tests}}]"+more+"}\n"+yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, logs: &buffer{}, metrics: prometheus.NewRegistry()}
	log := telemetry.NewLogger(s.logs, telemetry.LogOptions{Level: slog.LevelDebug})
	where, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := auth.New(auth.Options{Config: c, Discovery: where, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	routing, err := router.LoadConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	routing.Listen = "127.0.0.1:0"
	if s.rt, err = router.New(routing, router.Options{Gate: gate, Log: log}); err != nil {
		t.Fatal(err)
	}
	routes, err := s.rt.Plugin("proxy")
	if err != nil {
		t.Fatal(err)
	}
	none := func(context.Context) (*database.Database, error) { return nil, errors.New("no database here") }
	if err := gate.Mount(routes, "proxy", none); err != nil {
		t.Fatal(err)
	}
	p := proxy.New()
	if err := p.Register(t.Context(), &host.Env{
		ID: "proxy", Log: log, Config: c, Routes: routes, Auth: gate, Audit: telemetry.NewAuditor(log, telemetry.AuditOptions{Actor: auth.Actor}), Metrics: s.metrics,
	}); err != nil {
		t.Fatal(err)
	}
	routes.Initialized()
	s.rt.Ready()
	addr, err := s.rt.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.rt.Serve(context.Background()) }()
	s.url = "http://" + addr.String()
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.rt.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		_ = p.Stop(ctx)
		if strings.Contains(s.logs.String(), secret) || strings.Contains(s.logs.String(), bearer) {
			t.Errorf("a secret is in the log:\n%s", s.logs)
		}
	})
	return s
}

// reply is an answer read to its end.
type reply struct {
	*http.Response
	body string
}

// do sends a request with the caller's token; headers are "Name: value", "Authorization:" leaves the token out.
func (s *server) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Del(name)
		if value = strings.TrimSpace(value); value != "" {
			req.Header.Set(name, value)
		}
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{res, string(data)}
}

func (s *server) get(path string, headers ...string) reply {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", headers...)
}

// raw sends bytes as they are, for what a client would not send; it returns all that comes until the connection ends.
func (s *server) raw(request string) string {
	s.t.Helper()
	return s.exchange(request, io.ReadAll)
}

// rawAnswer is raw for one read: the connection may stay open.
func (s *server) rawAnswer(request string) string {
	s.t.Helper()
	return s.exchange(request, func(r io.Reader) ([]byte, error) {
		data := make([]byte, 4096)
		n, err := r.Read(data)
		return data[:n], err
	})
}

func (s *server) exchange(request string, read func(io.Reader) ([]byte, error)) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	data, err := read(conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// seen is the request as the target saw it.
type seen struct {
	Method, URL, Host, Body string
	Header                  http.Header
}

func (r reply) seen(t *testing.T) seen {
	t.Helper()
	var got seen
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatalf("%d %s: %v", r.StatusCode, r.body, err)
	}
	return got
}

// echo is a target that answers with the request it saw, and with headers of all sorts.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	return target(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Set-Cookie": "a=b; Domain=up.example.com; Path=/base", "X-Upstream": "yes", "X-Custom": "from-upstream",
			"Etag": `"upstream"`, "Location": "/elsewhere", "Access-Control-Allow-Origin": "*", "Content-Language": "en",
		} {
			h.Set(name, value)
		}
		_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, string(body), r.Header})
	})
}

func target(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	up := httptest.NewServer(h)
	t.Cleanup(up.Close)
	return up
}

type buffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// gauge is the number of requests in flight, of all endpoints.
type gauge struct{ s *server }

// Describe implements prometheus.Collector.
func (gauge) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g gauge) Collect(out chan<- prometheus.Metric) {
	families, err := g.s.metrics.Gather()
	if err != nil {
		return
	}
	total := 0.0
	for _, f := range families {
		if f.GetName() == "understudy_proxy_requests_in_flight" {
			for _, m := range f.GetMetric() {
				total += m.GetGauge().GetValue()
			}
		}
	}
	out <- prometheus.MustNewConstMetric(prometheus.NewDesc("in_flight", "", nil, nil), prometheus.GaugeValue, total)
}

// countNew counts the connections that a server takes.
func countNew(n *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}
