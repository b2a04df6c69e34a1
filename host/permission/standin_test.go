package permission_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.(*cache[...]).periodicCleanUp"))
}

// issuer stands in for the auth plugin.
type issuer struct{ ring *keys.Ring }

func (i *issuer) Keys(ctx context.Context) (keys.Set, error) { return i.ring.Keys(ctx) }

func (i *issuer) UserInfo(context.Context, string) ([]string, bool, error) { return nil, false, nil }

// asked is one item of a request to authorize.
type asked struct {
	ID          string `json:"id"`
	ResourceRef any    `json:"resourceRef"`
	Permission  struct {
		Type, Name, ResourceType string
		Attributes               map[string]string
	} `json:"permission"`
}

// side is one of the two backends, with its real router and auth.
type side struct {
	*httptest.Server
	auth   *auth.Service
	router *router.Router
}

// pair is a backend with plugins and permissions ("ours", whose plugin is "widgets"), beside one with the plugins auth and
// permission, as core.md 8.1 has it ("theirs").
type pair struct {
	ours, theirs side
	service      *permission.Service
	checker      permission.Checker
	metrics      *prometheus.Registry
	issuer       *issuer

	mu sync.Mutex // guards what follows
	// requests are the bodies that authorize got, in their order; who are the callers.
	requests [][]asked
	who      []auth.Credentials
	// policy answers one item; nil allows.
	policy func(who auth.Credentials, item asked) any
	// before, if set, may answer in the place of the permission plugin and then returns true.
	before func(w http.ResponseWriter, r *http.Request, attempt int) bool
	tries  int
}

func start(t *testing.T, more string) *pair {
	t.Helper()
	p := &pair{metrics: prometheus.NewRegistry(), issuer: &issuer{keys.NewRing(keys.RingOptions{
		Store: keys.Memory(), Rotate: time.Hour, Keep: 3 * time.Hour, Now: time.Now,
	})}}
	p.ours.Server, p.theirs.Server = httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	at := func(s *side) string { return "http://" + s.Listener.Addr().String() + "/api/{{pluginId}}" }
	p.theirs.open(t, fmt.Sprintf("discovery: {endpoints: [{target: '%s', plugins: [widgets]}]}\nbackend: {listen: %d}", at(&p.ours), port(&p.theirs)), p.issuer)
	p.theirsPlugins(t)
	text := fmt.Sprintf("permission: {enabled: true%s}\ndiscovery: {endpoints: [{target: '%s', plugins: ['*']}]}", more, at(&p.theirs))
	p.ours.open(t, text, nil)
	c := parse(t, text)
	where, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	if p.service, err = permission.New(c, where); err != nil {
		t.Fatal(err)
	}
	p.service.Observe(p.metrics)
	permission.SetTimes(p.service, 10*time.Second, time.Millisecond)
	p.checker = p.service.For("widgets", p.ours.auth)
	t.Cleanup(p.service.Close)
	return p
}

func port(s *side) int {
	var n int
	_, text, _ := strings.Cut(s.Listener.Addr().String(), ":")
	_, _ = fmt.Sscan(text, &n)
	return n
}

// open starts a backend; one with an issuer hosts the auth plugin.
func (s *side) open(t *testing.T, text string, iss *issuer) {
	t.Helper()
	c := parse(t, text)
	where, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	if s.auth, err = auth.New(auth.Options{Config: c, Discovery: where}); err != nil {
		t.Fatal(err)
	}
	if iss != nil {
		s.auth.SetUserTokens(iss)
	}
	if s.router, err = router.New(router.Config{}, router.Options{Gate: s.auth, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	s.Config.Handler = s.router
	s.Start()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.Close()
	})
	if iss == nil {
		s.plugin(t, "widgets", func(routes *router.Routes) {
			permission.Mount(routes, nil, widgets())
		})
	}
}

// plugin mounts a plugin with keys of its own.
func (s *side) plugin(t *testing.T, id string, mount func(*router.Routes)) {
	t.Helper()
	routes, err := s.router.Plugin(id)
	if err != nil {
		t.Fatal(err)
	}
	db := databasetest.SQLite(t)
	if err := s.auth.Mount(routes, id, func(context.Context) (*database.Database, error) { return db, nil }); err != nil {
		t.Fatal(err)
	}
	mount(routes)
	routes.Initialized()
}

func (p *pair) theirsPlugins(t *testing.T) {
	t.Helper()
	p.theirs.plugin(t, "auth", func(routes *router.Routes) {
		routes.HandlePublic("GET /.well-known/jwks.json", func(w http.ResponseWriter, r *http.Request) error {
			set, err := p.issuer.Keys(r.Context())
			if err != nil {
				return err
			}
			return router.WriteJSON(w, r, http.StatusOK, set)
		})
	})
	p.theirs.plugin(t, "permission", func(routes *router.Routes) {
		routes.Open("/authorize") // the gate is asked in there, so that tests can answer before it
		routes.Handle("POST /authorize", p.authorize)
	})
}

func (p *pair) authorize(w http.ResponseWriter, r *http.Request) error {
	p.mu.Lock()
	p.tries++
	before, attempt, policy := p.before, p.tries, p.policy
	p.mu.Unlock()
	if before != nil && before(w, r, attempt) {
		return nil
	}
	// Nobody is refused by the default policy before the plugin is asked; users pass, services do not.
	who, err := auth.Require(r.Context(), auth.KindUser)
	if err != nil {
		return err
	}
	var body struct{ Items []asked }
	if err := router.DecodeJSON(r, 0, &body); err != nil {
		return err
	}
	p.mu.Lock()
	p.requests, p.who = append(p.requests, body.Items), append(p.who, who)
	p.mu.Unlock()
	answer := map[string][]any{"items": {}}
	for _, item := range body.Items {
		if item.Permission.Type == "resource" && item.ResourceRef == nil && who.Actor == "" {
			return fault.Input("Resource permissions require a resourceRef to be set. Direct user requests without a resourceRef are not allowed.")
		}
		var v any = map[string]any{"result": "ALLOW"}
		if policy != nil {
			v = policy(who, item)
		}
		if m, ok := v.(map[string]any); ok && m["id"] == nil {
			m["id"] = item.ID
			if item.ResourceRef != nil && m["result"] == "CONDITIONAL" {
				if m, err = p.askBack(r.Context(), who, item, m); err != nil {
					return err
				}
			}
			v = m
		}
		answer["items"] = append(answer["items"], v)
	}
	return router.WriteJSON(w, r, http.StatusOK, answer)
}

// askBack has the owner of the resource apply the conditions, on the user's behalf (core.md 8.1).
func (p *pair) askBack(ctx context.Context, who auth.Credentials, item asked, decision map[string]any) (map[string]any, error) {
	secret, err := p.theirs.auth.IssueToken(ctx, "permission", who, "widgets")
	if err != nil {
		return nil, err
	}
	status, body := p.apply(ctx, secret, map[string]any{"items": []any{map[string]any{
		"id": item.ID, "resourceRef": item.ResourceRef, "resourceType": decision["resourceType"], "conditions": decision["conditions"],
	}}})
	var answer struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || len(answer.Items) != 1 {
		return nil, fmt.Errorf("asked back: %d %s %w", status, body, err)
	}
	return answer.Items[0], nil
}

// apply sends a request to ours' apply-conditions.
func (p *pair) apply(ctx context.Context, secret string, body any) (int, string) {
	data, ok := body.(string)
	if !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err.Error()
		}
		data = string(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.ours.URL+"/api/widgets/.well-known/backstage/permissions/apply-conditions", strings.NewReader(data))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// token is a user's.
func (p *pair) token(t *testing.T, ref string) string {
	t.Helper()
	signer, err := p.issuer.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	text, err := token.SignUser(signer, token.UserClaims{Issuer: "http://auth", Subject: ref, IssuedAt: now, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// user is a signed-in user, as ours sees one who calls it.
func (p *pair) user(t *testing.T, ref string) auth.Credentials {
	t.Helper()
	c, err := p.ours.auth.Verify(t.Context(), "widgets", p.token(t, ref), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// count is how many requests were answered, and how many attempts there were.
func (p *pair) count() (requests, tries int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.requests), p.tries
}

func (p *pair) decide(policy func(who auth.Credentials, item asked) any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.policy = policy
}

func (p *pair) intercept(before func(w http.ResponseWriter, r *http.Request, attempt int) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.tries = before, 0
}

// widgets are resources with one rule; those that there are have names of one letter.
func widgets() permission.Resources {
	return permission.Resources{
		Type:  "widget",
		Rules: []permission.Rule{{Name: "IS_NAMED", Description: "Widgets with one of these names", Params: []permission.Param{{Name: "names", About: "Names", List: true}}}},
		Apply: func(_ context.Context, _ auth.Credentials, criteria permission.Criteria, refs []string) ([]bool, error) {
			holds, err := compileNames(criteria)
			if err != nil {
				return nil, err
			}
			out := make([]bool, len(refs))
			for i, ref := range refs {
				out[i] = len(ref) == 1 && holds(ref)
			}
			return out, nil
		},
	}
}

func compileNames(criteria permission.Criteria) (func(string) bool, error) {
	type is = func(string) bool
	return permission.Algebra[is]{
		All: func(parts []is) is {
			return func(s string) bool {
				for _, part := range parts {
					if !part(s) {
						return false
					}
				}
				return true
			}
		},
		Any: func(parts []is) is {
			return func(s string) bool {
				for _, part := range parts {
					if part(s) {
						return true
					}
				}
				return false
			}
		},
		Not: func(part is) is { return func(s string) bool { return !part(s) } },
		Rule: func(c permission.Condition) (is, error) {
			return func(s string) bool { return slices.Contains(c.List("names"), s) }, nil
		},
	}.Compile(criteria)
}
