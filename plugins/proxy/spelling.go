package proxy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain is what a raw path may come to at a target, whatever that decodes, cuts off or takes for the same: runs of
// slashes, ".", escapes and escaped escapes, backslashes, parameters, dots and blanks at the end of a segment. A path that
// comes to one below a route at any target does so here. False: it may lead anywhere.
func plain(raw string) (path string, certain bool) {
	if spelledPlainly(raw) {
		return raw, true
	}
	var b strings.Builder
	for segment := range strings.SplitSeq(raw, "/") {
		text := strings.ReplaceAll(unescapeAll(segment), `\`, "/")
		// What a slash behind a semicolon separates depends on which of the two a target looks for first.
		if _, parameters, found := strings.Cut(text, ";"); !utf8.ValidString(text) || found && strings.Contains(parameters, "/") {
			return "", false
		}
		for part := range strings.SplitSeq(text, "/") {
			if i := strings.IndexAny(part, ";?#\x00"); i >= 0 {
				part = part[:i]
			}
			part = strings.TrimRightFunc(part, func(r rune) bool { return r <= ' ' })
			if part == ".." {
				return "", false
			}
			if part = strings.TrimRightFunc(part, func(r rune) bool { return r <= ' ' || r == '.' }); part != "" {
				b.WriteByte('/')
				b.WriteString(strings.Map(foldRune, part))
			}
		}
	}
	if b.Len() == 0 {
		return "/", true
	}
	return b.String(), true
}

// spelledPlainly tells of most paths, without much ado, that plain changes nothing in them.
func spelledPlainly(path string) bool {
	last := byte(0)
	for i := range len(path) {
		c := path[i]
		switch {
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`%\;?#`, c) >= 0:
			return false
		case c == '/' && (last == '/' || last == '.'):
			return false
		}
		last = c
	}
	return last != '.' && (last != '/' || len(path) == 1) && strings.HasPrefix(path, "/")
}

// unescapeAll decodes until nothing is left to decode. What is no escape stands for itself.
func unescapeAll(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		out = append(out, text[i])
		// A decoded character may be the end of another escape.
		for n := len(out); n >= 3 && out[n-3] == '%'; n = len(out) {
			high, low := unhex(out[n-2]), unhex(out[n-1])
			if high < 0 || low < 0 {
				break
			}
			out = append(out[:n-3], byte(high<<4|low))
		}
	}
	return string(out)
}

func unhex(c byte) int {
	switch c = lower(c); {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	default:
		return -1
	}
}

// foldRune is the first of all letters that differ from r in their case alone: some targets fold more than ASCII.
func foldRune(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}
