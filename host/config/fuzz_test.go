package config_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// FuzzParse reads arbitrary text as configuration and does to it all that a start does.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, text, _ := strings.Cut(string(data), "-- app-config.yaml --\n")
		text, _, _ = strings.Cut(text, "\n-- ")
		f.Add(text, "A=1", "s.cron.spec")
	}
	f.Add(secretive, "RELY_TOKEN=x", "backend.database")
	f.Add("a: &a [*a]\n", "", "a[0]")
	f.Add("s: {$include: 'app-config.yaml#s'}", "A", "s[")
	f.Add("s: ${A:-${B}}$${C}", "A= x ", "s]")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, variable, path string) {
		// Included files are looked up in an empty directory, so that nothing outside is read.
		if strings.Contains(text, "/") && strings.Contains(text, "$") {
			text = strings.ReplaceAll(text, "/", "_")
		}
		c, err := config.Parse(filepath.Join(dir, "app-config.yaml"), []byte(text), []string{variable})
		if err != nil {
			if len(config.AsProblems(err)) == 0 || strings.Contains(err.Error(), "\r") {
				t.Errorf("failed without saying why: %q", err)
			}
			return
		}
		use(t, c, path)
	})
}

func use(t *testing.T, c *config.Config, path string) {
	t.Helper()
	for _, p := range append(c.Problems(path), config.UnknownKeys(c)...) {
		if strings.ContainsAny(p.Error(), "\n\r") {
			t.Errorf("a problem of several lines: %q", p.Error())
		}
	}
	var dst section
	_ = c.Decode("s", &dst, config.Strict)
	_ = c.Decode(path, &dst, config.Lenient)
	if c.Has(path) != c.Section().Has(path) {
		t.Error("the whole is not itself")
	}
	_, _, _ = c.OptionalString(path)
	_, _, _ = c.OptionalNumber(path)
	_, _, _ = c.OptionalBool(path)
	_, _, _ = c.OptionalStrings(path)
	_, _, _ = c.OptionalDuration(path)
	_, _, _ = c.OptionalMillis(path)
	_, _, _ = c.OptionalSchedule(path)
	_, _ = c.OptionalSub(path)
	_, _ = c.OptionalSubs(path)
	_ = c.Elements(path)
	_ = c.Keys(path)
	_ = entity.AppendJSON(nil, c.Value(path))
	if err := c.Print(io.Discard); err != nil {
		t.Error(err)
	}
	secrets := c.Secrets()
	for _, line := range c.Lines() {
		shown, ok := line.Value.(string)
		for _, secret := range secrets {
			if ok && shown != "***" && strings.Contains(shown, secret) {
				t.Errorf("%s shows %q", line.Path, secret)
			}
		}
	}
}

// FuzzLoad reads arbitrary variables as a source over a file.
func FuzzLoad(f *testing.F) {
	f.Add("app_title", `{"a":[1,null]}`, "app_title_x")
	f.Add("a", "null", "a")
	f.Add("a__b", "[[[[", "a_b_c")
	f.Add("a-b_c:d", `"x"`, "")
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app-config.yaml"), []byte("app: {title: x}\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value, other string) {
		c, err := config.Load(config.Options{Dir: dir, Environ: []string{"APP_CONFIG_" + name + "=" + value, "APP_CONFIG_" + other + "=" + value}})
		if err == nil {
			use(t, c, strings.ReplaceAll(name, "_", "."))
		}
	})
}
