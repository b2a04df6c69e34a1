package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
)

// write fills a new directory with files and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parse(t *testing.T, text string, environ ...string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(t *testing.T, c *config.Config, path string) string {
	t.Helper()
	s, err := c.String(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The sources of core.md 1.1, each telling its own name: the one that wins is read.
func TestSourcesAndTheirPriority(t *testing.T) {
	t.Parallel()
	named := func(name string) string { return "from: " + name + "\n" + name + ": 'yes'\n" }
	all := map[string]string{
		"app-config.yaml":               named("base"),
		"app-config.staging.yaml":       named("staging"),
		"app-config.eu.yaml":            named("eu"),
		"app-config.local.yaml":         named("local"),
		"app-config.staging.local.yaml": named("staging-local"),
		"app-config.eu.local.yaml":      named("eu-local"),
		"other.yaml":                    named("other"),
		"empty.yaml":                    "# nothing\n",
	}
	for _, tc := range []struct {
		name    string
		files   []string
		environ []string
		wins    string
		has     string // every source that was read
	}{
		{"defaults", nil, []string{}, "local", "base local"},
		{"one environment", nil, []string{"BACKSTAGE_ENV=eu"}, "eu-local", "base eu local eu-local"},
		{"several, one of them without files", nil, []string{"BACKSTAGE_ENV=staging, none,,eu"}, "eu-local", "base staging eu local staging-local eu-local"},
		{"a flag suppresses all default files", []string{"other.yaml"}, []string{"BACKSTAGE_ENV=eu"}, "other", "other"},
		{"the later flag wins", []string{"other.yaml", "app-config.yaml"}, []string{}, "base", "base other"},
		{"an empty file contributes nothing", []string{"other.yaml", "empty.yaml"}, []string{}, "other", "other"},
		{"variables are highest", nil, []string{"APP_CONFIG_from=env", "APP_CONFIG_env=yes"}, "env", "base local env"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, all)
			opts := config.Options{Dir: dir, Environ: tc.environ}
			for _, f := range tc.files {
				opts.Files = append(opts.Files, filepath.Join(dir, f))
			}
			c, err := config.Load(opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, c, "from"); got != tc.wins {
				t.Errorf("read from %s, want %s", got, tc.wins)
			}
			for name := range strings.SplitSeq("base staging eu local staging-local eu-local other env", " ") {
				if want := strings.Contains(" "+tc.has+" ", " "+name+" "); c.Has(name) != want {
					t.Errorf("source %s read: %v, want %v", name, c.Has(name), want)
				}
			}
		})
	}
}

func TestFatalSources(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"list.yaml":   "- a\n",
		"syntax.yaml": "a: 1\nb: [\n",
		"twice.yaml":  "a: 1\nb: 2\na: 3\n",
		"two.yaml":    "a: 1\n---\nb: 1\n",
		"text.yaml":   "just words\n",
		"good.yaml":   "a: 1\n",
	})
	for _, tc := range []struct {
		name    string
		files   []string
		environ []string
		want    []string
	}{
		{"no default file", nil, nil, []string{`Config file "` + dir + `/app-config.yaml" does not exist; name one with --config FILE, or start where app-config.yaml is`}},
		{"missing file", []string{"gone.yaml"}, nil, []string{`Config file "` + dir + `/gone.yaml" does not exist; `}},
		{"list at the root", []string{"list.yaml"}, nil, []string{"list.yaml:1: expected object at config root"}},
		{"text at the root", []string{"text.yaml"}, nil, []string{"text.yaml:1: expected object at config root"}},
		{"syntax", []string{"syntax.yaml"}, nil, []string{"syntax.yaml:3: not valid YAML: "}},
		{"key twice", []string{"twice.yaml"}, nil, []string{`twice.yaml:3: not valid YAML: map keys must be unique; "a" is here twice`}},
		{"two documents", []string{"two.yaml"}, nil, []string{"two.yaml:3: not valid YAML: expected a single document"}},
		{"URL", []string{"https://user:pw@example.com/app-config.yaml"}, nil, []string{`config argument "https://user:xxxxx@example.com/app-config.yaml" is a URL: remote configuration is not supported`}},
		{"all at once", []string{"gone.yaml", "good.yaml", "twice.yaml"}, []string{"APP_CONFIG_1=x"}, []string{"does not exist", "twice.yaml:3: ", "env:APP_CONFIG_1: Invalid env config key '1'"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			opts := config.Options{Dir: dir, Environ: append([]string{}, tc.environ...)}
			for _, f := range tc.files {
				if !strings.Contains(f, "://") {
					f = filepath.Join(dir, f)
				}
				opts.Files = append(opts.Files, f)
			}
			_, err := config.Load(opts)
			if err == nil {
				t.Fatal("loaded")
			}
			lines := strings.Split(strings.ReplaceAll(err.Error(), dir+"/", ""), "\n")
			if len(lines) != len(tc.want) {
				t.Fatalf("got %d lines:\n%s", len(lines), err)
			}
			for i, want := range tc.want {
				if !strings.Contains(lines[i], strings.ReplaceAll(want, dir+"/", "")) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestSourceTooLarge(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"big.yaml": "a: |\n" + strings.Repeat("  0123456789012345678901234567890\n", 17<<20/33)})
	_, err := config.Load(config.Options{Files: []string{filepath.Join(dir, "big.yaml")}, Environ: []string{}})
	if err == nil || !strings.Contains(err.Error(), "cannot be read: larger than 16777216 bytes") {
		t.Errorf("got %v", err)
	}
}

// Aliases and includes may be nested to grow into gigabytes; the file is refused before that.
func TestExpansionIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		now, before := string(rune('0'+i)), string(rune('0'+i-1))
		b.WriteString("a" + now + ": &a" + now + " [" + strings.Repeat("*a"+before+", ", 9) + "*a" + before + "]\n")
	}
	_, err := config.Parse("app-config.yaml", []byte(b.String()), nil)
	if err == nil || err.Error() != "app-config.yaml: aliases and includes expand to more than 200000 values" {
		t.Errorf("got %v", err)
	}
}

// YAML 1.2 core, as core.md 1.2 lists its traps.
func TestParsing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ yaml, want string }{
		{"v: yes", `"yes"`},
		{"v: no", `"no"`},
		{"v: on", `"on"`},
		{"v: off", `"off"`},
		{"v: true", `true`},
		{"v: 2001-01-01", `"2001-01-01"`},
		{"v: 0777", `777`},
		{"v: 0o777", `511`},
		{"v: 0x10", `16`},
		{"v: 1_000", `"1_000"`},
		{"v: 1e3", `1000`},
		{"v: '5'", `"5"`},
		{"b: &b {x: 1}\nv: {<<: *b}", `{"<<":{"x":1}}`}, // [live]
		{"b: &b {x: 1}\nv: *b", `{"x":1}`},
		{"v: {z: 1, a: {y: 1, b: 2}}", `{"z":1,"a":{"y":1,"b":2}}`},
		{"v: [1, null, {a: null, b: 1}]", `[1,null,{"b":1}]`},
		{"v: {1.0: a, true: b}", `{"1":"a","true":"b"}`},
	} {
		if got := plain(parse(t, tc.yaml), "v"); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.yaml, got, tc.want)
		}
	}
}

// core.md 1.3, the live facts among them.
func TestVariablesAsSource(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		environ []string
		want    string // the whole as JSON, or the error's lines
	}{
		{[]string{"APP_CONFIG_app_baseUrl=http://x"}, `{"app":{"baseUrl":"http://x"}}`},
		{[]string{`APP_CONFIG_a="007"`}, `{"a":"007"}`},
		{[]string{"APP_CONFIG_a=5", "APP_CONFIG_b=true", `APP_CONFIG_c={"z":1,"a":[1,"x"]}`}, `{"a":5,"b":true,"c":{"z":1,"a":[1,"x"]}}`},
		{[]string{"APP_CONFIG_a=", "OTHER=x"}, `null`},
		{[]string{"APP_CONFIG_a=${HOME}"}, `{"a":"${HOME}"}`}, // not a file source: no transforms
		{[]string{"APP_CONFIG_a-b_c:d=x"}, `{"a-b":{"c:d":"x"}}`},
		{[]string{`APP_CONFIG_a={"x":1}`, "APP_CONFIG_a_b=2"}, `{"a":{"x":1,"b":2}}`},
		{[]string{"APP_CONFIG_a= 5 "}, `{"a":5}`},
		{[]string{"APP_CONFIG_a={bad"}, `{"a":"{bad"}`},
		{[]string{"APP_CONFIG_a=null"}, "env:APP_CONFIG_a: Failed to parse JSON-serialized config value for key 'a', value may not be null"},
		{[]string{"APP_CONFIG_1a=x"}, "env:APP_CONFIG_1a: Invalid env config key '1a'"},
		{[]string{"APP_CONFIG_a__b=x"}, "env:APP_CONFIG_a__b: Invalid env config key 'a__b'"},
		{[]string{"APP_CONFIG_a_b=1", "APP_CONFIG_a=2"}, "env:APP_CONFIG_a: Refusing to override existing config at key 'a'"},
		{[]string{"APP_CONFIG_a=1", "APP_CONFIG_a_b_c=2"}, "env:APP_CONFIG_a_b_c: Could not nest config for key 'a_b_c' under existing value 'a'"},
		{[]string{"APP_CONFIG_a=1", "APP_CONFIG_a_b=2", "APP_CONFIG_=3"}, "env:APP_CONFIG_a_b: Could not nest config for key 'a_b' under existing value 'a'\nenv:APP_CONFIG_: Invalid env config key ''"},
	} {
		dir := write(t, map[string]string{"app-config.yaml": ""})
		c, err := config.Load(config.Options{Dir: dir, Environ: tc.environ})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = plain(c, "")
		}
		if got != tc.want {
			t.Errorf("%v:\n got %s\nwant %s", tc.environ, got, tc.want)
		}
	}
}

func TestVariableIsTheContextEnv(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"app-config.yaml": "app: {title: x}\n"})
	c, err := config.Load(config.Options{Dir: dir, Environ: []string{"APP_CONFIG_app_port=5"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.String("app.port")
	want := "env:APP_CONFIG_app_port: Invalid type in config for key 'app.port' in 'env', got number, wanted string"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	// A missing key names the highest source, which has nothing to do with it.
	if _, err = c.String("organization.name"); !strings.Contains(err.Error(), "Missing required config value at 'organization.name' in 'env'") {
		t.Errorf("got %v", err)
	}
}
