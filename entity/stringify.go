package entity

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends v to dst as JavaScript's JSON.stringify(v) writes it: no white space, nothing escaped for HTML,
// numbers as NumberString; NaN and the infinities become null, as there. Besides values it takes an Entity, int and
// int64; any other type is a mistake of the caller, and it panics.
func AppendJSON(dst []byte, v any) []byte { return appendJSON(slices.Grow(dst, sizeJSON(v)), v, false) }

// StableJSON writes v with the keys of all objects sorted, so that equal values give equal bytes.
func StableJSON(v any) []byte { return appendJSON(make([]byte, 0, sizeJSON(v)), v, true) }

// MarshalJSON writes the object as AppendJSON does, for structs that encoding/json writes.
func (o *Object) MarshalJSON() ([]byte, error) { return AppendJSON(nil, o), nil }

// UnmarshalJSON reads what ParseObject reads, for structs that encoding/json reads.
func (o *Object) UnmarshalJSON(data []byte) error {
	parsed, err := ParseObject(data)
	if err != nil {
		return err
	}
	*o = *parsed
	return nil
}

// sizeJSON is about how long the JSON of v is: exact but for numbers and for what is escaped. Growing a buffer step by
// step would allocate several times that.
func sizeJSON(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + len(`""`)
	case []any:
		n := len("[]")
		for _, item := range v {
			n += sizeJSON(item) + len(",")
		}
		return n
	case *Object:
		return sizeObject(v)
	case Entity:
		return sizeObject(v.Object)
	default:
		return len("false")
	}
}

func sizeObject(o *Object) int {
	n := len("null")
	if o == nil {
		return n
	}
	for i := range o.members {
		n += len(o.members[i].key) + len(`"":,`) + sizeJSON(o.members[i].value)
	}
	return n
}

func appendJSON(dst []byte, v any, sorted bool) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(dst, "null"...)
		}
		return appendNumber(dst, v)
	case string:
		return appendString(dst, v)
	case []any:
		return appendArray(dst, v, sorted)
	case *Object:
		return appendObject(dst, v, sorted)
	case Entity:
		return appendObject(dst, v.Object, sorted)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	default:
		panic(fmt.Sprintf("entity: %T is not a JSON value", v))
	}
}

func appendArray(dst []byte, items []any, sorted bool) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, item, sorted)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, o *Object, sorted bool) []byte {
	if o == nil {
		return append(dst, "null"...)
	}
	members := o.members
	if sorted {
		var few [16]member // most objects need no more, and the stack costs nothing
		members = append(few[:0], members...)
		slices.SortFunc(members, func(a, b member) int { return CompareUTF16(a.key, b.key) })
	}
	dst = append(dst, '{')
	first := true
	for i := range members {
		m := &members[i]
		if o.dead > 0 && !m.live() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendString(dst, m.key), ':')
		dst = appendJSON(dst, m.value, sorted)
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := decodeRune(s[i:])
		if surrogate := r >= 0xd800 && r <= 0xdfff; surrogate || (r == utf8.RuneError && size == 1) {
			dst = append(dst, s[start:i]...)
			if surrogate {
				dst = appendUnicodeEscape(dst, r)
			} else {
				dst = append(dst, "\ufffd"...)
			}
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return appendUnicodeEscape(dst, rune(c))
	}
}

func appendUnicodeEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
