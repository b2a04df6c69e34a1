package trigger

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

func TestWhatGoesToSpaceliftIsTidy(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"because":                        "because",
		"two\r\nX-Evil: lines":           "two X-Evil: lines",
		"a\x00b\x1b[31m":                 "a b [31m",
		" spaces \t here ":               "spaces here",
		"turned \u202eround\u200b":       "turned round",
		"bad \xff utf-8":                 "bad utf-8",
		"grüße ☃":                        "grüße ☃",
		strings.Repeat("☃", maxMetadata): "",
		"x" + strings.Repeat("é", maxMetadata) + "\nend": "",
	} {
		got := metadata(store.Trigger{ID: "01ID", Person: "user:default/jane\n", Reason: reason})
		if strings.ContainsFunc(got, unicode.IsControl) || !utf8.ValidString(got) || len(got) > maxMetadata {
			t.Errorf("%.40q becomes %.80q of %d bytes", reason, got, len(got))
		}
		if prefix := "understudy user:default/jane 01ID "; want != "" && got != prefix+want {
			t.Errorf("%q becomes %q", reason, got)
		}
	}
}
