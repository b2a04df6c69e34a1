package integrations_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

func (w *walk) key(t *testing.T) {
	var answer struct {
		Data struct{ APIKeyUser struct{ JWT string } }
	}
	b := w.ways[0]
	a := ask(t, http.MethodPost, b.SpaceliftURL+"/graphql", "", map[string]any{
		"query":     "mutation K($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }",
		"variables": map[string]string{"id": spacelift.AdminKey, "secret": spacelift.Secret},
	})
	if err := a.JSON(&answer); err != nil || answer.Data.APIKeyUser.JWT == "" {
		t.Fatalf("the account's key: %s", a)
	}
	w.say(t, "the simulated account takes id and secret of the key %s", spacelift.AdminKey)
}

func (w *walk) add(t *testing.T) {
	w.stuck = true
	w.each(t, func(t *testing.T, y *way) {
		began := time.Now()
		if y.name == byConfiguration {
			if err := y.Understudy[0].Launch(t.Context()); err != nil {
				t.Fatal(err)
			}
			y.start(t)
			if err := y.Understudy[0].Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.say(t, "nothing added; understudy serve runs beside Backstage (%s set), both ready in %s", set(), took(began))
			return
		}
		archive := pack(t, filepath.Join(w.root, "integrations", "backstage", "backend"), t.TempDir())
		run(t, w.app, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", archive)
		listed := run(t, w.app, "npm", "ls", bridgePackage, "@backstage/backend-plugin-api", "--depth=0", "--parseable", "--long")
		var lines []string
		for line := range strings.Lines(listed) {
			_, name, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name, _, _ = strings.Cut(name, ":"); strings.HasPrefix(name, "@") {
				lines = append(lines, name)
			}
		}
		text, err := os.ReadFile(filepath.Join(w.app, "package.json"))
		if err != nil || !strings.Contains(string(text), bridgePackage) || !strings.Contains(listed, bridgePackage) {
			t.Fatalf("package.json (%v):\n%s\n%s", err, text, listed)
		}
		w.say(t, "npm pack, npm install %s into a fresh app: %s, in %s", filepath.Base(archive), strings.Join(lines, ", "), took(began))
	})
	w.stuck = t.Failed()
}

func (w *walk) index(t *testing.T) {
	w.stuck = true
	w.each(t, func(t *testing.T, y *way) {
		if y.name == byConfiguration {
			stacks := y.answers(t)
			w.say(t, "discovery and proxy entries of docs/joined.md: GET /api/proxy/understudy/spacelift-io/stacks 200, stacks: %d", len(stacks))
			return
		}
		line := w.writeIndex(t)
		began := time.Now()
		y.start(t)
		w.say(t, "%s: the backend (%s set) is ready in %s, GET /api/spacelift-io/stacks 200, stacks: %d", line, set(), took(began), len(y.answers(t)))
	})
	w.stuck = t.Failed()
}

// writeIndex writes the backend's index with the lines of the page, and returns what was added.
func (w *walk) writeIndex(t *testing.T) string {
	t.Helper()
	if set() == legacySet {
		return w.writeLegacyIndex(t)
	}
	node := filepath.Join(w.root, "test", "joined", "node")
	text, err := os.ReadFile(filepath.Join(node, "backend.js"))
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(w.page.block(t, "Spacelift: 3.", "ts", 0))
	text = []byte(strings.ReplaceAll(string(text), "require('./", "require('"+node+"/"))
	index := strings.Replace(string(text), "backend.start();", line+"\nbackend.start();", 1)
	if !strings.Contains(index, line) {
		t.Fatal("the backend has no place for the line")
	}
	write(t, w.app, "index.js", index)
	line, _, _ = strings.Cut(line, " //")
	return line
}

// writeLegacyIndex puts the lines of both parts of the page into the index of a legacy backend, and compiles them.
func (w *walk) writeLegacyIndex(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.root, "integrations", "backstage", "backend", "test", "legacy", "backend.js"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "  const understudy = await parseConfigs")
	_, after, ok2 := strings.Cut(rest, "createRouter(createEnv('rely-migration-plugin')));\n")
	if !ok || !ok2 {
		t.Fatal("the legacy backend has no such lines")
	}
	var imports, body []string
	for line := range strings.Lines(w.page.block(t, "Spacelift: 3.", "ts", 1) + w.page.block(t, "Rely: 3.", "ts", 0)) {
		if strings.HasPrefix(line, "import ") {
			imports = append(imports, line)
		} else {
			body = append(body, line)
		}
	}
	before = regexp.MustCompile(`(?m)^const \{ createRouter, parseConfigs \} = .*$`).ReplaceAllString(before, strings.Join(imports, ""))
	given := "  const { useHotMemoize } = common;\n  const apiRouter = api;\n" // what the template of packages/backend has
	write(t, w.app, "src/index.ts", before+given+strings.Join(body, "")+after)
	write(t, w.app, "src/plugins/rely.ts", w.page.block(t, "Rely: 2.", "ts", 0))
	const compile = `const [typescript, ...files] = process.argv.slice(1); const ts = require(typescript); const fs = require('node:fs');
for (const file of files) {
  const { outputText, diagnostics } = ts.transpileModule(fs.readFileSync(file, 'utf8'), { reportDiagnostics: true, fileName: file,
    compilerOptions: { module: 'CommonJS', target: 'ES2022', esModuleInterop: true } });
  if (diagnostics.length) throw new Error(ts.formatDiagnostics(diagnostics, { getNewLine: () => '\n', getCurrentDirectory: () => '', getCanonicalFileName: f => f }));
  fs.writeFileSync(file.replace(/\.ts$/, '.js'), outputText);
}`
	run(t, w.app, "node", "-e", compile, filepath.Join(w.root, "integrations", "backstage", "backend", "node_modules", "typescript"),
		filepath.Join(w.app, "src", "index.ts"), filepath.Join(w.app, "src", "plugins", "rely.ts"))
	write(t, w.app, "index.js", "require('./src/index.js');\n")
	return "the page's legacy lines of both plugins, word for word"
}

func (w *walk) configure(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		for _, host := range []string{"acme", "acme.app.spacelift.io/", "https://acme.app.spacelift.io//"} {
			y.write(t, "spacelift: {hostUrl: '"+host+"'}\n")
			if out, err := y.command(t, "config", "check"); err != nil {
				t.Errorf("hostUrl %s: %v\n%s", host, err, out)
			}
		}
		y.write(t, "")
		a := get(t, y.api+"/spacelift-io/stacks", stage.Token, new([]any))
		w.say(t, "the page's block is read, %d bytes of stacks come; hostUrl with a scheme and slashes at its end passes config check", len(a.Body))
	})
}

func (w *walk) readOnly(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		id := y.answers(t)[0].ID
		y.with(t, "spacelift: {readOnly: true}\n")
		a := ask(t, http.MethodPost, y.api+"/spacelift-io/stacks/"+id+"/trigger", stage.Token, nil)
		if a.Status != http.StatusForbidden {
			t.Errorf("trigger in read-only mode: %s", a)
		}
		out, checked := y.step(t, "spacelift.key")
		if !strings.Contains(checked, "readOnly is set, but the key may write") {
			t.Errorf("understudy check says %q:\n%s", checked, out)
		}
		w.say(t, "POST …/stacks/%s/trigger %d %s; understudy check: %s", id, a.Status, a.Message(), checked)
	})
}

var spaces = regexp.MustCompile(` +`)

// step is the line of understudy check about a step, in single spaces, and all that it printed.
func (y *way) step(t *testing.T, id string) (all, line string) {
	t.Helper()
	all, _ = y.command(t, "check") // that other steps warn is not the matter
	for line := range strings.Lines(all) {
		if strings.Contains(line, " "+id+" ") {
			return all, spaces.ReplaceAllString(strings.TrimSpace(line), " ")
		}
	}
	t.Errorf("understudy check says nothing of %s:\n%s", id, all)
	return all, ""
}

func (w *walk) readerKey(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		y.own["SPACELIFT_API_KEY"] = spacelift.ReaderKey
		y.with(t, "spacelift: {readOnly: true}\n")
		out, both := y.step(t, "spacelift.key")
		if !strings.HasPrefix(both, "ok ") || !strings.Contains(both, "it may read, as spacelift.readOnly wants it") {
			t.Errorf("with readOnly, understudy check says %q:\n%s", both, out)
		}
		y.with(t, "")
		id := y.answers(t)[0].ID
		a := ask(t, http.MethodPost, y.api+"/spacelift-io/stacks/"+id+"/trigger", stage.Token, nil)
		if a.Status/100 == 2 {
			t.Errorf("a reader's key triggers: %s", a)
		}
		_, alone := y.step(t, "spacelift.key")
		y.own["SPACELIFT_API_KEY"] = spacelift.AdminKey
		w.say(t, "%s; without readOnly: %s, POST …/trigger %d %s", both, alone, a.Status, a.Message())
	})
}

func (w *walk) compatibility(t *testing.T) {
	var has []string
	for _, name := range []string{"backend-plugin-api", "backend-defaults", "catalog-client"} {
		text, err := os.ReadFile(filepath.Join(w.app, "node_modules", "@backstage", name, "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct{ Version string }
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		has = append(has, name+" "+manifest.Version)
	}
	release := map[string]string{stage.Newest: "1.55", stage.Oldest: "1.30", legacySet: "1.38"}[set()]
	text, err := os.ReadFile(filepath.Join(w.root, "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "**"+release+"**") || !strings.Contains(w.page.text[w.heading], release) {
		t.Errorf("the release %s is not named by the page and by docs/compatibility.md", release)
	}
	w.say(t, "Backstage %s (%s) runs these steps; make test-integrations runs them with each of newest, oldest and legacy", release, strings.Join(has, ", "))
}

func (w *walk) frontend(t *testing.T) {
	for _, y := range w.ways {
		if y.name != byConfiguration {
			continue
		}
		user := y.signIn(t)
		t.Run("left as it is", func(t *testing.T) {
			a := get(t, y.Node.URL+"/api/proxy/understudy/spacelift-io/stacks", user, new([]any))
			w.say(t, "at the address that discovery gives the browser: GET …/spacelift-io/stacks 200 with a user's token, %d bytes (the official page in Chromium: test/joined/browser)", len(a.Body))
		})
	}
	t.Run("our pages", func(t *testing.T) {
		began := time.Now()
		source := filepath.Join(w.root, "integrations", "backstage", "frontend")
		if _, err := os.Stat(filepath.Join(source, "node_modules", "esbuild")); err != nil {
			t.Fatalf("the packages are not installed: cd %s && npm ci", source)
		}
		app := t.TempDir()
		archive := pack(t, source, app)
		write(t, app, "package.json", `{"private": true}`)
		// What the package wants of its app is that of the newest release, which its tests have.
		run(t, app, "npm", "install", "--prefer-offline", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", archive)
		write(t, app, "app.js", `import plugin from '@understudy/backstage-plugin/alpha';
import { ExportPage, SpaceliftPage, EntitySpaceliftCard, EntitySpaceliftContent, isSpaceliftAvailable, understudyPlugin } from '@understudy/backstage-plugin';
console.log(plugin, ExportPage, SpaceliftPage, EntitySpaceliftCard, EntitySpaceliftContent, isSpaceliftAvailable, understudyPlugin);
`)
		bundle := run(t, app, "env", "NODE_PATH="+filepath.Join(source, "node_modules"), filepath.Join(source, "node_modules", ".bin", "esbuild"),
			"app.js", "--bundle", "--format=esm", "--loader:.svg=dataurl", "--loader:.woff=dataurl", "--loader:.woff2=dataurl", "--loader:.ttf=dataurl", "--log-level=error")
		for _, want := range []string{"/rely-migration-plugin", "/spacelift"} {
			if !strings.Contains(bundle, want) {
				t.Errorf("the app that was built has no %s", want)
			}
		}
		suite := filepath.Join(w.root, "test", "joined", "browser", "pages-app.test.mjs")
		if _, err := os.Stat(suite); err != nil {
			t.Error(err)
		}
		w.say(t, "%s is installed and built into an app of %.1f MB with both frontend systems' parts, in %s (its pages in Chromium: test/joined/browser/pages-*.test.mjs)",
			filepath.Base(archive), float64(len(bundle))/1e6, took(began))
	})
}
