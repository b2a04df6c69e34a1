package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// keyPart is what upstream's readers accept between two dots (core.md 1.3, 1.6).
var keyPart = regexp.MustCompile(`(?i)^[a-z][a-z0-9]*(?:[-_:][a-z0-9]+)*$`)

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

func join(prefix, key string) string {
	if prefix == "" || key == "" {
		return prefix + key
	}
	return prefix + "." + key
}
