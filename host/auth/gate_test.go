package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/router"
)

const (
	staticToken     = "golden-static-token-0123456789"
	restrictedToken = "golden-restricted-token-0123456789"
	externalYAML    = `
backend:
  auth:
    externalAccess:
      - { type: static, options: { token: golden-static-token-0123456789, subject: golden } }
      - { type: static, options: { token: golden-restricted-token-0123456789, subject: tight }, accessRestrictions: [{ plugin: catalog, permission: 'catalog.entity.read, catalog.entity.create', permissionAttribute: { action: [read] } }, { plugin: docs }] }
`
)

func TestGate(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, externalYAML)
	user := iss.user(t, "user:default/jane")
	short := limited(t, user)
	stranger := newIssuer(clk.Now).user(t, "user:default/mallory")
	missing, illegal := "401 AuthenticationError Missing credentials", "401 AuthenticationError Illegal token"
	refused := "401 AuthenticationError Failed user token verification"
	for _, tc := range []struct{ name, path, header, want string }{
		{"nothing", "/api/catalog/who", "", missing},
		{"unknown route", "/api/catalog/nope", "", missing},
		{"static", "/api/catalog/who", bearer(staticToken), `200 "service golden"`},
		{"scheme in lower case", "/api/catalog/who", "Authorization: bearer " + staticToken, `200 "service golden"`},
		{"many spaces", "/api/catalog/who", "Authorization: Bearer   " + staticToken, `200 "service golden"`},
		{"tab is no separator", "/api/catalog/who", "Authorization: Bearer\t" + staticToken, missing},
		{"two words", "/api/catalog/who", bearer(staticToken + " x"), missing},
		{"basic", "/api/catalog/who", "Authorization: Basic YTpi", missing},
		{"empty bearer", "/api/catalog/who", "Authorization: Bearer ", missing},
		{"query is no place", "/api/catalog/who?token=x", "", missing},
		{"almost the token", "/api/catalog/who", bearer(staticToken[:len(staticToken)-1]), illegal},
		{"more than the token", "/api/catalog/who", bearer(staticToken + "0"), illegal},
		{"garbage", "/api/catalog/who", bearer("aaaa.bbbb.cccc"), illegal},
		{"too long", "/api/catalog/who", bearer(strings.Repeat("a", token.MaxLength+1)), illegal},
		{"too long, like a user's", "/api/catalog/who", bearer(user + strings.Repeat("a", token.MaxLength)), illegal},
		{"user", "/api/catalog/who", bearer(user), `200 "user user:default/jane"`},
		{"user, again", "/api/proxy/who", bearer(user), `200 "user user:default/jane"`},
		{"signed by another", "/api/catalog/who", bearer(stranger), refused},
		{"tampered", "/api/catalog/who", bearer(user[:len(user)-8] + "AAAAAAAA"), refused},
		{"limited on an ordinary route", "/api/catalog/who", bearer(short), "401 AuthenticationError Illegal limited user token"},
		{"cookie on an ordinary route", "/api/catalog/who", cookie(short), missing},
		{"cookie with a full token on an ordinary route", "/api/catalog/who", cookie(user), missing},
		{"cookie", "/api/docs/static/x", cookie(short), `200 "user:default/jane via "`},
		{"limited in the header of a cookie route", "/api/docs/static/x", bearer(short), `200 "user:default/jane via "`},
		{"another cookie", "/api/docs/static/x", "Cookie: backstage=" + short, missing},
		{"forged cookie", "/api/docs/static/x", cookie(limited(t, stranger)), refused},
		{"forged limited on an ordinary route", "/api/catalog/who", bearer(limited(t, stranger)), refused},
		{"cookie on another route of its plugin", "/api/docs/who", cookie(short), missing},
		{"cookie on a path like it", "/api/docs/staticx", cookie(short), missing},
		{"service where only users may", "/api/docs/static/x", bearer(staticToken), "403 NotAllowedError This endpoint does not allow 'service' credentials"},
		{"restricted", "/api/catalog/who", bearer(restrictedToken), `200 "service tight"`},
		{"restricted, elsewhere", "/api/proxy/who", bearer(restrictedToken), "403 NotAllowedError This token's access is restricted to plugin(s) 'catalog', 'docs'"},
		{"open, nothing", "/api/open/who", "", `200 "none none"`},
		{"open, a bad token that nobody looks at", "/api/open/who", bearer("bad"), `200 "none none"`},
		{"open, looked at: none", "/api/open/static/x", "", `200 "none via "`},
		{"open, looked at: user", "/api/open/static/x", bearer(user), `200 "user:default/jane via "`},
		{"open, looked at: bad", "/api/open/static/x", bearer("bad"), illegal},
		{"open, looked at: limited", "/api/open/static/x", bearer(short), "401 AuthenticationError Illegal limited user token"},
		{"open, looked at: restricted", "/api/open/static/x", bearer(restrictedToken), "403 NotAllowedError This token's access is restricted to plugin(s) 'catalog', 'docs'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if tc.header != "" {
				headers = append(headers, tc.header)
			}
			a := b.call(t, http.MethodGet, tc.path, headers...)
			got := fmt.Sprintf("%d %s", a.status, a.body)
			if a.name != "" {
				got = fmt.Sprintf("%d %s %s", a.status, a.name, a.message)
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	t.Cleanup(func() { b.noSecrets(t, user, short, staticToken, restrictedToken) })
}

func TestRestrictionsReachThePlugin(t *testing.T) {
	t.Parallel()
	clk := newClock()
	b := newBackend(t, clk, newIssuer(clk.Now), externalYAML)
	c, err := b.Verify(t.Context(), "catalog", restrictedToken, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		permission, action string
		want               bool
	}{
		{"catalog.entity.read", "read", true},
		{"catalog.entity.create", "create", false},
		{"catalog.entity.create", "", false},
		{"catalog.location.read", "read", false},
	} {
		if got := c.Restrictions.Allows(tc.permission, tc.action); got != tc.want {
			t.Errorf("%s %q: got %v", tc.permission, tc.action, got)
		}
	}
	if c, err = b.Verify(t.Context(), "docs", restrictedToken, false); err != nil || c.Restrictions == nil || c.Restrictions.Limited() {
		t.Errorf("docs: %+v, %v", c.Restrictions, err)
	}
	if c, err = b.Verify(t.Context(), "docs", staticToken, false); err != nil || c.Restrictions != nil {
		t.Errorf("unrestricted: %+v, %v", c.Restrictions, err)
	}
}

// TestExpiry: a token is believed until the second of its end and not one moment longer, whether it is remembered or not.
func TestExpiry(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, externalYAML)
	user := iss.user(t, "user:default/jane")
	clk.add(time.Hour - time.Millisecond)
	c, err := b.Verify(t.Context(), "catalog", user, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.verified.find(newCacheKey("catalog", user), clk.Now()); !ok {
		t.Error("a verified token is not remembered")
	}
	if want := clk.Now().Add(time.Millisecond); !c.ExpiresAt.Equal(want) {
		t.Errorf("ends at %v, want %v", c.ExpiresAt, want)
	}
	clk.add(time.Millisecond)
	_, err = b.Verify(t.Context(), "catalog", user, false)
	wantFault(t, err, 401, "Failed user token verification")
	_, err = b.Verify(t.Context(), "proxy", user, false)
	wantFault(t, err, 401, "Failed user token verification")
}

// TestWithdrawnKey: a key that its issuer no longer publishes stops working, though the token was verified before.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, externalYAML)
	user := iss.user(t, "user:default/jane")
	if _, err := b.Verify(t.Context(), "catalog", user, false); err != nil {
		t.Fatal(err)
	}
	iss.ring = newIssuer(clk.Now).ring
	clk.add(maxRemembered)
	_, err := b.Verify(t.Context(), "catalog", user, false)
	wantFault(t, err, 401, "Failed user token verification")
}

// TestTokenOfOlderReleases: a user token without our type is told by its audience (core.md 4.5).
func TestTokenOfOlderReleases(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, externalYAML)
	signer, err := iss.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf(`{"alg":"ES256","kid":%q}`, signer.Public().ID)
	for aud, want := range map[string]string{
		`"backstage"`:           "",
		`["backstage"]`:         "",
		`["backstage","x"]`:     "Illegal token",
		`"somebody"`:            "Illegal token",
		`null`:                  "Illegal token",
		`"backstage","nbf":9e9`: "Failed user token verification",
	} {
		text := rawToken(t, signer, head, fmt.Sprintf(`{"sub":"user:default/old","aud":%s,"iat":1,"exp":%d}`, aud, clk.Now().Unix()+60))
		c, err := b.Verify(t.Context(), "catalog", text, false)
		switch {
		case want != "":
			wantFault(t, err, 401, want)
		case err != nil || c.UserRef != "user:default/old":
			t.Errorf("aud %s: %+v, %v", aud, c, err)
		}
	}
}

// TestDisabledPolicy: without the default policy a bad token is still refused (core.md 5).
func TestDisabledPolicy(t *testing.T) {
	t.Parallel()
	clk := newClock()
	b := newBackend(t, clk, newIssuer(clk.Now), `backend: { auth: { dangerouslyDisableDefaultAuthPolicy: true } }`)
	if a := b.call(t, http.MethodGet, "/api/catalog/who"); a.status != 200 || a.body != `"none none"` {
		t.Errorf("nothing: %+v", a)
	}
	if a := b.call(t, http.MethodGet, "/api/catalog/who", bearer("bad")); a.status != 401 || a.message != "Illegal token" {
		t.Errorf("bad token: %+v", a)
	}
	if text, err := b.IssueToken(t.Context(), "catalog", Credentials{}, "proxy"); err != nil || text != "" {
		t.Errorf("token for nobody: %q, %v", text, err)
	}
}

// TestCredentialsDoNotPrint: whatever prints credentials prints no token.
func TestCredentialsDoNotPrint(t *testing.T) {
	t.Parallel()
	v := serviceVerdict("golden", staticToken)
	ctx := WithCredentials(t.Context(), v.credentials)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{v.credentials, &v.credentials, v, ctx, carried{credentials: v.credentials}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, staticToken) || strings.Contains(text, fmt.Sprintf("%x", staticToken)) {
				t.Errorf("%s of %T prints the token", verb, value)
			}
		}
	}
	if v.credentials.Token() != staticToken {
		t.Error("the token is lost")
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	none := t.Context()
	user := WithCredentials(none, UserCredentials("user:default/jane"))
	service := WithCredentials(none, PluginCredentials("catalog"))
	check := func(ctx context.Context, message string, require func(context.Context) (Credentials, error)) {
		t.Helper()
		c, err := require(ctx)
		switch {
		case message == "" && err != nil:
			t.Errorf("got %v", err)
		case message != "" && (err == nil || err.Error() != message):
			t.Errorf("got %v, %v, want %s", c, err, message)
		}
	}
	check(none, "Missing credentials", RequireUser)
	check(user, "", RequireUser)
	check(service, "This endpoint does not allow 'service' credentials", RequireUser)
	check(user, "This endpoint does not allow 'user' credentials", RequireService)
	check(service, "", RequireService)
	check(none, "", func(ctx context.Context) (Credentials, error) { return Require(ctx, KindNone) })
	if c := FromContext(WithCredentials(none, Credentials{})); c.Kind != KindNone || !c.IsNone() {
		t.Errorf("zero credentials: %q", c.Kind)
	}
	if c := FromContext(service); c.Subject != "plugin:catalog" {
		t.Errorf("subject %q", c.Subject)
	}
}

// TestLookOnce: a handler that looks twice costs one verification.
func TestLookOnce(t *testing.T) {
	t.Parallel()
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, "{}")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+iss.user(t, "user:default/jane"))
	r, err := b.Authenticate(r, "catalog", router.Open)
	if err != nil {
		t.Fatal(err)
	}
	if c := FromContext(r.Context()); !c.IsNone() {
		t.Errorf("before looking: %v", c)
	}
	first, err := Look(r.Context())
	if err != nil {
		t.Fatal(err)
	}
	clk.add(2 * time.Hour)
	if second, err := RequireUser(r.Context()); err != nil || second.Principal != first.Principal {
		t.Errorf("second look: %v, %v", second, err)
	}
}

func rawToken(t testing.TB, signer *keys.Signer, header, payload string) string {
	t.Helper()
	input := encodePart(header) + "." + encodePart(payload)
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encodePart(string(signature))
}
