package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.(*cache[...]).periodicCleanUp"))
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_795_320_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// issuer is a stand-in for the auth plugin.
type issuer struct {
	ring *keys.Ring
	now  func() time.Time

	mu    sync.Mutex // guards what follows
	owns  map[string][]string
	asked int
}

func newIssuer(now func() time.Time) *issuer {
	return &issuer{
		ring: keys.NewRing(keys.RingOptions{Store: keys.Memory(), Rotate: time.Hour, Keep: 3 * time.Hour, Now: now}),
		now:  now,
		owns: map[string][]string{},
	}
}

func (i *issuer) Keys(ctx context.Context) (keys.Set, error) { return i.ring.Keys(ctx) }

func (i *issuer) UserInfo(_ context.Context, userRef string) ([]string, bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	refs, ok := i.owns[userRef]
	return refs, ok, nil
}

func (i *issuer) user(t testing.TB, userRef string, owns ...string) string {
	t.Helper()
	signer, err := i.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := token.SignUser(signer, token.UserClaims{
		Issuer: "http://auth", Subject: userRef, Ownership: owns, IssuedAt: i.now(), Expires: i.now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func limited(t testing.TB, text string) string {
	t.Helper()
	parsed, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	short, err := token.Limited(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return short
}

// backend is one process with a few plugins: "catalog" and "proxy" with ordinary routes, "docs" with a cookie route, "open"
// whose root is open.
type backend struct {
	*Service
	clock  *clock
	issuer *issuer
	router *router.Router
	url    string
	audits *lockedBuffer
}

// lockedBuffer collects log lines.
type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// parseConfig reads a configuration of this test.
func parseConfig(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noDatabase is for tests that sign nothing with a key of a plugin's database.
func noDatabase(context.Context) (*database.Database, error) {
	return nil, errors.New("this test has no database")
}

// newBackend starts a backend. A nil issuer makes it one that does not host the auth plugin.
func newBackend(t testing.TB, clk *clock, iss *issuer, text string) *backend {
	t.Helper()
	b := &backend{clock: clk, issuer: iss, audits: &lockedBuffer{}}
	c := parseConfig(t, text)
	found, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	logs := slog.New(slog.NewTextHandler(b.audits, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.Service, err = New(Options{
		Config: c, Discovery: found, Now: clk.Now, Log: logs,
		Audit: telemetry.NewAuditor(logs, telemetry.AuditOptions{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if iss != nil {
		b.SetUserTokens(iss)
	}
	if b.router, err = router.New(router.Config{}, router.Options{Gate: b.Service, Log: logs}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.router)
	t.Cleanup(server.Close)
	b.url = server.URL
	for _, id := range []string{"catalog", "proxy", "docs", "open"} {
		b.plugin(t, id)
	}
	return b
}

// plugin mounts a plugin whose key ring is in memory.
func (b *backend) plugin(t testing.TB, id string) {
	t.Helper()
	routes, err := b.router.Plugin(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Mount(routes, id, noDatabase); err != nil {
		t.Fatal(err)
	}
	b.plugins[id].source = keys.NewRing(keys.RingOptions{
		Store: keys.Memory(), Rotate: keyRotation, Keep: keyPublished, Now: b.clock.Now,
	})
	routes.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) error {
		return router.WriteJSON(w, r, http.StatusOK, fmt.Sprintf("%s %s", FromContext(r.Context()).Kind, FromContext(r.Context()).Principal))
	})
	routes.Handle("GET /static/{rest...}", func(w http.ResponseWriter, r *http.Request) error {
		c, err := Require(r.Context(), KindUser, KindNone)
		if err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, c.String()+" via "+c.Actor)
	})
	switch id {
	case "docs":
		routes.AllowCookie("/static")
	case "open":
		routes.Open("/")
	}
	routes.Initialized()
}

// answer is what a request got.
type answer struct {
	status  int
	body    string
	name    string
	message string
	header  http.Header
}

// call sends a request with headers given as "Name: value".
func (b *backend) call(t testing.TB, method, path string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header[http.CanonicalHeaderKey(name)] = append(req.Header[http.CanonicalHeaderKey(name)], value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, body: string(data), header: resp.Header}
	var failed struct {
		Error struct{ Name, Message string }
	}
	if json.Unmarshal(data, &failed) == nil {
		a.name, a.message = failed.Error.Name, failed.Error.Message
	}
	return a
}

func bearer(text string) string { return "Authorization: Bearer " + text }

func cookie(text string) string { return "Cookie: a=b; backstage-auth=" + text }

func wantFault(t *testing.T, err error, status int, message string) {
	t.Helper()
	if fault.Status(err) != status || err == nil || err.Error() != message {
		t.Errorf("got %d %v, want %d %s", fault.Status(err), err, status, message)
	}
}

// noSecrets fails if one of the tokens is in the logs.
func (b *backend) noSecrets(t *testing.T, tokens ...string) {
	t.Helper()
	for _, text := range tokens {
		if strings.Contains(b.audits.String(), text) {
			t.Errorf("a token is in the logs")
		}
	}
}

func encodePart(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
