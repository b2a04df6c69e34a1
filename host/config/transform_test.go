package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

func plain(c *config.Config, path string) string {
	return string(entity.AppendJSON(nil, c.Value(path)))
}

// The forms of core.md 1.4 inside a text.
func TestSubstitution(t *testing.T) {
	t.Parallel()
	environ := []string{"A=one", "SPACED=  two\n", "EMPTY=", "BLANK=   ", "PORT=7007", "NESTED=${A}"}
	for _, tc := range []struct{ yaml, want string }{
		{"v: ${A}", `"one"`},
		{"v: 'x ${A} y ${ SPACED } z'", `"x one y two z"`},
		{"v: ${PORT}", `"7007"`}, // never a number
		{"v: ${UNSET}", `null`},
		{"v: 'a ${A} ${UNSET}'", `null`}, // the whole text [live]
		{"v: [a, '${UNSET}', b]", `["a","b"]`},
		{"v: {a: 1, b: '${UNSET}'}", `{"a":1}`},
		{"v: ${UNSET:-def}", `"def"`},
		{"v: ${EMPTY:-def}", `"def"`},
		{"v: ${BLANK:-def}", `"def"`},
		{"v: ${A:-def}", `"one"`},
		{"v: '${UNSET:-  a b:-c }'", `"a b:-c"`},
		{"v: ${UNSET:-}", `null`},
		{"v: ${EMPTY}", `""`},
		{"v: $${A}", `"${A}"`},
		{"v: '$${UNSET} ${A}'", `"${UNSET} one"`},
		{"v: $A", `"$A"`},
		{"v: '${a{b}'", `"${a{b}"`},
		{"v: '${A'", `"${A"`},
		{"v: ${NESTED}", `"${A}"`}, // once only
		{"'${A}': x\nv: 1", `1`},
		{"v: {$env: A}", `"one"`},
		{"v: {$env: '${UNSET:-SPACED}'}", `"two"`},
		{"v: {$env: UNSET}", `null`},
		{"v: [{$env: UNSET}, {$env: A}]", `["one"]`},
		{"v: {$env: EMPTY}", `""`},
	} {
		c, err := config.Parse("app-config.yaml", []byte(tc.yaml), environ)
		if err != nil {
			t.Errorf("%s: %v", tc.yaml, err)
			continue
		}
		if got := plain(c, "v"); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.yaml, got, tc.want)
		}
	}
	if _, err := parse(t, "v: ${EMPTY}", environ...).String("v"); err == nil || !strings.Contains(err.Error(), "got empty-string, wanted string") {
		t.Errorf("an empty variable passed for a text: %v", err)
	}
}

func TestIncludes(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"app-config.yaml": `
file: { $file: secrets/token.txt }
empty: { $file: secrets/empty.txt }
whole: { $include: parts/catalog.yaml }
part: { $include: 'parts/catalog.yaml#a.b' }
text: { $include: 'parts/catalog.yaml#greeting' }
nothing: { $include: 'parts/catalog.yaml#a.none' }
json: { $include: parts/data.json }
named: { $include: 'parts/${KIND}.yaml#greeting' }
void: { $include: parts/void.yml }
list: [{ $file: secrets/token.txt }, { $include: 'parts/data.json#list' }]
own: { $include: 'app-config.yaml#list' }
`,
		"secrets/token.txt":  "s3cret \n\n",
		"secrets/empty.txt":  "\n",
		"parts/catalog.yaml": "greeting: hello ${NAME}\na: {b: {c: {$include: deeper/x.yaml}, d: {$file: here.txt}}}\n",
		"parts/here.txt":     "here",
		"parts/deeper/x.yaml": `
- {$file: ../here.txt}
- ${NAME}
`,
		"parts/data.json": "{\n\t\"list\": [1, \"${NAME}\", null],\n\t\"a\": 1,\n\t\"a\": 2\n}\n",
		"parts/void.yml":  "",
	})
	c, err := config.Load(config.Options{Dir: dir, Environ: []string{"NAME=Ann", "KIND=catalog"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"file":    `"s3cret"`,
		"empty":   `""`,
		"whole":   `{"greeting":"hello Ann","a":{"b":{"c":["here","Ann"],"d":"here"}}}`,
		"part":    `{"c":["here","Ann"],"d":"here"}`,
		"text":    `"hello Ann"`,
		"nothing": `null`,
		"json":    `{"list":[1,"Ann",null],"a":2}`,
		"named":   `"hello Ann"`,
		"void":    `null`,
		"list":    `["s3cret",[1,"Ann",null]]`,
		"own":     `["s3cret",[1,"Ann",null]]`,
	} {
		if got := plain(c, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	place := func(path string) string {
		o := c.Origin(path)
		rel, err := filepath.Rel(dir, o.File)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s:%d", rel, o.Line)
	}
	for path, want := range map[string]string{
		"file":         "app-config.yaml:2",
		"whole.a.b.d":  "parts/catalog.yaml:2",
		"part.c":       "parts/deeper/x.yaml:2",
		"json.list":    "parts/data.json:2",
		"text":         "parts/catalog.yaml:1",
		"json.missing": "parts/data.json:1",
	} {
		if got := place(path); got != want {
			t.Errorf("%s comes from %s, want %s", path, got, want)
		}
	}
}

// What upstream dies of at start concerns here only those who want the value (see the package comment).
func TestUnreadableValues(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"bad.yaml":      "a: [\n",
		"bad.json":      "{\n\"a\": }\n",
		"scalar.yaml":   "a: 1\n",
		"cycle.yaml":    "x: {$include: 'other.yaml'}\n",
		"other.yaml":    "y: {$include: 'cycle.yaml'}\n",
		"self.yaml":     "a: {b: {$include: 'self.yaml#a'}}\n",
		"sub/value.txt": "x",
		"huge.txt":      strings.Repeat("x", 1<<20+1),
		"binary.txt":    "a\xffb",
	})
	for _, tc := range []struct{ value, want string }{
		{"{$env: A, other: 1}", "include key $env should not have adjacent keys"},
		{"{other: 1, $file: x}", "include key $file should not have adjacent keys"},
		{"{$file: 5}", "$file include value is not a string"},
		{"{$include: {a: 1}}", "$include include value is not a string"},
		{"{$file: '${UNSET}.txt'}", "$file substitution value was undefined; ${UNSET} is not set"},
		{"{$file: gone.txt}", "failed to read file gone.txt, no such file or directory"},
		{"{$file: sub}", "failed to read file sub, is a directory"},
		{"{$file: huge.txt}", "failed to read file huge.txt, larger than 1048576 bytes"},
		{"{$include: x.toml}", "no configuration parser available for included file x.toml"},
		{"{$include: gone.yaml}", "failed to include gone.yaml, no such file or directory"},
		{"{$include: 'scalar.yaml#a.b'}", "value at 'a' in included file scalar.yaml is not an object"},
		{"{$include: self.yaml}", "self.yaml#a includes itself"},
		{"{$include: cycle.yaml}", "cycle.yaml includes itself"},
		{"{$include: bad.yaml}", "failed to parse included file bad.yaml, not valid YAML: "},
		{"{$include: bad.json}", "failed to parse included file bad.json, not valid JSON: invalid character '}' looking for beginning of value"},
	} {
		name := filepath.Join(dir, "app-config.yaml")
		c, err := config.Parse(name, []byte("good: 1\nsection:\n  key: "+tc.value+"\n"), nil)
		if err != nil {
			t.Errorf("%s: fatal: %v", tc.value, err)
			continue
		}
		if _, err := c.Number("good"); err != nil {
			t.Errorf("%s: the rest suffers: %v", tc.value, err)
		}
		warnings := c.Problems()
		if len(warnings) != 1 || !warnings[0].Warning || !strings.Contains(warnings[0].Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", tc.value, warnings, tc.want)
			continue
		}
		for _, declared := range []string{"section", "section.key", "section.key.deeper"} {
			reach := strings.HasPrefix(warnings[0].Path, declared) || strings.HasPrefix(declared, warnings[0].Path)
			if got := c.Problems("other", declared).Err() != nil; got != reach {
				t.Errorf("%s: an error for who declared %s: %v", tc.value, declared, got)
			}
		}
		if c.Problems("other", "sect", "good").Err() != nil {
			t.Errorf("%s: an error for strangers", tc.value)
		}
		if warnings[0].Path == "section.key" {
			_, _, err := c.OptionalString("section.key")
			if err == nil || !strings.Contains(err.Error(), "section.key: "+tc.want) {
				t.Errorf("%s: reading it says %v", tc.value, err)
			}
		}
	}
	c, err := config.Parse(filepath.Join(dir, "app-config.yaml"), []byte("v: {$file: binary.txt}"), nil)
	if err != nil || text(t, c, "v") != "a\ufffdb" {
		t.Errorf("a file that is no UTF-8 reads as Node reads it: %v", err)
	}
}

// A cycle that symbolic links hide ends at the limit of depth.
func TestRootIncludeCycle(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"app-config.yaml": "$include: app-config.yaml\n"})
	_, err := config.Load(config.Options{Dir: dir, Environ: []string{}})
	if err == nil || !strings.Contains(err.Error(), "app-config.yaml includes itself") {
		t.Errorf("got %v", err)
	}
}

func TestVariableThatIsNotSet(t *testing.T) {
	t.Parallel()
	c := parse(t, "spacelift:\n  hostUrl: acme.app.spacelift.io\n  apiSecret: ${SECRET}\n  labels: [a, '${LABEL}']\n")
	var lines []string
	for _, p := range c.Problems() {
		if !p.Warning {
			t.Errorf("%v is an error", p)
		}
		lines = append(lines, p.Error())
	}
	want := []string{
		"app-config.yaml:3: spacelift.apiSecret: left out, because ${SECRET} is not set",
		"app-config.yaml:4: spacelift.labels[1]: left out, because ${LABEL} is not set",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	if c.Has("spacelift.apiSecret") {
		t.Error("the key is there")
	}
	if _, ok, err := c.OptionalString("spacelift.apiSecret"); ok || err != nil {
		t.Errorf("an optional key is absent: %v %v", ok, err)
	}
	_, err := c.String("spacelift.apiSecret")
	if err == nil || err.Error() != "app-config.yaml:3: Missing required config value at 'spacelift.apiSecret' in 'app-config.yaml'; missing because ${SECRET} is not set" {
		t.Errorf("got %v", err)
	}
}
