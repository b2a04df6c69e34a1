package host_test

import (
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host"
)

func TestLegible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		" two\n lines\tof it ":               "two lines of it",
		"a\x1b]0;pwned\x07\x1b[2Jb\u009b31m": "a ]0;pwned [2Jb 31m",
		"user\u202eresu\u2028x":              "user resu x",
		"bad\xffbyte":                        "bad\ufffdbyte",
		strings.Repeat("é", 21):              strings.Repeat("é", 20) + "…",
		strings.Repeat("é", 20):              strings.Repeat("é", 20),
	} {
		if got := host.Legible(text, 20); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
