package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	s := config.NewSecret("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S config.Secret }{s})
	text, err := json.Marshal(map[string]any{"s": s, "p": &s, "l": []config.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	shown := log.String() + string(text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		shown += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, &s) + fmt.Sprintf(verb, struct{ S config.Secret }{s}) + fmt.Sprintf(verb, []config.Secret{s})
	}
	for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%d", []byte("hunter2"))} {
		if strings.Contains(strings.ToLower(shown), leak) {
			t.Errorf("%s leaked: %s", leak, shown)
		}
	}
	if s.Reveal() != "hunter2" || !s.Equal("hunter2") || s.Equal("hunter") || s.IsZero() {
		t.Error("the secret itself is lost")
	}
	if z := (config.Secret{}); !z.IsZero() || z.String() != "" {
		t.Error("an absent secret looks present")
	}
}

const secretive = `
app: { title: Basic portal, baseUrl: 'http://localhost:7007' }
backend:
  baseUrl: http://localhost:7007
  https: { certificate: { cert: cert-text, key: key-text } }
  auth:
    keys: [{ secret: legacy-secret }]
    externalAccess:
      - { type: static, options: { token: static-token, subject: ci } }
      - { type: legacy, options: { secret: '${LEGACY}', subject: old } }
  database:
    client: pg
    connection: { host: db, user: portal, password: 12345678 }
    plugin:
      catalog: { connection: 'postgres://catalog:p%40ss/word@db:5432/catalog?sslmode=disable' }
      search: { connection: "host=db password='quoted pw' user=search" }
      auth: { connection: ':memory:' }
  cache: { store: redis, connection: 'redis://:redispw@cache:6379' }
integrations:
  github: [{ host: github.com, token: ghp_abc, apps: [{ appId: 1, clientSecret: app-secret, privateKey: "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----\n" }] }]
proxy:
  endpoints:
    /rely: { target: 'https://magneto.rely.io', headers: { Authorization: 'Bearer ${RELY_TOKEN}', X-Api-Key: api-key, Accept: text/plain } }
    /plain: { target: 'https://host', auth: 'proxyuser:proxypw', headers: { X-Vault: '${VAULT}', Origin: '${ORIGIN}', X-Tenant: '${TENANT}', X-Written: long-but-written } }
    /basic: { target: 'https://u:urlpw@host/x', headers: { authorization: Basic dXNlcjpiYXNpY3B3 } }
auth: { session: { secret: session-secret }, environment: development, providers: { github: { development: { clientId: id, clientSecret: '${UNSET}' } } } }
spacelift: { hostUrl: a.b, apiKey: key-id, apiSecret: { $file: secret.txt } }
elsewhere: { note: 'uses ${RELY_TOKEN} twice', certificate: { $file: any.txt }, enabled: true, sessionToken: x }
`

func secretConfig(t *testing.T) *config.Config {
	t.Helper()
	dir := write(t, map[string]string{"app-config.yaml": secretive, "secret.txt": "from-file\n", "any.txt": "any-file\n"})
	c, err := config.Load(config.Options{Dir: dir, Environ: []string{"LEGACY=bGVnYWN5", "RELY_TOKEN=rely-token", "VAULT=vault-value", "ORIGIN=https://portal.example.com", "TENANT=prod", "APP_CONFIG_backend_auth_x_token=env-token"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSecretsAreFound(t *testing.T) {
	t.Parallel()
	c := secretConfig(t)
	var decoded struct {
		Title config.Secret `config:"title"`
	}
	if err := c.Decode("app", &decoded, config.Lenient); err != nil {
		t.Fatal(err)
	}
	got := c.Secrets()
	if !slices.IsSortedFunc(got, func(a, b string) int { return len(b) - len(a) }) {
		t.Error("a shorter secret comes before a longer one")
	}
	slices.Sort(got)
	want := []string{
		"key-text", "legacy-secret", "static-token", "bGVnYWN5", "12345678",
		"postgres://catalog:p%40ss/word@db:5432/catalog?sslmode=disable", "p%40ss/word", "p@ss/word",
		"host=db password='quoted pw' user=search", "quoted pw",
		"redis://:redispw@cache:6379", "redispw",
		"ghp_abc", "app-secret", "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----", "MIIEvQIBADANBgkqhkiG9w0B",
		"Bearer rely-token", "rely-token", "api-key", "proxyuser:proxypw", "vault-value", "https://u:urlpw@host/x", "urlpw", "Basic dXNlcjpiYXNpY3B3", "dXNlcjpiYXNpY3B3", "basicpw",
		"session-secret", "key-id", "from-file", "any-file", "env-token", "Basic portal",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	c := secretConfig(t)
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	var console []byte
	for _, line := range c.Lines() {
		console = entity.AppendJSON(console, line.Value)
	}
	for _, secret := range c.Secrets() {
		if strings.Contains(out.String(), secret) || bytes.Contains(console, []byte(secret)) {
			t.Errorf("%q is shown", secret)
		}
	}
	dir := filepath.Dir(c.Origin("app").File)
	text := strings.ReplaceAll(out.String(), dir+"/", "")
	file := "testdata/print.golden"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Error(diff)
	}
}

func TestLinesOfASection(t *testing.T) {
	t.Parallel()
	c := parse(t, "a:\n  b: { token: secret-text }\n  c: [1, {}, [], null, .inf]\n  d: {$file: gone}\nother: 1\n")
	a, err := c.Sub("a")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a.Lines()[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); got != `{"path":"a.b.token","value":"***","origin":"app-config.yaml:2:15"}` {
		t.Errorf("got %s", got)
	}
	var paths []string
	for _, line := range a.Lines() {
		paths = append(paths, line.Path+"="+string(entity.AppendJSON(nil, line.Value))+line.Note)
	}
	want := []string{`a.b.token="***"`, "a.c[0]=1", "a.c[1]={}", "a.c[2]=[]", "a.c[3]=null", `a.c[4]="Infinity"`, "a.d=nullfailed to read file gone, no such file or directory"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
}

func TestSecretGetters(t *testing.T) {
	t.Parallel()
	c := parse(t, "odd: name\nnumber: 5\n")
	s, err := c.Secret("odd")
	if err != nil || s.Reveal() != "name" {
		t.Errorf("got %v", err)
	}
	if got := c.Secrets(); !slices.Equal(got, []string{"name"}) {
		t.Errorf("what is read as a secret is one: %v", got)
	}
	if _, ok, err := c.OptionalSecret("gone"); ok || err != nil {
		t.Errorf("got %v %v", ok, err)
	}
	if _, ok, err := c.OptionalSecret("odd"); !ok || err != nil {
		t.Errorf("got %v %v", ok, err)
	}
	if _, err := c.Secret("number"); err == nil {
		t.Error("a number passed for a secret")
	}
}

// The id of Spacelift's API key is no secret, and logs need it; what is there in another form may be anything.
func TestTheIDOfAKeyIsNotHidden(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]int{
		"spacelift: {apiKey: 01HZX3M7Q0V8Y2N6K4T5W9ABCD}": 0, "spacelift: {apiKey: '${ID}'}": 0,
		"spacelift: {apiKey: s3cret-by-mistake}": 1, "other: {apiKey: 01HZX3M7Q0V8Y2N6K4T5W9ABCD}": 1,
	} {
		dir := write(t, map[string]string{"app-config.yaml": yaml + "\n"})
		c, err := config.Load(config.Options{Dir: dir, Environ: []string{"ID=01HZX3M7Q0V8Y2N6K4T5W9ABCD"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Secrets(); len(got) != want {
			t.Errorf("%s: %q are secret", yaml, got)
		}
	}
}
