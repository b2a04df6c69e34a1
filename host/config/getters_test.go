package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
)

// The table of core.md 1.6, with upstream's messages.
func TestTypedGetters(t *testing.T) {
	t.Parallel()
	getters := map[string]func(c *config.Config) (any, error){
		"String":  func(c *config.Config) (any, error) { return c.String("a.v") },
		"Number":  func(c *config.Config) (any, error) { return c.Number("a.v") },
		"Bool":    func(c *config.Config) (any, error) { return c.Bool("a.v") },
		"Strings": func(c *config.Config) (any, error) { return c.Strings("a.v") },
		"Sub": func(c *config.Config) (any, error) {
			sub, err := c.Sub("a.v")
			if err != nil {
				return nil, err
			}
			return strings.Join(sub.Keys(""), " "), nil
		},
		"Subs": func(c *config.Config) (any, error) {
			subs, err := c.Subs("a.v")
			if err != nil {
				return nil, err
			}
			paths := []string{}
			for _, sub := range subs {
				paths = append(paths, sub.Path())
			}
			return paths, nil
		},
	}
	wrong := func(got, wanted string) string {
		return fmt.Sprintf("Invalid type in config for key 'a.v' in 'app-config.yaml', got %s, wanted %s", got, wanted)
	}
	convert := func(to string) string {
		return "Unable to convert config value for key 'a.v' in 'app-config.yaml' to a " + to
	}
	for _, tc := range []struct{ getter, value, want string }{
		{"String", "text", "text"},
		{"String", "' '", " "},
		{"String", "5", wrong("number", "string")},
		{"String", "true", wrong("boolean", "string")},
		{"String", "''", wrong("empty-string", "string")},
		{"String", "[]", wrong("array", "string")},
		{"String", "{}", wrong("object", "string")},
		{"String", ".nan", wrong("nan", "string")},
		{"Number", "5", "5"},
		{"Number", "-1.5e3", "-1500"},
		{"Number", "'0x10'", "16"},
		{"Number", "'0b11'", "3"},
		{"Number", "'0o17'", "15"},
		{"Number", "''", "0"},
		{"Number", "' 7 '", "7"},
		{"Number", "'.5'", "0.5"},
		{"Number", "'5.'", "5"},
		{"Number", "'+5'", "5"},
		{"Number", "'1_000'", convert("number")},
		{"Number", "'-0x10'", convert("number")},
		{"Number", "'1e999'", convert("number")},
		{"Number", "'0x1p4'", convert("number")},
		{"Number", "Infinity", convert("number")},
		{"Number", "five", convert("number")},
		{"Number", "true", wrong("boolean", "number")},
		{"Number", ".nan", wrong("nan", "number")},
		{"Number", "{}", wrong("object", "number")},
		{"Bool", "true", "true"},
		{"Bool", "' YES '", "true"},
		{"Bool", "on", "true"},
		{"Bool", "y", "true"},
		{"Bool", "1", "true"},
		{"Bool", "'1'", "true"},
		{"Bool", "False", "false"},
		{"Bool", "n", "false"},
		{"Bool", "Off", "false"},
		{"Bool", "0", "false"},
		{"Bool", "2", convert("boolean")},
		{"Bool", "''", convert("boolean")},
		{"Bool", "maybe", convert("boolean")},
		{"Bool", "[]", wrong("array", "boolean")},
		{"Strings", "[a, b]", "[a b]"},
		{"Strings", "[]", "[]"},
		{"Strings", "a", wrong("string", "string-array")},
		{"Strings", "[a, 5]", strings.Replace(wrong("number", "string-array"), "a.v'", "a.v[1]'", 1)},
		{"Strings", "['']", strings.Replace(wrong("empty-string", "string-array"), "a.v'", "a.v[0]'", 1)},
		{"Strings", "[null]", strings.Replace(wrong("null", "string-array"), "a.v'", "a.v[0]'", 1)},
		{"Sub", "{x: 1, y: null, z: 2}", "x z"},
		{"Sub", "{}", ""},
		{"Sub", "text", wrong("string", "object")},
		{"Sub", "[]", wrong("array", "object")},
		{"Subs", "[{}, {a: 1}]", "[a.v[0] a.v[1]]"},
		{"Subs", "{}", wrong("object", "object-array")},
		{"Subs", "[{}, 1]", strings.Replace(wrong("number", "object-array"), "a.v'", "a.v[1]'", 1)},
	} {
		c := parse(t, "a:\n  v: "+tc.value+"\n")
		v, err := getters[tc.getter](c)
		got := fmt.Sprint(v)
		if err != nil {
			got = config.AsProblems(err)[0].Message
			if line := err.Error(); line != "app-config.yaml:2: "+got {
				t.Errorf("%s of %s: the line is %q", tc.getter, tc.value, line)
			}
		}
		if got != tc.want {
			t.Errorf("%s of %s: got %s, want %s", tc.getter, tc.value, got, tc.want)
		}
	}
	for name, get := range getters {
		for _, text := range []string{"a: {other: 1}", "a: {v: null}", "a: null", "b: 1"} {
			_, err := get(parse(t, text))
			want := "Missing required config value at 'a.v' in 'app-config.yaml'"
			if err == nil || config.AsProblems(err)[0].Message != want {
				t.Errorf("%s of %s: got %v", name, text, err)
			}
		}
		_, err := get(parse(t, "a: text"))
		want := "Invalid type in config for key 'a' in 'app-config.yaml', got string, wanted object"
		if err == nil || config.AsProblems(err)[0].Message != want {
			t.Errorf("%s through a text: got %v", name, err)
		}
	}
}

func TestKeysOfWrongForm(t *testing.T) {
	t.Parallel()
	c := parse(t, "proxy:\n  endpoints:\n    /rely: {target: http://x}\n    a.b: {c.d: 1}\nok_1-x:y: 1\n")
	for _, key := range []string{"proxy.endpoints./rely", "a..b", "1a", "a b", ".", "a-", "__proto__", "é"} {
		_, err := c.String(key)
		if err == nil || config.AsProblems(err)[0].Message != "Invalid config key '"+key+"'" {
			t.Errorf("%s: got %v", key, err)
		}
	}
	if _, err := c.Number("ok_1-x:y"); err != nil {
		t.Error(err)
	}
	// What answers no error finds them all the same.
	if !c.Has("proxy.endpoints./rely.target") || !c.Has("proxy.endpoints.a.b.c.d") || c.Has("proxy.endpoints./r") {
		t.Error("Has does not find keys of any form")
	}
	section := c.Section("proxy", "endpoints", "/rely")
	if got := text(t, section, "target"); got != "http://x" || section.Path() != "proxy.endpoints./rely" {
		t.Errorf("got %s at %s", got, section.Path())
	}
	_, err := section.String("secure")
	if err == nil || !strings.HasPrefix(err.Error(), "app-config.yaml:3: Missing required config value at 'proxy.endpoints./rely.secure'") {
		t.Errorf("got %v", err)
	}
	if gone := c.Section("proxy", "none", "deeper"); gone.Has("") || gone.Path() != "proxy.none.deeper" {
		t.Error("a section that is not there is one without a value")
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	c := parse(t, "a:\n  b:\n    c: 5\n    list: [x, {y: 1}]\n")
	b, err := c.Sub("a.b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.String("c"); err == nil || !strings.Contains(err.Error(), "key 'a.b.c'") {
		t.Errorf("a section's errors name the full key: %v", err)
	}
	p := b.Errorf("c", "pick another", "%d is taken", 5)
	if p.Error() != "app-config.yaml:3: a.b.c: 5 is taken; pick another" {
		t.Errorf("got %s", p)
	}
	list := b.Elements("list")
	if len(list) != 2 || text(t, list[0], "") != "x" || list[1].Path() != "a.b.list[1]" {
		t.Errorf("got %v", list)
	}
	if b.Elements("c") != nil {
		t.Error("no list has elements")
	}
	if v := c.Value("a.b.none"); v != nil {
		t.Errorf("got %v", v)
	}
}
