package rely

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// document is one canonical JSON value: keys sorted, no white space, strings as short as JSON allows. Equal values are
// equal bytes, which makes comparing, hashing and taking apart cheap.
type document string

// UnmarshalJSON keeps the value as it is written.
func (d *document) UnmarshalJSON(text []byte) error {
	*d = document(text)
	return nil
}

// MarshalJSON returns the value itself.
func (d document) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return []byte(d), nil
}

// member is one of an object, in canonical form; the key is decoded.
type member struct {
	key   string
	value document
}

// maxDepth is how deeply a body may be nested.
const maxDepth = 200

// jsonError is a mistake in a body.
type jsonError struct {
	offset  int
	message string
}

func (e *jsonError) Error() string { return fmt.Sprintf("%s at %d", e.message, e.offset) }

// canonical reads one JSON text and writes it in canonical form. Numbers stay as they were written: what the client
// hashes and what is stored must be the same.
func canonical(text []byte) (document, error) {
	if !utf8.Valid(text) {
		return "", &jsonError{message: "Invalid UTF-8"}
	}
	p := &parser{in: text, out: make([]byte, 0, len(text))}
	p.space()
	if err := p.value(0); err != nil {
		return "", err
	}
	p.space()
	if p.pos < len(p.in) {
		return "", p.fail("Extra data")
	}
	return document(p.out), nil
}

// parser writes to out as it reads. An object's members are sorted in out itself, when they are not yet.
type parser struct {
	in  []byte
	pos int
	out []byte
}

func (p *parser) fail(message string) error { return &jsonError{offset: p.pos, message: message} }

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) error {
	if depth > maxDepth {
		return p.fail("Too deeply nested")
	}
	switch c := p.peek(); c {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return p.text()
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return p.number()
		}
		return p.fail("Expecting value")
	}
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.in[p.pos:], []byte(w)) {
		return p.fail("Expecting value")
	}
	p.pos += len(w)
	p.out = append(p.out, w...)
	return nil
}

func (p *parser) number() error {
	start := p.pos
	for p.pos < len(p.in) && bytes.IndexByte([]byte("+-.0123456789eE"), p.in[p.pos]) >= 0 {
		p.pos++
	}
	literal := p.in[start:p.pos]
	if !json.Valid(literal) {
		return p.fail("Expecting value")
	}
	p.out = append(p.out, literal...)
	return nil
}

func (p *parser) array(depth int) error {
	p.pos++
	p.out = append(p.out, '[')
	p.space()
	for p.peek() != ']' {
		if err := p.value(depth + 1); err != nil {
			return err
		}
		if err := p.comma(']'); err != nil {
			return err
		}
	}
	p.pos++
	p.out = append(p.out, ']')
	return nil
}

// comma steps over what separates two elements, or stands before the closing byte.
func (p *parser) comma(closing byte) error {
	p.space()
	switch p.peek() {
	case closing:
		return nil
	case ',':
		p.pos++
		p.space()
		if p.peek() == closing {
			return p.fail("Illegal trailing comma")
		}
		p.out = append(p.out, ',')
		return nil
	default:
		return p.fail("Expecting ',' delimiter")
	}
}

// span is where a member of an object stands in out.
type span struct {
	key        string
	start, end int
}

func (p *parser) object(depth int) error {
	p.pos++
	p.out = append(p.out, '{')
	start := len(p.out)
	var few [24]span
	spans, sorted := few[:0], true
	p.space()
	for p.peek() != '}' {
		s, err := p.member(depth)
		if err != nil {
			return err
		}
		if n := len(spans); n > 0 && compareKeys(spans[n-1].key, s.key) >= 0 {
			sorted = false
		}
		spans = append(spans, s)
		if err := p.comma('}'); err != nil {
			return err
		}
	}
	p.pos++
	if !sorted {
		p.arrange(start, spans)
	}
	p.out = append(p.out, '}')
	return nil
}

func (p *parser) member(depth int) (span, error) {
	if p.peek() != '"' {
		return span{}, p.fail("Expecting property name enclosed in double quotes")
	}
	start := len(p.out)
	if err := p.text(); err != nil {
		return span{}, err
	}
	key := unquote(p.out[start:])
	p.space()
	if p.peek() != ':' {
		return span{}, p.fail("Expecting ':' delimiter")
	}
	p.pos++
	p.out = append(p.out, ':')
	p.space()
	err := p.value(depth + 1)
	return span{key: key, start: start, end: len(p.out)}, err
}

// arrange sorts an object's members, which stand in out from start on. Of repeated keys the last one counts.
func (p *parser) arrange(start int, spans []span) {
	slices.SortStableFunc(spans, func(a, b span) int { return compareKeys(a.key, b.key) })
	old := bytes.Clone(p.out[start:])
	p.out = p.out[:start]
	for i, s := range spans {
		if i+1 < len(spans) && spans[i+1].key == s.key {
			continue
		}
		if len(p.out) > start {
			p.out = append(p.out, ',')
		}
		p.out = append(p.out, old[s.start-start:s.end-start]...)
	}
}

// compareKeys orders by UTF-16 code units (RFC 8785). That differs from the order of bytes only beyond U+D7FF.
func compareKeys(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if a[i] < 0xee || b[i] < 0xee {
			break
		}
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	}
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

// text copies a string, and writes its escapes as JSON.stringify would.
func (p *parser) text() error {
	p.pos++
	p.out = append(p.out, '"')
	for {
		start := p.pos
		for p.pos < len(p.in) && p.in[p.pos] != '"' && p.in[p.pos] != '\\' && p.in[p.pos] >= ' ' {
			p.pos++
		}
		p.out = append(p.out, p.in[start:p.pos]...)
		switch p.peek() {
		case '"':
			p.pos++
			p.out = append(p.out, '"')
			return nil
		case '\\':
			if err := p.escape(); err != nil {
				return err
			}
		default:
			return p.fail("Invalid control character or unterminated string")
		}
	}
}

func (p *parser) escape() error {
	p.pos++
	c := p.peek()
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		p.out = append(p.out, '\\', c)
	case '/':
		p.out = append(p.out, '/')
	case 'u':
		return p.unicode()
	default:
		return p.fail("Invalid escape")
	}
	p.pos++
	return nil
}

func (p *parser) unicode() error {
	first, ok := p.hex()
	if !ok {
		return p.fail("Invalid \\uXXXX escape")
	}
	r := first
	if utf16.IsSurrogate(first) {
		back := p.pos
		second, ok := p.hex()
		if r = utf16.DecodeRune(first, second); !ok || p.in[back] != '\\' || r == utf8.RuneError {
			p.pos = back // a lone surrogate stays one
			p.out = fmt.Appendf(p.out, "\\u%04x", first)
			return nil
		}
	}
	p.out = appendRune(p.out, r)
	return nil
}

// hex reads XXXX after a `u` or `\u`.
func (p *parser) hex() (rune, bool) {
	at := p.pos
	if p.peek() == '\\' {
		at++
	}
	if at+5 > len(p.in) || p.in[at] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[at+1:at+5]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos = at + 5
	return rune(n), true
}

func appendRune(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r < ' ' {
		return fmt.Appendf(dst, "\\u%04x", r)
	}
	return utf8.AppendRune(dst, r)
}

// quote is a string's canonical form.
func quote(s string) document {
	out := append(make([]byte, 0, len(s)+2), '"')
	for _, r := range s {
		out = appendRune(out, r)
	}
	return document(append(out, '"'))
}

// unquote reads a canonical string.
func unquote[T ~string | ~[]byte](quoted T) string {
	inner := string(quoted[1 : len(quoted)-1])
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return inner
	}
	return s
}

// kind is the first byte of a value, which tells its type; digits and the sign are '0'.
func (d document) kind() byte {
	if d == "" {
		return 'n'
	}
	if c := d[0]; c != '-' && (c < '0' || c > '9') {
		return c
	}
	return '0'
}

// skip returns where the canonical value at the start of d ends.
func (d document) skip(at int) int {
	depth := 0
	for i := at; i < len(d); i++ {
		switch d[i] {
		case '"':
			for i++; d[i] != '"'; i++ {
				if d[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(d)
}

// elements takes a list apart.
func (d document) elements() []document {
	if d.kind() != '[' || d == "[]" {
		return nil
	}
	var list []document
	for at := 1; at < len(d); {
		end := d.skip(at)
		list = append(list, d[at:end])
		at = end + 1
	}
	return list
}

// members takes an object apart, in the order of keys.
func (d document) members() []member { return d.appendMembers(nil) }

// appendMembers is members into a buffer that the caller has.
func (d document) appendMembers(list []member) []member {
	if d.kind() != '{' || d == "{}" {
		return list
	}
	for at := 1; at < len(d); {
		colon := d.skip(at)
		end := d.skip(colon + 1)
		list = append(list, member{key: unquote(d[at:colon]), value: d[colon+1 : end]})
		at = end + 1
	}
	return list
}

// at is an object's member, or nothing.
func (d document) at(key string) (document, bool) {
	for _, m := range d.members() {
		if m.key == key {
			return m.value, true
		}
	}
	return "", false
}

// str is a string's text; of anything else it is empty.
func (d document) str() string {
	if d.kind() != '"' {
		return ""
	}
	return unquote(d)
}

// object joins members, which are in order, to an object.
func object(members []member) document {
	size := 2
	for _, m := range members {
		size += len(m.key) + len(m.value) + 4
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, quote(m.key)...)
		out = append(append(out, ':'), m.value...)
	}
	return document(append(out, '}'))
}

// merged is the members of both, those of over where both have a key.
func merged(under, over []member) []member {
	out := make([]member, 0, len(under)+len(over))
	for len(under) > 0 && len(over) > 0 {
		switch c := compareKeys(under[0].key, over[0].key); {
		case c < 0:
			out, under = append(out, under[0]), under[1:]
		case c > 0:
			out, over = append(out, over[0]), over[1:]
		default:
			out, under, over = append(out, over[0]), under[1:], over[1:]
		}
	}
	return append(append(out, under...), over...)
}

// encode is the canonical form of a Go value.
func encode(v any) (document, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return canonical(b.Bytes())
}
