package proxy

import (
	"errors"
	"net/url"
	"strings"

	"github.com/understudy-portal/understudy/host/router"
)

// errClimbs is a path that would leave the target's.
var errClimbs = errors.New("the path leaves the target's")

// locate is the URL that a rewritten path and query stand for: that of the target, with the path appended. Runs of
// slashes become one, as upstream's become.
func (e *endpoint) locate(rewritten string) (*url.URL, error) {
	path, query, _ := strings.Cut(rewritten, "?")
	if e.ignorePath {
		path, query = "", ""
	}
	base := e.target.EscapedPath()
	if e.noBase {
		base = ""
	}
	if router.Climbs(path) {
		return nil, errClimbs
	}
	raw := joinPath(base, path)
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return nil, errClimbs
	}
	return &url.URL{
		Scheme: e.target.Scheme, Host: e.target.Host, Path: decoded, RawPath: raw, RawQuery: joinQuery(e.target.RawQuery, sendable(query)),
	}, nil
}

func joinPath(base, path string) string {
	joined := base
	switch {
	case base == "":
		joined = path
	case path != "":
		joined = base + "/" + path
	}
	var b strings.Builder
	b.WriteByte('/')
	slash := true
	for i := range len(joined) {
		if joined[i] == '/' && slash {
			continue
		}
		slash = joined[i] == '/'
		b.WriteByte(joined[i])
	}
	// A URL inside the path keeps its two slashes, as upstream leaves them.
	joined = strings.Replace(b.String(), "http:/", "http://", 1)
	return strings.Replace(joined, "https:/", "https://", 1)
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// sendable escapes what must not stand in a request line. Callers cannot send it, but a replacement of the configuration
// can bring it in.
func sendable(query string) string { return escape(query, "#") }

// escape percent-encodes control characters, spaces, everything outside ASCII, and the characters of also.
func escape(text, also string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c > ' ' && c < 0x7f && strings.IndexByte(also, c) < 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
