package config

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	// maxNodes bounds what aliases and includes may expand one file to, and maxIncludes how deeply they nest.
	maxNodes    = 200_000
	maxIncludes = 32
)

// transformer applies the value transforms of core.md 1.4 to one source file.
type transformer struct {
	env   map[string]string
	nodes int // how many were made, against maxNodes
}

// place is where in the files a value stands.
type place struct {
	file string // as the user would name it
	dir  string // that includes are relative to
	path string // key path of the value, for problems
	// chain are the includes that led here, each "file#path", to find cycles.
	chain []string
}

func (at place) child(name string) place {
	at.path = join(at.path, name)
	return at
}

func (at place) index(i int) place {
	at.path = indexed(at.path, i)
	return at
}

// apply returns the value with everything resolved. It never fails: what cannot be read is marked so.
func (t *transformer) apply(n *node, at place) *node {
	if t.nodes++; t.nodes > maxNodes {
		return n // loadText refuses the file
	}
	switch n.kind {
	case scalar:
		return t.substitute(n, at)
	case list:
		return t.list(n, at)
	case mapping:
		return t.mapping(n, at)
	default:
		return n
	}
}

func unreadable(n *node, at place, reason string) *node {
	return &node{kind: nothing, origin: n.origin, context: n.context, unreadable: &Problem{Origin: n.origin, Path: at.path, Message: reason, unreadable: true}}
}

func dropped(n *node, at place, reason string) *node {
	note := Problem{Warning: true, Origin: n.origin, Path: at.path, Message: "left out, because " + reason}
	return &node{kind: nothing, origin: n.origin, context: n.context, dropped: reason, notes: Problems{note}}
}

func (t *transformer) list(n *node, at place) *node {
	out := *n
	out.items = nil
	for i, item := range n.items {
		v := t.apply(item, at.index(i))
		if v.kind == nothing && v.unreadable == nil {
			out.notes = append(out.notes, v.notes...)
			continue
		}
		out.items = append(out.items, v)
	}
	return &out
}

func (t *transformer) mapping(n *node, at place) *node {
	for _, key := range []string{"$file", "$env", "$include"} {
		if n.field(key) == nil {
			continue
		}
		if len(n.fields) > 1 {
			return unreadable(n, at, fmt.Sprintf("include key %s should not have adjacent keys", key))
		}
		return t.include(key, n.field(key), at)
	}
	out := *n
	out.fields = make([]field, len(n.fields))
	for i, f := range n.fields {
		f.node = t.apply(f.node, at.child(f.name))
		out.fields[i] = f
	}
	return &out
}

// reference is upstream's pattern for what may be substituted inside a text.
var reference = regexp.MustCompile(`\$?\$\{[^{}]*\}`)

// substitute replaces ${VAR}, ${VAR:-default} and $${…} in a text. A variable that is not set takes the whole text away.
func (t *transformer) substitute(n *node, at place) *node {
	text, ok := n.value.(string)
	if !ok {
		return n
	}
	result, inputs, reason := t.expand(text)
	switch {
	case reason != "":
		return dropped(n, at, reason)
	case len(inputs) == 0 && result == text:
		return n
	}
	out := *n
	out.value, out.inputs = result, inputs
	return &out
}

// expand returns the text with its references replaced, the values that were put in, and, when a variable is missing,
// why there is no text at all.
func (t *transformer) expand(text string) (result string, inputs []string, reason string) {
	result = reference.ReplaceAllStringFunc(text, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		name, fallback, hasFallback := strings.Cut(ref[2:len(ref)-1], ":-")
		name = strings.TrimSpace(name)
		value, set := t.env[name]
		value = strings.TrimSpace(value)
		if hasFallback && value == "" {
			value = strings.TrimSpace(fallback)
			set = value != ""
		} else if set {
			inputs = append(inputs, value)
		}
		if !set && reason == "" {
			reason = "${" + name + "} is not set"
		}
		return value
	})
	return result, inputs, reason
}
