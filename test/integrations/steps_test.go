package integrations_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step does what a heading of the page says.
type step struct {
	heading string
	do      func(w *walk, t *testing.T)
}

// steps are those of docs/from-the-npm-plugins.md, in its order.
func steps() []step {
	return []step{
		{"Spacelift: 1. Create an API key in Spacelift", (*walk).key},
		{"Spacelift: 2. Add the package to the backend", (*walk).add},
		{"Spacelift: 3. Add it to the backend's `index.ts`", (*walk).index},
		{"Spacelift: 4. Configure", (*walk).configure},
		{"Spacelift: 5. Read-only mode", (*walk).readOnly},
		{"Spacelift: 6. The tip: a read-only API key besides", (*walk).readerKey},
		{"Spacelift: 7. Compatibility", (*walk).compatibility},
		{"Spacelift: 8. The frontend plugin", (*walk).frontend},
		{"Rely: 1. Add the package", (*walk).addRely},
		{"Rely: 2. Create `plugins/rely.ts`", (*walk).pluginFile},
		{"Rely: 3. Add it to `index.ts`", (*walk).indexRely},
		{"Rely: 4. Configure proxy and Rely", (*walk).configureRely},
		{"Rely: 5. One-time export", (*walk).once},
		{"Rely: 6. Scheduled export", (*walk).scheduled},
		{"Rely: 7. Filters", (*walk).filters},
		{"Rely: 8. Local development", (*walk).development},
	}
}

// TestSteps walks through docs/from-the-npm-plugins.md, heading by heading, with what the page itself says: its lines of code,
// its configuration, its requests. `go test -v -run TestSteps` logs one line for each step and way.
func TestSteps(t *testing.T) {
	w := startWalk(t)
	list := steps()
	for i, heading := range w.page.headings {
		if i >= len(list) || list[i].heading != heading {
			t.Fatalf("step %d of the page is %q, and this test has another one or none", i+1, heading)
		}
	}
	if len(list) > len(w.page.headings) {
		t.Fatalf("the page has no step %q", list[len(w.page.headings)].heading)
	}
	for _, s := range list {
		w.heading = s.heading
		if !t.Run(s.heading, func(t *testing.T) { w.name = t.Name(); s.do(w, t) }) && t.Failed() && w.stuck {
			t.Fatal("the steps after this one need it")
		}
	}
}

// page is the text of the documentation, by heading.
type page struct {
	headings []string // "<part>: <step>"
	text     map[string]string
}

func readPage(t *testing.T, file string) page {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := page{text: map[string]string{}}
	part, heading := "", ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			part, heading = strings.TrimSpace(name), ""
		} else if name, ok := strings.CutPrefix(line, "### "); ok {
			heading = part + ": " + strings.TrimSpace(name)
			p.headings = append(p.headings, heading)
		} else if heading != "" {
			p.text[heading] += line
		}
	}
	return p
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// block is the nth fenced block of a language below a heading that begins so, such as "Rely: 4.".
func (p page) block(t *testing.T, heading, language string, n int) string {
	t.Helper()
	for _, h := range p.headings {
		if !strings.HasPrefix(h, heading) {
			continue
		}
		for _, match := range fence.FindAllStringSubmatch(p.text[h], -1) {
			if match[1] != language {
				continue
			}
			if n == 0 {
				return match[2]
			}
			n--
		}
	}
	t.Fatalf("the page has no such block of %s below %q", language, heading)
	return ""
}

// write puts a file into a folder, and returns its path.
func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// say logs what came out of a step.
func (w *walk) say(t *testing.T, format string, args ...any) {
	t.Helper()
	name := w.heading
	if way, ok := strings.CutPrefix(t.Name(), w.name+"/"); ok {
		name += " (" + strings.ReplaceAll(way, "_", " ") + ")"
	}
	t.Logf("step: %s → %s", name, fmt.Sprintf(format, args...))
}
