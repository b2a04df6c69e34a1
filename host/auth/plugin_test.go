package auth

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// pair is two backends that know each other by discovery: "home" has the auth plugin and the plugins of the harness, "away"
// has a plugin "gadget" and verifies everything over HTTP.
type pair struct {
	clock      *clock
	issuer     *issuer
	home, away *backend
}

func newPair(t *testing.T) *pair {
	t.Helper()
	clk := newClock()
	p := &pair{clock: clk, issuer: newIssuer(clk.Now)}
	p.home = newBackend(t, clk, p.issuer, externalYAML)
	routes, err := p.home.router.Plugin("auth")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.home.Mount(routes, "auth", noDatabase); err != nil {
		t.Fatal(err)
	}
	p.home.plugins["auth"].source = keys.NewRing(keys.RingOptions{Store: keys.Memory(), Rotate: keyRotation, Keep: keyPublished, Now: clk.Now})
	routes.Open("/")
	routes.Handle("GET /.well-known/jwks.json", func(w http.ResponseWriter, r *http.Request) error {
		set, err := p.issuer.Keys(r.Context())
		if err != nil {
			return err
		}
		return writeJSON(w, set)
	})
	routes.Handle("GET /v1/userinfo", func(w http.ResponseWriter, r *http.Request) error {
		c, err := p.home.Verify(r.Context(), "auth", Bearer(r), true)
		if err != nil {
			return err
		}
		owns, _, err := p.issuer.UserInfo(r.Context(), c.UserRef)
		if err != nil {
			return err
		}
		return writeJSON(w, map[string]any{"claims": map[string]any{"sub": c.UserRef, "ent": owns}})
	})
	routes.Initialized()
	p.away = newBackend(t, clk, nil, fmt.Sprintf(
		`discovery: { endpoints: [{ target: '%s/api/{{pluginId}}', plugins: ['*'] }] }`, p.home.url))
	delete(p.away.plugins, "catalog") // "catalog" is home's
	p.away.plugin(t, "gadget")
	return p
}

func (p *pair) issue(t *testing.T, from string, who Credentials, to string) string {
	t.Helper()
	text, err := p.home.IssueToken(t.Context(), from, who, to)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestPluginTokenAcrossBackends(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	text := p.issue(t, "catalog", PluginCredentials("catalog"), "gadget")
	if a := p.away.call(t, http.MethodGet, "/api/gadget/who", bearer(text)); a.status != 200 || a.body != `"service plugin:catalog"` {
		t.Errorf("service: %+v", a)
	}
	if a := p.away.call(t, http.MethodGet, "/api/proxy/who", bearer(text)); a.status != 401 || a.message != "Failed plugin token verification" {
		t.Errorf("another audience: %+v", a)
	}
	p.clock.add(tokenLifetime)
	if a := p.away.call(t, http.MethodGet, "/api/gadget/who", bearer(text)); a.status != 401 || a.message != "Failed plugin token verification" {
		t.Errorf("expired: %+v", a)
	}
}

func TestOnBehalfOfAUser(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	user := p.issuer.user(t, "user:default/jane")
	p.clock.add(30 * time.Minute)
	who, err := p.home.Verify(t.Context(), "catalog", user, false)
	if err != nil {
		t.Fatal(err)
	}
	text := p.issue(t, "catalog", who, "gadget")
	c, err := p.away.Verify(t.Context(), "gadget", text, false)
	if err != nil {
		t.Fatal(err)
	}
	if c.UserRef != "user:default/jane" || c.Actor != "plugin:catalog" || !c.IsUser() {
		t.Errorf("%+v", c.Principal)
	}
	if want := p.clock.Now().Add(30 * time.Minute); !c.ExpiresAt.Equal(want) {
		t.Errorf("ends at %v, want the user token's %v", c.ExpiresAt, want)
	}
	if c.Token() != limited(t, user) {
		t.Error("what is passed on is not the limited user token")
	}

	// A further hop keeps the user and names the latest caller.
	onward, err := p.away.IssueToken(t.Context(), "gadget", c, "docs")
	if err != nil {
		t.Fatal(err)
	}
	if c, err = p.away.Verify(t.Context(), "docs", onward, false); err != nil || c.UserRef != "user:default/jane" || c.Actor != "plugin:gadget" {
		t.Errorf("second hop: %+v, %v", c.Principal, err)
	}
	p.away.noSecrets(t, text, user, onward)

	p.clock.add(30 * time.Minute)
	_, err = p.away.Verify(t.Context(), "gadget", text, false)
	wantFault(t, err, 401, "Failed plugin token verification")
}

// TestForgedPluginTokens: each must be refused, and none may fall through to another kind of token.
func TestForgedPluginTokens(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issue(t, "catalog", PluginCredentials("catalog"), "gadget") // so that there is a key
	p.issue(t, "proxy", PluginCredentials("proxy"), "gadget")
	signer, err := p.home.plugins["catalog"].source.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	userSigner, err := p.issuer.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stranger := newIssuer(p.clock.Now).user(t, "user:default/mallory")
	forge := func(by *keys.Signer, payload string) string {
		public := by.Public()
		return rawToken(t, by, fmt.Sprintf(`{"typ":"vnd.backstage.plugin","alg":%q,"kid":%q}`, public.Algorithm, public.ID), payload)
	}
	now := p.clock.Now().Unix()
	claims := func(sub, aud, more string) string {
		return fmt.Sprintf(`{"sub":%q,"aud":%q,"iat":%d,"exp":%d%s}`, sub, aud, now, now+60, more)
	}
	const failed = "Failed plugin token verification"
	for _, tc := range []struct{ name, text, want string }{
		{"a good one", forge(signer, claims("catalog", "gadget", "")), ""},
		{"in the name of another", forge(signer, claims("proxy", "gadget", "")), failed},
		{"in the name of a user's issuer", forge(userSigner, claims("auth", "gadget", "")), failed},
		{"for another", forge(signer, claims("catalog", "proxy", "")), failed},
		{"unknown caller", forge(signer, claims("nobody", "gadget", "")), "Received a plugin token where the source 'nobody' plugin unexpectedly does not have a " +
			"JWKS endpoint. The target plugin needs to be migrated to be installed in an app using the new backend system."},
		{"a path as the caller", forge(signer, claims("../../x", "gadget", "")), "Invalid plugin token: forbidden subject format"},
		{"a host as the caller", forge(signer, claims("evil.example.com#", "gadget", "")), "Invalid plugin token: forbidden subject format"},
		{"a line break after the caller", forge(signer, claims("catalog\n", "gadget", "")), "Invalid plugin token: forbidden subject format"},
		{"no caller", forge(signer, claims("", "gadget", "")), "Invalid plugin token: forbidden subject format"},
		{"no audience", forge(signer, fmt.Sprintf(`{"sub":"catalog","iat":1,"exp":%d}`, now+60)), failed},
		{"no end", forge(signer, `{"sub":"catalog","aud":"gadget","iat":1}`), failed},
		{"on behalf of a forged user", forge(signer, claims("catalog", "gadget", fmt.Sprintf(`,"obo":%q`, stranger))), "Failed user token verification"},
		{"on behalf of garbage", forge(signer, claims("catalog", "gadget", `,"obo":"x"`)), failed},
		{"on behalf of a service", forge(signer, claims("catalog", "gadget", fmt.Sprintf(`,"obo":%q`, forge(signer, claims("catalog", "gadget", ""))))), "Invalid user token in plugin token payload"},
		{"on behalf of a service in a user's clothes", forge(signer, claims("catalog", "gadget", fmt.Sprintf(`,"obo":%q`, forge(userSigner, claims("user:default/x", "backstage", ""))))), "Invalid user token in plugin token payload"},
		{"on behalf of no text", forge(signer, claims("catalog", "gadget", `,"obo":{}`)), failed},
		{"with a user's audience", forge(signer, claims("catalog", "backstage", "")), failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := p.away.Verify(t.Context(), "gadget", tc.text, true)
			if tc.want != "" {
				wantFault(t, err, 401, tc.want)
				return
			}
			if err != nil || c.Subject != "plugin:catalog" {
				t.Errorf("%+v, %v", c.Principal, err)
			}
		})
	}
}

// TestUserInsideIsAFullToken: a full user token on behalf is accepted, as Node does.
func TestUserInsideIsAFullToken(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	user := p.issuer.user(t, "user:default/jane")
	signer, err := p.home.plugins["catalog"].source.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := token.SignPlugin(signer, token.PluginClaims{
		Subject: "catalog", Audience: "gadget", IssuedAt: p.clock.Now(), Expires: p.clock.Now().Add(time.Minute), OnBehalfOf: user,
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.away.Verify(t.Context(), "gadget", text, false)
	if err != nil || c.UserRef != "user:default/jane" || c.Actor != "plugin:catalog" {
		t.Errorf("%+v, %v", c.Principal, err)
	}
	if !c.ExpiresAt.Equal(p.clock.Now().Add(time.Minute)) {
		t.Errorf("ends at %v, want the plugin token's end", c.ExpiresAt)
	}
}

// TestDelegation: the restrictions of an external token survive a call that a plugin makes for it (CVE-2026-106492).
func TestDelegation(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	tight, err := p.home.Verify(t.Context(), "catalog", restrictedToken, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.home.IssueToken(t.Context(), "catalog", tight, "proxy")
	wantFault(t, err, 403, "Access to target plugin 'proxy' is not included in token's access restrictions")
	_, err = p.home.IssueToken(t.Context(), "catalog", tight, "catalog")
	wantFault(t, err, 403, "Access to target plugin 'catalog' is restricted and cannot be delegated")
	if _, err := p.home.IssueToken(t.Context(), "catalog", tight, "docs"); err != nil {
		t.Errorf("listed without limits: %v", err)
	}
	for to, want := range map[string]string{
		"proxy": "Access to target plugin 'proxy' is not included in token's access restrictions", "docs": "",
		"catalog": "Access to target plugin 'catalog' is restricted and cannot be delegated",
	} {
		c, err := tight.Delegate(to)
		if want != "" {
			wantFault(t, err, 403, want)
		} else if err != nil || c.Subject != tight.Subject || c.Restrictions != nil {
			t.Errorf("delegated to %s: %+v, %v", to, c.Principal, err)
		}
	}
	_, err = p.home.IssueToken(t.Context(), "catalog", Credentials{}, "docs")
	wantFault(t, err, 401, "Refused to issue service token for credential type 'none'")
	_, err = p.home.IssueToken(t.Context(), "catalog", UserCredentials("user:default/x"), "docs")
	wantFault(t, err, 401, "User credentials is unexpectedly missing token")
	if _, err = p.home.IssueToken(t.Context(), "nope", PluginCredentials("nope"), "docs"); err == nil {
		t.Error("a plugin that is not hosted here got a token")
	}
}

// TestUserTokensOverHTTP: keys and user info come from the other backend where it hosts the auth plugin.
func TestUserTokensOverHTTP(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issuer.owns["user:default/jane"] = []string{"user:default/jane", "group:default/a"}
	user := p.issuer.user(t, "user:default/jane")
	c, err := p.away.Verify(t.Context(), "gadget", user, false)
	if err != nil || c.UserRef != "user:default/jane" {
		t.Fatalf("%+v, %v", c.Principal, err)
	}
	for range 2 {
		owns, err := p.away.UserInfo(t.Context(), c)
		if err != nil || strings.Join(owns, " ") != "user:default/jane group:default/a" {
			t.Errorf("%v, %v", owns, err)
		}
	}
	if p.issuer.asked != 1 {
		t.Errorf("asked %d times within the cache's time", p.issuer.asked)
	}
	p.clock.add(ownerTTL)
	if _, err := p.away.UserInfo(t.Context(), c); err != nil || p.issuer.asked != 2 {
		t.Errorf("asked %d times after it, %v", p.issuer.asked, err)
	}
}

func TestUserInfoHere(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, "{}")
	iss.owns["user:default/jane"] = []string{"group:default/a"}
	if owns, err := b.UserInfo(t.Context(), UserCredentials("user:default/jane")); err != nil || len(owns) != 1 {
		t.Errorf("%v, %v", owns, err)
	}
	_, err := b.UserInfo(t.Context(), UserCredentials("user:default/nobody"))
	wantFault(t, err, 404, "User info not found")
	if _, err := b.UserInfo(t.Context(), PluginCredentials("x")); err == nil {
		t.Error("user info of a service")
	}
	// What the token says needs no asking.
	c, err := b.Verify(t.Context(), "catalog", iss.user(t, "user:default/joe", "group:default/b"), false)
	if err != nil {
		t.Fatal(err)
	}
	if owns, err := b.UserInfo(t.Context(), c); err != nil || len(owns) != 1 || owns[0] != "group:default/b" || iss.asked != 2 {
		t.Errorf("%v, %v, asked %d", owns, err, iss.asked)
	}
}

// TestKeysDocument: open to anybody, empty before anything is signed, a key a plugin (core.md 4.6).
func TestKeysDocument(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const path = "/api/catalog/.backstage/auth/v1/jwks.json"
	if a := p.home.call(t, http.MethodGet, path); a.status != 200 || a.body != `{"keys":[]}` {
		t.Errorf("before: %+v", a)
	}
	p.issue(t, "catalog", PluginCredentials("catalog"), "gadget")
	p.issue(t, "proxy", PluginCredentials("proxy"), "gadget")
	a := p.home.call(t, http.MethodGet, path)
	set, err := keys.ParseSet([]byte(a.body))
	if err != nil || len(set) != 1 || set[0].Algorithm != "ES256" {
		t.Fatalf("after: %+v, %v", a, err)
	}
	if !strings.HasPrefix(a.body, `{"keys":[{"kty":"EC","x":"`) || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("form: %+v", a)
	}
	if other := p.home.call(t, http.MethodGet, strings.Replace(path, "catalog", "proxy", 1)); strings.Contains(other.body, set[0].ID) {
		t.Error("two plugins share a key")
	}
	p.clock.add(keyRotation)
	p.issue(t, "catalog", PluginCredentials("catalog"), "gadget")
	if set, err = keys.ParseSet([]byte(p.home.call(t, http.MethodGet, path).body)); err != nil || len(set) != 2 {
		t.Errorf("after the rotation: %v, %v", set, err)
	}
	p.clock.add(keyPublished - keyRotation)
	if set, err = keys.ParseSet([]byte(p.home.call(t, http.MethodGet, path).body)); err != nil || len(set) != 1 {
		t.Errorf("after the first key's time: %v, %v", set, err)
	}
}

// TestPluginCredentials: there is one spelling of what a plugin is, that which its tokens prove.
func TestPluginCredentials(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	c, err := p.home.Verify(t.Context(), "gadget", p.issue(t, "catalog", PluginCredentials("catalog"), "gadget"), false)
	if err != nil || !reflect.DeepEqual(c.Principal, PluginCredentials("catalog").Principal) {
		t.Errorf("%+v, %v", c.Principal, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a subject was taken for an id")
		}
	}()
	PluginCredentials("plugin:catalog")
}
