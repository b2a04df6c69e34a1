package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

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
	at.chain = append(slices.Clip(at.chain), filepath.Clean(path)+"#"+dataPath)
	return at
}

// circular reports that the last include is one that we are inside of already. The number is limited, too, for cycles
// that symbolic links hide.
func (at place) circular() bool {
	last := len(at.chain) - 1
	return last > maxIncludes || slices.Contains(at.chain[:last], at.chain[last])
}

// trimEnd cuts the white space that JavaScript's trimEnd cuts.
func trimEnd(s string) string {
	return strings.TrimRight(s, " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
}
