package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
	"github.com/understudy-portal/understudy/host/fault"
)

// Problem is one mistake in a descriptor file.
type Problem struct {
	File string
	// Line is that of the document, or of the mistake where it is known; 0 if neither is.
	Line int
	// Ref is the entity; empty where there is none.
	Ref     string
	Message string
}

// String returns "file:line: ref: message" on one line, without control characters.
func (p Problem) String() string { return oneLine(p.text()) }

func (p Problem) text() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Ref == "" {
		return place + ": " + p.Message
	}
	return place + ": " + p.Ref + ": " + p.Message
}

// oneLine escapes what could end a line or steer a terminal, and what makes a line a command to a CI system that prints
// it ("::error …" at its start, "##vso[…" anywhere): whoever writes a descriptor could forge those.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	s = strings.ReplaceAll(b.String(), "##", `#\x23`)
	if strings.HasPrefix(strings.TrimSpace(s), "::") {
		s = "./" + s // only a file can be called so
	}
	return s
}

// Validator checks descriptor files and everything that they lead to. It stores nothing and is for one goroutine.
type Validator struct {
	rules    Rules // nil: none
	disabled map[string]bool
	log      *slog.Logger

	queue    []task
	exclude  []string
	seen     map[string]bool
	declared map[string]string // ref → file:line
	checked  int
	problems []Problem
}

// task is one file to check.
type task struct {
	path string
	// origin is the file that was named first; rules go by it.
	origin string
	// fence is where the files must lie that it leads to; the file itself too, where fenced.
	fence  *fence
	fenced bool
	// given is true for a file that somebody names: then every document must be an entity.
	given bool
}

// NewValidator returns a validator without files.
func NewValidator(rules Rules, disabled map[string]bool, log *slog.Logger) *Validator {
	return &Validator{rules: rules, disabled: disabled, log: log, seen: make(map[string]bool), declared: make(map[string]string)}
}

// Exclude leaves out files of folders whose path in that folder, or that of a folder above them, matches a glob.
func (v *Validator) Exclude(globs ...string) error {
	for _, g := range globs {
		if !doublestar.ValidatePattern(g) {
			return fmt.Errorf("%q is not a valid glob", g)
		}
	}
	v.exclude = append(v.exclude, globs...)
	return nil
}

// Add takes a file, a folder or a glob. As the catalog would with it in its configuration, it follows targets within the
// file's folder, the folder, or the folder in front of the glob's first wildcard.
func (v *Validator) Add(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(abs)
	switch {
	case err == nil && info.IsDir():
		return v.addFolder(abs)
	case err == nil:
		v.push(task{path: abs, origin: abs, fence: newFence(filepath.Dir(abs)), given: true})
		return nil
	}
	matches, globErr := expand(abs)
	if globErr != nil {
		return globErr
	}
	if len(matches) == 0 || matches[0] == abs {
		return err
	}
	inside := newFence(folderOf(abs))
	for _, m := range matches {
		v.push(task{path: m, origin: m, fence: inside, fenced: true, given: true})
	}
	return nil
}

func (v *Validator) addFolder(dir string) error {
	matches, err := doublestar.FilepathGlob(filepath.Join(dir, "**", "*.{yaml,yml}"),
		doublestar.WithFilesOnly(), doublestar.WithNoFollow(), doublestar.WithNoHidden())
	if err != nil {
		return err
	}
	slices.Sort(matches)
	inside := newFence(dir)
	for _, m := range matches {
		if !v.excluded(dir, m) && !skeleton(dir, m) {
			name := filepath.Base(m)
			v.push(task{
				path: m, origin: m, fence: inside, fenced: true,
				given: name == "catalog-info.yaml" || name == "catalog-info.yml", // what else would it be
			})
		}
	}
	return nil
}

func (v *Validator) excluded(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	for rel = filepath.ToSlash(rel); err == nil && rel != "."; rel = path.Dir(rel) {
		for _, g := range v.exclude {
			if ok, _ := doublestar.Match(g, rel); ok {
				return true
			}
		}
	}
	return false
}

// skeleton reports whether a file is one that a scaffolder template fills in: it lies in a folder called content or
// skeleton, beside a template.yaml.
func skeleton(dir, file string) bool {
	for at := filepath.Dir(file); at != dir && within(dir, at); at = filepath.Dir(at) {
		if base := filepath.Base(at); base != "content" && base != "skeleton" {
			continue
		}
		for _, name := range []string{"template.yaml", "template.yml"} {
			if _, err := os.Stat(filepath.Join(filepath.Dir(at), name)); err == nil {
				return true
			}
		}
	}
	return false
}

func (v *Validator) push(t task) {
	if !v.seen[t.path] {
		v.seen[t.path] = true
		v.queue = append(v.queue, t)
	}
}

// Run checks what was added, and the files that Location entities among it lead to.
func (v *Validator) Run(ctx context.Context) error {
	for len(v.queue) > 0 {
		t := v.queue[0]
		v.queue = v.queue[1:]
		if err := v.file(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// Checked is the number of entities that were checked.
func (v *Validator) Checked() int { return v.checked }

// Problems are the mistakes, in the order of files and lines.
func (v *Validator) Problems() []Problem {
	slices.SortStableFunc(v.problems, func(a, b Problem) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	})
	return v.problems
}

func (v *Validator) file(ctx context.Context, t task) error {
	inside := t.fence
	if !t.fenced {
		inside = nil
	}
	data, _, err := inside.read(t.path, maxFileSize, time.Now())
	if outside(err) && !t.given {
		return nil // a link to somewhere, of which nobody said that it is the catalog's
	}
	if err != nil {
		v.problems = append(v.problems, Problem{File: t.path, Message: err.Error()})
		return nil //nolint:nilerr // a file's mistake is a problem, not our error
	}
	docs := parse(entity.LocationRef{Type: "file", Target: t.path}, data, maxDocuments)
	if !t.given {
		// A folder holds other YAML too; only what calls itself Backstage's is meant.
		docs = slices.DeleteFunc(docs, func(d document) bool { return d.err == nil && !backstage(d.entity) })
		if !slices.ContainsFunc(docs, func(d document) bool { return d.err == nil }) {
			return nil
		}
	}
	for _, d := range docs {
		if err := v.document(ctx, t, d); err != nil {
			return err
		}
	}
	return nil
}

func backstage(e entity.Entity) bool { return strings.Contains(e.APIVersion(), "backstage.io/") }

func (v *Validator) document(ctx context.Context, t task, d document) error {
	if d.err != nil {
		v.problem(t, d, "", d.err)
		return nil //nolint:nilerr // a document's mistake is a problem, not our error
	}
	v.checked++
	if wrong := entity.ValidateEnvelope(d.entity); wrong != nil {
		v.problem(t, d, "", wrong)
		return nil
	}
	ref := d.entity.Ref().String()
	place := fmt.Sprintf("%s:%d", t.path, d.line)
	if first, ok := v.declared[ref]; ok {
		v.problem(t, d, ref, fmt.Errorf("the same entity is declared at %s already", first))
	}
	v.declared[ref] = place
	specType, _ := d.entity.Path("spec", "type").(string)
	origin := entity.LocationRef{Type: "file", Target: t.origin}
	if v.rules != nil && !v.rules.Allows(d.entity.Kind(), specType, origin) {
		v.problem(t, d, ref, fault.NotAllowed("catalog.rules do not allow this kind here"))
	}
	from := entity.LocationRef{Type: "file", Target: t.path}
	r, err := v.orchestrator(t).Process(ctx, managed(d.entity, from.String(), origin.String()))
	if err != nil {
		return err
	}
	for _, err := range slices.Concat(r.Errors, r.Warnings) {
		v.problem(t, d, ref, err)
	}
	return nil
}

func (v *Validator) problem(t task, d document, ref string, err error) {
	message := err.Error()
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Cause != nil {
		message = f.Cause.Error() // the part that names the mistake
	}
	if y, ok := errors.AsType[*yamlcore.Error](err); ok {
		message = "YAML error: " + y.Message // the place is named already
	}
	v.problems = append(v.problems, Problem{File: t.path, Line: d.line, Ref: ref, Message: message})
}

// orchestrator runs the built-in processors, with a reader that follows targets instead of emitting what they hold.
func (v *Validator) orchestrator(t task) *Orchestrator {
	all := []Processor{Placeholders{}, BuiltinKinds{}, &follower{v: v, from: t}, Annotate{}}
	all = slices.DeleteFunc(all, func(p Processor) bool { return v.disabled[p.Name()] })
	return NewOrchestrator(OrchestratorOptions{Processors: all, Log: v.log, AllowedTypes: []string{"url", "file"}})
}

// follower queues the files that a Location entity leads to. What lies behind a url is not read.
type follower struct {
	v    *Validator
	from task
}

func (*follower) Name() string { return "FileReaderProcessor" }

func (*follower) builtin() {}

func (f *follower) ReadLocation(_ context.Context, target entity.LocationRef, optional bool, emit *Emitter) (bool, error) {
	if target.Type != "file" {
		return true, nil
	}
	matches, err := f.from.fence.expand(target.Target)
	if err != nil {
		return true, err
	}
	if len(matches) == 1 && matches[0] == target.Target {
		switch _, err := f.from.fence.resolve(target.Target); {
		case outside(err):
			emit.Error(err)
			return true, nil
		case err != nil:
			matches = nil
		}
	}
	if len(matches) == 0 && !optional {
		emit.Error(notThere(target))
	}
	for _, m := range matches {
		f.v.push(task{path: filepath.Clean(m), origin: f.from.origin, fence: f.from.fence, fenced: true, given: true})
	}
	return true, nil
}

var _ LocationReader = (*follower)(nil)
