package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/router"
)

// What docs/compatibility.md promises under "Joining checklist" and no other test of this package shows. The peer is a real
// HTTP server here, because what is at stake is which requests reach it.

// keyServer answers every request for keys in its own way, and remembers which there were.
type keyServer struct {
	url string

	mu    sync.Mutex // guards what follows
	asked []string
	serve http.HandlerFunc
}

func newKeyServer(t *testing.T, serve http.HandlerFunc) *keyServer {
	t.Helper()
	k := &keyServer{serve: serve}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.asked = append(k.asked, r.URL.Path)
		serve := k.serve
		k.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	k.url = server.URL
	return k
}

func (k *keyServer) requests() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.asked...)
}

// joined is a backend with the harness's plugins, everything else at the address.
func joined(t *testing.T, clk *clock, address string) *backend {
	t.Helper()
	return newBackend(t, clk, nil, fmt.Sprintf("discovery: { endpoints: [{ target: { internal: '%s/api/{{pluginId}}' }, plugins: ['*'] }] }", address))
}

// signed is a plugin token of a caller at the peer.
func signed(t *testing.T, by *keys.Signer, sub, aud string, now time.Time) string {
	t.Helper()
	head := fmt.Sprintf(`{"typ":"vnd.backstage.plugin","alg":"ES256","kid":%q}`, by.Public().ID)
	return rawToken(t, by, head, fmt.Sprintf(`{"sub":%q,"aud":%q,"iat":%d,"exp":%d}`, sub, aud, now.Unix(), now.Unix()+60))
}

func documents(t *testing.T, signers ...*keys.Signer) http.HandlerFunc {
	t.Helper()
	text := documentOf(t, signers...)
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// TestJoiningNothingIsFetchedForAForgery: what a token says of itself is checked before anybody is asked for keys.
func TestJoiningNothingIsFetchedForAForgery(t *testing.T) {
	t.Parallel()
	signer := generateKey(t)
	peer := newKeyServer(t, documents(t, signer))
	clk := newClock()
	b := joined(t, clk, peer.url)
	for _, sub := range []string{"../../admin", "a/b", "a%2Fb", "evil.example.com", "a?b", "a#b", "a b", "a\n", "", "é", "@host", "a:b"} {
		if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, sub, "catalog", clk.Now()), false); err == nil {
			t.Errorf("subject %q was let in", sub)
		}
	}
	if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, "search", "docs", clk.Now()), false); err == nil {
		t.Error("a token for another was let in")
	}
	if asked := peer.requests(); len(asked) != 0 {
		t.Errorf("the peer was asked: %q", asked)
	}
	if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, "search", "catalog", clk.Now()), false); err != nil {
		t.Error(err)
	}
	if asked := peer.requests(); len(asked) != 1 || asked[0] != "/api/search/.backstage/auth/v1/jwks.json" {
		t.Errorf("asked %q", asked)
	}
}

// TestJoiningRedirectsAreNotFollowed: keys come from the address that discovery names, and from no other.
func TestJoiningRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	signer := generateKey(t)
	elsewhere := newKeyServer(t, documents(t, signer))
	for _, status := range []int{301, 302, 303, 307, 308} {
		peer := newKeyServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.url+r.URL.Path, status) })
		clk := newClock()
		b := joined(t, clk, peer.url)
		_, err := b.Verify(t.Context(), "catalog", signed(t, signer, "search", "catalog", clk.Now()), false)
		wantFault(t, err, 401, "Failed plugin token verification")
		if asked := peer.requests(); len(asked) != 1 {
			t.Errorf("%d: asked %q; a redirect is no reason to ask again", status, asked)
		}
	}
	if asked := elsewhere.requests(); len(asked) != 0 {
		t.Errorf("followed to %q", asked)
	}
}

// TestJoiningPeerThatStarts: a caller whose backend is just coming up is let in by the same request; one that nobody knows
// costs one look.
func TestJoiningPeerThatStarts(t *testing.T) {
	t.Parallel()
	signer := generateKey(t)
	good := documents(t, signer)
	var peer *keyServer
	peer = newKeyServer(t, func(w http.ResponseWriter, r *http.Request) {
		if len(peer.requests()) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		good(w, r)
	})
	clk := newClock()
	b := joined(t, clk, peer.url)
	c, err := b.Verify(t.Context(), "catalog", signed(t, signer, "search", "catalog", clk.Now()), false)
	if err != nil || c.Subject != "plugin:search" {
		t.Errorf("%v, %v", c.Principal, err)
	}
	if n := len(peer.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
	absent := newKeyServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	b = joined(t, clk, absent.url)
	if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, "made-up", "catalog", clk.Now()), false); err == nil || len(absent.requests()) != 1 {
		t.Errorf("%v after %d requests", err, len(absent.requests()))
	}
	// A failure is not remembered: the next request finds the plugin that has come up since.
	absent.mu.Lock()
	absent.serve = good
	absent.mu.Unlock()
	if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, "made-up", "catalog", clk.Now()), false); err != nil {
		t.Errorf("after it started: %v", err)
	}
}

// TestJoiningUserTokensWhileThePeerIsAway: a user's token whose keys nobody can read now is neither good nor bad, so that the caller
// is asked to come again instead of being signed out. A document that is not there, or is none, is another matter.
func TestJoiningUserTokensWhileThePeerIsAway(t *testing.T) {
	t.Parallel()
	clk := newClock()
	user := newIssuer(clk.Now).user(t, "user:default/jane")
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	status := func(code int) string {
		return newKeyServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }).url
	}
	for name, tc := range map[string]struct {
		url    string
		status int
		retry  string
	}{
		"connection refused": {gone.URL, 503, "5"},
		"starting":           {status(503), 503, "5"},
		"broken":             {status(500), 503, "5"},
		"not there":          {status(404), 401, ""},
		"refused":            {status(403), 401, ""},
		"a page":             {status(200), 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := joined(t, clk, tc.url)
			a := b.call(t, "GET", "/api/catalog/who", bearer(user))
			kind := map[int]string{401: "AuthenticationError", 503: "ServiceUnavailableError"}[tc.status]
			if a.status != tc.status || a.name != kind || a.header.Get("Retry-After") != tc.retry || strings.Contains(a.body, "127.0.0.1") {
				t.Errorf("%d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
			}
			// A plugin's token stays a 401 (core.md 4.5 and 4.6).
			a = b.call(t, "GET", "/api/catalog/who", bearer(signed(t, generateKey(t), "search", "catalog", clk.Now())))
			if a.status != 401 {
				t.Errorf("a plugin's token: %d %s", a.status, a.body)
			}
		})
	}
}

// TestJoiningRotationAtThePeer: a key that the peer has made since the last look is found by the very request that brings it.
func TestJoiningRotationAtThePeer(t *testing.T) {
	t.Parallel()
	first, second := generateKey(t), generateKey(t)
	peer := newKeyServer(t, documents(t, first))
	clk := newClock()
	b := joined(t, clk, peer.url)
	if _, err := b.Verify(t.Context(), "catalog", signed(t, first, "search", "catalog", clk.Now()), false); err != nil {
		t.Fatal(err)
	}
	peer.mu.Lock()
	peer.serve = documents(t, first, second)
	peer.mu.Unlock()
	for _, signer := range []*keys.Signer{second, first} {
		if _, err := b.Verify(t.Context(), "catalog", signed(t, signer, "search", "catalog", clk.Now()), false); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	}
	// Made-up kids cost the peer a bounded number of looks.
	for range 3 * forcedFetches {
		if _, err := b.Verify(t.Context(), "catalog", signed(t, generateKey(t), "search", "catalog", clk.Now()), false); err == nil {
			t.Fatal("a stranger's key was believed")
		}
	}
	if n := len(peer.requests()); n > 1+forcedFetches {
		t.Errorf("%d requests for keys", n)
	}
}

// TestJoiningKeysBeforeReadiness: the document is there as soon as the routes are, and is not paused.
func TestJoiningKeysBeforeReadiness(t *testing.T) {
	t.Parallel()
	clk := newClock()
	b := newBackend(t, clk, newIssuer(clk.Now), "{}")
	starting, err := router.New(router.Config{StartupPause: -1}, router.Options{Gate: b.Service})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := starting.Plugin("late")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Mount(routes, "late", noDatabase); err != nil {
		t.Fatal(err)
	}
	b.plugins["late"].source = keys.NewRing(keys.RingOptions{Store: keys.Memory(), Rotate: keyRotation, Keep: keyPublished, Now: clk.Now})
	server := httptest.NewServer(starting)
	t.Cleanup(server.Close)
	b.url = server.URL
	if a := b.call(t, http.MethodGet, "/api/late/.backstage/auth/v1/jwks.json"); a.status != 200 || a.body != `{"keys":[]}` {
		t.Errorf("before the plugin has started: %+v", a)
	}
	if a := b.call(t, http.MethodGet, "/api/late/who"); a.status != 503 {
		t.Errorf("another route meanwhile: %+v", a)
	}
}

// TestJoiningFurtherMounts: a mount point beside a plugin has keys to show, and tokens for it are for nobody else.
func TestJoiningFurtherMounts(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	routes, err := p.home.router.Plugin("rely-migration-plugin")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.home.MountBeside(routes, "rely-migration-plugin", "nobody"); err == nil {
		t.Error("beside a plugin that is not there")
	}
	if err := p.home.MountBeside(routes, "rely-migration-plugin", "catalog"); err != nil {
		t.Fatal(err)
	}
	routes.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) error {
		return router.WriteJSON(w, r, http.StatusOK, FromContext(r.Context()).String())
	})
	routes.Initialized()
	const document = "/api/rely-migration-plugin/.backstage/auth/v1/jwks.json"
	if a := p.home.call(t, http.MethodGet, document); a.status != 200 || a.body != `{"keys":[]}` {
		t.Errorf("before: %+v", a)
	}
	token := p.issue(t, "rely-migration-plugin", PluginCredentials("rely-migration-plugin"), "gadget")
	if c, err := p.away.Verify(t.Context(), "gadget", token, false); err != nil || c.Subject != "plugin:rely-migration-plugin" {
		t.Errorf("a token of the mount point, at a peer: %v, %v", c.Principal, err)
	}
	to := p.issue(t, "proxy", PluginCredentials("proxy"), "rely-migration-plugin")
	if a := p.home.call(t, http.MethodGet, "/api/rely-migration-plugin/who", bearer(to)); a.status != 200 || a.body != `"plugin:proxy"` {
		t.Errorf("a token for the mount point: %+v", a)
	}
	if a := p.home.call(t, http.MethodGet, "/api/catalog/who", bearer(to)); a.status != 401 {
		t.Errorf("the same token at its plugin: %+v", a)
	}
	if a := p.home.call(t, http.MethodGet, "/api/rely-migration-plugin/who", bearer(p.issue(t, "proxy", PluginCredentials("proxy"), "catalog"))); a.status != 401 {
		t.Errorf("a token for the plugin, at the mount point: %+v", a)
	}
}

// TestJoiningReplicas: each replica signs with a key of its own, and each publishes the keys of all.
func TestJoiningReplicas(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, openDB func() *database.Database) {
		clk := newClock()
		replica := func() *backend {
			db := openDB()
			b := newBackend(t, clk, newIssuer(clk.Now), "{}")
			routes, err := b.router.Plugin("rely")
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Mount(routes, "rely", func(context.Context) (*database.Database, error) { return db, nil }); err != nil {
				t.Fatal(err)
			}
			return b
		}
		one, two := replica(), replica()
		if _, err := one.IssueToken(t.Context(), "rely", PluginCredentials("rely"), "catalog"); err != nil {
			t.Fatal(err)
		}
		token, err := two.IssueToken(t.Context(), "rely", PluginCredentials("rely"), "catalog")
		if err != nil {
			t.Fatal(err)
		}
		const path = "/api/rely/.backstage/auth/v1/jwks.json"
		first, second := one.call(t, http.MethodGet, path), two.call(t, http.MethodGet, path)
		if first.body != second.body || strings.Count(first.body, `"kid"`) != 2 || strings.Contains(first.body, `"d"`) {
			t.Errorf("one publishes %s\nthe other %s", first.body, second.body)
		}
		// A peer that is sent to the other replica for the keys lets the token in.
		peer := joined(t, clk, one.url)
		if c, err := peer.Verify(t.Context(), "catalog", token, false); err != nil || c.Subject != "plugin:rely" {
			t.Errorf("%v, %v", c.Principal, err)
		}
	})
}

// TestJoiningUserTokensOfAnyIssuer: of a user token neither iss nor aud is checked: the keys are the auth plugin's, and they
// sign nothing else (core.md 4.5).
func TestJoiningUserTokensOfAnyIssuer(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, "{}")
	signer, err := iss.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf(`{"typ":"vnd.backstage.user","alg":"ES256","kid":%q}`, signer.Public().ID)
	for claims, good := range map[string]bool{
		`"sub":"user:default/jane","iat":1,"iss":"http://elsewhere/api/auth","aud":"somebody"`: true,
		`"sub":"user:default/jane","iat":9e9`:                                                  true, // it only has to be a number
		`"sub":"user:default/jane"`:                                                            false,
		`"sub":"user:default/jane","iat":"1"`:                                                  false,
		`"iat":1`:                                                                              false,
	} {
		_, err := b.Verify(t.Context(), "catalog", rawToken(t, signer, head, fmt.Sprintf(`{%s,"exp":%d}`, claims, clk.Now().Unix()+60)), false)
		if (err == nil) != good {
			t.Errorf("%s: %v", claims, err)
		}
	}
}

// TestJoiningExternalAccessInOrder: the first entry that knows a token decides, restrictions included.
func TestJoiningExternalAccessInOrder(t *testing.T) {
	t.Parallel()
	clk := newClock()
	b := newBackend(t, clk, newIssuer(clk.Now), `
backend:
  auth:
    externalAccess:
      - { type: static, options: { token: another-token-0123456789, subject: other } }
      - { type: static, options: { token: golden-static-token-0123456789, subject: first }, accessRestrictions: [{ plugin: docs }] }
      - { type: static, options: { token: golden-static-token-0123456789, subject: second } }
`)
	if got := verdictText(b.Verify(t.Context(), "docs", staticToken, false)); got != "first" {
		t.Errorf("got %s", got)
	}
	if got := verdictText(b.Verify(t.Context(), "catalog", staticToken, false)); got != "403 This token's access is restricted to plugin(s) 'docs'" {
		t.Errorf("a later entry widened what an earlier one limits: %s", got)
	}
}
