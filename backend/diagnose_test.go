package backend_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

// pair is a backend beside another one. The other one is a server of ours, which speaks Backstage's protocol, behind a front
// that can be made to fail.
type pair struct {
	front *httptest.Server
	// fault answers requests in the place of the other backend; it reports whether it did. Nil answers none.
	fault atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	// port is where the checked server listens.
	port              int
	account, exported string
	dir               string
	// keys is a pluginKeyStore whose keys stay. New ones for each check would soon be more than a backend fetches in a
	// minute (core.md 4.6).
	keys string
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{port: unusedPort(t), dir: t.TempDir(), keys: keyStore(t)}
	p.account = spacelifttest.Start(t, spacelift.Options{Preset: "small"}).URL
	p.exported = relytest.Start(t, rely.Options{}).URL
	node := start(t, fmt.Sprintf(`
backend: {baseUrl: http://localhost:7007, listen: {host: 127.0.0.1, port: 0}}
auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}
discovery:
  endpoints: [{target: {internal: 'http://127.0.0.1:%[1]d/api/{{pluginId}}'}, plugins: [spacelift-io, rely, rely-migration-plugin]}]
proxy:
  endpoints: {/understudy: {target: 'http://127.0.0.1:%[1]d/api', credentials: forward, allowedHeaders: [etag]}}
understudy: {dataDir: %[2]q, metrics: {listen: '127.0.0.1:0'}}
`, p.port, t.TempDir()), standard.Plugins())
	target, err := url.Parse(node.base)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	behind := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	p.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := p.fault.Load(); f != nil && (*f)(w, r) {
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(p.front.Close)
	return p
}

// keyStore is one of the type static.
func keyStore(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"private.pem": {Type: "PRIVATE KEY", Bytes: private}, "public.pem": {Type: "PUBLIC KEY", Bytes: public}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("{type: static, static: {keys: [{publicKeyFile: %q, privateKeyFile: %q, keyId: check}]}}", filepath.Join(dir, "public.pem"), filepath.Join(dir, "private.pem"))
}

func unusedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// page is the index page of a Backstage whose configuration for browsers is data.
func (p *pair) page(data string) string {
	return `<!doctype html><html><head><script type="backstage.io/config">[{"context":"app","deprecatedKeys":[],"data":` + data + `}]</script></head></html>`
}

// text is the checked server's configuration, with pieces replaced.
func (p *pair) text(replace ...string) string {
	text := fmt.Sprintf(`
backend:
  baseUrl: http://localhost:7007
  listen: {host: 127.0.0.1, port: %d}
  auth: {pluginKeyStore: %s}
discovery: {endpoints: [{target: {internal: '%s/api/{{pluginId}}'}, plugins: ['*']}]}
understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}
spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q, readOnly: false}
proxy: {endpoints: {/rely: {target: %q, headers: {Authorization: Bearer %s}}}}
rely: {}
`, p.port, p.keys, p.front.URL, p.dir, p.account, spacelift.AdminKey, spacelift.Secret, p.exported, rely.Token)
	return strings.NewReplacer(replace...).Replace(text)
}

// check looks at what a server of the text depends on.
func (p *pair) check(t *testing.T, text, userToken string) host.Checkup {
	t.Helper()
	cfg, err := config.Parse("test", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := backend.New(backend.WithConfig(cfg), backend.WithLog(io.Discard, "text")).Add(standard.Plugins()...).
		SelfCheck(t.Context(), backend.CheckOptions{UserToken: config.NewSecret(userToken)})
	return found
}

func stepOf(found host.Checkup, id string) host.Step {
	for _, s := range found.Steps {
		if s.ID == id {
			return s
		}
	}
	return host.Step{ID: id, Outcome: "absent"}
}

// answer makes a fault of an answer to the paths that end so.
func answer(suffix string, status int, contentType, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return false
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func refusal(status int, name, message string) (int, string, string) {
	return status, "application/json", fmt.Sprintf(`{"error":{"name":%q,"message":%q},"response":{"statusCode":%d}}`, name, message, status)
}

func refusing(suffix string, status int, name, message string) func(http.ResponseWriter, *http.Request) bool {
	status, kind, body := refusal(status, name, message)
	return answer(suffix, status, kind, body)
}

const goodPage = `{"permission":{"enabled":false},"spacelift":{"hostUrl":"https://acme.app.spacelift.io/","readOnly":false},` +
	`"discovery":{"endpoints":[{"target":{"external":"http://localhost:7007/api/proxy/understudy/{{pluginId}}"},"plugins":["spacelift-io","rely"]}]}}`

// Where all is well nothing fails; and each thing that is broken is told by its step, with what to do.
func TestSelfCheck(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	dead := fmt.Sprintf("http://127.0.0.1:%d", unusedPort(t))
	cases := []struct {
		name, step string
		want       host.Outcome
		says       string // of detail and fix
		fault      func(http.ResponseWriter, *http.Request) bool
		replace    []string
		token      string
		// only is how many steps may fail; others wait.
		only int
	}{
		{name: "all is well", step: "peer.catalog.token.rely", want: host.StepPassed, says: "0 entities"},
		{
			name: "an unknown key of ours", step: "config.rely.gzipp", want: host.StepFailed, says: `gzip`, replace: []string{"rely: {}", "rely: {gzipp: true}"}, only: 1,
		},
		{name: "an unknown key of upstream's", step: "config.backend.lissen", want: host.StepWarning, says: "listen", replace: []string{"backend:\n", "backend:\n  lissen: 1\n"}},
		{
			name: "no address of ours", step: "listen", want: host.StepFailed, says: "no such address.*backend.listen",
			replace: []string{"host: 127.0.0.1, port", "host: 192.0.2.1, port"}, only: -1,
		},
		{
			name: "no database", step: "database.rely", want: host.StepFailed, says: "connection refused.*start the server",
			replace: []string{"understudy: {", "x: y\nunderstudy: {", "  listen:", "  database: {client: pg, connection: {host: 127.0.0.1, port: 1, user: u, password: hunter2secret}}\n  listen:"}, only: 2,
		},
		{name: "nobody there", step: "peer.catalog.reach", want: host.StepFailed, says: "connection refused.*start Backstage", replace: []string{p.front.URL, dead}, only: 2},
		{name: "a name that is none", step: "peer.auth.reach", want: host.StepFailed, says: "(resolved|no answer)", replace: []string{p.front.URL, "http://nobody.invalid"}, only: 2},
		{
			name: "something before it", step: "peer.auth.reach", want: host.StepFailed, says: "502.*something before it",
			fault: answer("", 502, "text/html", "<html>bad gateway"), only: 2,
		},
		{
			name: "the plugin is not there", step: "peer.catalog.keys", want: host.StepFailed, says: `404.*installed there.*\{\{pluginId\}\}`,
			fault: answer("/api/catalog/.backstage/auth/v1/jwks.json", 404, "text/plain", ""), only: 1,
		},
		{
			name: "keys behind a sign-in", step: "peer.auth.user-keys", want: host.StepFailed, says: "redirects .302..*never followed",
			fault: func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/.well-known/jwks.json") {
					return false
				}
				http.Redirect(w, r, "/login", http.StatusFound)
				return true
			},
			only: 2,
		},
		{
			name: "keys that are none", step: "peer.auth.keys", want: host.StepFailed, says: "no key set",
			fault: answer("/api/auth/.backstage/auth/v1/jwks.json", 200, "text/html", "<html>"), only: 1,
		},
		{
			name: "a key without a kid", step: "peer.auth.keys", want: host.StepFailed, says: "no kid.*keyId",
			fault: answer("/api/auth/.backstage/auth/v1/jwks.json", 200, "application/json",
				`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","alg":"ES256"}]}`), only: 1,
		},
		{name: "a clock far off", step: "peer.auth.clock", want: host.StepFailed, says: "ahead of ours.*NTP", fault: late(time.Hour), only: 1},
		{name: "a clock that is slow", step: "peer.auth.clock", want: host.StepWarning, says: "behind ours.*NTP", fault: late(-4 * time.Second)},
		{
			name: "our keys are not looked for here", step: "peer.catalog.token.rely", want: host.StepFailed, says: "add rely, rely-migration-plugin, spacelift-io to discovery.endpoints of the Backstage side, with internal: http://127.0.0.1:.*if the entry is there, that address is not reached from Backstage",
			fault: refusing("/entities/by-query", 401, "AuthenticationError", "Received a plugin token where the source 'rely' plugin unexpectedly does not have a JWKS endpoint. The target plugin needs to be migrated"), only: 3,
		},
		{
			name: "our keys are others'", step: "peer.catalog.token.spacelift-io", want: host.StepFailed, says: "leads to this server",
			fault: refusing("/entities/by-query", 401, "AuthenticationError", "Failed plugin token verification"), only: 3,
		},
		{name: "an old backend", step: "peer.catalog.token.rely", want: host.StepFailed, says: "upgrade Backstage", fault: refusing("/entities/by-query", 401, "AuthenticationError", "Illegal token"), only: 3},
		{name: "a header is lost", step: "peer.catalog.token.rely", want: host.StepFailed, says: "takes the Authorization header away", fault: refusing("/entities/by-query", 401, "AuthenticationError", "Missing credentials"), only: 3},
		{name: "the backend cannot reach us", step: "peer.catalog.user", want: host.StepFailed, says: "may not reach our keys", fault: refusing("/entities/by-query", 500, "TypeError", "fetch failed"), only: 3},
		{name: "service tokens are refused", step: "peer.catalog.token.rely", want: host.StepFailed, says: "403.*refuses service tokens", fault: refusing("/entities/by-query", 403, "NotAllowedError", "no"), only: 3},
		{name: "another catalog", step: "peer.catalog.token.rely", want: host.StepFailed, says: "no list of entities", fault: answer("/entities/by-query", 200, "application/json", "[]"), only: 3},
		{name: "no guests", step: "user.token", want: host.StepSkipped, says: "--user-token-file.*guests may not sign in there .403", fault: refusing("/guest/refresh", 403, "NotAllowedError", "no")},
		{name: "a token that is none", step: "user.token", want: host.StepFailed, says: "no JWT.*without `Bearer`", token: "nonsense", only: 1},
		{name: "a token of another Backstage", step: "user.token", want: host.StepFailed, says: `signed with the key "elsewhere".*take a token of the Backstage at`, token: forged(time.Now().Add(time.Hour)), only: 1},
		{name: "a token that has ended", step: "user.token", want: host.StepFailed, says: "it ended at .*take a fresh one", token: forged(time.Now().Add(-time.Hour)), only: 1},
		{name: "settings that agree", step: "same.spacelift.hostUrl", want: host.StepPassed, says: "both say acme", fault: answer2("/", p.page(goodPage))},
		{name: "read-only on one side", step: "same.spacelift.readOnly", want: host.StepFailed, says: "here it is false, in Backstage true", fault: answer2("/", p.page(strings.Replace(goodPage, `"readOnly":false`, `"readOnly":true`, 1))), only: 1},
		{name: "another account", step: "same.spacelift.hostUrl", want: host.StepFailed, says: "here it is acme", fault: answer2("/", p.page(strings.Replace(goodPage, "acme", "other", 1))), only: 1},
		{name: "permissions on one side", step: "same.permission.enabled", want: host.StepFailed, says: "set permission.enabled: true here", fault: answer2("/", p.page(strings.Replace(goodPage, `"enabled":false`, `"enabled":true`, 1))), only: 1},
		{name: "an address for browsers", step: "browser.spacelift-io", want: host.StepPassed, says: "api/proxy/understudy.*by discovery.endpoints", fault: answer2("/", p.page(goodPage))},
		{
			name: "no address for browsers", step: "browser.spacelift-io", want: host.StepFailed,
			says:  "/api/spacelift-io, because no entry.*external.*404.*target.external of the entry for spacelift-io .* is http://localhost:7007/api/proxy/understudy/..pluginId",
			fault: answer2("/", p.page(strings.Replace(goodPage, `"external":"http://localhost:7007/api/proxy/understudy/{{pluginId}}"`, ``, 1)[:1]+`"backend":{"baseUrl":"`+p.front.URL+`"},`+strings.Replace(goodPage, `"external":"http://localhost:7007/api/proxy/understudy/{{pluginId}}"`, ``, 1)[1:])), only: 1,
		},
		{name: "browsers told elsewhere", step: "browser.spacelift-io", want: host.StepWarning, says: "cannot be known.*api/proxy/understudy", fault: answer("/", 404, "text/plain", "")},
		{name: "with the gateway", step: "proxy.rely", want: host.StepSkipped, says: "gateway.enabled", replace: []string{"understudy: {", "understudy: {gateway: {enabled: true}, "}},
		{name: "the port is another's", step: "peer.catalog.token.rely", want: host.StepSkipped, says: "waits for listen", replace: []string{"host: 127.0.0.1, port", "host: 192.0.2.1, port"}, only: 1},
		{name: "past the proxy", step: "proxy.rely", want: host.StepSkipped, says: "past its proxy", fault: answer2("/", p.page(strings.Replace(goodPage, "/api/proxy/understudy/", "/api/", 1)))},
		{name: "no proxy entry", step: "proxy.rely", want: host.StepFailed, says: `404.*add to Backstage's configuration proxy.endpoints: \{'/understudy': \{target: 'http://127.0.0.1:\d+/api', credentials: forward, allowedHeaders: \[etag, if-none-match, idempotency-key, retry-after\]\}\}`, fault: under("/api/proxy/", 404, ""), only: 2},
		{name: "a proxy that does not reach us", step: "proxy.spacelift-io", want: host.StepFailed, says: "504.*does not reach this server", fault: under("/api/proxy/", 504, "Error occurred while trying to proxy: x"), only: 2},
		{name: "a proxy to somebody else", step: "proxy.rely", want: host.StepFailed, says: "answered by somebody else", fault: under("/api/proxy/", 200, `{"keys":[]}`), only: 2},
		{name: "a proxy that drops the etag", step: "proxy.rely", want: host.StepWarning, says: "allowedHeaders", fault: withoutEtag(p)},
		{name: "a wrong secret of Spacelift", step: "spacelift.account", want: host.StepFailed, says: "refused the API key.*apiSecret", replace: []string{spacelift.Secret, "wrong-secret-0123"}, only: 1},
		{name: "no Spacelift", step: "spacelift.account", want: host.StepFailed, says: "hostUrl", replace: []string{p.account, dead + "/graphql"}, only: 1},
		{name: "a key that may write", step: "spacelift.key", want: host.StepWarning, says: "readOnly is set, but the key may write.*Reader", replace: []string{"readOnly: false", "readOnly: true"}},
		{name: "a key that may only read", step: "spacelift.key", want: host.StepWarning, says: "may only read.*Writer", replace: []string{spacelift.AdminKey, spacelift.ReaderKey}},
		{name: "a wrong token of Rely", step: "rely.token", want: host.StepFailed, says: "not accepted.*Authorization header", replace: []string{rely.Token, "wrong-token-0123"}, only: 1},
		{name: "no Rely", step: "rely.token", want: host.StepFailed, says: "refused", replace: []string{p.exported, dead}, only: 1},
		{name: "a web page in Rely's place", step: "rely.token", want: host.StepFailed, says: "target", replace: []string{p.exported, p.front.URL}, fault: answer("/blueprints/service", 200, "text/html", "<html><title>Sign in</title>"), only: 1},
		{name: "a plan without it", step: "rely.plan", want: host.StepFailed, says: "plan", replace: []string{p.exported, p.front.URL}, fault: answer("/blueprints/service", 402, "application/json", `{"detail":"upgrade your plan"}`), only: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.fault != nil {
				p.fault.Store(&c.fault)
				defer p.fault.Store(nil)
			}
			found := p.check(t, p.text(c.replace...), c.token)
			got := stepOf(found, c.step)
			if got.Outcome != c.want || !regexp.MustCompile("(?i)"+c.says).MatchString(got.Detail+" "+got.Fix) {
				t.Errorf("got %+v", got)
			}
			failed := 0
			for _, s := range found.Steps {
				checkForm(t, s)
				if s.Outcome == host.StepFailed {
					failed++
				}
			}
			if c.only >= 0 && failed > c.only || c.want == host.StepFailed && failed == 0 {
				t.Errorf("%d steps failed:\n%s", failed, list(found))
			}
			t.Logf("%s %s: %s\n    fix: %s", got.Outcome, got.ID, got.Detail, got.Fix)
		})
	}
}

// checkForm holds a step to what programs and people count on.
func checkForm(t *testing.T, s host.Step) {
	t.Helper()
	if s.ID == "" || s.Title == "" || s.Detail == "" || strings.Contains(s.Detail+s.Fix, "\n") {
		t.Errorf("a step out of form: %+v", s)
	}
	if wants := s.Outcome == host.StepFailed || s.Outcome == host.StepWarning; wants != (s.Fix != "") {
		t.Errorf("a fix belongs to what is wrong, and to nothing else: %+v", s)
	}
	for _, secret := range []string{spacelift.Secret, rely.Token, "hunter2secret", "wrong-secret-0123", "wrong-token-0123"} {
		if strings.Contains(s.Detail+s.Fix, secret) {
			t.Errorf("a secret is told: %+v", s)
		}
	}
}

func list(found host.Checkup) string {
	var b strings.Builder
	for _, s := range found.Steps {
		fmt.Fprintf(&b, "%s %s: %s\n", s.Outcome, s.ID, s.Detail)
	}
	return b.String()
}

// late has the other backend tell another time.
func late(by time.Duration) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/api/auth/.backstage/auth/v1/jwks.json") {
			return false
		}
		w.Header().Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"keys":[]}`)
		return true
	}
}

// answer2 answers one path with a page.
func answer2(path, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, body)
		return true
	}
}

// under answers everything below a path.
func under(prefix string, status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, prefix) {
			return false
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// withoutEtag passes requests for our plugins on as a proxy without allowedHeaders does.
func withoutEtag(p *pair) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		path, ok := strings.CutPrefix(r.URL.Path, "/api/proxy/understudy")
		if !ok {
			return false
		}
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/api%s", p.port, path), nil)
		if err != nil {
			return false
		}
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return true
	}
}

// forged is a user token of nobody.
func forged(until time.Time) string {
	part := func(v any) string {
		data, _ := json.Marshal(v) //nolint:errchkjson // plain values
		return base64.RawURLEncoding.EncodeToString(data)
	}
	return part(map[string]any{"typ": "vnd.backstage.user", "alg": "ES256", "kid": "elsewhere"}) + "." +
		part(map[string]any{"sub": "user:default/jane", "aud": "backstage", "iat": until.Add(-time.Hour).Unix(), "exp": until.Unix()}) + "." +
		base64.RawURLEncoding.EncodeToString(make([]byte, 64))
}

// A server that runs is asked by its route: services may, and the result is remembered; nobody else may.
func TestCheckOfARunningServer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const token = "backend-test-token-0123"
	s := start(t, p.text("discovery:", "x: y\ndiscovery:", "auth: {pluginKeyStore: "+p.keys+"}", "auth: {externalAccess: [{type: static, options: {token: "+token+", subject: test}}]}"), standard.Plugins())
	type view struct {
		CheckedAt *time.Time
		Failed    int
		Steps     []host.Step
	}
	ask := func(method, token, body string) (int, view) {
		status, text := s.send(t, method, "/api/understudy/v1/check", token, body)
		var v view
		if status == http.StatusOK {
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatal(err)
			}
		}
		return status, v
	}
	if status, _ := ask(http.MethodPost, "", ""); status != http.StatusUnauthorized {
		t.Errorf("anybody: %d", status)
	}
	if status, v := ask(http.MethodGet, token, ""); status != http.StatusOK || v.CheckedAt != nil || len(v.Steps) != 0 {
		t.Errorf("before the first check: %d, %+v", status, v)
	}
	status, v := ask(http.MethodPost, token, `{"userToken":"nonsense"}`)
	if status != http.StatusOK || v.Failed != 1 || v.CheckedAt == nil || len(v.Steps) < 20 {
		t.Errorf("a check: %d, %+v", status, v)
	}
	if status, last := ask(http.MethodGet, token, ""); status != http.StatusOK || last.CheckedAt == nil || !last.CheckedAt.Equal(*v.CheckedAt) || len(last.Steps) != len(v.Steps) {
		t.Errorf("the latest: %d, %+v", status, last)
	}
	if status, v := ask(http.MethodPost, token, ""); status != http.StatusOK || v.Failed != 0 {
		t.Errorf("with a guest: %d, %+v", status, v)
	}
	// A user of the other backend may see neither the configuration nor this.
	var session struct{ BackstageIdentity struct{ Token string } }
	_, text := s.send(t, http.MethodGet, p.front.URL+"/api/auth/guest/refresh", "", "")
	if err := json.Unmarshal([]byte(text), &session); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(http.MethodPost, session.BackstageIdentity.Token, ""); status != http.StatusForbidden {
		t.Errorf("a user: %d", status)
	}
	if n := strings.Count(s.log.String(), "understudy.self-check"); n < 3 {
		t.Errorf("%d audit events of checks", n)
	}
	if strings.Contains(s.log.String(), session.BackstageIdentity.Token) {
		t.Error("a user's token is in the log")
	}
}

// A plugin's own steps do not hold up a check for longer than it may take, and many who ask at once cause one check.
func TestChecksAreOne(t *testing.T) {
	t.Parallel()
	asked := atomic.Int32{}
	var system host.System
	begun, enough := make(chan struct{}), make(chan struct{})
	p := &selfish{plain: plain{id: "selfish", register: func(_ context.Context, env *host.Env) error { system = env.System; return nil }}}
	p.check = func(context.Context) []host.Step {
		if asked.Add(1) == 1 {
			close(begun)
		}
		<-enough
		return []host.Step{{ID: "selfish", Title: "itself", Outcome: host.StepPassed, Detail: "yes"}}
	}
	start(t, minimal(t), []host.Plugin{p})
	results := make(chan host.Checkup, 3)
	for range 3 {
		go func() { results <- system.SelfCheck(t.Context(), config.Secret{}) }()
	}
	<-begun
	if _, ok := system.LastCheck(); ok {
		t.Error("there is a result before there is one")
	}
	close(enough)
	first := <-results
	for range 2 {
		<-results
	}
	if last, ok := system.LastCheck(); !ok || len(last.Steps) != len(first.Steps) || stepOf(last, "selfish").Outcome != host.StepPassed {
		t.Errorf("the latest: %+v", last)
	}
	if n := asked.Load(); n > 2 {
		t.Errorf("the plugin was asked %d times", n)
	}
}

// Whose token it is that a check tries is nobody else's business: who asks with another one gets an own check, after the
// first; and who goes away does not wait for any.
func TestChecksWithTokens(t *testing.T) {
	t.Parallel()
	var system host.System
	var under atomic.Int32
	begun, enough := make(chan struct{}, 3), make(chan struct{})
	p := &selfish{plain: plain{id: "selfish", register: func(_ context.Context, env *host.Env) error { system = env.System; return nil }}}
	p.check = func(context.Context) []host.Step {
		if under.Add(1) > 1 {
			t.Error("two checks at once")
		}
		defer under.Add(-1)
		begun <- struct{}{}
		<-enough
		return nil
	}
	start(t, minimal(t), []host.Plugin{p})
	results := make(chan host.Checkup, 2)
	ask := func(token string) {
		go func() { results <- system.SelfCheck(t.Context(), config.NewSecret(token)) }()
	}
	ask("hers")
	<-begun
	gone, leave := context.WithCancel(t.Context())
	leave()
	if found := system.SelfCheck(gone, config.NewSecret("hers")); len(found.Steps) != 0 {
		t.Errorf("who has gone gets %+v", found)
	}
	ask("his")
	close(enough)
	first, second := <-results, <-results
	if len(first.Steps) == 0 || len(second.Steps) == 0 || first.At.Equal(second.At) || len(begun) != 1 {
		t.Errorf("one check for two tokens: %s, %s", first.At, second.At)
	}
}

// What a peer says does not reach the terminal as it is.
func TestStepsAreLegible(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	f := answer("/api/catalog/entities/by-query", 401, "application/json", `{"error":{"name":"AuthenticationError","message":"no\u001b]0;pwned\u0007\u001b[2J\u202e"},"response":{"statusCode":401}}`)
	p.fault.Store(&f)
	found := p.check(t, p.text(), "")
	told := false
	for _, s := range found.Steps {
		told = told || strings.Contains(s.Detail, "pwned")
		if strings.ContainsAny(s.Detail+s.Fix, "\x1b\x07\u202e") {
			t.Errorf("%s: %q", s.ID, s.Detail)
		}
	}
	if !told {
		t.Errorf("%+v", found.Steps)
	}
}

type selfish struct {
	plain
	check func(ctx context.Context) []host.Step
}

func (p *selfish) SelfCheck(ctx context.Context) []host.Step { return p.check(ctx) }
