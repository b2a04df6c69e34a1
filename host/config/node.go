package config

import (
	"math"
	"slices"
	"strconv"

	"github.com/understudy-portal/understudy/entity"
)

// kind tells what a node holds.
type kind uint8

const (
	// nothing: the key was written, but its value was dropped or could not be read.
	nothing kind = iota
	null
	scalar
	list
	mapping
)

// node is one value with its provenance. Nodes are never changed once the configuration is merged, so that sections
// may share them.
type node struct {
	kind   kind
	value  any // scalar: string, float64 or bool
	items  []*node
	fields []field

	origin  Origin
	context string // base name of the source, as upstream's messages name it
	// inputs are the environment values that were substituted into the value: secrets if the value is one.
	inputs []string
	// fromFile tells that the text came through $file.
	fromFile bool
	// dropped says why there is nothing, such as "${VAR} is not set"; with kind nothing.
	dropped string
	// unreadable is why the value, or a part that was merged into it, is not known.
	unreadable *Problem
	// notes are warnings that belong to the value, such as an element that was dropped.
	notes Problems
}

type field struct {
	name   string
	origin Origin // of the key, not of the value
	node   *node
}

// field returns the value under name; nil when the node is no mapping or has no such key.
func (n *node) field(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].name == name {
			return n.fields[i].node
		}
	}
	return nil
}

// present reports that there is a value to read: not dropped and not null.
func (n *node) present() bool {
	return n != nil && n.kind != null && (n.kind != nothing || n.unreadable != nil)
}

// typeName names the type as upstream's messages do (core.md 1.6).
func (n *node) typeName() string {
	switch n.kind {
	case null, nothing:
		return "null"
	case list:
		return "array"
	case mapping:
		return "object"
	}
	switch v := n.value.(type) {
	case float64:
		if math.IsNaN(v) {
			return "nan"
		}
		return "number"
	case bool:
		return "boolean"
	case string:
		if v == "" {
			return "empty-string"
		}
	}
	return "string"
}

// merge lays top over base (core.md 1.5): mappings deeply, with top's keys first; anything else in top wins, null
// included. What top dropped for want of a variable does not hide base; what top could not read does.
func merge(top, base *node) *node {
	switch {
	case base == nil:
		return top
	case top == nil:
		return base
	case top.kind == nothing && top.unreadable == nil:
		if base.kind == nothing && base.unreadable == nil {
			return top
		}
		out := *base
		out.notes = slices.Concat(top.notes, base.notes)
		return &out
	case top.kind != mapping:
		return top
	}
	out := *top
	if out.unreadable == nil {
		// Base may have held any key here: those that top lacks are not known to be absent.
		out.unreadable = base.unreadable
	}
	if base.kind != mapping {
		return &out
	}
	out.notes = slices.Concat(top.notes, base.notes)
	out.fields = make([]field, 0, len(top.fields)+len(base.fields))
	for _, f := range top.fields {
		f.node = merge(f.node, base.field(f.name))
		out.fields = append(out.fields, f)
	}
	for _, f := range base.fields {
		if top.field(f.name) == nil {
			out.fields = append(out.fields, f)
		}
	}
	return &out
}

// set gives a mapping's key a value, replacing an earlier one in its place.
func (n *node) set(f field) {
	for i := range n.fields {
		if n.fields[i].name == f.name {
			n.fields[i] = f
			return
		}
	}
	n.fields = append(n.fields, f)
}

// plain returns a copy as entity values, without what is null inside mappings, as upstream's untyped get does.
func (n *node) plain() any {
	switch n.kind {
	case scalar:
		return n.value
	case list:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.plain()
		}
		return items
	case mapping:
		return entity.CollectObject(func(yield func(string, any) bool) {
			for _, f := range n.fields {
				if f.node.kind != null && f.node.kind != nothing && !yield(f.name, f.node.plain()) {
					return
				}
			}
		})
	default:
		return nil
	}
}

// fromPlain is the reverse, without origins.
func fromPlain(v any) *node {
	switch v := v.(type) {
	case nil:
		return &node{kind: null}
	case []any:
		n := &node{kind: list}
		for _, item := range v {
			n.items = append(n.items, fromPlain(item))
		}
		return n
	case *entity.Object:
		n := &node{kind: mapping}
		for key, item := range v.All() {
			n.fields = append(n.fields, field{name: key, node: fromPlain(item)})
		}
		return n
	default:
		return &node{kind: scalar, value: v}
	}
}

// indexed is the path of a list's element.
func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// walk visits n and everything below it, with full paths, parents first.
func (n *node) walk(path string, visit func(path string, n *node)) {
	if n == nil {
		return
	}
	visit(path, n)
	for i, item := range n.items {
		item.walk(indexed(path, i), visit)
	}
	for _, f := range n.fields {
		f.node.walk(join(path, f.name), visit)
	}
}
