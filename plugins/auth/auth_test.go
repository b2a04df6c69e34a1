package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	hostauth "github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/hosttest"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/auth"
)

const (
	baseURL  = "backend: { baseUrl: 'http://127.0.0.1:7017' }\n"
	devGuest = baseURL + "auth: { providers: { guest: {} } }\n"
)

// catalog is a CatalogReader of one entity.
type catalog struct {
	entity string
	err    error

	mu    sync.Mutex // guards asked
	asked []string
}

func (c *catalog) ByRef(_ context.Context, who hostauth.Credentials, ref string) (entity.Entity, bool, error) {
	c.mu.Lock()
	c.asked = append(c.asked, who.Subject+" "+ref)
	c.mu.Unlock()
	if c.err != nil || c.entity == "" {
		return entity.Entity{}, false, c.err
	}
	object, err := entity.ParseObject([]byte(c.entity))
	return entity.FromObject(object), true, err
}

func (c *catalog) ByRefs(ctx context.Context, who hostauth.Credentials, refs []string) ([]*entity.Entity, error) {
	return hosttest.ByRefs(ctx, c, who, refs)
}

func (c *catalog) Entities(context.Context, hostauth.Credentials, entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(func(entity.Entity, error) bool) {}
}
func (c *catalog) Position() int64                               { return 0 }
func (c *catalog) Changed(context.Context, int64) (int64, error) { return 0, nil }

// buffer collects log lines.
type buffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) lines(containing string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, containing) {
			n++
		}
	}
	return n
}

// setup is what a server of this test is made of.
type setup struct {
	config  string
	nodeEnv string
	catalog host.CatalogReader
	db      *database.Database
	options []auth.Option
}

// server is a backend with the auth plugin, and with two plugins that stand in for the catalog and the proxy.
type server struct {
	url    string
	plugin *auth.Plugin
	auth   *hostauth.Service
	logs   *buffer
}

func start(t *testing.T, o setup) *server {
	t.Helper()
	s := &server{plugin: auth.New(o.options...), logs: &buffer{}}
	logs := slog.New(slog.NewTextHandler(s.logs, nil))
	c := parse(t, o.config)
	found, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	audit := telemetry.NewAuditor(logs, telemetry.AuditOptions{})
	if s.auth, err = hostauth.New(hostauth.Options{Config: c, Discovery: found, Log: logs, Audit: audit}); err != nil {
		t.Fatal(err)
	}
	routing, err := router.LoadConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := router.New(routing, router.Options{Gate: s.auth, Log: logs})
	if err != nil {
		t.Fatal(err)
	}
	if o.db == nil {
		o.db = databasetest.SQLite(t)
	}
	mount := func(id string) *router.Routes {
		routes, err := rt.Plugin(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.auth.Mount(routes, id, func(context.Context) (*database.Database, error) { return o.db, nil }); err != nil {
			t.Fatal(err)
		}
		return routes
	}
	routes := mount("auth")
	err = s.plugin.Register(t.Context(), &host.Env{
		ID: "auth", Log: logs, Config: c, Routes: routes, Auth: s.auth, Audit: audit, Discovery: found, Catalog: o.catalog, NodeEnv: o.nodeEnv,
		Database: func(context.Context) (*database.Database, error) { return o.db, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.auth.SetUserTokens(s.plugin.UserTokens())
	routes.Initialized()
	standIns(t, c, mount)
	listener := httptest.NewServer(rt)
	t.Cleanup(listener.Close)
	s.url = listener.URL
	return s
}

// standIns are the plugins that recorded requests go to.
func standIns(t *testing.T, c *config.Config, mount func(string) *router.Routes) {
	t.Helper()
	permissions, err := permission.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalog := mount("catalog")
	catalog.Handle("GET /entities/by-name/{kind}/{namespace}/{name}", func(w http.ResponseWriter, r *http.Request) error {
		read := permission.Permission{Name: "catalog.entity.read", Action: "read", ResourceType: "catalog-entity"}
		if err := permission.Require(r.Context(), permissions.For("catalog", nil), hostauth.FromContext(r.Context()), read, ""); err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, struct{}{})
	})
	catalog.Handle("DELETE /entities/by-uid/{uid}", func(w http.ResponseWriter, r *http.Request) error {
		remove := permission.Permission{Name: "catalog.entity.delete", Action: "delete", ResourceType: "catalog-entity"}
		if err := permission.Require(r.Context(), permissions.For("catalog", nil), hostauth.FromContext(r.Context()), remove, ""); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	catalog.Initialized()
	mount("proxy").Initialized()
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *server) do(t *testing.T, method, path, bearer string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// signIn is the answer of the guest provider.
type signIn struct {
	Profile  map[string]any
	Identity struct {
		Token    string
		Identity struct {
			Type, UserEntityRef string
			OwnershipEntityRefs []string
		}
		ExpiresInSeconds int
	} `json:"backstageIdentity"`
}

func (s *server) guest(t *testing.T) signIn {
	t.Helper()
	status, _, body := s.do(t, http.MethodGet, "/api/auth/guest/refresh", "")
	var answer signIn
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	return answer
}

func TestGuestOutsideOfDevelopment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, guest, nodeEnv string
		want                 int
	}{
		{"no environment", "{}", "", 403},
		{"production", "{}", "production", 403},
		{"development", "{}", "development", 200},
		{"allowed", "{ dangerouslyAllowOutsideDevelopment: true }", "production", 200},
		{"not allowed", "{ dangerouslyAllowOutsideDevelopment: false }", "production", 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{config: baseURL + "auth: { providers: { guest: " + tc.guest + " } }", nodeEnv: tc.nodeEnv})
			status, _, body := s.do(t, http.MethodGet, "/api/auth/guest/refresh", "")
			if status != tc.want {
				t.Errorf("%d %s", status, body)
			}
			if refused := strings.Contains(body, "The guest provider cannot be used outside of a development environment unless "+
				"'auth.providers.guest.dangerouslyAllowOutsideDevelopment' is enabled"); refused != (tc.want == 403) {
				t.Errorf("body %s", body)
			}
			if offered := len(s.plugin.SignInProviders()) == 1; offered != (tc.want == 200) {
				t.Errorf("offered: %v", s.plugin.SignInProviders())
			}
			if n := s.logs.lines("isAuditEvent=true"); n != 1 {
				t.Errorf("%d audit events", n)
			}
		})
	}
}

func TestGuestInTheCatalog(t *testing.T) {
	t.Parallel()
	const jane = `{"apiVersion":"backstage.io/v1alpha1","kind":"User","metadata":{"name":"Jane"},"relations":[
		{"type":"memberOf","targetRef":"group:default/team-a"},{"type":"memberOf","targetRef":"group:default/team-a"},
		{"type":"memberOf","targetRef":"user:default/odd"},{"type":"ownerOf","targetRef":"group:default/b"}]}`
	const settings = `auth: { providers: { guest: { userEntityRef: 'user:default/Jane', ownershipEntityRefs: ['group:default/X', 'user:default/y'] } } }`
	for _, tc := range []struct {
		name    string
		catalog host.CatalogReader
		want    string
	}{
		{"known", &catalog{entity: jane}, "user:default/jane: user:default/jane group:default/team-a"},
		{"unknown", &catalog{}, "user:default/jane: group:default/x user:default/y"},
		{"broken", &catalog{err: errors.New("down")}, "user:default/jane: group:default/x user:default/y"},
		{"no catalog", nil, "user:default/jane: group:default/x user:default/y"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{config: baseURL + settings, nodeEnv: "development", catalog: tc.catalog})
			answer := s.guest(t)
			who := answer.Identity.Identity
			if got := who.UserEntityRef + ": " + strings.Join(who.OwnershipEntityRefs, " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if c, ok := tc.catalog.(*catalog); ok && (len(c.asked) != 1 || c.asked[0] != "plugin:auth user:default/jane") {
				t.Errorf("asked %q", c.asked)
			}
			c, err := s.auth.Verify(t.Context(), "catalog", answer.Identity.Token, false)
			if err != nil {
				t.Fatal(err)
			}
			if owns, err := s.auth.UserInfo(t.Context(), c); err != nil || strings.Join(owns, " ") != strings.Join(who.OwnershipEntityRefs, " ") {
				t.Errorf("user info %v, %v", owns, err)
			}
		})
	}
}

func TestTokenSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, auth string
		lifetime   time.Duration
		ownership  bool
		algorithm  string
	}{
		{"defaults", "", time.Hour, false, "ES256"},
		{"lifetime", "backstageTokenExpiration: { minutes: 30 }", 30 * time.Minute, false, "ES256"},
		{"short", "backstageTokenExpiration: 1s", 10 * time.Minute, false, "ES256"},
		{"long", "backstageTokenExpiration: P2D", 24 * time.Hour, false, "ES256"},
		{"ownership", "omitIdentityTokenOwnershipClaim: false", time.Hour, true, "ES256"},
		{"algorithm", "identityTokenAlgorithm: EdDSA", time.Hour, false, "EdDSA"},
		{"in memory", "keyStore: { provider: memory }", time.Hour, false, "ES256"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{config: baseURL + "auth: { providers: { guest: {} }, " + tc.auth + " }", nodeEnv: "development"})
			before := time.Now()
			answer := s.guest(t)
			parsed, err := token.Parse(answer.Identity.Token)
			if err != nil {
				t.Fatal(err)
			}
			claims, err := parsed.Unverified()
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Duration(claims.Expires-claims.IssuedAt) * time.Second; got != tc.lifetime {
				t.Errorf("lives for %s", got)
			}
			if left := time.Duration(answer.Identity.ExpiresInSeconds) * time.Second; left > tc.lifetime || left < tc.lifetime-time.Since(before)-2*time.Second {
				t.Errorf("expiresInSeconds %s", left)
			}
			if (claims.Ownership != nil) != tc.ownership || parsed.Header.Algorithm != tc.algorithm {
				t.Errorf("%+v %+v", parsed.Header, claims)
			}
			if _, err := s.auth.Verify(t.Context(), "catalog", answer.Identity.Token, false); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUserInfoOfLimitedToken: the limited token is enough, and one whose user never signed in here finds nothing.
func TestUserInfo(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: devGuest, nodeEnv: "development"})
	full := s.guest(t).Identity.Token
	parsed, err := token.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	short, err := token.Limited(parsed)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"claims":{"sub":"user:development/guest","ent":["user:development/guest"]}}`
	for name, text := range map[string]string{"full": full, "limited": short} {
		if status, _, body := s.do(t, http.MethodGet, "/api/auth/v1/userinfo", text); status != 200 || body != want {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, _, body := s.do(t, http.MethodGet, "/api/auth/v1/userinfo", "bad"); status != 401 || !strings.Contains(body, "Illegal token") {
		t.Errorf("bad: %d %s", status, body)
	}
	onBehalf, err := s.auth.Verify(t.Context(), "catalog", full, false)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.auth.IssueToken(t.Context(), "catalog", onBehalf, "auth")
	if err != nil {
		t.Fatal(err)
	}
	if status, _, body := s.do(t, http.MethodGet, "/api/auth/v1/userinfo", text); status != 200 || body != want {
		t.Errorf("on behalf: %d %s", status, body)
	}
}

func TestUserInfoNotStored(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		here := start(t, setup{config: devGuest, nodeEnv: "development", db: open()})
		text := here.guest(t).Identity.Token
		db := open()
		var err error
		if db.Engine() == database.SQLite {
			_, err = db.Writer().ExecContext(t.Context(), `DELETE FROM user_info`)
		} else {
			_, err = db.Pool().Exec(t.Context(), `DELETE FROM user_info`)
		}
		if err != nil {
			t.Fatal(err)
		}
		status, header, body := here.do(t, http.MethodGet, "/api/auth/v1/userinfo", text)
		if status != 404 || body != "User info not found" || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
			t.Errorf("%d %s %s", status, header.Get("Content-Type"), body)
		}
	})
}

// TestTwoReplicas: what one replica issues the other verifies, and knows the owner of; also after a restart.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		a := start(t, setup{config: devGuest, nodeEnv: "development", db: open()})
		b := start(t, setup{config: devGuest, nodeEnv: "development", db: open()})
		for _, sides := range [][2]*server{{a, b}, {b, a}} {
			text := sides[0].guest(t).Identity.Token
			for path, want := range map[string]int{"/api/catalog/entities/by-name/a/b/c": 200, "/api/auth/v1/userinfo": 200} {
				if status, _, body := sides[1].do(t, http.MethodGet, path, text); status != want {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
		}
		text := a.guest(t).Identity.Token
		restarted := start(t, setup{config: devGuest, nodeEnv: "development", db: open()})
		if _, err := restarted.auth.Verify(t.Context(), "catalog", text, false); err != nil {
			t.Errorf("after a restart: %v", err)
		}
		_, _, body := restarted.do(t, http.MethodGet, "/api/auth/.well-known/jwks.json", "")
		if set, err := keys.ParseSet([]byte(body)); err != nil || len(set) != 2 {
			t.Errorf("published %s, %v", body, err)
		}
		// The service keys of the plugin lie in the same table and are another set.
		if _, _, body := a.do(t, http.MethodGet, "/api/auth/.backstage/auth/v1/jwks.json", ""); body != `{"keys":[]}` {
			t.Errorf("service keys %s", body)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	on := start(t, setup{config: devGuest, nodeEnv: "development"})
	// A key without a value is null, which hides it (core.md 1.5).
	off := start(t, setup{config: baseURL + "auth: { providers: { guest: } }", nodeEnv: "development"})
	for _, tc := range []struct {
		server       *server
		method, path string
		status       int
		message      string
	}{
		{on, "GET", "/guest/start", 501, "Not implemented"},
		{on, "GET", "/guest/handler/frame", 501, "Not implemented"},
		{on, "POST", "/guest/handler/frame", 501, "Not implemented"},
		{on, "POST", "/guest/logout", 404, "Unknown auth provider 'guest'"},
		{on, "GET", "/github/start?env=development", 404, "Unknown auth provider 'github'"},
		{on, "POST", "/nope/refresh", 404, "Unknown auth provider 'nope'"},
		{on, "GET", "/nope", 404, "Unknown auth provider 'nope'"},
		{on, "GET", "/.well-known/oauth-client/cli.json", 404, "Client ID metadata documents not enabled"},
		{off, "GET", "/guest/refresh", 404, "No auth provider registered for 'guest'"},
		{off, "POST", "/guest/refresh", 404, "No auth provider registered for 'guest'"},
		{off, "GET", "/github/start", 404, "Unknown auth provider 'github'"},
	} {
		status, _, body := tc.server.do(t, tc.method, "/api/auth"+tc.path, "")
		if status != tc.status || !strings.Contains(body, `"`+tc.message+`"`) {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, status, body)
		}
	}
	if got := off.plugin.SignInProviders(); got != nil {
		t.Errorf("offered %v", got)
	}
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	err := auth.New().CheckConfig(parse(t, `
auth:
  backstageTokenExpiration: 1m
  identityTokenAlgorithm: HS256
  omitIdentityTokenOwnershipClaim: perhaps
  keyStore: { provider: firestore }
  providers:
    github: { development: { clientId: a } }
    guest: { userEntityRef: jane, ownershipEntityRefs: ['group:default/a', ':'] }
`))
	found := config.AsProblems(err)
	want := []string{
		"warning app-config.yaml:3: auth.backstageTokenExpiration: 1m0s is out of bounds, tokens will live for 10m0s; choose between 10 minutes and 24 hours",
		"error app-config.yaml:4: auth.identityTokenAlgorithm: unknown algorithm \"HS256\"; use one of ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA",
		"error app-config.yaml:5: Unable to convert config value for key 'auth.omitIdentityTokenOwnershipClaim' in 'app-config.yaml' to a boolean",
		"error app-config.yaml:6: auth.keyStore.provider: key store provider \"firestore\" is not supported; use database, memory or static",
		"error app-config.yaml:9: auth.providers.guest.userEntityRef: \"jane\" is not an entity ref; write kind:namespace/name",
		"error app-config.yaml:9: auth.providers.guest.ownershipEntityRefs[1]: \":\" is not an entity ref; write kind:namespace/name",
		"warning app-config.yaml:8: auth.providers.github: sign-in provider \"github\" is not supported, nobody can sign in with it; this server signs in by: guest",
	}
	for i, p := range found {
		kind := "error "
		if p.Warning {
			kind = "warning "
		}
		if i >= len(want) || kind+p.Error() != want[i] {
			t.Errorf("problem %d: %s%s", i, kind, p.Error())
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d problems, want %d", len(found), len(want))
	}
	if err := auth.New().CheckConfig(parse(t, devGuest)); err != nil {
		t.Errorf("good: %v", err)
	}
}
