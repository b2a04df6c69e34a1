package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
)

// load reads sources in order, the last wins.
func load(t *testing.T, sources ...string) *config.Config {
	t.Helper()
	files := map[string]string{}
	opts := config.Options{Environ: []string{"SET=set"}}
	for i, source := range sources {
		files[string(rune('a'+i))+".yaml"] = source
	}
	dir := write(t, files)
	for i := range sources {
		opts.Files = append(opts.Files, filepath.Join(dir, string(rune('a'+i))+".yaml"))
	}
	c, err := config.Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// core.md 1.5
func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ low, high, want string }{
		{"v: {a: 1, b: {c: 1, d: 2}}", "v: {b: {d: 3, e: 4}, z: 5}", `{"b":{"d":3,"e":4,"c":1},"z":5,"a":1}`}, // the higher source's keys first
		{"v: [1, 2, 3]", "v: [4]", `[4]`},
		{"v: {a: 1}", "v: text", `"text"`},
		{"v: text", "v: {a: 1}", `{"a":1}`}, // upstream's getConfig quirk is not copied
		{"v: {a: 1}", "v: [1]", `[1]`},
		{"v: {a: 1}", "v: null", `null`},
		{"v: {a: {x: 1}, b: 2}", "v: {a: null}", `{"b":2}`},
		{"v: null", "v: {a: 1}", `{"a":1}`},
		{"v: {a: 1}", "v: ~", `null`},
		{"v: 1", "other: 2", `1`},
		{"v: low", "v: ${UNSET}", `"low"`}, // dropped is not null
		{"v: {a: 1}", "v: {a: '${UNSET}', b: 2}", `{"a":1,"b":2}`},
		{"v: ${UNSET}", "v: high", `"high"`},
		{"v: ${UNSET}", "v: ${UNSET}", `null`},
		{"v: [low]", "v: ['${UNSET}']", `[]`},
	} {
		if got := plain(load(t, tc.low, tc.high), "v"); got != tc.want {
			t.Errorf("%s over %s: got %s, want %s", tc.high, tc.low, got, tc.want)
		}
	}
}

func TestNullHides(t *testing.T) {
	t.Parallel()
	c := load(t, "a: {b: 1}\nc: {d: 1, e: 2}", "a: null\nc: {d: null}")
	if c.Has("a") || c.Has("a.b") || c.Has("c.d") || !c.Has("c.e") {
		t.Error("null counts as absent and hides what is below")
	}
	if keys := strings.Join(c.Keys(""), " "); keys != "c" {
		t.Errorf("keys: %s", keys)
	}
	if keys := strings.Join(c.Keys("c"), " "); keys != "e" {
		t.Errorf("keys: %s", keys)
	}
	if _, err := c.Sub("a"); err == nil || !strings.Contains(err.Error(), "Missing required config value at 'a' in 'b.yaml'") {
		t.Errorf("got %v", err)
	}
	if sub, err := c.OptionalSub("a"); sub != nil || err != nil {
		t.Errorf("got %v, %v", sub, err)
	}
}

func TestOriginsSurviveMerging(t *testing.T) {
	t.Parallel()
	c := load(t, "s:\n  low: 1\n  both: 1\n  list:\n    - a\n    - b: x\n", "\ns: {both: 2,\n  high: 3}\n")
	for path, want := range map[string]string{
		"s.low":       "a.yaml:2:8",
		"s.both":      "b.yaml:2:11",
		"s.high":      "b.yaml:3:9",
		"s.list[1].b": "a.yaml:6:10",
		"s":           "b.yaml:2:1",
		"s.absent":    "b.yaml:2:1",
		"absent":      "b.yaml:2:1",
	} {
		o := c.Origin(path)
		o.File = filepath.Base(o.File)
		if o.String() != want {
			t.Errorf("%s is from %s, want %s", path, o, want)
		}
	}
}

// A value that could not be read must not become the default of a lower source.
func TestUnreadableDoesNotFallBack(t *testing.T) {
	t.Parallel()
	c := load(t, "db: {password: default, user: u}", "db: {password: {$file: gone}}")
	if _, err := c.String("db.password"); err == nil || !strings.Contains(err.Error(), "failed to read file gone") {
		t.Errorf("got %v", err)
	}
	if got := text(t, c, "db.user"); got != "u" {
		t.Errorf("got %s", got)
	}
	// A higher source that replaces it makes it good.
	if got := text(t, load(t, "p: {$file: gone}", "p: good"), "p"); got != "good" {
		t.Errorf("got %s", got)
	}
	// One that adds to it knows its own keys only.
	c = load(t, "s: {$include: gone.yaml}", "s: {mine: 1}")
	if _, err := c.Number("s.mine"); err != nil {
		t.Error(err)
	}
	if _, _, err := c.OptionalNumber("s.other"); err == nil || !strings.Contains(err.Error(), "failed to include gone.yaml") {
		t.Errorf("got %v", err)
	}
	var dst struct {
		Mine int `config:"mine"`
	}
	if err := c.Decode("s", &dst, config.Strict); err == nil || dst.Mine != 1 {
		t.Errorf("decoded %v with %v", dst, err)
	}
}

func TestDroppedWarnsEvenIfALowerSourceSteps(t *testing.T) {
	t.Parallel()
	c := load(t, "v: low", "v: ${UNSET}")
	if ps := c.Problems(); len(ps) != 1 || !strings.Contains(ps[0].Error(), "b.yaml:1: v: left out, because ${UNSET} is not set") {
		t.Errorf("got %v", ps)
	}
	if ps := load(t, "v: ${UNSET}", "v: high").Problems(); len(ps) != 0 {
		t.Errorf("a value that nobody reads is no concern: %v", ps)
	}
}
