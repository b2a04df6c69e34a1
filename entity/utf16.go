package entity

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// JavaScript's strings may hold a surrogate without its other half. Ours hold it in the three bytes that UTF-8 would
// give the number (WTF-8), which Go's functions take for three invalid bytes; the functions here take it for what it is.

// appendSurrogate appends one half of a surrogate pair.
func appendSurrogate(dst []byte, r rune) []byte {
	return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
}

// decodeRune is utf8.DecodeRuneInString that knows lone surrogates.
func decodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, size
}

// UTF16Len returns the length of s in UTF-16 code units, the measure of all limits in the catalog.
func UTF16Len(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := decodeRune(s[i:])
		i += size
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// CompareUTF16 orders strings by UTF-16 code units, as JavaScript's sort does. It differs from the order of bytes only
// for characters beyond U+FFFF, which come before U+E000.
func CompareUTF16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return len(a) - len(b)
	}
	if a[i] < utf8.RuneSelf && b[i] < utf8.RuneSelf {
		return int(a[i]) - int(b[i])
	}
	for i > 0 && a[i-1] >= utf8.RuneSelf { // back to where a character surely begins
		i--
	}
	return compareUnits(a[i:], b[i:])
}

func compareUnits(a, b string) int {
	for len(a) > 0 && len(b) > 0 {
		ra, na := decodeRune(a)
		rb, nb := decodeRune(b)
		if ra != rb {
			ha, la := units(ra)
			hb, lb := units(rb)
			if ha != hb {
				return int(ha - hb)
			}
			return int(la - lb)
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

// units returns the UTF-16 code units of a rune, the second being 0 if there is only one.
func units(r rune) (high, low rune) {
	if r <= 0xffff {
		return r, 0
	}
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}

// Fold lower-cases s as JavaScript's toLocaleLowerCase('en-US') does. All comparisons of keys, values and references
// are made on folded text.
func Fold(s string) string {
	upper := false
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return foldUnicode(s)
		}
		upper = upper || (c >= 'A' && c <= 'Z')
	}
	if upper {
		return strings.ToLower(s)
	}
	return s
}

func foldUnicode(s string) string {
	if !utf8.ValidString(s) {
		return foldInvalid(s)
	}
	// The only letters whose lower case depends on their surroundings, or is longer than one letter.
	if strings.Contains(s, "İ") || strings.Contains(s, "Σ") {
		return cases.Lower(language.Und).String(s)
	}
	return strings.ToLower(s)
}

// foldInvalid folds what is valid around lone surrogates, which stay as they are.
func foldInvalid(s string) string {
	var out strings.Builder
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			out.WriteString(Fold(s[start:i]))
			out.WriteByte(s[i])
			start = i + 1
		}
		i += size
	}
	out.WriteString(Fold(s[start:]))
	return out.String()
}

// trim removes what JavaScript's String.prototype.trim removes.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		switch r {
		case '\t', '\n', '\v', '\f', '\r', ' ', '\u00a0', '\u1680', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000', '\ufeff':
			return true
		default:
			return r >= '\u2000' && r <= '\u200a'
		}
	})
}
