package router

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host/fault"
)

// maxValues bounds the wildcards of one pattern, so that matching needs no allocation.
const maxValues = 8

// table finds the route of a path: a tree of segments, since net/http's ServeMux compares case, redirects paths that are
// not clean and answers 405, none of which the wire has.
type table struct{ root *branch }

// branch is one segment of the tree.
type branch struct {
	literal map[string]*branch // by the lower-case segment
	value   *branch            // {name}
	rest    []*route           // {name...}
	ends    []*route           // patterns that end here, one a method
}

type route struct {
	pattern string
	method  string // "" is any
	names   []string
	handler HandlerFunc
}

// match is a route with the raw values of its wildcards.
type match struct {
	route  *route
	values [maxValues]string
	count  int
}

// add puts the pattern in the tree; see Routes.Handle.
func (t *table) add(pattern string, h HandlerFunc) {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "", pattern
	}
	if h == nil || !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("router: malformed route %q", pattern))
	}
	if t.root == nil {
		t.root = &branch{}
	}
	rt := &route{pattern: pattern, method: method, handler: h}
	at, segments := t.root, strings.Split(path[1:], "/")
	if path == "/" {
		segments = nil
	}
	for i, segment := range segments {
		name, wild := wildcard(pattern, segment)
		if !wild {
			at = at.child(strings.ToLower(segment))
			continue
		}
		last := strings.HasSuffix(name, "...")
		rt.names = append(rt.names, strings.TrimSuffix(name, "..."))
		if last {
			if i != len(segments)-1 {
				panic(fmt.Sprintf("router: %q goes on after its last wildcard", pattern))
			}
			at.rest = claim(at.rest, rt)
			return
		}
		if at.value == nil {
			at.value = &branch{}
		}
		at = at.value
	}
	if len(rt.names) > maxValues {
		panic(fmt.Sprintf("router: %q has more than %d wildcards", pattern, maxValues))
	}
	at.ends = claim(at.ends, rt)
}

func (b *branch) child(segment string) *branch {
	if b.literal == nil {
		b.literal = map[string]*branch{}
	}
	if b.literal[segment] == nil {
		b.literal[segment] = &branch{}
	}
	return b.literal[segment]
}

// wildcard returns the name in "{name}".
func wildcard(pattern, segment string) (name string, ok bool) {
	if !strings.ContainsAny(segment, "{}") {
		if segment == "" {
			panic(fmt.Sprintf("router: %q has an empty segment", pattern))
		}
		return "", false
	}
	if len(segment) < 3 || segment[0] != '{' || segment[len(segment)-1] != '}' || strings.ContainsAny(segment[1:len(segment)-1], "{}$") {
		panic(fmt.Sprintf("router: malformed wildcard in %q", pattern))
	}
	return segment[1 : len(segment)-1], true
}

func claim(routes []*route, rt *route) []*route {
	for _, other := range routes {
		if other.method == rt.method {
			panic(fmt.Sprintf("router: %q is already served by %q", rt.pattern, other.pattern))
		}
	}
	return append(routes, rt)
}

// find looks for the route of a raw path below the mount.
func (t *table) find(method, path string, m *match) bool {
	if t.root == nil {
		return false
	}
	if path != "" && path[0] != '/' {
		return false
	}
	m.count = 0
	return t.root.find(method, path, m)
}

// find takes what remains of the path, beginning with a slash. A branch that has the path but not the method gives way
// to a less specific one that has both.
func (b *branch) find(method, path string, m *match) bool {
	if path == "" || path == "/" {
		if m.take(method, b.ends) {
			return true
		}
	} else {
		segment, rest := path[1:], ""
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment, rest = segment[:i], segment[i:]
		}
		if child := b.lookup(segment); child != nil && child.find(method, rest, m) {
			return true
		}
		if b.value != nil && segment != "" && m.count < maxValues {
			m.values[m.count] = segment
			m.count++
			if b.value.find(method, rest, m) {
				return true
			}
			m.count--
		}
	}
	if b.rest != nil && m.count < maxValues && m.take(method, b.rest) {
		m.values[m.count] = strings.TrimPrefix(path, "/")
		m.count++
		return true
	}
	return false
}

func (m *match) take(method string, routes []*route) bool {
	var fallback *route
	for _, rt := range routes {
		switch rt.method {
		case method:
			m.route = rt
			return true
		case http.MethodGet:
			if method == http.MethodHead {
				fallback = rt
			}
		case "":
			if fallback == nil {
				fallback = rt
			}
		}
	}
	if fallback != nil {
		m.route = fallback
	}
	return fallback != nil
}

// lookup folds the segment's case without an allocation.
func (b *branch) lookup(segment string) *branch {
	if b.literal == nil || segment == "" {
		return nil
	}
	var buf [64]byte
	if len(segment) > len(buf) {
		return b.literal[lower(segment)]
	}
	for i := range len(segment) {
		buf[i] = lowerByte(segment[i])
	}
	return b.literal[string(buf[:len(segment)])]
}

// lower folds ASCII only: that is all a literal has, and what case folding of a raw path can mean.
func lower(s string) string {
	out := []byte(s)
	for i, c := range out {
		out[i] = lowerByte(c)
	}
	return string(out)
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// serve decodes the values and calls the handler.
func (m *match) serve(w http.ResponseWriter, r *http.Request) error {
	for i, name := range m.route.names {
		value, err := decode(m.values[i])
		if err != nil {
			return err
		}
		r.SetPathValue(name, value)
	}
	r.Pattern = m.route.pattern
	return m.route.handler(w, r)
}

// decode unescapes one value. Bytes that are no text are refused as upstream does; so is NUL, which no name holds and
// PostgreSQL refuses with an internal error.
func decode(raw string) (string, error) {
	if strings.IndexByte(raw, '%') < 0 {
		return raw, nil
	}
	value, err := url.PathUnescape(raw)
	if err != nil || !utf8.ValidString(value) || strings.IndexByte(value, 0) >= 0 {
		e := &fault.Error{Name: "URIError", Status: http.StatusBadRequest, Message: "Failed to decode param '" + raw + "'"}
		return "", e.With("statusCode", http.StatusBadRequest).With("status", http.StatusBadRequest)
	}
	return value, nil
}
