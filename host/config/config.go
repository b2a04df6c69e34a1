package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Config is a section of the merged configuration; the one that Load returns is the whole. It does not change, and may
// be read by several goroutines. Paths are dotted and relative to the section; "" is the section itself.
type Config struct {
	node   *node
	path   string // full path of the section, "" for the whole
	key    Origin // of the section's own key
	shared *shared
}

// shared is what all sections of one configuration have in common.
type shared struct {
	mu sync.Mutex // guards both
	// problems gathers what is worth telling, at load and while decoding.
	problems Problems
	// secrets are the values that a struct field of type Secret took.
	secrets map[string]bool
}

// keyPart is what upstream's readers accept between two dots (core.md 1.3, 1.6).
var keyPart = regexp.MustCompile(`(?i)^[a-z][a-z0-9]*(?:[-_:][a-z0-9]+)*$`)

// Has reports whether there is a value at path. A null counts as absent, a value that cannot be read as present. Unlike
// the typed getters it finds keys of any form, such as "proxy.endpoints./rely".
func (c *Config) Has(path string) bool {
	n, _, _ := c.find(path)
	return n.present()
}

// Keys returns the keys of the mapping at path, in their order, without those that are null; nil when it is no mapping.
func (c *Config) Keys(path string) []string {
	n, _, _ := c.find(path)
	if n == nil || n.kind != mapping {
		return nil
	}
	var keys []string
	for _, f := range n.fields {
		if f.node.present() {
			keys = append(keys, f.name)
		}
	}
	return keys
}

// Origin returns where the value at path was written; for an absent one, the nearest mapping around it.
func (c *Config) Origin(path string) Origin {
	_, _, origin := c.find(path)
	return origin
}

// Path returns the section's full path, "" for the whole configuration.
func (c *Config) Path() string { return c.path }

// Section returns the view at exactly these keys, whatever their form ("proxy", "endpoints", "/rely") and whatever is
// there; Has("") tells whether there is anything. It is never nil.
func (c *Config) Section(keys ...string) *Config {
	out := *c
	for _, key := range keys {
		out = *out.child(key)
	}
	return &out
}

// Elements returns a view of each element of the list at path; nil when it is no list.
func (c *Config) Elements(path string) []*Config {
	n, full, _ := c.find(path)
	if n == nil || n.kind != list {
		return nil
	}
	out := make([]*Config, len(n.items))
	for i, item := range n.items {
		out[i] = c.view(item, indexed(full, i), item.origin)
	}
	return out
}

// child is the view of one key of a mapping; its node is nil when there is no such key.
func (c *Config) child(key string) *Config {
	out := c.view(nil, join(c.path, key), c.origin())
	if c.node == nil {
		return out
	}
	for i := range c.node.fields {
		if f := &c.node.fields[i]; f.name == key {
			out.node, out.key = f.node, f.origin
		}
	}
	return out
}

func (c *Config) view(n *node, path string, key Origin) *Config {
	return &Config{node: n, path: path, key: key, shared: c.shared}
}

func (c *Config) origin() Origin {
	if c.node != nil && !c.node.origin.IsZero() {
		return c.node.origin
	}
	return c.key
}

// find walks to path, accepting keys of any form: of several ways to cut the path at its dots, the one with the longest
// keys first. It returns the node or nil, the full path, and the origin of the node or of the nearest mapping around it.
func (c *Config) find(path string) (*node, string, Origin) {
	full := join(c.path, path)
	if path == "" {
		return c.node, full, c.origin()
	}
	n, around := descend(c.node, path)
	switch {
	case n != nil && !n.origin.IsZero():
		return n, full, n.origin
	case around != nil && around != c.node:
		return n, full, around.origin
	default:
		return n, full, c.origin()
	}
}

func descend(n *node, path string) (found, around *node) {
	if n == nil || n.kind != mapping {
		return nil, nil
	}
	if f := n.step(path); f != nil {
		return f, n
	}
	around = n
	for end := strings.LastIndexByte(path, '.'); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		child := n.step(path[:end])
		if child == nil || child.kind != mapping {
			continue
		}
		inner, at := descend(child, path[end+1:])
		if inner != nil {
			return inner, at
		}
		if around == n {
			around = at
		}
	}
	return nil, around
}

// step is the value under a key, or the element of a list under a key such as "targets[0]".
func (n *node) step(name string) *node {
	if child := n.field(name); child != nil || !strings.HasSuffix(name, "]") {
		return child
	}
	open := strings.LastIndexByte(name, '[')
	if open < 0 {
		return nil
	}
	list := n
	if open > 0 {
		list = n.step(name[:open])
	}
	i, err := strconv.Atoi(name[open+1 : len(name)-1])
	if list == nil || err != nil || i < 0 || i >= len(list.items) {
		return nil
	}
	return list.items[i]
}

// read walks to path as upstream's readers do, and returns the node, nil or of kind null or nothing when there is no
// value to read.
func (c *Config) read(path string) (*node, error) {
	n := c.node
	if path == "" {
		return n, n.readable()
	}
	parts := strings.Split(path, ".")
	for _, part := range parts {
		if !keyPart.MatchString(part) {
			return nil, Problem{Origin: c.origin(), Path: join(c.path, path), Message: fmt.Sprintf("Invalid config key '%s'", path), wire: true}
		}
	}
	for i, part := range parts {
		if err := n.readable(); err != nil {
			return nil, err
		}
		if n == nil || n.kind == null || n.kind == nothing {
			return n, nil
		}
		if n.kind != mapping {
			return nil, c.wireProblem(strings.Join(parts[:i], "."), &mismatch{node: n, wanted: "object"})
		}
		child := n.field(part)
		if child == nil && n.unreadable != nil {
			return nil, *n.unreadable
		}
		n = child
	}
	return n, n.readable()
}

// readable returns why the value cannot be known. A mapping that lacks only parts is readable.
func (n *node) readable() error {
	if n != nil && n.kind == nothing && n.unreadable != nil {
		return *n.unreadable
	}
	return nil
}

// required is read for a value that must be there.
func (c *Config) required(path string) (*node, error) {
	n, err := c.read(path)
	if err != nil {
		return nil, err
	}
	if !n.present() {
		return nil, c.missing(path, n)
	}
	return n, nil
}

// missing is upstream's error for a required key. It names the highest-priority source, even if that has nothing to do
// with the key (core.md 1.6).
func (c *Config) missing(path string, n *node) Problem {
	_, full, origin := c.find(path)
	context := "config"
	if c.node != nil && c.node.context != "" {
		context = c.node.context
	}
	p := Problem{Origin: origin, Path: full, Message: fmt.Sprintf("Missing required config value at '%s' in '%s'", full, context), wire: true}
	if n != nil && n.dropped != "" {
		p.Origin, p.Hint = n.origin, "missing because "+n.dropped
	}
	return p
}

// Errorf is a problem at the key path, with the place it was written at, for checks that only the reader of a section can
// make. Hint may be empty.
func (c *Config) Errorf(path, hint, format string, args ...any) Problem {
	_, full, origin := c.find(path)
	return Problem{Origin: origin, Path: full, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Problems returns what was found at load and since: variables that are not set, values that cannot be read, unknown
// keys of lenient sections. All are warnings, but for values that cannot be read at, under or above a declared path:
// these are errors, since whoever declared the path is going to want the value.
func (c *Config) Problems(declared ...string) Problems {
	c.shared.mu.Lock()
	all := append(Problems(nil), c.shared.problems...)
	c.shared.mu.Unlock()
	for i := range all {
		if all[i].unreadable {
			all[i].Warning = !concerns(all[i].Path, declared)
		}
	}
	return all.Sorted()
}

// concerns reports whether path is one of declared, or one lies under the other.
func concerns(path string, declared []string) bool {
	for _, d := range declared {
		if path == "" || under(path, d) || under(d, path) {
			return true
		}
	}
	return false
}

// under reports whether path is top, or lies below it.
func under(path, top string) bool {
	rest, ok := strings.CutPrefix(path, top)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// warn keeps problems as warnings, each key's only once.
func (c *Config) warn(ps Problems) {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	for _, p := range ps {
		p.Warning = true
		if !c.shared.known(p) {
			c.shared.problems = append(c.shared.problems, p)
		}
	}
}

func (s *shared) known(p Problem) bool {
	for _, q := range s.problems {
		if q.Origin == p.Origin && q.Path == p.Path && q.Message == p.Message {
			return true
		}
	}
	return false
}

func join(prefix, key string) string {
	if prefix == "" || key == "" {
		return prefix + key
	}
	return prefix + "." + key
}
