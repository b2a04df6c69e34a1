package entity

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deeply a JSON text may be nested.
const maxDepth = 1000

// JSONError is a mistake in a JSON text.
type JSONError struct {
	// Offset is where the mistake is, in bytes.
	Offset int
	// Message says what is wrong, without the place.
	Message string
}

// Error returns the message and the place.
func (e *JSONError) Error() string {
	return fmt.Sprintf("%s in JSON at position %d", e.Message, e.Offset)
}

// ParseJSON reads one JSON text as JavaScript's JSON.parse does: of repeated keys the last value counts, a number out
// of range is infinite, and a lone surrogate stays one, in the three bytes that UTF-8 would give it. A byte order mark
// is skipped, invalid UTF-8 becomes U+FFFD. Nesting is limited to 1000 levels. The error is a *JSONError.
func ParseJSON(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	p := parser{data: data}
	v, err := p.text()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// ParseObject is ParseJSON for a text that must be an object.
func ParseObject(data []byte) (*Object, error) {
	v, err := ParseJSON(data)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, &JSONError{Message: "expected an object, got " + typeName(v)}
	}
	return o, nil
}

// typeName returns what a schema calls the type of a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// parser is a recursive descent over one text. Members and items are gathered on stacks that all levels share and are
// copied out in their final size, because a growing slice for every object costs most of the time of a small text.
type parser struct {
	data    []byte
	pos     int
	depth   int
	members []member
	items   []any
	scratch []byte
}

func (p *parser) fail(message string) *JSONError {
	return &JSONError{Offset: p.pos, Message: message}
}

func (p *parser) unexpected() *JSONError {
	if p.pos >= len(p.data) {
		return p.fail("unexpected end")
	}
	r, _ := utf8.DecodeRune(p.data[p.pos:])
	return p.fail(fmt.Sprintf("unexpected character %q", r))
}

func (p *parser) text() (any, *JSONError) {
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.data) {
		return nil, p.unexpected()
	}
	return v, nil
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips space and returns the byte that follows, or 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) value() (any, *JSONError) {
	switch c := p.next(); {
	case c == '{':
		return p.nested((*parser).object)
	case c == '[':
		return p.nested((*parser).array)
	case c == '"':
		return p.str()
	case c == '-' || (c >= '0' && c <= '9'):
		return p.number()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	default:
		return nil, p.unexpected()
	}
}

func (p *parser) word(w string) bool {
	if bytes.HasPrefix(p.data[p.pos:], []byte(w)) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *parser) nested(parse func(*parser) (any, *JSONError)) (any, *JSONError) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(fmt.Sprintf("more than %d levels of nesting", maxDepth))
	}
	p.pos++
	v, err := parse(p)
	p.depth--
	return v, err
}

func (p *parser) object() (any, *JSONError) {
	from := len(p.members)
	for closing := p.next() == '}'; !closing; {
		if p.next() != '"' {
			return nil, p.unexpected()
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if p.next() != ':' {
			return nil, p.unexpected()
		}
		p.pos++
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		p.members = append(p.members, member{key, v})
		if closing, err = p.separator('}'); err != nil {
			return nil, err
		}
	}
	p.pos++
	var members []member
	if len(p.members) > from {
		members = slices.Clone(p.members[from:])
	}
	p.members = p.members[:from]
	return newObject(members), nil
}

func (p *parser) array() (any, *JSONError) {
	from := len(p.items)
	for closing := p.next() == ']'; !closing; {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, v)
		if closing, err = p.separator(']'); err != nil {
			return nil, err
		}
	}
	p.pos++
	items := append(make([]any, 0, len(p.items)-from), p.items[from:]...)
	p.items = p.items[:from]
	return items, nil
}

// separator steps over a comma, or stops before the closing character.
func (p *parser) separator(closing byte) (closed bool, err *JSONError) {
	switch p.next() {
	case ',':
		p.pos++
		return false, nil
	case closing:
		return true, nil
	default:
		return false, p.unexpected()
	}
}

func (p *parser) number() (any, *JSONError) {
	start := p.pos
	if p.data[p.pos] == '-' {
		p.pos++
	}
	whole := p.digits()
	if whole == 0 || (whole > 1 && p.data[p.pos-whole] == '0') {
		p.pos -= max(whole-1, 0)
		return nil, p.unexpected()
	}
	plain := true
	if p.at('.') {
		plain = false
		if p.pos++; p.digits() == 0 {
			return nil, p.unexpected()
		}
	}
	if p.at('e') || p.at('E') {
		plain = false
		if p.pos++; p.at('+') || p.at('-') {
			p.pos++
		}
		if p.digits() == 0 {
			return nil, p.unexpected()
		}
	}
	text := p.data[start:p.pos]
	if plain && text[0] != '-' && len(text) <= 15 {
		n := 0
		for _, c := range text {
			n = n*10 + int(c-'0')
		}
		return float64(n), nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, p.fail("malformed number")
	}
	return f, nil
}

func (p *parser) at(c byte) bool { return p.pos < len(p.data) && p.data[p.pos] == c }

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}
