package trigger

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// MaxReason is how long a reason may be, in characters.
const MaxReason = 500

// Bounds of what goes to Spacelift, in bytes.
const (
	maxReason   = 4 * MaxReason
	maxPerson   = 300
	maxMetadata = 2000
)

// metadata is what the run carries at Spacelift (spacelift.md 5.7): who, by which request, why.
func metadata(t store.Trigger) string {
	return tidy("understudy "+tidy(t.Person, maxPerson)+" "+t.ID+" "+t.Reason, maxMetadata)
}

// comment is what people read at the run.
func comment(t store.Trigger) string {
	text := "Triggered from the portal by " + tidy(t.Person, maxPerson) + "."
	if t.Reason != "" {
		text += " Reason: " + t.Reason
	}
	return text
}

// tidy makes a text fit for one line of a header: no control characters, no invisible ones that turn text around, no more
// than limit bytes.
func tidy(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), r == unicode.ReplacementChar:
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
