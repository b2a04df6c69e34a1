package house_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// modernc.org/sqlite is C translated against one exact version of modernc.org/libc; with another it may misbehave in
// ways no test of ours would find.
func TestLibcIsTheOneThatSQLiteWasMadeWith(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}|{{.GoMod}}", "modernc.org/sqlite")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, mod, _ := strings.Cut(strings.TrimSpace(string(out)), "|")
	wants, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	pin := regexp.MustCompile(`modernc\.org/libc (v\S+)`)
	want, got := pin.FindSubmatch(wants), pin.FindSubmatch(ours)
	if want == nil || got == nil || !bytes.Equal(want[1], got[1]) {
		t.Errorf("go.mod has modernc.org/libc %s, modernc.org/sqlite was made with %s", got, want)
	}
}

// Links into the contract are how a doc comment gives its source: each must lead somewhere.
func TestDocCommentsCiteSectionsThatExist(t *testing.T) {
	sections := map[string]map[string]bool{}
	heading := regexp.MustCompile(`(?m)^#{2,3} (\d+(?:\.\d+)?)[. ]`)
	for _, name := range []string{"core", "catalog", "spacelift", "export"} {
		text, err := os.ReadFile(filepath.Join(root(t), "docs", "protocol", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		sections[name] = map[string]bool{}
		for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
			sections[name][m[1]] = true
			top, _, _ := strings.Cut(m[1], ".")
			sections[name][top] = true
		}
	}
	cite := regexp.MustCompile(`\b(core|catalog|spacelift|export)\.md (\d+(?:\.\d+)?)`)
	for _, file := range tracked(t, "*.go") {
		text, err := os.ReadFile(filepath.Join(root(t), file))
		if err != nil {
			continue // deleted in the work tree
		}
		for _, m := range cite.FindAllStringSubmatch(string(text), -1) {
			if !sections[m[1]][m[2]] {
				t.Errorf("%s cites %s, which docs/protocol does not have", file, m[0])
			}
		}
	}
}

// tracked lists the files that git knows, by pattern.
func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"ls-files", "--"}, patterns...)...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	return strings.Fields(string(out))
}
