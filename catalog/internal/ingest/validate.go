package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/entity"
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

// String returns "file:line: ref: message".
func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Ref == "" {
		return place + ": " + p.Message
	}
	return place + ": " + p.Ref + ": " + p.Message
}

// Validator checks descriptor files and everything that they lead to. It stores nothing and is for one goroutine.
type Validator struct {
	rules    Rules // nil: none
	disabled map[string]bool
	log      *slog.Logger

	queue    []task
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
	// given is true for a file that somebody names: then every document must be an entity.
	given bool
}

// NewValidator returns a validator without files.
func NewValidator(rules Rules, disabled map[string]bool, log *slog.Logger) *Validator {
	return &Validator{rules: rules, disabled: disabled, log: log, seen: make(map[string]bool), declared: make(map[string]string)}
}

// Add takes a file, a folder or a glob.
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
		v.push(task{path: abs, origin: abs, given: true})
		return nil
	}
	matches, globErr := expand(abs)
	if globErr != nil {
		return globErr
	}
	if len(matches) == 0 || matches[0] == abs {
		return err
	}
	for _, m := range matches {
		v.push(task{path: m, origin: m, given: true})
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
	for _, m := range matches {
		v.push(task{path: m, origin: m})
	}
	return nil
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
	data, _, err := readFile(t.path, maxFileSize, time.Now())
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
	matches, err := expand(target.Target)
	if err != nil {
		return true, err
	}
	if len(matches) == 1 && matches[0] == target.Target {
		if _, err := os.Stat(target.Target); err != nil {
			matches = nil
		}
	}
	if len(matches) == 0 && !optional {
		emit.Error(notThere(target))
	}
	for _, m := range matches {
		f.v.push(task{path: filepath.Clean(m), origin: f.from.origin, given: true})
	}
	return true, nil
}

var _ LocationReader = (*follower)(nil)
