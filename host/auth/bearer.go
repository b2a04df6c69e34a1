package auth

import (
	"net/http"
	"regexp"
)

// CookieName is the cookie that holds a limited user token.
const CookieName = "backstage-auth"

// bearerPattern is Backstage's own (core.md 4): any other scheme, and an empty token, count as no credentials. As in
// JavaScript, and unlike in Go, white space includes the no-break space and its like.
var bearerPattern = regexp.MustCompile(`^(?i:Bearer)[ ]+([^\s\v\x{00a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}]+)$`)

// Bearer returns the bearer token of a request, or "". Of several Authorization headers the first counts.
func Bearer(r *http.Request) string {
	m := bearerPattern.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return ""
	}
	return m[1]
}

func cookieToken(r *http.Request) string {
	c, err := r.Cookie(CookieName)
	if err != nil {
		return ""
	}
	return c.Value
}
