package yamlcore_test

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
)

// read parses a text and writes its documents as JSON, one after the other.
func read(text string) (string, error) {
	docs, err := yamlcore.Parse([]byte(text))
	var out []string
	for _, doc := range docs {
		v, verr := yamlcore.Value(doc)
		if verr != nil {
			return strings.Join(out, " "), verr
		}
		out = append(out, string(entity.AppendJSON(nil, v)))
	}
	return strings.Join(out, " "), err
}

//go:embed testdata/node.json
var nodeJSON []byte

// TestAgreesWithNode compares with what Node's parser made of the same texts: values, number of documents, and whether
// there was a mistake.
func TestAgreesWithNode(t *testing.T) {
	t.Parallel()
	o, err := entity.ParseObject(nodeJSON)
	if err != nil {
		t.Fatal(err)
	}
	cases, _ := o.Path("cases").([]any)
	if len(cases) < 70 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, item := range cases {
		c, _ := item.(*entity.Object)
		text, _ := c.Path("text").(string)
		failed, _ := c.Path("failed").(bool)
		var want []string
		docs, _ := c.Path("documents").([]any)
		for _, doc := range docs {
			s, _ := doc.(string)
			want = append(want, s)
		}
		got, err := read(text)
		if got != strings.Join(want, " ") || (err != nil) != failed {
			t.Errorf("%q is %s, %v; want %s, failed %v", text, got, err, strings.Join(want, " "), failed)
		}
	}
}

func TestSurrogatePairsAsInJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a": "\ud83d\ude00 \u00e9 \\ud83d\ude00", "b": "\uD83D\uDE00"}`: "line 1, column", // half of a pair
		`{"a": "x\ud83d\ude00y\\\ud83d\ude00", "b": "\uD83D\uDE00"}`:      `{"a":"x😀y\\😀","b":"😀"}`,
		`"\ud83d"`: "line 1, column",
	} {
		got, err := read(text)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// The table of core.md 1.2, and what else the core schema says.
func TestScalars(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[yes, no, on, off, y, n, Yes, NO]":                                              `["yes","no","on","off","y","n","Yes","NO"]`,
		"[true, True, TRUE, tRUE, false]":                                                `[true,true,true,"tRUE",false]`,
		"[null, Null, NULL, ~, nULL]":                                                    `[null,null,null,null,"nULL"]`,
		"[2001-01-01, 2001-12-14t21:59:43.10-05:00, 12:30, 190:20:30]":                   `["2001-01-01","2001-12-14t21:59:43.10-05:00","12:30","190:20:30"]`,
		"[0777, 0o777, 0o8, 0x1F, 0xG, -0x1, 0b1]":                                       `[777,511,"0o8",31,"0xG","-0x1","0b1"]`,
		"[1_000, 1., .5, +.5, 1e3, 1.5E-3, -0, +12, 1e, ., +, e3, 1e+]":                  `["1_000",1,0.5,0.5,1000,0.0015,0,12,"1e",".","+","e3","1e+"]`,
		"[123456789012345678901234567890, 1e400, 9007199254740993]":                      `[1.2345678901234568e+29,null,9007199254740992]`,
		"[.inf, -.Inf, +.INF, .nan, .NAN, .iNF, .5.5]":                                   `[null,null,null,null,null,".iNF",".5.5"]`,
		`["1", '2', "null", 'true', "~"]`:                                                `["1","2","null","true","~"]`,
		"a: |\n  1\nb: >-\n  null\nc: ''\nd:":                                            `{"a":"1\n","b":"null","c":"","d":null}`,
		"[!!str 5, !!str null, ! 5, !!int '5', !!float 5, !!bool 'true', !!null '']":     `["5","null","5",5,5,true,null]`,
		"[!!binary aGk=, !!timestamp 2001-01-01, !local x, !<tag:example.com,2000:x> y]": `["aGk=","2001-01-01","x","y"]`,
		"!local {a: 1}":         `{"a":1}`,
		"%YAML 1.1\n---\n- yes": `["yes"]`,
		"\"\\u263A \\x41\\n\"":  "\"☺ A\\n\"",
	} {
		got, err := read(text)
		if err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestCollections(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"z: 1\na: 2\nm: {y: 3, b: 4}":                     `{"z":1,"a":2,"m":{"y":3,"b":4}}`,
		"base: &b {x: 1}\nuse:\n  <<: *b\n  y: 2":         `{"base":{"x":1},"use":{"<<":{"x":1},"y":2}}`,
		"a: &x [1]\nb: *x\nc: &y str\nd: *y\n? *y\n: key": `{"a":[1],"b":[1],"c":"str","d":"str","str":"key"}`,
		"1: a\ntrue: b\nnull: c\n1.50: d\n0x10: e\n~x: f": `{"1":"a","16":"e","true":"b","":"c","1.5":"d","~x":"f"}`,
		"1: a\n\"1\": b": `{"1":"b"}`,
		"{\"json\": [1, {\"a\": null}], 'single': \"\"}": `{"json":[1,{"a":null}],"single":""}`,
		"__proto__: {a: 1}\nconstructor: x":              `{"__proto__":{"a":1},"constructor":"x"}`,
		"\ufeffa: 1":                                     `{"a":1}`,
		"a: \"\xff\"":                                    "{\"a\":\"\ufffd\"}",
		"a: # comment\n  b # not\n  #nor this\n":         `{"a":"b"}`,
		"- a: 1\n  b: 2\n- - x\n  - y\n-":                `[{"a":1,"b":2},["x","y"],null]`,
	} {
		got, err := read(text)
		if err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "",
		"\n# nothing\n":                 "",
		"---\n":                         "null",
		"a: 1\n---\nb: 2\n...\n---\n":   `{"a":1} {"b":2} null`,
		"---\n---\na: 1":                `null {"a":1}`,
		"--- [1]\n--- text\n":           `[1] "text"`,
		"{\"a\": 1}\n---\n{\"b\": [2]}": `{"a":1} {"b":[2]}`,
	} {
		got, err := read(text)
		if err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, before, want string
		line               int
	}{
		{"a: 1\nb: 2\na: 3", "", `map keys must be unique; "a" is here twice`, 3},
		{"a:\n  x: 1\n  'x': 2", "", `map keys must be unique; "x" is here twice`, 3},
		{"ok: 1\n---\n1.0: a\n1: b", `{"ok":1}`, `map keys must be unique; "1" is here twice`, 4},
		{"a: [unclosed\n", "", "did not find expected", 2},
		{"a: 1\n---\nb: 'x\n", `{"a":1}`, "found unexpected end of stream", 4},
		{"a:\n\t- b", "", "cannot start any token", 2},
		{"a: *nope", "", "nope", 1},
		{"a: &x\n  b: *x", "", "alias *x contains itself", 2},
		{"&x [*x]", "", "alias *x contains itself", 1},
		{"? [a, b]\n: c", "", "a key must be a scalar", 1},
		{"a: !!int x", "", `"x" is not of type int`, 1},
		{"a: b: c", "", "mapping values are not allowed", 1},
		{"a: b\n c: d\n", "", "", 2},
	} {
		got, err := read(c.text)
		var broken *yamlcore.Error
		if !errors.As(err, &broken) || !strings.Contains(broken.Message, c.want) || broken.Line != c.line || got != c.before {
			t.Errorf("%q: %v after %q, want %q on line %d", c.text, err, got, c.want, c.line)
			continue
		}
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("line %d", c.line)) {
			t.Errorf("%q: the place is missing from %q", c.text, err)
		}
	}
}

func TestParseOne(t *testing.T) {
	t.Parallel()
	if n, err := yamlcore.ParseOne([]byte("# nothing")); n != nil || err != nil {
		t.Errorf("nothing: %v, %v", n, err)
	}
	n, err := yamlcore.ParseOne([]byte("a: 1"))
	if err != nil || n.Line != 1 || n.Column != 1 {
		t.Errorf("one: %+v, %v", n, err)
	}
	_, err = yamlcore.ParseOne([]byte("a: 1\n---\nb: 2"))
	var broken *yamlcore.Error
	if !errors.As(err, &broken) || broken.Line != 3 {
		t.Errorf("two: %v", err)
	}
}

func TestScalarAndKey(t *testing.T) {
	t.Parallel()
	n, err := yamlcore.ParseOne([]byte("key: &a .inf\nother: *a\nlist: []"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := yamlcore.Scalar(n.Content[3]); v != math.Inf(1) || err != nil {
		t.Errorf("alias of a scalar: %v, %v", v, err)
	}
	if k, err := yamlcore.Key(n.Content[0]); k != "key" || err != nil {
		t.Errorf("key: %q, %v", k, err)
	}
	if k, err := yamlcore.Key(n.Content[3]); k != "Infinity" || err != nil {
		t.Errorf("a number as key: %q, %v", k, err)
	}
	if _, err := yamlcore.Scalar(n.Content[5]); err == nil || !strings.Contains(err.Error(), "line 3, column 7: expected a scalar") {
		t.Errorf("a list is no scalar: %v", err)
	}
}

// TestAliasesCannotGrowWithoutBound feeds the "billion laughs" and a deep chain.
func TestAliasesCannotGrowWithoutBound(t *testing.T) {
	t.Parallel()
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	if got, err := read(laughs.String()); err == nil || !strings.Contains(err.Error(), "aliases add more than 100000 nodes") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	if _, err := read(deep); err == nil {
		t.Error("2000 levels were accepted")
	}
	// Used twice is no bomb.
	if _, err := read("a: &a [" + strings.Repeat("x,", 20_000) + "]\nb: *a\nc: *a"); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n---\nb: [x, 'y', \"z\"]\n", "a: &x {b: 1}\n<<: *x\n", "&a [*a]", "a: 1\na: 2", "? [a]\n: b", "!!int x", "- |\n  text\n", "%YAML 1.2\n---\n",
		"a: 0o7\nb: 0x1F\nc: 1e3\nd: .inf", "\ufeffa", "\xff\xfea\x00", "{a: [", "*x", "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := yamlcore.Parse(data)
		var broken *yamlcore.Error
		if err != nil && !errors.As(err, &broken) {
			t.Fatalf("%q: %T %v", data, err, err)
		}
		for _, doc := range docs {
			v, err := yamlcore.Value(doc)
			if err != nil {
				continue
			}
			// What was read can be written and is JSON.
			if _, err := entity.ParseJSON(entity.AppendJSON(nil, v)); err != nil {
				t.Fatalf("%q: %v", data, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(strings.Repeat("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: svc\n  annotations:\n    github.com/project-slug: acme/svc\n  tags: [go, rest]\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n  dependsOn:\n    - resource:default/db\n---\n", 100))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		docs, err := yamlcore.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		for _, doc := range docs {
			if _, err := yamlcore.Value(doc); err != nil {
				b.Fatal(err)
			}
		}
	}
}
