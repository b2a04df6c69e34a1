package yamlcore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxDepth is how deeply a document may be nested: the same as entity.ParseJSON allows.
const maxDepth = 1000

// Error is a mistake in a YAML text, with its place.
type Error struct {
	// Line and Column count from 1; a zero is unknown.
	Line, Column int
	// Message says what is wrong, without the place.
	Message string

	badEscape bool // a \u escape that is no character
}

// Error returns "line 3, column 5: message".
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Message
	case e.Column == 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	default:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
}

func errorAt(n *yaml.Node, format string, args ...any) *Error {
	return &Error{Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)}
}

// Parse returns the root node of each document in data, in order; a document without content has a null scalar as its
// root, and a text without any document gives none. Every document has been checked: keys are unique, aliases do not
// contain themselves, and nothing is nested too deeply.
//
// On a mistake it returns an *Error, together with the documents that ended before it.
func Parse(data []byte) ([]*yaml.Node, error) {
	docs, err := parse(data)
	if err != nil && err.badEscape {
		if joined := joinSurrogates(data); !bytes.Equal(joined, data) {
			docs, err = parse(joined)
		}
	}
	if err != nil {
		return docs, err
	}
	return docs, nil
}

func parse(data []byte) ([]*yaml.Node, *Error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) && !utf16Marked(data) {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithV4Defaults())
	if err != nil {
		return nil, &Error{Message: err.Error()}
	}
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		err := loader.Load(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return docs, syntaxError(err)
		}
		root := &doc
		if doc.Kind == yaml.DocumentNode {
			if len(doc.Content) == 0 {
				continue
			}
			root = doc.Content[0]
		}
		if err := check(root); err != nil {
			return docs, err
		}
		docs = append(docs, root)
	}
}

// ParseOne returns the root node of the first document, or nil when there is none. A second document is an *Error.
func ParseOne(data []byte) (*yaml.Node, error) {
	docs, err := Parse(data)
	switch {
	case err != nil:
		return nil, err
	case len(docs) == 0:
		return nil, nil
	case len(docs) > 1:
		return nil, errorAt(docs[1], "expected a single document, but here a second one begins")
	default:
		return docs[0], nil
	}
}

func utf16Marked(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff})
}

func syntaxError(err error) *Error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return &Error{Message: err.Error()}
	}
	message := load.Message
	if load.ContextMsg != "" {
		message = load.ContextMsg + ": " + message
	}
	return &Error{
		Line: load.Mark.Line, Column: load.Mark.Column, Message: message,
		badEscape: strings.Contains(load.Message, "invalid Unicode character escape"),
	}
}

// joinSurrogates rewrites \ud83d\ude00, as JSON files write characters beyond U+FFFF, to \U0001f600. The parser does
// not know such pairs, although YAML is meant to include JSON. Only a text that is broken without it is rewritten.
func joinSurrogates(data []byte) []byte {
	const length = len(`\ud83d\ude00`)
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 == len(data) {
			out = append(out, data[i])
			continue
		}
		if high, ok := escapedUnit(data[i:]); ok {
			if low, ok := escapedUnit(data[i+length/2:]); ok && utf16.DecodeRune(high, low) != utf8.RuneError {
				out = fmt.Appendf(out, `\U%08x`, utf16.DecodeRune(high, low))
				i += length - 1
				continue
			}
		}
		out = append(out, data[i], data[i+1]) // so that the second of two backslashes does not begin an escape
		i++
	}
	return out
}

// escapedUnit reads \uXXXX.
func escapedUnit(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}

// check finds what the grammar allows and we do not.
func check(root *yaml.Node) *Error {
	c := checker{open: map[*yaml.Node]bool{}}
	return c.node(root, 0)
}

type checker struct {
	open map[*yaml.Node]bool // collections that we are inside of, to find an alias that contains itself
}

func (c *checker) node(n *yaml.Node, depth int) *Error {
	if depth > maxDepth {
		return errorAt(n, "nested more than %d levels deep", maxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		if n.Alias == nil {
			return errorAt(n, "unknown alias *%s", n.Value)
		}
		if c.open[n.Alias] {
			return errorAt(n, "alias *%s contains itself", n.Value)
		}
		return nil // its target is checked where it stands
	case yaml.ScalarNode:
		_, err := scalar(n)
		return err
	case yaml.MappingNode:
		if err := uniqueKeys(n); err != nil {
			return err
		}
	}
	c.open[n] = true
	defer delete(c.open, n)
	for _, child := range n.Content {
		if err := c.node(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// uniqueKeys compares keys as values, as Node's parser does: 1 and "1" are two keys here, although they become one
// member of an object later.
func uniqueKeys(mapping *yaml.Node) *Error {
	seen := make(map[any]bool, len(mapping.Content)/2)
	for i := 0; i < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		for key.Kind == yaml.AliasNode && key.Alias != nil {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return errorAt(key, "a key must be a scalar")
		}
		v, err := scalar(key)
		if err != nil {
			return err
		}
		if seen[v] {
			return errorAt(mapping.Content[i], "map keys must be unique; %q is here twice", key.Value)
		}
		seen[v] = true
	}
	return nil
}
