package config

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
)

// Line is one value of the merged configuration, for `config print` and the console.
type Line struct {
	// Path is the full key path, with [0] for elements of lists.
	Path string `json:"path"`
	// Value is nil, a bool, a float64, a text, or an empty list or object; *** for a secret.
	Value any `json:"value"`
	// Origin is where it was written, "file:line:column".
	Origin Origin `json:"origin"`
	// Note says why there is no value, for one that was left out or could not be read.
	Note string `json:"note,omitempty"`
}

// Lines returns the scalar values of the section in their order, secrets masked. A value that merely contains a secret
// from elsewhere is masked as well. Values that could not be had are listed with the reason.
func (c *Config) Lines() []Line {
	p := &printer{secrets: c.Secrets()}
	c.node.walkSecret(segments(c.path), false, func(_ []string, n *node, secret bool) {
		if secret {
			p.hide(n)
		}
	})
	p.lines(c.node, c.path)
	return p.out
}

type printer struct {
	secrets []string
	hidden  map[*node]bool
	out     []Line
}

func (p *printer) hide(n *node) {
	if p.hidden == nil {
		p.hidden = make(map[*node]bool)
	}
	p.hidden[n] = true
}

func (p *printer) lines(n *node, path string) {
	if n == nil {
		return
	}
	line := Line{Path: path, Origin: n.origin}
	switch {
	case n.unreadable != nil:
		line.Note = n.unreadable.Message
	case n.kind == nothing:
		line.Note = "left out, because " + n.dropped
	case n.kind == scalar:
		line.Value = p.masked(n)
	case n.kind == list && len(n.items) == 0:
		line.Value = []any{}
	case n.kind == mapping && len(n.fields) == 0:
		line.Value = entity.NewObject()
	}
	if n.kind <= scalar || line.Value != nil || line.Note != "" {
		p.out = append(p.out, line)
	}
	for i, item := range n.items {
		p.lines(item, indexed(path, i))
	}
	for _, f := range n.fields {
		p.lines(f.node, join(path, f.name))
	}
}

func (p *printer) masked(n *node) any {
	text, ok := n.text()
	if !ok {
		return n.value
	}
	if p.hidden[n] || slices.ContainsFunc(p.secrets, func(s string) bool { return strings.Contains(text, s) }) {
		return mask
	}
	if f, ok := n.value.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return text // JSON has no such numbers
	}
	return n.value
}

// Print writes Lines as text: path, value as JSON, and the file and line that it came from, in columns.
func (c *Config) Print(w io.Writer) error {
	lines := c.Lines()
	left := make([]string, len(lines))
	width := 0
	for i, line := range lines {
		switch {
		case line.Note != "":
			left[i] = line.Path + ": # " + line.Note
		case line.Value == mask:
			left[i] = line.Path + ": " + mask
		default:
			left[i] = line.Path + ": " + string(entity.AppendJSON(nil, line.Value))
		}
		width = max(width, min(len(left[i]), 80))
	}
	for i, line := range lines {
		if _, err := fmt.Fprintf(w, "%-*s  # %s\n", width, left[i], line.Origin.Place()); err != nil {
			return fmt.Errorf("print the configuration: %w", err)
		}
	}
	return nil
}
