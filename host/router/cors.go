package router

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// CORS is backend.cors (core.md 2.3).
type CORS struct {
	// Origins are globs over the whole Origin header, in any letter case; nil allows every origin.
	Origins []string
	// Methods are what a preflight allows; nil stands for all that upstream does by default.
	Methods []string
	// AllowedHeaders are what a preflight allows; nil echoes what the caller asks for.
	AllowedHeaders []string
	// ExposedHeaders are what scripts may read.
	ExposedHeaders []string
	// Credentials lets scripts send cookies.
	Credentials bool
	// MaxAge is how many seconds a preflight may be remembered; nil leaves that to the browser.
	MaxAge *float64
	// PreflightContinue passes preflights on to the routes.
	PreflightContinue bool
	// OptionsStatus is the status of an answered preflight; 0 stands for 204.
	OptionsStatus int
}

// cors is CORS made ready: globs folded, header values joined.
type cors struct {
	CORS
	globs   []string
	methods []string
	headers []string
	exposed []string
	maxAge  []string
}

var (
	anyOrigin   = []string{"*"}
	varyOrigin  = []string{"Origin"}
	trueValue   = []string{"true"}
	zeroLength  = []string{"0"}
	corsMethods = []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}
)

func newCORS(c *CORS) *cors {
	if c == nil {
		return nil
	}
	out := &cors{CORS: *c}
	for _, origin := range c.Origins {
		out.globs = append(out.globs, foldGlob(origin))
	}
	if c.Methods == nil {
		out.Methods = corsMethods
	}
	out.methods = joined(out.Methods)
	out.headers = joined(c.AllowedHeaders)
	out.exposed = joined(c.ExposedHeaders)
	if c.MaxAge != nil {
		out.maxAge = []string{strconv.FormatFloat(*c.MaxAge, 'f', -1, 64)}
	}
	if out.OptionsStatus == 0 {
		out.OptionsStatus = http.StatusNoContent
	}
	return out
}

// joined is one header value; nil where the header is left out.
func joined(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return []string{strings.Join(list, ",")}
}

// foldGlob makes "**" mean no more than "*", as upstream's matcher is told to.
func foldGlob(glob string) string {
	for strings.Contains(glob, "**") {
		glob = strings.ReplaceAll(glob, "**", "*")
	}
	return lower(glob)
}

// matches compares the whole origin. A request without one comes from no other site.
func (c *cors) matches(origin string) bool {
	if origin == "" {
		return false
	}
	folded := lower(origin)
	for _, glob := range c.globs {
		if ok, err := doublestar.Match(glob, folded); ok && err == nil {
			return true
		}
	}
	return false
}

// apply writes the CORS headers, and reports whether that was a preflight, which is then answered.
func (c *cors) apply(w http.ResponseWriter, r *http.Request) (answered bool) {
	h := w.Header()
	switch {
	case c.Origins == nil:
		h["Access-Control-Allow-Origin"] = anyOrigin
	case c.matches(r.Header.Get("Origin")):
		h["Access-Control-Allow-Origin"] = r.Header["Origin"][:1]
		h["Vary"] = varyOrigin
	default:
		return false
	}
	if c.Credentials {
		h["Access-Control-Allow-Credentials"] = trueValue
	}
	if r.Method != http.MethodOptions {
		set(h, "Access-Control-Expose-Headers", c.exposed)
		return false
	}
	c.preflight(h, r)
	if c.PreflightContinue {
		return false
	}
	h["Content-Length"] = zeroLength
	w.WriteHeader(c.OptionsStatus)
	return true
}

func (c *cors) preflight(h http.Header, r *http.Request) {
	set(h, "Access-Control-Allow-Methods", c.methods)
	headers := c.headers
	if c.AllowedHeaders == nil {
		addVary(h, "Access-Control-Request-Headers")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			headers = []string{asked}
		}
	}
	set(h, "Access-Control-Allow-Headers", headers)
	set(h, "Access-Control-Max-Age", c.maxAge)
	set(h, "Access-Control-Expose-Headers", c.exposed)
}

func set(h http.Header, name string, value []string) {
	if value != nil {
		h[name] = value
	}
}
