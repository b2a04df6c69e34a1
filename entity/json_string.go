package entity

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// key reads a string that is the key of a member; the keys that every entity has are not allocated again.
func (p *parser) key() (string, *JSONError) {
	text, err := p.stringBytes()
	if err != nil {
		return "", err
	}
	return internKey(text), nil
}

func (p *parser) str() (any, *JSONError) {
	text, err := p.stringBytes()
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

// stringBytes reads a string and returns its content, which is only valid until the next call.
func (p *parser) stringBytes() ([]byte, *JSONError) {
	p.pos++
	rest := p.data[p.pos:]
	for i, c := range rest {
		switch {
		case c == '"':
			p.pos += i + 1
			return rest[:i], nil
		case c == '\\':
			return p.escapedString(i)
		case c < ' ':
			p.pos += i
			return nil, p.fail("unescaped control character")
		}
	}
	p.pos = len(p.data)
	return nil, p.fail("unterminated string")
}

// escapedString reads on from the first backslash, n bytes into the string.
func (p *parser) escapedString(n int) ([]byte, *JSONError) {
	out := p.scratch[:0]
	out = append(out, p.data[p.pos:p.pos+n]...)
	p.pos += n
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			p.scratch = out
			return out, nil
		case c < ' ':
			return nil, p.fail("unescaped control character")
		case c == '\\':
			var err *JSONError
			if out, err = p.escape(out); err != nil {
				return nil, err
			}
		default:
			end := bytes.IndexAny(p.data[p.pos:], "\"\\")
			if end < 0 {
				end = len(p.data) - p.pos
			}
			for _, c := range p.data[p.pos : p.pos+end] {
				if c < ' ' {
					return nil, p.fail("unescaped control character")
				}
			}
			out = append(out, p.data[p.pos:p.pos+end]...)
			p.pos += end
		}
	}
	return nil, p.fail("unterminated string")
}

func (p *parser) escape(out []byte) ([]byte, *JSONError) {
	p.pos++
	if p.pos >= len(p.data) {
		return nil, p.fail("unterminated string")
	}
	c := p.data[p.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicodeEscape(out)
	default:
		return nil, p.fail("bad escape")
	}
	p.pos++
	return append(out, c), nil
}

func (p *parser) unicodeEscape(out []byte) ([]byte, *JSONError) {
	r, ok := hex4(p.data[p.pos+1:])
	if !ok {
		return nil, p.fail("bad unicode escape")
	}
	p.pos += 5
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(out, r), nil
	}
	if rest := p.data[p.pos:]; bytes.HasPrefix(rest, []byte(`\u`)) {
		if low, ok := hex4(rest[2:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				p.pos += 6
				return utf8.AppendRune(out, pair), nil
			}
		}
	}
	return appendSurrogate(out, r), nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// internKey returns a shared string for the keys that nearly every entity has.
func internKey(key []byte) string {
	switch string(key) { // the compiler does not allocate for this
	case "apiVersion":
		return "apiVersion"
	case "kind":
		return "kind"
	case "metadata":
		return "metadata"
	case "name":
		return "name"
	case "namespace":
		return "namespace"
	case "annotations":
		return "annotations"
	case "labels":
		return "labels"
	case "tags":
		return "tags"
	case "title":
		return "title"
	case "description":
		return "description"
	case "uid":
		return "uid"
	case "etag":
		return "etag"
	case "spec":
		return "spec"
	case "type":
		return "type"
	case "owner":
		return "owner"
	case "lifecycle":
		return "lifecycle"
	case "system":
		return "system"
	case "relations":
		return "relations"
	case "targetRef":
		return "targetRef"
	case AnnotationLocation:
		return AnnotationLocation
	case AnnotationOriginLocation:
		return AnnotationOriginLocation
	default:
		return string(key)
	}
}
