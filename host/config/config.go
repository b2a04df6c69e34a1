package config

import (
	"fmt"
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

// Has reports whether there is a value at path. A null counts as absent, a value that cannot be read as present. Unlike
// the typed getters it finds keys of any form, such as "proxy.endpoints./rely".
func (c *Config) Has(path string) bool {
	n, _, _ := c.find(path)
	return n.present()
}

// Empty reports whether the key is written down with nothing in it, which counts as absent.
func (c *Config) Empty(path string) bool {
	n, _, _ := c.find(path)
	return n != nil && n.kind == null
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

// Absent is the problem of a key that its reader requires. Why it is missing, if that is known, takes the hint's place.
func (c *Config) Absent(path, hint string) Problem {
	n, full, origin := c.find(path)
	p := Problem{Origin: origin, Path: full, Message: "is required", Hint: hint}
	if n != nil && n.dropped != "" {
		p.Origin, p.Hint = n.origin, "missing because "+n.dropped
	}
	return p
}

// LeftOut reports why a key that was written down counts as absent, such as "${VAR} is not set"; empty where it was not, or has
// a value.
func (c *Config) LeftOut(path string) string {
	if n, _, _ := c.find(path); n != nil {
		return n.dropped
	}
	return ""
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
