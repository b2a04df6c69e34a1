package spacelift

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

func load(t *testing.T, yaml string, environ map[string]string) (Config, error) {
	t.Helper()
	var pairs []string
	for name, value := range environ {
		pairs = append(pairs, name+"="+value)
	}
	file := filepath.Join(t.TempDir(), "app-config.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Options{Dir: filepath.Dir(file), Environ: pairs})
	if err != nil {
		t.Fatal(err)
	}
	return LoadConfig(c)
}

func TestTheOfficialConfiguration(t *testing.T) {
	t.Parallel()
	yaml, err := os.ReadFile("testdata/official.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := load(t, string(yaml), map[string]string{"SPACELIFT_API_KEY": "01KEY", "SPACELIFT_API_SECRET": "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.account != "acme.app.spacelift.io" || cfg.endpoint.String() != "https://acme.app.spacelift.io/graphql" || cfg.web.String() != "https://acme.app.spacelift.io" {
		t.Errorf("account %s, endpoint %s, web %s", cfg.account, cfg.endpoint, cfg.web)
	}
	if cfg.APIKey != "01KEY" || !cfg.APISecret.Equal("s3cret") || !cfg.ReadOnly {
		t.Errorf("%+v", cfg)
	}
	if cfg.Sync.Interval.Std() != 10*time.Minute || cfg.Limits.RequestsPerSecond != 5 || cfg.Limits.Burst != 10 || cfg.Limits.Concurrency != 4 {
		t.Errorf("defaults: %+v", cfg)
	}
	_, err = load(t, string(yaml), map[string]string{"SPACELIFT_API_KEY": "01KEY"})
	if err == nil || !strings.Contains(err.Error(), ": spacelift.apiSecret: is required; missing because ${SPACELIFT_API_SECRET} is not set") {
		t.Errorf("without its variable: %v", err)
	}
}

// TestReadOnly is the coercion that Backstage does (spacelift.md 1).
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"true": "on", "yes": "on", "y": "on", "on": "on", "1": "on", "'true'": "on", "'YES'": "on", "'Y'": "on", "'On'": "on", "'1'": "on",
		"false": "off", "no": "off", "n": "off", "off": "off", "0": "off", "'FALSE'": "off", "'No'": "off", "'n'": "off", "'off'": "off", "'0'": "off",
		"null": "off", "~": "off", "''": "error", "maybe": "error", "2": "error", "[true]": "error", "{}": "error", "${UNSET}": "off", "${SET}": "on",
	} {
		cfg, err := load(t, "spacelift:\n  hostUrl: acme\n  apiKey: k\n  apiSecret: s\n  readOnly: "+text+"\n", map[string]string{"SET": "Yes"})
		got := "off"
		switch {
		case err != nil:
			got = "error"
			if !strings.Contains(err.Error(), "spacelift.readOnly") {
				t.Errorf("%s: %v", text, err)
			}
		case cfg.ReadOnly:
			got = "on"
		}
		if got != want {
			t.Errorf("readOnly: %s is %s, want %s (%v)", text, got, want, err)
		}
	}
}

func TestHostURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"acme": "acme.app.spacelift.io", "Acme": "acme.app.spacelift.io", "acme.app.us.spacelift.io": "acme.app.us.spacelift.io",
		"https://acme.app.spacelift.io": "acme.app.spacelift.io", "https://acme.app.spacelift.io/": "acme.app.spacelift.io",
		"HTTPS://Acme.app.spacelift.io//": "acme.app.spacelift.io", "https://acme.app.spacelift.io/graphql": "acme.app.spacelift.io",
		"acme.app.spacelift.io/graphql/": "acme.app.spacelift.io", "acme.app.spacelift.io/GraphQL": "acme.app.spacelift.io",
		" acme.app.spacelift.io ": "acme.app.spacelift.io", "localhost:7019": "localhost:7019", "localhost": "localhost",
		"spacelift.corp.example:8443": "spacelift.corp.example:8443", "10.0.0.7": "10.0.0.7", "[::1]:8443": "[::1]:8443",
		"http://acme.app.spacelift.io": "", "ftp://acme": "", "acme.app.spacelift.io/stacks": "", "acme?x=1": "", "user:pw@acme.example": "",
		"acme:port:x": "", "a b": "", "acme.example:99999": "", "-acme": "", "://": "", "https://": "",
	} {
		got, err := hostOf(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string][]string{
		"spacelift: {}": {"app-config.yaml:1: spacelift.apiKey: is required", "app-config.yaml:1: spacelift.apiSecret: is required", "app-config.yaml:1: spacelift.hostUrl: is required"},
		"spacelift:\n  apiKey: ${A}\n  apiSecret: ${B}\n  hostUrl: ${C}": {
			"app-config.yaml:2: spacelift.apiKey: is required; missing because ${A} is not set", "app-config.yaml:3: spacelift.apiSecret: is required; missing because ${B} is not set",
			"app-config.yaml:4: spacelift.hostUrl: is required; missing because ${C} is not set",
		},
		"spacelift: x": {"app-config.yaml:1: spacelift: got string, wanted object"},
		"spacelift:\n  hostUrl: '<hostUrl>'\n  apiKey: ''\n  apiSecret: '  '\n  apiUrl: ftp://x\n  readOnly: maybe\n  limits: {burst: -1, concurrency: x}": {
			"app-config.yaml:2: spacelift.hostUrl: is a placeholder", "app-config.yaml:3: spacelift.apiKey: is empty", "app-config.yaml:4: spacelift.apiSecret: is blank",
			"app-config.yaml:5: spacelift.apiUrl: \"ftp://x\" has no scheme", `app-config.yaml:6: spacelift.readOnly: "maybe" cannot be read as a boolean; write true or false`,
			"app-config.yaml:7: spacelift.limits.burst: must be 1 at least", "app-config.yaml:7: spacelift.limits.concurrency: cannot be read as a number",
		},
		"spacelift: {hostUrl: acme, apiKey: '   ', apiSecret: s}":                          {"spacelift.apiKey: is blank"},
		"spacelift: {apiKey: k}":                                                           {"app-config.yaml:1: spacelift.apiSecret: is required", "app-config.yaml:1: spacelift.hostUrl: is required; write the account's host"},
		"spacelift:\n  hostUrl: acme\n  apiKey: ''":                                        {"app-config.yaml:3: spacelift.apiKey: is empty"},
		"spacelift:\n  hostUrl: <host>\n  apiKey: <key>\n  apiSecret: <secret>":            {"app-config.yaml:2: spacelift.hostUrl: is a placeholder", "app-config.yaml:3: spacelift.apiKey: is a placeholder", "app-config.yaml:4: spacelift.apiSecret: is a placeholder"},
		"spacelift: {hostUrl: 'http://acme', apiKey: k, apiSecret: s}":                     {"is not encrypted; hostUrl is always reached by https"},
		"spacelift: {hostUrl: acme, apiKey: k, apiSecret: s, apiSecretFile: f}":            {"spacelift.apiSecretFile: is given beside apiSecret"},
		"spacelift: {apiUrl: 'https://u:topsecret@acme/graphql', apiKey: k, apiSecret: s}": {"spacelift.apiUrl: holds credentials"},
		"spacelift: {hostUrl: 'http://u:topsecret@acme', apiKey: k, apiSecret: s}":         {"spacelift.hostUrl: holds credentials"},
		"spacelift: {hostUrl: 'https://u:topsecret@acme/x', apiKey: k, apiSecret: s}":      {"spacelift.hostUrl: holds credentials"},
		"spacelift: {hostUrl: 'u:topsecret@acme', apiKey: k, apiSecret: s}":                {"spacelift.hostUrl: holds credentials"},
		"spacelift: {apiUrl: acme, apiKey: k, apiSecret: s}":                               {"spacelift.apiUrl: \"acme\" has no scheme"},
		"spacelift: {hostUrl: acme, webUrl: 'ftp://x', apiKey: k, apiSecret: s}":           {"spacelift.webUrl: \"ftp://x\" has no scheme"},
		"spacelift: {hostUrl: acme, apiKey: k, apiSecret: s, readonly: true}":              {"spacelift.readonly: unknown key; did you mean 'readOnly'?"},
		"spacelift: {hostUrl: acme, apiKey: k, apiSecret: s, sync: {interval: 1ms, activeInterval: 1m}, limits: {requestsPerSecond: 0, burst: 0, concurrency: 1000}}": {
			"spacelift.sync.interval: 1ms is too short", "spacelift.sync.idleInterval: 30s is too short, wanted 1m0s", "spacelift.limits.requestsPerSecond: must be more than 0",
			"spacelift.limits.burst: must be 1 at least", "spacelift.limits.concurrency: must be 1 at least",
		},
	} {
		_, err := load(t, yaml+"\n", nil)
		if err == nil {
			t.Errorf("%s: no error", yaml)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s:\n%v\nwants %q", yaml, err, part)
			}
		}
		for _, one := range config.AsProblems(err) {
			if strings.Count(err.Error(), " "+one.Path+": ") != 1 {
				t.Errorf("%s: %s is named twice:\n%v", yaml, one.Path, err)
			}
		}
		if strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: the error holds a secret: %v", yaml, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string][3]string{
		"apiUrl: 'http://127.0.0.1:7350'":                                   {"http://127.0.0.1:7350/graphql", "http://127.0.0.1:7350", "127.0.0.1:7350"},
		"apiUrl: 'http://127.0.0.1:7350/x/graphql/', hostUrl: acme":         {"http://127.0.0.1:7350/x/graphql", "https://acme.app.spacelift.io", "acme.app.spacelift.io"},
		"apiUrl: 'http://127.0.0.1:7350', webUrl: 'http://127.0.0.1:7351/'": {"http://127.0.0.1:7350/graphql", "http://127.0.0.1:7351", "127.0.0.1:7350"},
	} {
		cfg, err := load(t, "spacelift: {apiKey: k, apiSecret: s, "+yaml+"}\n", nil)
		if err != nil {
			t.Errorf("%s: %v", yaml, err)
			continue
		}
		if got := [3]string{cfg.endpoint.String(), cfg.web.String(), cfg.account}; got != want {
			t.Errorf("%s: %q, want %q", yaml, got, want)
		}
	}
}

// TestSecretFile rotates the secret under a configuration that has been read.
func TestSecretFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	yaml := "spacelift: {hostUrl: acme, apiKey: k, apiSecretFile: " + file + "}\n"
	if _, err := load(t, yaml, nil); err == nil || !strings.Contains(err.Error(), "app-config.yaml:1: spacelift.apiSecretFile: cannot be read: open "+file+": no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(file, []byte("zero"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := load(t, yaml, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := cfg.readSecret(); err != nil || !got.Equal(secret) {
			t.Errorf("%s: %v", secret, err)
		}
	}
	if err := os.WriteFile(file, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.readSecret(); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := load(t, yaml, nil); err == nil || !strings.Contains(err.Error(), file+": the file is empty") {
		t.Errorf("an empty file: %v", err)
	}
}
