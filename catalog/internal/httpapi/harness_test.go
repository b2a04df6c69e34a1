package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/catalog/internal/httpapi"
	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the catalog's routes behind a real listener, over an index and a ledger that the test holds.
type server struct {
	*httptest.Server
	t      testing.TB
	index  *index.Index
	ledger *fakeLedger
	policy policy
	audit  *lockedBuffer
	routes *router.Routes
}

// policy decides by permission name; what it does not name is allowed.
type policy map[string]permission.Decision

func (p policy) Authorize(_ context.Context, _ auth.Credentials, asked permission.Permission, _ string) (permission.Decision, error) {
	if d, ok := p[asked.Name]; ok {
		return d, nil
	}
	return permission.Decision{Result: permission.Allow}, nil
}

// fakeLedger is the truth as the tests tell it. Deletions reach the index, as the plugin would see to.
type fakeLedger struct {
	index     *index.Index
	parents   map[string][]string
	registers []ledger.Location
	lag       bool // deletions do not reach the index
	deleted   []string

	failed, pending []ledger.Unfinished
	broken          error // of what is asked for unfinished entities
}

func (l *fakeLedger) each(all []ledger.Unfinished, yield func(ledger.Unfinished) bool) error {
	for _, u := range all {
		if !yield(u) {
			break
		}
	}
	return l.broken
}

func (l *fakeLedger) EachFailed(_ context.Context, yield func(ledger.Unfinished) bool) error {
	return l.each(l.failed, yield)
}

func (l *fakeLedger) EachPending(_ context.Context, yield func(ledger.Unfinished) bool) error {
	return l.each(l.pending, yield)
}

func (l *fakeLedger) DeleteUnfinished(_ context.Context, uid string) (int64, error) {
	if l.broken != nil {
		return 0, l.broken
	}
	l.deleted = append(l.deleted, uid)
	return l.index.Snapshot().Position(), nil
}

func (l *fakeLedger) DeleteByUID(_ context.Context, uid string) (int64, error) {
	l.deleted = append(l.deleted, uid)
	s := l.index.Snapshot()
	position := s.Position() + 1
	doc, ok := s.ByUID(uid)
	if l.lag {
		return position, nil
	}
	var changes []index.Change
	if ok {
		changes = []index.Change{{Position: position, Ref: doc.Ref}}
	}
	return position, l.index.Apply(changes, position)
}

func (l *fakeLedger) Parents(_ context.Context, refs []string) (map[string][]string, error) {
	found := map[string][]string{}
	for _, ref := range refs {
		if p := l.parents[ref]; len(p) > 0 {
			found[ref] = p
		}
	}
	return found, nil
}

func (l *fakeLedger) Locations(context.Context) ([]ledger.Location, error) { return l.registers, nil }

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.FieldsFunc(b.buf.String(), func(r rune) bool { return r == '\n' })
}

func serve(t testing.TB, changes ...index.Change) *server {
	t.Helper()
	s := &server{t: t, index: index.New(index.Options{}), policy: policy{}, audit: &lockedBuffer{}}
	if err := s.index.Apply(changes, int64(len(changes))); err != nil {
		t.Fatal(err)
	}
	s.ledger = &fakeLedger{index: s.index}
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.routes, err = rt.Plugin("catalog"); err != nil {
		t.Fatal(err)
	}
	s.routes.Open("/")
	auditLog := slog.New(slog.NewJSONHandler(s.audit, &slog.HandlerOptions{Level: slog.LevelDebug}))
	httpapi.New(httpapi.Deps{
		Index: s.index, Ledger: s.ledger, Permissions: s.policy, Log: slog.New(slog.DiscardHandler),
		Audit: telemetry.NewAuditor(auditLog, telemetry.AuditOptions{}), MaxWait: testWait,
	}).Mount(s.routes)
	s.routes.Initialized()
	s.Server = httptest.NewServer(callers(rt))
	t.Cleanup(func() {
		s.Client().CloseIdleConnections()
		s.Close()
	})
	return s
}

// callerHeader names the caller in the place of a token: "service", "user", or "actor" for a service on a user's behalf.
const callerHeader = "Test-Caller"

// callers stands in for the gate.
func callers(next http.Handler) http.Handler {
	known := map[string]auth.Credentials{
		"service": auth.PluginCredentials("permission"),
		"user":    auth.UserCredentials("user:default/jane"),
		"actor":   {Principal: auth.Principal{Kind: auth.KindUser, UserRef: "user:default/jane", Actor: "plugin:permission"}},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who, ok := known[r.Header.Get(callerHeader)]; ok {
			r = r.WithContext(auth.WithCredentials(r.Context(), who))
		}
		next.ServeHTTP(w, r)
	})
}

// answer is a response, read to its end.
type answer struct {
	*http.Response
	body string
}

func (s *server) do(method, path, body string, header ...string) answer {
	s.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/api/catalog"+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	// The transport would add its own and then hide that the answer is compressed.
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	res, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res, string(data)}
}

func (s *server) get(path string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", header...)
}

func (s *server) post(path, body string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, body)
}

// json parses the answer's body.
func (a answer) json(t testing.TB) *entity.Object {
	t.Helper()
	o, err := entity.ParseObject([]byte(a.body))
	if err != nil {
		t.Fatalf("%s %s: %d %q: %v", a.Request.Method, a.Request.URL, a.StatusCode, a.body, err)
	}
	return o
}

// message is the text of an error body, after its name.
func (a answer) message(t testing.TB) string {
	t.Helper()
	o := a.json(t)
	name, _ := o.Path("error", "name").(string)
	message, _ := o.Path("error", "message").(string)
	return name + ": " + message
}

// items lists the names of the entities in an answer, which is a list or has items; "null" stands for null.
func (a answer) items(t testing.TB) []string {
	t.Helper()
	v, err := entity.ParseJSON([]byte(a.body))
	if err != nil {
		t.Fatalf("%d %q: %v", a.StatusCode, a.body, err)
	}
	if o, ok := v.(*entity.Object); ok {
		v = o.Path("items")
	}
	list, ok := v.([]any)
	if !ok {
		t.Fatalf("%d %q has no items", a.StatusCode, a.body)
	}
	names := []string{}
	for _, item := range list {
		o, ok := item.(*entity.Object)
		if !ok {
			names = append(names, "null")
			continue
		}
		name, _ := o.Path("metadata", "name").(string)
		names = append(names, name)
	}
	return names
}

// post is a request that needs no connection.
func post(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/catalog"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}
