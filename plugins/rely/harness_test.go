package rely_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/plugins/auth"
	"github.com/understudy-portal/understudy/plugins/rely"
	simulator "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.(*cache[...]).periodicCleanUp"))
}

const serviceToken = "the-token-of-a-service-0123456789"

// page is a server whose configuration is that of a page, beside what a server needs.
type page struct {
	t    testing.TB
	base string
	log  *lines
	stop func()
}

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serve runs a server. The text's https://magneto.rely.io is the simulator.
func serve(t testing.TB, sim *relytest.Sim, text, entities string) *page {
	t.Helper()
	return serveIn(t, t.TempDir(), sim, text, entities, auth.New(), catalog.New(), rely.New())
}

// serveIn is serve with these plugins in a directory that may be that of an earlier server.
func serveIn(t testing.TB, dir string, sim *relytest.Sim, text, entities string, plugins ...host.Plugin) *page {
	t.Helper()
	write(t, filepath.Join(dir, "entities.yaml"), entities)
	files := []string{filepath.Join(dir, "app-config.yaml"), filepath.Join(dir, "app-config.server.yaml")}
	write(t, files[0], strings.ReplaceAll(text, "https://magneto.rely.io", sim.URL))
	write(t, files[1], fmt.Sprintf(`
app: {baseUrl: https://portal.acme.dev}
backend:
  baseUrl: http://localhost:7007
  listen: {host: 127.0.0.1, port: 0}
  auth: {externalAccess: [{type: static, options: {token: %s, subject: test}}]}
catalog:
  rules: [{allow: [Component, System, API, Resource, Location, User, Group, Domain, Template, Widget]}]
  locations: [{type: file, target: %q}]
understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}
`, serviceToken, filepath.Join(dir, "entities.yaml"), filepath.Join(dir, "data")))
	p := &page{t: t, log: &lines{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan backend.Running, 1), make(chan error, 1)
	b := backend.New(backend.WithConfigFiles(files...), backend.WithEnviron([]string{"RELY_TOKEN=" + simulator.Token}), backend.WithLog(p.log, "json"),
		backend.WithReady(func(r backend.Running) { ready <- r }))
	go func() { done <- b.Add(plugins...).Run(ctx) }()
	var once sync.Once
	p.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
	t.Cleanup(p.stop)
	select {
	case r := <-ready:
		p.base = fmt.Sprintf("http://127.0.0.1:%d", r.Port)
	case err := <-done:
		done <- nil
		t.Fatalf("start: %v\n%s", err, p.log)
	case <-time.After(time.Minute):
		t.Fatalf("not ready within a minute\n%s", p.log)
	}
	return p
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// send makes a request and decodes the answer into into, if that is not nil.
func (p *page) send(method, path, token string, into any) (status int, body string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 90*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	return res.StatusCode, string(data)
}

// run is a run as the routes show it, as far as tests look at it.
type run struct {
	ID, Status, Mode, Error, Digest string
	Warnings                        []string
	Counts                          struct {
		Read, Skipped, Unmappable, Unchanged, Create, Update, Sent, Failed, Pending, Chunks, Requests int
		Bytes, WireBytes                                                                              int
	}
}

type started struct {
	RunID, Status string
	Run           *run
}

// migrate starts a run and waits for its end.
func (p *page) migrate(query string) run {
	p.t.Helper()
	var s started
	status, body := p.send(http.MethodPost, "/api/rely/migrate?wait=60s"+query, serviceToken, &s)
	if status != http.StatusOK || s.Run == nil {
		p.t.Fatalf("migrate: %d %s\n%s", status, body, p.log)
	}
	return *s.Run
}

// sameDigest asks what the simulator should have, and compares.
func (p *page) sameDigest(sim *relytest.Sim) {
	p.t.Helper()
	if r := p.migrate("&dryRun=true&digest=true"); r.Digest == "" || r.Digest != sim.Digest() {
		p.t.Errorf("the simulator's digest is %s, wanted %s", sim.Digest(), r.Digest)
	}
}

// settled waits until the catalog has so many entities.
func (p *page) settled(count int) {
	p.t.Helper()
	deadline := time.After(time.Minute)
	for {
		var answer struct{ TotalItems int }
		p.send(http.MethodGet, "/api/catalog/entities/by-query?limit=0", serviceToken, &answer)
		if answer.TotalItems == count {
			return
		}
		select {
		case <-deadline:
			p.t.Fatalf("the catalog has %d entities, wanted %d\n%s", answer.TotalItems, count, p.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
