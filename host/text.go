package host

import (
	"strings"
	"unicode"
)

// Legible is a text from outside, fit for a line on a terminal, in a log or on a page: without what terminals obey or what
// turns the direction of writing, and of no more than so many characters.
func Legible(text string, longest int) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	count := 0
	for i := range text {
		if count++; count > longest {
			return text[:i] + "…"
		}
	}
	return text
}
