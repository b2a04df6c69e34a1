package router

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Climbs reports whether a raw path, decoded once, has a segment that some server would take for "..", or cannot be
// decoded at all. Such a path must not be put behind the path of another server's address (core.md 10).
func Climbs(raw string) bool {
	path, err := url.PathUnescape(raw)
	if err != nil || !utf8.ValidString(path) {
		return true
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
		// Some servers cut parameters ("..;x") or what is behind a NUL, others white space, before they look.
		if i := strings.IndexAny(segment, ";\x00"); i >= 0 {
			segment = segment[:i]
		}
		if strings.TrimRightFunc(segment, blank) == ".." {
			return true
		}
	}
	return false
}

func blank(r rune) bool { return r <= ' ' }
