package proxy

import (
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

// The credentials policies (core.md 10).
const (
	credentialsRequire = "require"
	credentialsForward = "forward"
	credentialsOpen    = "dangerously-allow-unauthenticated"
)

// endpoint is one entry of the configuration.
type endpoint struct {
	// route is the path below the mount that it answers, and all paths below that.
	route string
	// plain is the route as plain spells it; the route itself where that cannot tell.
	plain  string
	target *url.URL
	// rewrites are tried in their order; the first one that fits is applied, once.
	rewrites []rewrite
	// keepHost sends the caller's Host; changeOrigin: false.
	keepHost bool
	// headers are set on each request to the target.
	headers []header
	// user and password are sent as Authorization: Basic where no other Authorization is.
	user     string
	password config.Secret
	// methods are the ones that are served; none stands for all.
	methods     []string
	credentials string
	// requestHeaders and responseHeaders are the allow lists, by canonical name.
	requestHeaders, responseHeaders map[string]bool
	insecure                        bool
	// silence is for how long nothing may move before a request is given up.
	silence         time.Duration
	followRedirects bool
	locations       locationRewrite
	cookieDomains   attributeRewrite
	cookiePaths     attributeRewrite
	websocket       bool
	forwarded       bool // xfwd
	ignorePath      bool
	noBase          bool // prependPath: false
}

// header is one that the configuration sets. Its values may be secret.
type header struct {
	name   string // canonical
	values []config.Secret
}

// serves reports whether the method is one that the endpoint's own entry allows. CONNECT makes no sense below a path, and TRACE would show
// the caller what the configuration adds to the request.
func (e *endpoint) serves(method string) bool {
	if method == http.MethodConnect || method == http.MethodTrace {
		return false
	}
	return len(e.methods) == 0 || slices.Contains(e.methods, method)
}

func (e *endpoint) open() bool { return e.credentials == credentialsOpen }

// covers reports whether the raw path, relative to the mount, is the endpoint's or below it, in any letter case.
func (e *endpoint) covers(path string) bool { return within(e.route, path) }

// within reports whether path is route or below it. ASCII alone is folded: another letter must not stand for an ASCII one.
func within(route, path string) bool {
	if route == "/" {
		return true
	}
	if len(path) < len(route) || !equalFold(route, path[:len(route)]) {
		return false
	}
	return len(path) == len(route) || path[len(route)] == '/'
}

func equalFold(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// table is the endpoints in the order of the configuration.
type table []*endpoint

// find returns the first endpoint that covers the path, or nil.
func (t table) find(path string) *endpoint {
	for _, e := range t {
		if e.covers(path) {
			return e
		}
	}
	return nil
}

// level tells the gate what a path asks of its caller. It is open only if the endpoint that takes it is, and every more
// specific one too: an operator who writes down a rule for a path means it, whichever entry comes first, and however the
// path is spelled (CVE-2026-106456).
func (t table) level(path string) (router.Level, bool) {
	taken := t.find(path)
	if taken == nil {
		return router.Required, false
	}
	for e := range t.rules(taken, path) {
		if !e.open() {
			return router.Required, true
		}
	}
	return router.Open, true
}

// serves reports whether a method is one for the path that taken takes, by the same rules.
func (t table) serves(taken *endpoint, method, path string) bool {
	for e := range t.rules(taken, path) {
		if !e.serves(method) {
			return false
		}
	}
	return true
}

// rules are the endpoint that takes a path, and those below it whose path it is, or may be at the target: the target
// decodes it, and takes spellings for the same that differ here. Nothing of a path that climbs reaches a target.
func (t table) rules(taken *endpoint, path string) iter.Seq[*endpoint] {
	return func(yield func(*endpoint) bool) {
		if !yield(taken) || router.Climbs(path) {
			return
		}
		at, certain := plain(path)
		for _, e := range t {
			var counts bool
			switch {
			case e == taken:
			case len(e.route) > len(taken.route) && e.covers(path):
				counts = true
			case len(e.plain) > len(taken.plain):
				counts = certain && within(e.plain, at) || !certain && within(taken.plain, e.plain)
			}
			if counts && !yield(e) {
				return
			}
		}
	}
}
