package router

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/understudy-portal/understudy/host/fault"
)

// HandlerFunc serves a request, or returns the error that the router writes as the response (core.md 3.1). A handler
// that has begun its answer and then fails makes the router cut the connection.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Level is what a route asks of its caller (core.md 5).
type Level int

const (
	// Required wants a user or a service.
	Required Level = iota
	// Cookie also takes a user with limited access, by cookie or header.
	Cookie
	// Open lets everyone pass; the handler may still look who it is.
	Open
)

// String names the level as upstream's policies do.
func (l Level) String() string {
	switch l {
	case Cookie:
		return "user-cookie"
	case Open:
		return "unauthenticated"
	default:
		return "required"
	}
}

// Gate decides who may pass. Host/auth implements it.
type Gate interface {
	// Authenticate returns the request with the caller's credentials in its context, or the error that refuses it.
	Authenticate(r *http.Request, plugin string, level Level) (*http.Request, error)
}

// Routes are the routes of one plugin, below /api/<id>. All of them are declared before the server serves; only
// Initialized may be called later, by any goroutine.
type Routes struct {
	router      *Router
	id          string
	table       table // behind the gates
	public      table
	patterns    []string
	open        policy
	cookie      policy
	levels      func(path string) (Level, bool) // nil: open and cookie alone decide
	rest        HandlerFunc                     // takes what no pattern does; nil: nobody
	initialized chan struct{}
	ready       atomic.Bool // initialized is closed; saves the select on the way through
	meter       *meter
}

// ID returns the id of the plugin, or of its further mount point.
func (p *Routes) ID() string { return p.id }

// Handle serves pattern, relative to the mount: "GET /entities/by-uid/{uid}", in the language of net/http's patterns
// without hosts: a wildcard takes a whole segment, and "{rest...}" at the end takes all that remains. A more specific
// pattern wins. Letter case and one trailing slash do not matter (core.md 2.2); GET serves HEAD too; without a method
// all are served. Values are decoded, keep their case and are read by r.PathValue. It panics when the pattern is
// malformed or taken: that is a mistake in the program.
func (p *Routes) Handle(pattern string, h HandlerFunc) {
	p.table.add(pattern, h)
	p.patterns = append(p.patterns, pattern)
}

// HandlePublic is Handle for a route that is served before the auth gate and never paused, such as the key sets that
// other backends verify tokens with.
func (p *Routes) HandlePublic(pattern string, h HandlerFunc) {
	p.public.add(pattern, h)
	p.patterns = append(p.patterns, pattern)
}

// Open lets everyone use the paths at and below path: a prefix at segment boundaries, in any letter case, where ":p"
// stands for any one segment and "/" for the whole mount. It is compared with the raw, undecoded path; with a trailing
// slash it matches nothing, as upstream's (core.md 5).
func (p *Routes) Open(path string) { p.open.add(path) }

// AllowCookie lets users with limited access use the paths at and below path, as Open understands it.
func (p *Routes) AllowCookie(path string) { p.cookie.add(path) }

// Level tells what the path, raw and relative to the mount, asks of its caller.
func (p *Routes) Level(path string) Level {
	if p.levels != nil {
		if level, ok := p.levels(path); ok {
			return level
		}
	}
	switch {
	case p.open.matches(path):
		return Open
	case p.cookie.matches(path):
		return Cookie
	default:
		return Required
	}
}

// Initialized opens the life-cycle gate: requests that waited go on. Calling it again changes nothing.
func (p *Routes) Initialized() {
	if p.ready.CompareAndSwap(false, true) {
		close(p.initialized)
	}
}

// Patterns returns all patterns in the order of their declaration.
func (p *Routes) Patterns() []string { return append([]string(nil), p.patterns...) }

// serve takes a request whose path, relative to the mount, is path.
func (p *Routes) serve(w http.ResponseWriter, r *http.Request, path string) error {
	var m match
	if p.public.find(r.Method, path, &m) {
		return m.serve(w, r)
	}
	if err := p.await(r.Context()); err != nil {
		return err
	}
	r, err := p.authenticate(r, path)
	if err != nil {
		return err
	}
	if p.table.find(r.Method, path, &m) {
		return m.serve(w, r)
	}
	if p.rest != nil {
		return p.rest(w, r)
	}
	notFound(w)
	return nil
}

func (p *Routes) authenticate(r *http.Request, path string) (*http.Request, error) {
	level := p.Level(path)
	if p.router.opts.Gate != nil {
		return p.router.opts.Gate.Authenticate(r, p.id, level)
	}
	// Without a gate nobody can be known, so only what needs nobody is served.
	if level == Open {
		return r, nil
	}
	return nil, fault.Authentication("Missing credentials")
}

// await holds the request while the plugin initialises (core.md 2.5).
func (p *Routes) await(ctx context.Context) error {
	life := &p.router.life
	if life.refusing.Load() {
		return fault.Unavailable("Service is shutting down")
	}
	if p.ready.Load() {
		return nil
	}
	timer := life.timer()
	defer timer.Stop()
	select {
	case <-p.initialized:
		return nil
	case <-life.closing:
		return fault.Unavailable("Service is shutting down")
	case <-timer.C:
		return fault.Unavailable("Service has not started up yet")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// notFound is upstream's answer where no route is: nothing but the status.
func notFound(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }
