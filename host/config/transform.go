package config

import (
	"fmt"
	"path/filepath"
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

// include resolves { $env: NAME }, { $file: path } and { $include: path#a.b }.
func (t *transformer) include(key string, argument *node, at place) *node {
	text, ok := argument.value.(string)
	if !ok || argument.kind != scalar {
		return unreadable(argument, at, key+" include value is not a string")
	}
	text, inputs, reason := t.expand(text)
	if reason != "" {
		out := unreadable(argument, at, key+" substitution value was undefined")
		out.unreadable.Hint = reason
		return out
	}
	switch key {
	case "$env":
		value, set := t.env[text]
		if !set {
			return dropped(argument, at, "$env "+text+" is not set")
		}
		out := *argument
		out.value, out.inputs = strings.TrimSpace(value), []string{strings.TrimSpace(value)}
		return &out
	case "$file":
		data, err := readFile(at.resolve(text), maxFile)
		if err != nil {
			return unreadable(argument, at, fmt.Sprintf("failed to read file %s, %s", text, cause(err)))
		}
		out := *argument
		out.value, out.fromFile, out.inputs = trimEnd(strings.ToValidUTF8(string(data), "\ufffd")), true, inputs
		return &out
	default:
		return t.includeFile(text, argument, at)
	}
}

func (t *transformer) includeFile(text string, argument *node, at place) *node {
	name, dataPath, _ := strings.Cut(text, "#")
	switch filepath.Ext(name) {
	case ".json", ".yaml", ".yml":
	default:
		return unreadable(argument, at, "no configuration parser available for included file "+name)
	}
	inner := at.enter(name, dataPath)
	if inner.circular() {
		return unreadable(argument, at, fmt.Sprintf("%s includes itself", text))
	}
	data, err := readFile(at.resolve(name), maxSource)
	if err != nil {
		return unreadable(argument, at, fmt.Sprintf("failed to include %s, %s", name, cause(err)))
	}
	root, err := parse(inner.file, argument.context, data)
	if err != nil {
		p := AsProblems(err)[0]
		out := unreadable(argument, at, fmt.Sprintf("failed to parse included file %s, %s", name, p.Message))
		out.unreadable.Origin = p.Origin
		return out
	}
	if root == nil {
		root = &node{kind: null, origin: argument.origin, context: argument.context}
	}
	found, reason := root.pick(dataPath, name)
	switch {
	case reason != "":
		return unreadable(argument, at, reason)
	case found == nil:
		return dropped(argument, at, fmt.Sprintf("%s has no value at %s", name, dataPath))
	}
	return t.apply(found, inner)
}

// pick follows a dotted path into an included file.
func (n *node) pick(path, file string) (found *node, reason string) {
	if path == "" {
		return n, ""
	}
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if n == nil || n.kind != mapping {
			return nil, fmt.Sprintf("value at '%s' in included file %s is not an object", strings.Join(parts[:i], "."), file)
		}
		n = n.field(part)
	}
	return n, ""
}

// resolve is the path of a file named in this place.
func (at place) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(at.dir, name)
}

// enter is the place inside an included file.
func (at place) enter(name, dataPath string) place {
	path := at.resolve(name)
	if filepath.IsAbs(name) {
		at.file = name
	} else {
		at.file = filepath.Join(filepath.Dir(at.file), name)
	}
	at.dir = filepath.Dir(path)
	at.chain = append(at.chain[:len(at.chain):len(at.chain)], filepath.Clean(path)+"#"+dataPath)
	return at
}

// circular reports that the last include is one that we are inside of already. The number is limited, too, for cycles
// that symbolic links hide.
func (at place) circular() bool {
	last := len(at.chain) - 1
	for _, earlier := range at.chain[:last] {
		if earlier == at.chain[last] {
			return true
		}
	}
	return last > maxIncludes
}

// trimEnd cuts the white space that JavaScript's trimEnd cuts.
func trimEnd(s string) string {
	return strings.TrimRight(s, " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
}
