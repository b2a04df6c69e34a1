package backend_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// subject is a server that runs for the length of a test.
type subject struct {
	base, metrics string
	log           *syncBuffer
	stop          func() error
}

// start runs a server with the configuration's text.
func start(t *testing.T, text string, plugins []host.Plugin, opts ...backend.Option) *subject {
	t.Helper()
	cfg, err := config.Parse("test", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{log: &syncBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan backend.Running, 1), make(chan error, 1)
	opts = append(opts, backend.WithConfig(cfg), backend.WithLog(s.log, "json"), backend.WithReady(func(r backend.Running) { ready <- r }))
	go func() { done <- backend.New(opts...).Add(plugins...).Run(ctx) }()
	var once sync.Once
	s.stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	select {
	case r := <-ready:
		s.base, s.metrics = fmt.Sprintf("http://127.0.0.1:%d", r.Port), "http://"+r.MetricsAddr+"/metrics"
	case err := <-done:
		done <- nil
		t.Fatalf("start: %v\n%s", err, s.log)
	case <-time.After(time.Minute):
		t.Fatalf("not ready within a minute\n%s", s.log)
	}
	return s
}

// send asks the server; url is a path below its base, or a whole address.
func (s *subject) send(t *testing.T, method, url, token, body string) (status int, answer string) {
	t.Helper()
	if strings.HasPrefix(url, "/") {
		url = s.base + url
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return resp.StatusCode, string(data)
}

// plain is a plugin made of functions.
type plain struct {
	id       string
	register func(ctx context.Context, env *host.Env) error
	start    func(ctx context.Context) error
	run      func(ctx context.Context) error
	stop     func(ctx context.Context) error
	health   func(ctx context.Context) error
}

func (p *plain) ID() string { return p.id }

func (p *plain) Register(ctx context.Context, env *host.Env) error {
	if p.register == nil {
		return nil
	}
	return p.register(ctx, env)
}

func call(f func(context.Context) error, ctx context.Context) error { //nolint:revive // the function is what matters
	if f == nil {
		return nil
	}
	return f(ctx)
}

func (p *plain) Start(ctx context.Context) error  { return call(p.start, ctx) }
func (p *plain) Run(ctx context.Context) error    { return call(p.run, ctx) }
func (p *plain) Stop(ctx context.Context) error   { return call(p.stop, ctx) }
func (p *plain) Health(ctx context.Context) error { return call(p.health, ctx) }

func minimal(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`
backend:
  baseUrl: http://localhost:7007
  listen: {host: 127.0.0.1, port: 0}
  auth: {externalAccess: [{type: static, options: {token: backend-test-token-0123, subject: test}}]}
understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}
`, t.TempDir())
}
