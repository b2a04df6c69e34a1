package auth

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/understudy-portal/understudy/host/fault"
)

func hs256(t *testing.T, secret []byte, typ, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLegacy(t *testing.T) {
	t.Parallel()
	clk := newClock()
	secret := []byte("0123456789abcdef0123456789ab\xff\xfe\xfd\xfc")
	other := []byte("another secret of thirty-two byte")
	b := newBackend(t, clk, newIssuer(clk.Now), fmt.Sprintf(`
backend:
  auth:
    keys: [{ secret: '%s' }]
    externalAccess:
      - { type: legacy, options: { secret: '%s', subject: old-friend }, accessRestrictions: [{ plugin: catalog }] }
`, base64.StdEncoding.EncodeToString(other), base64.RawURLEncoding.EncodeToString(secret)))
	in := func(d time.Duration) int64 { return clk.Now().Add(d).Unix() }
	for _, tc := range []struct{ name, text, plugin, want string }{
		{"good", hs256(t, secret, "JWT", `{"sub":"backstage-server"}`), "catalog", "old-friend"},
		{"with an end", hs256(t, secret, "JWT", fmt.Sprintf(`{"sub":"backstage-server","exp":%d}`, in(time.Minute))), "catalog", "old-friend"},
		{"old keys", hs256(t, other, "JWT", `{"sub":"backstage-server"}`), "catalog", "external:backstage-plugin"},
		{"old keys, anywhere", hs256(t, other, "JWT", `{"sub":"backstage-server"}`), "proxy", "external:backstage-plugin"},
		{"restricted", hs256(t, secret, "JWT", `{"sub":"backstage-server"}`), "proxy", "403 This token's access is restricted to plugin(s) 'catalog'"},
		{"expired", hs256(t, secret, "JWT", fmt.Sprintf(`{"sub":"backstage-server","exp":%d}`, in(0))), "catalog", "401 Illegal token"},
		{"another subject", hs256(t, secret, "JWT", `{"sub":"user:default/jane"}`), "catalog", "401 Illegal token"},
		{"no subject", hs256(t, secret, "JWT", `{}`), "catalog", "401 Illegal token"},
		{"with an audience", hs256(t, secret, "JWT", `{"sub":"backstage-server","aud":"x"}`), "catalog", "401 Illegal token"},
		{"another secret", hs256(t, []byte("0123456789abcdef0123456789abcdef"), "JWT", `{"sub":"backstage-server"}`), "catalog", "401 Illegal token"},
		{"as a user", hs256(t, secret, "vnd.backstage.user", `{"sub":"backstage-server"}`), "catalog", "401 Failed user token verification"},
		{"as a plugin", hs256(t, secret, "vnd.backstage.plugin", `{"sub":"proxy","aud":"catalog"}`), "catalog", "401 Failed plugin token verification"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := verdictText(b.Verify(t.Context(), tc.plugin, tc.text, false))
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestForeignIssuer(t *testing.T) {
	t.Parallel()
	clk := newClock()
	signer, stranger := generateKey(t), generateKey(t)
	asked := 0
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(documentOf(t, signer)))
	}))
	t.Cleanup(issuer.Close)
	b := newBackend(t, clk, newIssuer(clk.Now), fmt.Sprintf(`
backend:
  auth:
    externalAccess:
      - { type: jwks, options: { url: '%s/keys', algorithm: 'ES256,RS256', issuer: https://idp, audience: [a, b], subjectPrefix: ci } }
`, issuer.URL))
	sign := func(payload string) string {
		return rawToken(t, signer, fmt.Sprintf(`{"alg":"ES256","kid":%q}`, signer.Public().ID), payload)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"other issuer", sign(`{"iss":"https://evil","sub":"job","aud":"a"}`), "401 Illegal token"},
		{"other audience", sign(`{"iss":"https://idp","sub":"job","aud":"c"}`), "401 Illegal token"},
		{"other algorithm", hs256(t, []byte("0123456789abcdef0123456789abcdef"), "JWT", `{"iss":"https://idp","sub":"job","aud":"a"}`), "401 Illegal token"},
		{"none of it asked for keys", "", "0"},
		{"good", sign(`{"iss":"https://idp","sub":"job","aud":["x","b"]}`), "external:ci:job"},
		{"again", sign(`{"iss":"https://idp","sub":"job","aud":["x","b"],"exp":9e9}`), "external:ci:job"},
		{"no subject", sign(`{"iss":"https://idp","aud":"a"}`), "401 Illegal token"},
		{"expired", sign(fmt.Sprintf(`{"iss":"https://idp","sub":"job","aud":"a","exp":%d}`, clk.Now().Unix())), "401 Illegal token"},
		{"other key", rawToken(t, stranger, fmt.Sprintf(`{"alg":"ES256","kid":%q}`, signer.Public().ID), `{"iss":"https://idp","sub":"job","aud":"a"}`), "401 Illegal token"},
		{"one of ours", newIssuer(clk.Now).user(t, "user:default/jane"), "401 Failed user token verification"},
		{"asked once", "", "1"},
	} {
		if tc.text == "" {
			if got := fmt.Sprint(asked); got != tc.want {
				t.Errorf("%s: asked %s times", tc.name, got)
			}
			continue
		}
		if got := verdictText(b.Verify(t.Context(), "catalog", tc.text, false)); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	err := CheckConfig(parseConfig(t, `
backend:
  auth:
    dangerouslyDisableDefaultAuthPolicy: maybe
    pluginKeyStore: { type: vault }
    keys: [{ secret: '!!' }]
    externalAccess:
      - { type: static, options: { token: short, subject: a } }
      - { type: static, options: { token: 'with white space', subject: 'a b' } }
      - { type: oauth, options: {} }
      - { type: static, config: { token: 0123456789, subject: a } }
      - { type: legacy, options: { subject: a } }
      - { type: jwks, options: { url: 'ftp://x', algorithm: HS256 } }
      - { type: static, options: { token: 0123456789-abc, subject: a }, accessRestrictions: [{ plugin: x, permissions: y }, { plugin: x, permissionAttribute: { action: write, name: z } }] }
`))
	want := `app-config.yaml:4: Unable to convert config value for key 'backend.auth.dangerouslyDisableDefaultAuthPolicy' in 'app-config.yaml' to a boolean
app-config.yaml:8: backend.auth.externalAccess[0].options.token: must have at least 8 characters; make one with ` + "`openssl rand -hex 24`" + `
app-config.yaml:9: backend.auth.externalAccess[1].options.subject: must not have white space in it
app-config.yaml:9: backend.auth.externalAccess[1].options.token: must not have white space in it
app-config.yaml:10: backend.auth.externalAccess[2].type: external access of type "oauth" is not supported; use static, legacy or jwks
app-config.yaml:11: backend.auth.externalAccess[3].config: unknown key; known are type, options and accessRestrictions
app-config.yaml:11: Missing required config value at 'backend.auth.externalAccess[3].options' in 'app-config.yaml'
app-config.yaml:12: Missing required config value at 'backend.auth.externalAccess[4].options.secret' in 'app-config.yaml'
app-config.yaml:13: backend.auth.externalAccess[5].options.url: must be an http or https URL
app-config.yaml:13: backend.auth.externalAccess[5].options.algorithm: unknown algorithm "HS256"; known are ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA
app-config.yaml:14: backend.auth.externalAccess[6].accessRestrictions[0].permissions: unknown key; known are plugin, permission, permissionAttribute
app-config.yaml:14: backend.auth.externalAccess[6].accessRestrictions[1].plugin: plugin "x" is there twice; put everything about it into one entry
app-config.yaml:14: backend.auth.externalAccess[6].accessRestrictions[1].permissionAttribute.name: unknown key; known are action
app-config.yaml:14: backend.auth.externalAccess[6].accessRestrictions[1].permissionAttribute.action: unknown action "write"; known are create, read, update, delete
app-config.yaml:6: backend.auth.keys[0].secret: must be base64
app-config.yaml:5: backend.auth.pluginKeyStore.type: key store of type "vault" is not supported; use database or static`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func verdictText(c Credentials, err error) string {
	if err != nil {
		return fmt.Sprintf("%d %s", fault.Status(err), err)
	}
	return c.Subject
}
