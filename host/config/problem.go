package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Origin is the place that a value, or a key, came from.
type Origin struct {
	// File is the file as the user would name it, or "env" for APP_CONFIG_* variables. Empty: unknown.
	File string
	// Line and Column count from one; zero when there is none to tell.
	Line, Column int
	// Variable is the environment variable's name where File is "env".
	Variable string
}

// String returns file:line:column, or "env:APP_CONFIG_…" for a variable.
func (o Origin) String() string {
	place := o.Place()
	if o.Line == 0 || o.Column == 0 {
		return place
	}
	return place + ":" + strconv.Itoa(o.Column)
}

// Place returns file:line, the form that problems and `config print` use.
func (o Origin) Place() string {
	switch {
	case o.Variable != "":
		return o.File + ":" + o.Variable
	case o.Line == 0:
		return o.File
	default:
		return o.File + ":" + strconv.Itoa(o.Line)
	}
}

// MarshalText writes String, so that the console's API shows origins as people read them.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// IsZero reports that nothing is known.
func (o Origin) IsZero() bool { return o == Origin{} }

// Problem is one mistake in the configuration, or one thing worth a warning.
type Problem struct {
	// Warning tells that the program can go on.
	Warning bool
	// Origin is where it stands; zero when nothing in any file is to blame.
	Origin Origin
	// Path is the key path, such as "backend.listen.port" or "proxy.endpoints./rely"; "" for a whole file.
	Path string
	// Message says what is wrong.
	Message string
	// Hint says what to do about it, or a guess at what was meant; may be empty.
	Hint string

	// wire marks a message that is upstream's own text, which names the key already (core.md 1.6).
	wire bool
	// unreadable marks a value that could not be read; who wants it decides whether that is an error.
	unreadable bool
}

// Error returns "file:line: key.path: message; hint" on one line, leaving out what is not known.
func (p Problem) Error() string {
	var b strings.Builder
	if place := p.Origin.Place(); place != "" {
		b.WriteString(place + ": ")
	}
	if p.Path != "" && !p.wire {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(b.String())
}

// Invalid is a problem at path, for a Validate method that does not know where its struct stands: Decode puts the
// struct's own path before it and finds the origin.
func Invalid(path, format string, args ...any) Problem {
	return Problem{Path: path, Message: fmt.Sprintf(format, args...)}
}

// Problems is a list of mistakes. As an error it reads one line each.
type Problems []Problem

// Error returns the problems' lines.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single Problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Errors returns those that are no mere warnings.
func (ps Problems) Errors() Problems { return ps.filter(false) }

// Warnings returns those that are mere warnings.
func (ps Problems) Warnings() Problems { return ps.filter(true) }

// Err returns the errors among ps as an error, nil when there are none.
func (ps Problems) Err() error {
	if errs := ps.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

func (ps Problems) filter(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// Sorted returns ps in the order of files and lines, files in the order in which they first appear, without repetitions.
func (ps Problems) Sorted() Problems {
	rank := make(map[string]int)
	for _, p := range ps {
		if _, ok := rank[p.Origin.File]; !ok {
			rank[p.Origin.File] = len(rank)
		}
	}
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(rank[a.Origin.File], rank[b.Origin.File]),
			cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Origin.Column, b.Origin.Column))
	})
	return slices.Compact(out)
}

// AsProblems returns the problems inside err; any other error becomes one problem without a place. Nil gives none.
func AsProblems(err error) Problems {
	if err == nil {
		return nil
	}
	if ps, ok := errors.AsType[Problems](err); ok {
		return ps
	}
	if p, ok := errors.AsType[Problem](err); ok {
		return Problems{p}
	}
	return Problems{{Message: err.Error()}}
}
