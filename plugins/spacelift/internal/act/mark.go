package act

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// MaxNote is how long a note may be, in characters.
const MaxNote = 500

// Bounds of what goes to Spacelift, in bytes.
const (
	maxNote     = 4 * MaxNote
	maxPerson   = 300
	maxMetadata = 2000
)

// Mark is what a note says of a request that was made here.
type Mark struct {
	Action       client.Action
	Person, Note string
	// ID is the request's.
	ID string
}

// String is the note as people read it at Spacelift.
func (m Mark) String() string {
	text := done(m.Action) + " from the portal by " + m.Person + " (" + m.ID + ")."
	if m.Note != "" {
		text += " Note: " + m.Note
	}
	return text
}

// metadata is what a confirmed run carries besides (spacelift.md 5.7).
func (m Mark) metadata() string {
	return tidy("understudy "+m.Person+" "+m.ID+" "+m.Note, maxMetadata)
}

// done says that an action was done, at the beginning of a sentence.
func done(a client.Action) string {
	switch a {
	case client.Confirm:
		return "Confirmed"
	case client.Discard:
		return "Discarded"
	case client.Cancel:
		return "Canceled"
	case client.Stop:
		return "Stopped"
	default:
		return string(a)
	}
}

// Marks reads the notes of requests that were made with an API key.
type Marks struct {
	// KeyID is the API key's: what it did is marked by it.
	KeyID string
}

var marked = regexp.MustCompile(`(?s)^(Confirmed|Discarded|Canceled|Stopped) from the portal by (\S+) \(([0-9A-HJKMNP-TV-Z]{26})\)\.(?: Note: (.*))?$`)

// byKey reports whether our API key did it.
func (m Marks) byKey(t client.Transition) bool {
	return t.Username != "" && strings.TrimPrefix(t.Username, "api::") == m.KeyID
}

// Of returns the mark of a transition. Somebody else's note may say anything, and is no mark.
func (m Marks) Of(t client.Transition) (Mark, bool) {
	if !m.byKey(t) {
		return Mark{}, false
	}
	parts := marked.FindStringSubmatch(t.Note)
	if parts == nil {
		return Mark{}, false
	}
	mark := Mark{Person: parts[2], ID: parts[3], Note: parts[4]}
	for _, a := range []client.Action{client.Confirm, client.Discard, client.Cancel, client.Stop} {
		if done(a) == parts[1] {
			mark.Action = a
		}
	}
	return mark, true
}

// tidy makes a text fit for one line: no control characters, no invisible ones that turn text around, no more than limit
// bytes.
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

// word is a name in one word, as the mark has it.
func word(name string) string { return strings.ReplaceAll(tidy(name, maxPerson), " ", "_") }
