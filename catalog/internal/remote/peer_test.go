package remote_test

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
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a catalog behind HTTP that does what a test wants of it. Its cursors hold the place of the next entity.
type peer struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex // guards what follows
	entities []string   // in the order of their uids
	requests []string
	tokens   []string
	bodies   []string
	// old has no POST of by-query.
	old bool
	// count is what totalItems says; nil says the truth.
	count func(real int) int
	// before is asked first; true means that it has answered.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
}

func newPeer(t *testing.T, names ...string) *peer {
	p := &peer{t: t}
	for _, name := range names {
		p.entities = append(p.entities, component(name, "1"))
	}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func component(name, etag string) string {
	return fmt.Sprintf(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":%q,"namespace":"default","uid":"uid-%s","etag":%q},"spec":{"type":"service"}}`,
		name, name, etag)
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%03d", i)
	}
	return names
}

// change runs f while no request is answered.
func (p *peer) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *peer) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r.Method+" "+r.URL.Path)
	p.tokens = append(p.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	p.bodies = append(p.bodies, string(body))
	if p.before != nil && p.before(len(p.requests), w, r) {
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/api/catalog"); {
	case path == "/entities/by-query" && r.Method == http.MethodPost && p.old:
		w.WriteHeader(http.StatusNotFound)
	case path == "/entities/by-query":
		p.byQuery(w, r, body)
	case path == "/entities/by-refs":
		p.byRefs(w, body)
	case strings.HasPrefix(path, "/entities/by-name/component/default/"):
		for _, e := range p.entities {
			if strings.HasSuffix(path, "/"+nameOf(e)) {
				answer(w, 200, e)
				return
			}
		}
		refuse(w, 404, "NotFoundError", "No entity named so")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func nameOf(e string) string {
	o, err := entity.ParseObject([]byte(e))
	if err != nil {
		return ""
	}
	return entity.FromObject(o).Name()
}

func (p *peer) byQuery(w http.ResponseWriter, r *http.Request, body []byte) {
	var q struct {
		Cursor string
		Limit  int
		Query  json.RawMessage
	}
	q.Limit, _ = strconv.Atoi(r.URL.Query().Get("limit"))
	q.Cursor = r.URL.Query().Get("cursor")
	if r.Method == http.MethodPost {
		if err := json.Unmarshal(body, &q); err != nil {
			refuse(w, 400, "SyntaxError", err.Error())
			return
		}
	}
	var at struct {
		After string
		Total int
		Query json.RawMessage `json:"query,omitempty"`
	}
	at.Total, at.Query = len(p.entities), q.Query
	if p.count != nil {
		at.Total = p.count(at.Total)
	}
	if q.Cursor != "" {
		data, err := base64.StdEncoding.DecodeString(q.Cursor)
		if err != nil || json.Unmarshal(data, &at) != nil {
			refuse(w, 400, "InputError", "Malformed cursor")
			return
		}
	}
	var items []string
	rest := slices.DeleteFunc(slices.Clone(p.entities), func(e string) bool { return nameOf(e) <= at.After })
	if n := min(q.Limit, len(rest)); n > 0 {
		items, rest = rest[:n], rest[n:]
	}
	next := ""
	if len(rest) > 0 && len(items) > 0 {
		at.After = nameOf(items[len(items)-1])
		data, _ := json.Marshal(at)
		next = fmt.Sprintf(`"nextCursor":%q`, base64.StdEncoding.EncodeToString(data))
	}
	answer(w, 200, fmt.Sprintf(`{"items":[%s],"totalItems":%d,"pageInfo":{%s}}`, strings.Join(items, ","), at.Total, next))
}

func (p *peer) byRefs(w http.ResponseWriter, body []byte) {
	var q struct{ EntityRefs []string }
	if err := json.Unmarshal(body, &q); err != nil {
		refuse(w, 400, "SyntaxError", err.Error())
		return
	}
	items := make([]string, len(q.EntityRefs))
	for i, ref := range q.EntityRefs {
		items[i] = "null"
		for _, e := range p.entities {
			if ref == "component:default/"+nameOf(e) {
				items[i] = e
			}
		}
	}
	answer(w, 200, `{"items":[`+strings.Join(items, ",")+`]}`)
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, name, message string) {
	answer(w, status, fmt.Sprintf(`{"error":{"name":%q,"message":%q},"request":{"method":"GET","url":"/"},"response":{"statusCode":%d}}`, name, message, status))
}

// quick is patience for tests.
var quick = remote.Patience{Walk: 2 * time.Second, Refs: 2 * time.Second, Person: 300 * time.Millisecond, Doubt: 200 * time.Millisecond, Pause: time.Millisecond}

var own = auth.PluginCredentials("rely")

// reader reads the peer as the plugin rely.
func (p *peer) reader(change ...func(o *remote.Options)) *remote.Reader {
	client := remote.NewClient()
	p.t.Cleanup(client.CloseIdleConnections)
	issued := 0
	opts := remote.Options{
		Plugin:  "rely",
		Address: func(context.Context) (string, error) { return p.URL + "/api/catalog", nil },
		Token: func(_ context.Context, who auth.Credentials) (string, error) {
			issued++
			return fmt.Sprintf("%s#%d", who, issued), nil
		},
		Client: client, PageSize: 3, Patience: quick, Log: slog.New(slog.NewTextHandler(p.t.Output(), nil)), Metrics: prometheus.NewRegistry(),
	}
	for _, f := range change {
		f(&opts)
	}
	return remote.New(opts)
}

// walk returns the names of what a walk yields, and its error.
func walk(t *testing.T, r *remote.Reader, who auth.Credentials, filter entity.Predicate) (names []string, err error) {
	t.Helper()
	for e, failure := range r.Entities(t.Context(), who, filter) {
		if failure != nil {
			err = errors.Join(err, failure)
			continue
		}
		names = append(names, e.Name())
	}
	return names, err
}
