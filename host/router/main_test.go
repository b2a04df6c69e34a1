package router_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a running server.
type fixture struct {
	t      *testing.T
	rt     *router.Router
	url    string
	logs   *logBuffer
	client *http.Client
	served chan error
}

// start runs a server on a free port; declare mounts what the test needs. It is ready and ends with the test.
func start(t *testing.T, cfg router.Config, opts router.Options, declare func(rt *router.Router)) *fixture {
	t.Helper()
	logs := &logBuffer{}
	cfg.Listen = "127.0.0.1:0"
	if opts.Log == nil {
		opts.Log = telemetry.NewLogger(logs, telemetry.LogOptions{Level: slog.LevelDebug})
	}
	rt, err := router.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	if declare != nil {
		declare(rt)
	}
	rt.Ready()
	f := serve(t, rt)
	f.logs = logs
	return f
}

// serve runs a router that the test made itself.
func serve(t *testing.T, rt *router.Router) *fixture {
	t.Helper()
	addr, err := rt.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	f := &fixture{
		t: t, rt: rt, url: "http://" + addr.String(), logs: &logBuffer{}, served: make(chan error, 1),
		client: &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	go func() { f.served <- rt.Serve(context.Background()) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := rt.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-f.served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return f
}

// plugin mounts an initialised plugin without a gate, all of it open.
func plugin(t *testing.T, rt *router.Router, id string) *router.Routes {
	t.Helper()
	p, err := rt.Plugin(id)
	if err != nil {
		t.Fatal(err)
	}
	p.Open("/")
	p.Initialized()
	return p
}

// answer is a response read to its end.
type answer struct {
	*http.Response
	body string
}

// do sends a request; headers are "Name: value".
func (f *fixture) do(method, path, body string, headers ...string) answer {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	res, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{res, string(data)}
}

func (f *fixture) get(path string, headers ...string) answer {
	f.t.Helper()
	return f.do(http.MethodGet, path, "", headers...)
}

// raw sends bytes as they are, for paths that a client would not send, and reads one answer.
func (f *fixture) raw(request string) answer {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		f.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, _ := io.ReadAll(res.Body)
	return answer{res, string(data)}
}

func (a answer) empty404(t *testing.T, what string) {
	t.Helper()
	if a.StatusCode != http.StatusNotFound || a.body != "" || a.Header.Get("Content-Type") != "" {
		t.Errorf("%s: %d %q %q, want an empty 404", what, a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
}

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// lines decodes the lines in which accept finds something; nil accepts all.
func (l *logBuffer) lines(t *testing.T, accept func(map[string]any) bool) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	for line := range bytes.SplitSeq(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		var fields map[string]any
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatalf("log line %s: %v", line, err)
		}
		if accept == nil || accept(fields) {
			out = append(out, fields)
		}
	}
	return out
}

func (l *logBuffer) requests(t *testing.T) []map[string]any {
	t.Helper()
	return l.lines(t, func(f map[string]any) bool { return f["type"] == "incomingRequest" })
}

func (l *logBuffer) errors(t *testing.T) []map[string]any {
	t.Helper()
	return l.lines(t, func(f map[string]any) bool { return f["level"] == "error" })
}
