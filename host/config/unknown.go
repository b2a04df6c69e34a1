package config

import (
	_ "embed" // for the table of known keys
	"slices"
	"strings"
)

//go:embed known_keys.txt
var knownKeys string

// ours are the sections in which an unknown key is an error (architecture.md, "Strictness").
func ours() []string { return []string{"understudy", "spacelift", "rely", "export"} }

// Upstream reports whether a top-level section is one of Backstage's own, which may well be there for another backend.
func Upstream(section string) bool {
	_, known := parseKnown(knownKeys).keys[section]
	return known && !slices.Contains(ours(), section)
}

// UnknownKeys looks for keys that nobody reads. In our own sections (understudy, spacelift, rely, export) an unknown key
// is an error, in upstream's a warning with a guess. Sections named in owned are left out: their owner decodes them
// strictly. Other top-level sections are left alone unless they look like a slip of the pen.
func UnknownKeys(c *Config, owned ...string) Problems {
	table := parseKnown(knownKeys)
	var out Problems
	if c.node == nil {
		return nil
	}
	for _, f := range c.node.fields {
		section := table.keys[f.name]
		switch {
		case slices.Contains(owned, f.name):
		case section == nil:
			if hint := guessSection(f.name, table.names()); hint != "" {
				out = append(out, Problem{Warning: true, Origin: f.origin, Path: f.name, Message: "unknown section", Hint: hint})
			}
		default:
			out = append(out, section.check(f.name, f.node, !slices.Contains(ours(), f.name))...)
		}
	}
	return out.Sorted()
}

// guessSection is stricter than guess: a section may well belong to a plugin that we do not know.
func guessSection(name string, known []string) string {
	if len(name) < 4 {
		return ""
	}
	limit := 1
	if len(name) >= 7 {
		limit = 2
	}
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d <= limit && len(k) >= 4 {
			return "did you mean '" + k + "'?"
		}
	}
	return ""
}

// known is what the table says about one key.
type known struct {
	keys map[string]*known
	// order lists the keys as the table does.
	order []string
	// open: anything may follow. welcoming: so may here, but for near misses.
	open, welcoming bool
}

func newKnown() *known { return &known{keys: make(map[string]*known)} }

func parseKnown(table string) *known {
	root := newKnown()
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		root.add(strings.Split(line, "."))
	}
	return root
}

func (k *known) add(parts []string) {
	if len(parts) == 0 {
		return
	}
	switch parts[0] {
	case "**":
		k.open = true
		return
	case "~":
		k.welcoming = true
		return
	}
	child := k.keys[parts[0]]
	if child == nil {
		child = newKnown()
		k.keys[parts[0]] = child
		k.order = append(k.order, parts[0])
	}
	child.add(parts[1:])
}

// names are the keys that one could have meant.
func (k *known) names() []string {
	return slices.DeleteFunc(slices.Clone(k.order), func(name string) bool { return strings.HasSuffix(name, "*") })
}

// child is what the table says of a key below this one; nil when it knows nothing.
func (k *known) child(name string) *known {
	if child := k.keys[name]; child != nil {
		return child
	}
	if child := k.keys["/*"]; child != nil && strings.HasPrefix(name, "/") {
		return child
	}
	return k.keys["*"]
}

// check compares a value with the table, below a key that is known.
func (k *known) check(path string, n *node, warning bool) Problems {
	if k.open || len(k.keys) == 0 {
		return nil
	}
	var out Problems
	for i, item := range n.items {
		if each := k.keys["*"]; each != nil {
			out = append(out, each.check(indexed(path, i), item, warning)...)
		}
	}
	for _, f := range n.fields {
		if child := k.child(f.name); child != nil {
			out = append(out, child.check(join(path, f.name), f.node, warning)...)
			continue
		}
		hint := guess(f.name, k.names())
		if hint != "" || !k.welcoming {
			hint = advise(f.name, k.names())
			out = append(out, Problem{Warning: warning, Origin: f.origin, Path: join(path, f.name), Message: "unknown key", Hint: hint})
		}
	}
	return out
}
