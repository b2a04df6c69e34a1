package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/host/config"
)

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	c := parse(t, `catalog:
  orphanStrategy: remove
  processingInterval: { milliseconds: 5 }
  readonly: maybe
  useUrlReadersSearch: true
  rules:
    - allow: Component
    - allow: [{ spec.type: x }, 7]
    - allow: [A]
      locations: [{ exact: x, pattern: y, type: url }, { type: file, pattern: '[' }, { pattern: x }]
  locations:
    - { type: file }
    - { type: url, target: 'javascript:alert(1)' }
  processorOptions: { X: { priority: high } }
  providers: { github: { x: { organization: acme } } }
`)
	err := catalog.New().CheckConfig(c)
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("no problems: %v", err)
	}
	var lines []string
	for _, p := range problems.Sorted() {
		line := p.Error()
		if p.Warning {
			line = "warning " + line
		}
		lines = append(lines, line)
	}
	want := []string{
		"orphanStrategy: \"remove\" is not known here; use delete or keep",
		"processingInterval: the interval is too short; use at least one second",
		"readonly", "warning", "rules[0]", "rules[1]", "rules[1]", "pattern: a rule's location cannot have both", "is not a valid glob",
		"type", "target", "javascript", "priority", "warning app-config.yaml:15: catalog.providers.github: this provider is not part of this build yet",
	}
	for _, w := range want {
		found := false
		for _, l := range lines {
			found = found || strings.Contains(l, w)
		}
		if !found {
			t.Errorf("no line with %q in\n%s", w, strings.Join(lines, "\n"))
		}
	}
	if len(lines) != 14 {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

// TestRuleKeys: an overlooked key of a rule would let in more than was meant.
func TestRuleKeys(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"[{allow: [Component, {kind: API, spec.type: grpc}], locations: [{type: file, exact: x}, {type: url, pattern: y}]}]": "",

		"[{allow: [{kind: Component, spec: {type: library}}]}]":   "catalog.rules[0].allow[0].spec: unknown key; write 'spec.type'",
		"[{allow: [{kind: Component, type: library}]}]":           "catalog.rules[0].allow[0].type: unknown key; write 'spec.type'",
		"[{allow: [{kind: Component, specType: library}]}]":       "catalog.rules[0].allow[0].specType: unknown key; write 'spec.type'",
		"[{allow: [{kinds: Component}]}]":                         "catalog.rules[0].allow[0].kinds: unknown key; write 'kind'",
		"[{allow: [{kind: Component, owner: x}]}]":                "catalog.rules[0].allow[0].owner: unknown key; known are kind, spec.type",
		"[{allow: [{kind: Component, spec.type: [a]}]}]":          "catalog.rules[0].allow[0].spec.type: 'spec.type' must be a text",
		"[{allow: [{kind: 7}]}]":                                  "catalog.rules[0].allow[0].kind: 'kind' must be a text",
		"[{allow: [{spec.type: x}]}]":                             "catalog.rules[0].allow[0]: it names no kind",
		"[{allow: [API], location: [{type: url}]}]":               "catalog.rules[0].location: unknown key; write 'locations'",
		"[{allow: [API], locations: [{type: url, target: x}]}]":   "catalog.rules[0].locations[0].target: unknown key; known are type, exact, pattern",
		"[{allow: [API], locations: [{type: url, patterns: x}]}]": "catalog.rules[0].locations[0].patterns: unknown key; write 'pattern'",
	} {
		got := problemLines(catalog.New().CheckConfig(parse(t, "catalog: {rules: "+rules+"}")))
		if (want == "" && got != "") || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", rules, got, want)
		}
	}
	const location = "catalog: {locations: [{type: url, target: 'https://x.test/a.yaml', rules: [{allow: [API], locations: [{type: url}]}]}]}"
	if got := problemLines(catalog.New().CheckConfig(parse(t, location))); !strings.Contains(got, "catalog.locations[0].rules[0].locations: unknown key; known are allow") {
		t.Errorf("a rule of a location: %s", got)
	}
}

func problemLines(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	got, err := catalog.LoadConfig(parse(t, "app: {}"))
	if err != nil || !got.Processing || got.Interval != 0 || got.KeepOrphans || len(got.Rules) != 1 {
		t.Errorf("defaults: %+v, %v", got, err)
	}
	got, err = catalog.LoadConfig(parse(t, "catalog: {rules: [], processingInterval: {minutes: 2}, orphanStrategy: keep, readonly: true}"))
	if err != nil || got.Rules != nil || got.Interval != 2*time.Minute || !got.KeepOrphans || !got.Readonly {
		t.Errorf("set: %+v, %v", got, err)
	}
}

// TestRelativeTargets: the file of a Backstage project is written for packages/backend as the working directory.
func TestRelativeTargets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "examples"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "examples/entities.yaml", component("a"))
	path := write(t, dir, "app-config.yaml", `catalog:
  locations:
    - { type: file, target: ../../examples/entities.yaml }
    - { type: file, target: examples/*.yaml, rules: [{ allow: [Group] }] }
    - { type: file, target: nowhere.yaml }
`)
	c, err := config.Load(config.Options{Files: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := catalog.LoadConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range cfg.Locations {
		got = append(got, l.Target)
	}
	want := []string{filepath.Join(dir, "examples/entities.yaml"), filepath.Join(dir, "examples/*.yaml"), filepath.Join(cwd, "nowhere.yaml")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(cfg.Rules); n != 2 || cfg.Rules[1].Locations[0].Exact != want[1] {
		t.Errorf("rules %+v", cfg.Rules)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := write(t, dir, "good.yaml", component("a")+"---\n"+component("b"))
	bad := write(t, dir, "bad.yaml", component("c")+"---\n"+strings.Replace(component("d"), "owner: team", "x: y", 1)+"---\n"+component("a")+"---\nkind: [open\n")
	root := write(t, dir, "root.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: r}\nspec: {targets: [./good.yaml, ./missing.yaml]}\n")
	write(t, dir, "chart.yaml", "apiVersion: v2\nname: not ours\n")
	n, problems, err := catalog.Validate(t.Context(), []string{good}, nil)
	if err != nil || n != 2 || len(problems) != 0 {
		t.Errorf("a good file: %d, %v, %v", n, problems, err)
	}
	n, problems, err = catalog.Validate(t.Context(), []string{dir}, nil)
	if err != nil || n != 6 {
		t.Errorf("a folder: %d, %v", n, err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.ReplaceAll(p.String(), dir, ""))
	}
	want := []string{
		"/bad.yaml:6: component:default/d: /spec must have required property 'owner' - missingProperty: owner",
		"/good.yaml:1: component:default/a: the same entity is declared at /bad.yaml:11 already",
		"/root.yaml:1: location:default/r: file /missing.yaml does not exist",
	}
	for _, w := range want {
		if !strings.Contains(strings.Join(lines, "\n"), w) {
			t.Errorf("no %q in\n%s", w, strings.Join(lines, "\n"))
		}
	}
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "/bad.yaml:1") || !strings.Contains(lines[1], ": YAML error: ") {
		t.Errorf("problems:\n%s", strings.Join(lines, "\n"))
	}
	n, problems, err = catalog.Validate(t.Context(), []string{root}, parse(t, "catalog: {rules: [{allow: [Location]}]}"))
	if err != nil || n != 3 || len(problems) != 3 {
		t.Errorf("a location with rules: %d, %v, %v", n, problems, err)
	}
	if _, _, err := catalog.Validate(t.Context(), []string{filepath.Join(dir, "nowhere.yaml")}, nil); err == nil {
		t.Error("a path that does not exist is no error")
	}
	_ = bad
}

// TestValidateOneLine: whoever writes a descriptor must not write lines of a CI system's log.
func TestValidateOneLine(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"a\n::error file=x.go::forged\r\n": `f.yaml:3: a\n::error file=x.go::forged\r\n`,
		"\x1b[31mred\u0085\u2028 \x00":     `f.yaml:3: \x1b[31mred\u0085\u2028 \x00`,
		"##vso[task.complete] ##[error]":   `f.yaml:3: #\x23vso[task.complete] #\x23[error]`,
		"grün 'a' \\n":                     `f.yaml:3: grün 'a' \n`,
	} {
		if got := (catalog.Problem{File: "f.yaml", Line: 3, Message: given}).String(); got != want {
			t.Errorf("%q is printed %s, want %s", given, got, want)
		}
	}
	if got := (catalog.Problem{File: "::error ::x.yaml", Message: "m"}).String(); got != "./::error ::x.yaml: m" {
		t.Errorf("a file of that name is printed %s", got)
	}
	dir := t.TempDir()
	file := write(t, dir, "x.yaml", strings.Replace(component("a"), "{name: a}", `{name: "a\\n::error file=x.go::forged"}`, 1))
	_, problems, err := catalog.Validate(t.Context(), []string{file}, nil)
	if err != nil || len(problems) != 1 {
		t.Fatalf("%v, %v", problems, err)
	}
	if line := problems[0].String(); strings.Contains(line, "\n") || !strings.Contains(line, `a\n::error`) {
		t.Errorf("the line %q", line)
	}
}

// TestValidateFolder: skeletons of templates and what is excluded are left out; a catalog-info.yaml never is.
func TestValidateFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	template := "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec: {type: service, steps: [{action: 'fetch:template'}]}\n"
	filled := strings.Replace(component("a"), "{name: a}", "\n  name: ${{ values.name }}", 1)
	write(t, dir, "a/template.yaml", template)
	write(t, dir, "a/content/catalog-info.yaml", filled)
	write(t, dir, "a/skeleton/deep/x.yaml", filled)
	write(t, dir, "content/catalog-info.yaml", component("content"))
	if n, problems, err := catalog.Validate(t.Context(), []string{dir}, nil); err != nil || n != 2 || len(problems) != 0 {
		t.Errorf("skeletons: %d, %v, %v", n, problems, err)
	}
	if _, problems, err := catalog.Validate(t.Context(), []string{filepath.Join(dir, "a", "content")}, nil); err != nil || len(problems) != 1 {
		t.Errorf("a skeleton that somebody names: %v, %v", problems, err)
	}
	write(t, dir, "charts/one/catalog-info.yaml", "{{ broken")
	if _, problems, err := catalog.Validate(t.Context(), []string{dir}, nil); err != nil || len(problems) != 1 {
		t.Errorf("a broken catalog-info.yaml: %v, %v", problems, err)
	}
	for _, glob := range []string{"charts", "charts/**", "**/{one,two}", "*/*/catalog-info.yaml"} {
		if n, problems, err := catalog.Validate(t.Context(), []string{dir}, nil, glob); err != nil || n != 2 || len(problems) != 0 {
			t.Errorf("without %s: %d, %v, %v", glob, n, problems, err)
		}
	}
	if _, _, err := catalog.Validate(t.Context(), []string{dir}, nil, "[x"); err == nil {
		t.Error("a wrong glob is no error")
	}
}

// TestValidateFence: targets are followed as the catalog would follow them.
func TestValidateFence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "outside/x.yaml", component("x"))
	leading := "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: r}\nspec: {targets: ['%s']}\n"
	for _, target := range []string{"../../outside/x.yaml", "/etc/passwd", "../../outside/*.yaml"} {
		file := write(t, dir, "repo/a/catalog-info.yaml", fmt.Sprintf(leading, target))
		for _, path := range []string{file, filepath.Join(dir, "repo"), filepath.Join(dir, "repo", "*", "*.yaml")} {
			n, problems, err := catalog.Validate(t.Context(), []string{path}, nil)
			if err != nil || n != 1 || len(problems) != 1 || !strings.Contains(problems[0].Message, " lies outside of "+filepath.Join(dir, "repo")) {
				t.Errorf("%s in %s: %d, %v, %v", target, path, n, problems, err)
			}
		}
	}
	write(t, dir, "repo/a/catalog-info.yaml", fmt.Sprintf(leading, "../../outside/x.yaml"))
	if n, problems, err := catalog.Validate(t.Context(), []string{dir}, nil); err != nil || n != 2 || len(problems) != 0 {
		t.Errorf("within the folder given: %d, %v, %v", n, problems, err)
	}
}
