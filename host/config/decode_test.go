package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// section has a field of every type that Decode knows.
type section struct {
	common
	HostURL  string                  `config:"hostUrl,required"`
	Secret   config.Secret           `config:"apiSecret"`
	ReadOnly bool                    `config:"readOnly"`
	Port     uint16                  `config:"port"`
	Offset   int8                    `config:"offset"`
	Ratio    float64                 `config:"ratio"`
	Labels   []string                `config:"labels"`
	Methods  []string                `config:"methods,list"`
	Timeout  config.Duration         `config:"timeout"`
	Server   config.Duration         `config:"server,millis"`
	Cron     *cron                   `config:"cron"`
	Schedule config.Schedule         `config:"schedule"`
	Routes   config.KeyedList[route] `config:"routes"`
	Limits   map[string]int          `config:"limits"`
	Level    slog.Level              `config:"level"`
	Filters  any                     `config:"filters"`
	Policy   policy                  `config:"policy"`
	Untagged string
}

type common struct {
	Prefix string `config:"prefix,empty"`
}

type cron struct {
	Enabled bool   `config:"enabled"`
	Spec    string `config:"spec,required"`
}

func (c *cron) Validate() error {
	if _, err := config.ParseCron(c.Spec); err != nil {
		return config.Invalid("spec", "%s", err)
	}
	return nil
}

type route struct {
	Target  string            `config:"target,required"`
	Headers map[string]string `config:"headers"`
}

type policy string

func (p policy) Validate() error {
	if p != "none" && p != "delete" {
		return fmt.Errorf("unknown policy '%s', wanted none or delete", string(p))
	}
	return nil
}

func (s *section) Validate() error {
	var errs []error
	if s.Port == 1 {
		errs = append(errs, config.Invalid("port", "port %d is reserved", s.Port))
	}
	for i, label := range s.Labels {
		if label == "bad" {
			errs = append(errs, config.Problems{config.Invalid(fmt.Sprintf("labels[%d]", i), "is bad")})
		}
	}
	if s.ReadOnly && s.Ratio > 0 {
		errs = append(errs, errors.New("ratio makes no sense when readOnly is set"))
	}
	return errors.Join(errs...)
}

// Each file of testdata/decode is an app-config.yaml (and what it includes, and "environ"), the lines that decoding its
// section "s" yields, and the value that came of it. The mode is in the file's comment. -update rewrites.
func TestDecode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines, value := decodeCase(t, archive)
			golden(t, file, archive, "lines", lines)
			golden(t, file, archive, "value", value)
		})
	}
}

func decodeCase(t *testing.T, archive *txtar.Archive) (lines, value string) {
	t.Helper()
	dir := t.TempDir()
	environ := []string{}
	for _, f := range archive.Files {
		if f.Name == "environ" {
			environ = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mode := config.Strict
	if strings.HasPrefix(string(archive.Comment), "lenient") {
		mode = config.Lenient
	}
	var out []string
	dst := section{Policy: "none", Ratio: 0.5}
	c, err := config.Load(config.Options{Dir: dir, Environ: environ})
	if err == nil {
		err = c.Decode("s", &dst, mode)
		for _, p := range c.Problems() {
			out = append(out, "warning: "+p.Error())
		}
	}
	for _, p := range config.AsProblems(err) {
		if p.Warning {
			t.Errorf("a warning among the errors: %v", p)
		}
		out = append(out, "error: "+p.Error())
	}
	dst.Filters = string(entity.AppendJSON(nil, dst.Filters))
	text, err := json.Marshal(dst)
	if err != nil {
		t.Fatal(err)
	}
	clean := func(s string) string { return strings.ReplaceAll(s, dir+"/", "") }
	return clean(strings.Join(out, "\n")), clean(string(text))
}

func golden(t *testing.T, file string, archive *txtar.Archive, name, got string) {
	t.Helper()
	if got != "" {
		got += "\n"
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	if *update {
		if i < 0 {
			archive.Files, i = append(archive.Files, txtar.File{Name: name}), len(archive.Files)
		}
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		return
	}
	if i < 0 || string(archive.Files[i].Data) != got {
		want := "nothing"
		if i >= 0 {
			want = string(archive.Files[i].Data)
		}
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestDecodeOtherDestinations(t *testing.T) {
	t.Parallel()
	c := parse(t, "list: [{target: a}, {target: b}]\ntext: x\nnumber: 5\nover: 300\ndeep: {a: {b: [1, 2]}}\n")
	var routes []route
	if err := c.Decode("list", &routes, config.Strict); err != nil || len(routes) != 2 || routes[1].Target != "b" {
		t.Errorf("got %v, %v", routes, err)
	}
	var s string
	if err := c.Decode("text", &s, config.Strict); err != nil || s != "x" {
		t.Errorf("got %q, %v", s, err)
	}
	var small uint8
	if err := c.Decode("over", &small, config.Strict); err == nil || err.Error() != "app-config.yaml:4: over: is out of range" {
		t.Errorf("got %v", err)
	}
	var deep map[string]map[string][]int
	if err := c.Decode("deep", &deep, config.Strict); err != nil || fmt.Sprint(deep) != "map[a:map[b:[1 2]]]" {
		t.Errorf("got %v, %v", deep, err)
	}
	if err := c.Decode("gone", &s, config.Strict); err != nil || s != "x" {
		t.Errorf("an absent value changed %q, %v", s, err)
	}
}

func TestDecodePanicsOnWiringMistakes(t *testing.T) {
	t.Parallel()
	c := parse(t, "a: 1\n")
	for name, dst := range map[string]any{
		"no pointer": section{},
		"nil":        (*section)(nil),
		"unknown type": &struct {
			A chan int `config:"a"`
		}{},
		"unknown option": &struct {
			A int `config:"a,optional"`
		}{},
		"key type": &struct {
			A map[int]int `config:"a"`
		}{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			_ = c.Decode("", dst, config.Lenient)
		}()
	}
}

// An unknown key is told once, however often the section is decoded, and UnknownKeys does not say it again.
func TestLenientWarnsOnce(t *testing.T) {
	t.Parallel()
	c := parse(t, "backend: {listen: {prot: 1}}\n")
	for range 3 {
		var dst struct {
			Port int `config:"port"`
		}
		if err := c.Decode("backend.listen", &dst, config.Lenient); err != nil {
			t.Fatal(err)
		}
	}
	want := "app-config.yaml:1: backend.listen.prot: unknown key; did you mean 'port'?"
	all := append(c.Problems(), config.UnknownKeys(c)...)
	if ps := all.Sorted(); len(ps) != 1 || ps[0].Error() != want {
		t.Errorf("got %v", ps)
	}
}

func TestDecodeKeepsOrderAndFindsKeys(t *testing.T) {
	t.Parallel()
	c := parse(t, "routes:\n  /z: {target: z}\n  /a: {target: a}\n")
	var dst struct {
		Routes config.KeyedList[*route] `config:"routes"`
		Absent config.KeyedList[string] `config:"absent"`
	}
	if err := c.Decode("", &dst, config.Strict); err != nil {
		t.Fatal(err)
	}
	if dst.Routes[0].Key != "/z" || dst.Routes[1].Origin.Place() != "app-config.yaml:3" {
		t.Errorf("got %+v", dst.Routes)
	}
	if r, ok := dst.Routes.Get("/a"); !ok || r.Target != "a" {
		t.Errorf("got %v", r)
	}
	if _, ok := dst.Absent.Get("/a"); ok {
		t.Error("found in nothing")
	}
	if err := parse(t, "routes: [1]").Decode("", &dst, config.Strict); err == nil || err.Error() != "app-config.yaml:1: routes: got array, wanted object" {
		t.Errorf("got %v", err)
	}
}

func TestDecodeElementsThatAreNull(t *testing.T) {
	t.Parallel()
	c := parse(t, "v: [a, null]\nn: [9007199254740993, x]\n")
	var texts []string
	if err := c.Decode("v", &texts, config.Strict); err == nil || err.Error() != "app-config.yaml:1: v[1]: is null" {
		t.Errorf("got %v", err)
	}
	var pointers []*string
	if err := c.Decode("v", &pointers, config.Strict); err != nil || pointers[1] != nil || *pointers[0] != "a" {
		t.Errorf("got %v, %v", pointers, err)
	}
	var numbers []int64
	err := c.Decode("n", &numbers, config.Strict)
	var first config.Problem
	if !errors.As(err, &first) || len(config.AsProblems(err)) != 2 {
		t.Errorf("got %v", err)
	}
	if err := c.Decode("v", &numbers, config.Strict); err == nil {
		t.Error("a text passed for a number")
	}
}
