package integrations_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

const (
	bridgePackage = "@understudy/backstage-plugin-backend"
	// legacySet is the app of the legacy backend system, beside stage.Newest and stage.Oldest.
	legacySet = "legacy"

	jane     = "user:default/jane"
	platform = "group:default/platform"
)

// set is the app that the tests run in.
func set() string {
	if name := os.Getenv("UNDERSTUDY_BRIDGE_SET"); name != "" {
		return name
	}
	return stage.Newest
}

// bench is a stage whose Node side has the bridge.
type bench struct {
	*stage.Stage
	env     map[string]string // of Node; read when it starts
	section string            // a file of configuration that wins over the documented one
}

// prepare opens a stage that ends with the test, its Node side with the bridge and the documented configuration. Nothing is
// started. A test may change what is prepared.
func prepare(t *testing.T, changes ...func(*stage.Options)) *bench {
	t.Helper()
	if os.Getenv("UNDERSTUDY_INTEGRATIONS") == "" {
		t.Skip("needs Node backends from npm: make test-integrations")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	backend := filepath.Join(root, "integrations", "backstage", "backend", "test")
	b := &bench{env: map[string]string{"JOINED_ADD": bridgePackage}, section: filepath.Join(t.TempDir(), "bridge.yaml")}
	if err := os.WriteFile(b.section, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	options := stage.Options{
		Set: filepath.Join(backend, "apps", set()), Folder: t.TempDir(), Node: b.env,
		Configs:   []string{filepath.Join(root, "examples", "bridge", "backstage.yaml"), b.section},
		Rely:      rely.Options{Limits: &rely.Limits{}, Timers: &rely.Timers{}},
		Spacelift: spacelift.Options{Preset: spacelift.Demo, Speed: 1},
	}
	if set() == legacySet {
		options.Script = filepath.Join(backend, "legacy", "backend.js")
	}
	for _, change := range changes {
		change(&options)
	}
	if b.Stage, err = stage.Open(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("node says:\n%s", b.Node.Tail())
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	maps.Copy(b.env, map[string]string{
		"UNDERSTUDY_BIN":       os.Getenv("UNDERSTUDY_BIN"),
		"SPACELIFT_API_KEY":    spacelift.AdminKey,
		"SPACELIFT_API_SECRET": spacelift.Secret,
		"RELY_TOKEN":           rely.Token,
		// The simulators instead of the real services.
		"APP_CONFIG_spacelift_apiUrl":          b.SpaceliftURL + "/graphql",
		"APP_CONFIG_proxy_endpoints":           fmt.Sprintf(`{"/rely":{"target":%q}}`, b.RelyURL),
		"APP_CONFIG_understudy_dataDir":        t.TempDir(),
		"APP_CONFIG_understudy_metrics_listen": "127.0.0.1:0",
	})
	if set() == legacySet {
		b.env["APP_CONFIG_backend_auth_keys"] = `[{"secret":"c2VjcmV0IG9mIHRoZSBsZWdhY3kgYmFja2VuZA=="}]`
	}
	return b
}

// bridge replaces the section understudyBridge of the documented configuration.
func (b *bench) bridge(t *testing.T, section map[string]any) {
	t.Helper()
	if section["binary"] == nil {
		section["binary"] = nil // hides that of the file before
	}
	text, err := json.Marshal(section)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.section, fmt.Appendf(nil, `{"understudyBridge": %s}`, text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start starts Node, and waits until the catalog is filled.
func (b *bench) start(t *testing.T) {
	t.Helper()
	if err := b.Node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if set() != legacySet {
		if err := b.Filled(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	user := b.signIn(t) // a legacy backend has no external access
	until(t, "the catalog is filled", func() bool {
		answer := ask(t, http.MethodGet, b.url("/api/catalog/entities/by-query?limit=0"), user, nil)
		var body struct{ TotalItems int }
		return answer.Status == http.StatusOK && answer.JSON(&body) == nil && body.TotalItems >= stage.Base
	})
}

func (b *bench) url(path string) string { return b.Node.URL + path }

func (b *bench) signIn(t *testing.T) string {
	t.Helper()
	token, err := b.SignIn(t.Context(), jane, platform)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func ask(t *testing.T, method, url, token string, body any, headers ...string) stage.Answer {
	t.Helper()
	answer, err := stage.Ask(t.Context(), method, url, token, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer
}

// get asks, wants status 200, and decodes what comes.
func get(t *testing.T, url, token string, into any) stage.Answer {
	t.Helper()
	answer := ask(t, http.MethodGet, url, token, nil)
	if answer.Status != http.StatusOK {
		t.Fatalf("GET %s: %s", url, answer)
	}
	if err := answer.JSON(into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return answer
}

// until polls until the condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("still waiting after two minutes: %s", what)
		}
	}
}

// serves waits until Understudy answers through the bridge, with its stacks.
func (b *bench) serves(t *testing.T) {
	t.Helper()
	until(t, "stacks through the bridge", func() bool {
		answer, err := stage.Ask(t.Context(), http.MethodGet, b.url("/api/spacelift-io/stacks"), stage.Token, nil)
		return err == nil && answer.Status == http.StatusOK
	})
}

// says waits until Node's log has a text.
func (b *bench) says(t *testing.T, text string) {
	t.Helper()
	until(t, "node's log says "+text, func() bool { return strings.Contains(b.Node.Tail(), text) })
}

// understudy is the process that Node has started; 0 if there is none.
func (b *bench) understudy(t *testing.T) int {
	t.Helper()
	pid := b.Node.PID()
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Skipf("only Linux tells who is whose child: %v", err)
	}
	for field := range strings.FieldsSeq(string(list)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)) // it may have ended
		if strings.Contains(string(line), "--supervised") {
			return child
		}
	}
	return 0
}

// lives reports whether a process runs; one that only waits to be buried does not.
func lives(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}
