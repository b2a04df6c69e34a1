package integrations_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// walk is what the steps are done with: a backend for either way of the page.
type walk struct {
	page    page
	heading string // of the step under way
	name    string // of its test
	stuck   bool   // what failed is needed by all that follows
	root    string
	app     string // a fresh app, to which the package is added
	ways    []*way
}

// way is by code, or by configuration.
type way struct {
	*bench
	name    string
	api     string            // where callers find the plugins, with /api
	own     map[string]string // environment variables of Understudy
	configs []string          // files that Understudy reads
	restart func(t *testing.T)
}

const (
	byCode          = "by code"
	byConfiguration = "by configuration"
)

func startWalk(t *testing.T) *walk {
	t.Helper()
	if os.Getenv("UNDERSTUDY_INTEGRATIONS") == "" {
		t.Skip("needs Node backends from npm: make test-integrations")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{root: root, page: readPage(t, filepath.Join(root, "docs", "from-the-npm-plugins.md"))}
	apps := filepath.Join(root, "integrations", "backstage", "backend", "test", "apps")
	// Beside the installed apps, so that links will do for a copy. What they hold of ours is not taken along.
	if w.app, err = os.MkdirTemp(apps, "steps-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(w.app); err != nil {
			t.Error(err)
		}
	})
	run(t, root, "cp", "-al", filepath.Join(apps, set())+"/.", w.app)
	if err := os.RemoveAll(filepath.Join(w.app, "node_modules", "@understudy")); err != nil {
		t.Fatal(err)
	}
	// Files that npm writes are not to be written through the links.
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(w.app, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(w.app, name)); err != nil {
			t.Fatal(err)
		}
		write(t, w.app, name, string(text))
	}
	w.ways = append(w.ways, w.code(t))
	if set() != legacySet { // the joined configuration is for the new backend system
		w.ways = append(w.ways, w.configuration(t))
	}
	return w
}

// blocks are files with the configuration of the page itself.
func (w *walk) blocks(t *testing.T, folder string) []string {
	t.Helper()
	return []string{
		write(t, folder, "spacelift.yaml", w.page.block(t, "Spacelift: 4.", "yaml", 0)),
		write(t, folder, "rely.yaml", w.page.block(t, "Rely: 4.", "yaml", 0)),
	}
}

// simulators are the variables that lead to the simulators instead of the real services.
func simulators(s *stage.Stage) map[string]string {
	return map[string]string{
		"SPACELIFT_API_KEY": spacelift.AdminKey, "SPACELIFT_API_SECRET": spacelift.Secret, "RELY_TOKEN": rely.Token,
		"APP_CONFIG_spacelift_apiUrl": s.SpaceliftURL + "/graphql",
		"APP_CONFIG_proxy":            fmt.Sprintf(`{"/rely":{"target":%q}}`, s.RelyURL),
	}
}

// code is a backend with the lines of the page. It is started by the step that adds them.
func (w *walk) code(t *testing.T) *way {
	folder := t.TempDir()
	configs := append(w.blocks(t, folder), write(t, folder, "bridge.yaml", w.page.block(t, "Spacelift: 4.", "yaml", 1)))
	b := prepare(t, func(o *stage.Options) {
		o.Set, o.Script = w.app, filepath.Join(w.app, "index.js")
		configs = append(configs, o.Configs[1])
		o.Configs = configs
	})
	for _, name := range []string{"JOINED_ADD", "APP_CONFIG_proxy_endpoints"} {
		delete(b.env, name)
	}
	maps.Copy(b.env, simulators(b.Stage))
	b.env["APP_CONFIG_understudyBridge_binary_path"] = os.Getenv("UNDERSTUDY_BIN")
	y := &way{bench: b, name: byCode, api: b.Node.URL + "/api", own: b.env, configs: configs}
	y.restart = func(t *testing.T) {
		t.Helper()
		if err := b.Node.Stop(); err != nil {
			t.Fatal(err)
		}
		b.start(t)
	}
	return y
}

// configuration is a backend beside Understudy, which has the sections of the page in place of the example's.
func (w *walk) configuration(t *testing.T) *way {
	folder := t.TempDir()
	text, err := os.ReadFile(filepath.Join(w.root, "examples", "joined", "understudy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var base map[string]any
	if err := yaml.Unmarshal(text, &base); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"spacelift", "proxy", "rely"} {
		delete(base, section)
	}
	rest, err := yaml.Marshal(base)
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]string{}
	var configs []string
	b := prepare(t, func(o *stage.Options) {
		configs = append([]string{write(t, folder, "understudy.yaml", string(rest))}, append(w.blocks(t, folder), o.Configs[1])...)
		o.Configs, o.Own, o.Understudy = nil, configs, own
	})
	clear(b.env) // Node has nothing but the documented configuration
	maps.Copy(own, simulators(b.Stage))
	own["APP_CONFIG_proxy_endpoints"] = ""
	y := &way{bench: b, name: byConfiguration, api: b.Node.URL + "/api/proxy/understudy", own: own, configs: configs}
	y.restart = func(t *testing.T) {
		t.Helper()
		if err := b.Understudy[0].Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return y
}

// each does something in either way.
func (w *walk) each(t *testing.T, do func(t *testing.T, y *way)) {
	t.Helper()
	for _, y := range w.ways {
		t.Run(y.name, func(t *testing.T) { do(t, y) })
	}
}

// with restarts what reads the configuration, with a section more.
func (y *way) with(t *testing.T, section string) {
	t.Helper()
	y.write(t, section)
	y.restart(t)
	y.answers(t)
}

func (y *way) write(t *testing.T, section string) {
	t.Helper()
	if err := os.WriteFile(y.section, []byte(section), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answers waits until stacks are served.
func (y *way) answers(t *testing.T) (stacks []stack) {
	t.Helper()
	until(t, "stacks at "+y.api, func() bool {
		a, err := stage.Ask(t.Context(), http.MethodGet, y.api+"/spacelift-io/stacks", stage.Token, nil)
		return err == nil && a.Status == http.StatusOK && a.JSON(&stacks) == nil && len(stacks) > 0
	})
	return stacks
}

type stack struct{ ID, State string }

// command runs a subcommand beside, with the configuration of the way.
func (y *way) command(t *testing.T, command ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if y.name == byConfiguration {
		return y.Run(ctx, command...)
	}
	node, err := filepath.Abs("../joined/node/app-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append([]string{node}, y.configs...) {
		command = append(command, "--config", file)
	}
	return y.Node.Beside(ctx, os.Getenv("UNDERSTUDY_BIN"), command...)
}

// run runs a program in a folder, which must succeed, and returns what it printed.
func run(t *testing.T, folder, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = folder
	var out, bad strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s in %s: %v\n%s%s", program, strings.Join(args, " "), folder, err, out.String(), bad.String())
	}
	return strings.TrimSpace(out.String())
}

// pack packs a package as npm would publish it.
func pack(t *testing.T, from, to string) string {
	t.Helper()
	name := run(t, from, "npm", "pack", "--loglevel=error", "--silent", "--pack-destination", to)
	lines := strings.Split(name, "\n")
	return filepath.Join(to, lines[len(lines)-1])
}

// took is how long something lasted, for a log line.
func took(began time.Time) string { return fmt.Sprintf("%.1f s", time.Since(began).Seconds()) }
