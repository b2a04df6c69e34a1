package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/understudy-portal/understudy"

var update = flag.Bool("update", false, "rewrite docs/imports.txt")

type goPackage struct {
	ImportPath string
	Imports    []string
}

// root is the repository's top folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// packages lists the house's packages with what their shipped code (not their tests) imports.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func short(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

// arrows are the edges of the import graph inside the house, "from -> to", sorted.
func arrows(list []goPackage) []string {
	var lines []string
	for _, p := range list {
		for _, to := range p.Imports {
			if strings.HasPrefix(to, module+"/") {
				lines = append(lines, short(p.ImportPath)+" -> "+short(to))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// A new arrow between packages is a decision: it shows up as a line in docs/imports.txt, and so in the review.
func TestImportGraphIsTheOneInTheDocs(t *testing.T) {
	golden := filepath.Join(root(t), "docs", "imports.txt")
	got := strings.Join(arrows(packages(t)), "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the import graph differs from docs/imports.txt (-docs +code):\n%s\nIf the new arrow is meant: go test ./test/house -update", diff)
	}
}

// rule forbids arrows from one room to others; except lists the ones that are meant.
type rule struct {
	from   string
	to     []string
	except []string
	why    string
}

// The picture of the house in one table: cmd → backend/standard → {backend, catalog, export, plugins, console} →
// host → entity, and nothing points back.
var rules = []rule{
	{"entity", []string{"host", "backend", "catalog", "export", "plugins", "console", "cmd", "sim", "test"}, nil, "entity is the language, and knows nobody"},
	{"host", []string{"backend", "catalog", "export", "plugins", "console", "cmd", "sim", "test"}, nil, "host does not know that plugins exist"},
	{"catalog", []string{"backend", "export", "plugins", "console", "cmd", "sim", "test"}, nil, "nothing points back"},
	{"export", []string{"backend", "catalog", "plugins", "console", "cmd", "sim", "test"}, nil, "the catalog reaches everyone as host.CatalogReader"},
	{"plugins", []string{"backend", "catalog", "export", "console", "cmd", "sim", "test"}, []string{"plugins/rely -> export"}, "a plugin declares what it needs; backend passes it in"},
	{"console", []string{"backend", "catalog", "export", "plugins", "cmd", "sim", "test"}, nil, "the console is a client like any other"},
	{"backend", []string{"catalog", "export", "plugins", "console", "cmd", "sim", "test"}, nil, "backend imports no plugin; backend/standard lists them"},
	{"sim", []string{"entity", "host", "backend", "catalog", "export", "plugins", "console", "cmd", "test"}, nil, "a stand-in imports nothing of the house"},
}

func inRoom(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }

func (r rule) forbids(from, to string) bool {
	if !inRoom(from, r.from) || inRoom(from, "backend/standard") || slices.ContainsFunc(r.except, func(arrow string) bool { return inRoom(from+" -> "+to, arrow) }) {
		return false
	}
	return slices.ContainsFunc(r.to, func(room string) bool { return inRoom(to, room) })
}

func TestNothingPointsBack(t *testing.T) {
	for _, line := range arrows(packages(t)) {
		from, to, _ := strings.Cut(line, " -> ")
		for _, r := range rules {
			if r.forbids(from, to) {
				t.Errorf("%s: %s", line, r.why)
			}
		}
		if first, second := pluginOf(from), pluginOf(to); first != "" && second != "" && first != second {
			t.Errorf("%s: plugins never import each other", line)
		}
	}
}

// pluginOf names the plugin whose folder holds the package, if one does.
func pluginOf(path string) string {
	rest, ok := strings.CutPrefix(path, "plugins/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}
