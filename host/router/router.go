package router

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a Router works with.
type Options struct {
	// Log takes one line for each request, and the errors behind answers of 500 and above; nil discards them.
	Log *slog.Logger
	// Gate knows the callers; without one only open paths are served.
	Gate Gate
	// Metrics takes the router's collectors; nil keeps them to itself.
	Metrics prometheus.Registerer
	// Health tells by plugin what keeps it from serving; nil errors and a nil function are health. Readiness asks it.
	Health func(ctx context.Context) map[string]error
	// Version is the binary's, told to bridges in Node backends.
	Version string
	// Development is NODE_ENV=development: JSON is indented (core.md 2.4).
	Development bool
	// Now is the clock of the log and the self-signed certificate; nil is time.Now.
	Now func() time.Time
}

// Router is the server. Its routes are declared before Serve; afterwards it is safe for concurrent use.
type Router struct {
	cfg           Config
	opts          Options
	access        *slog.Logger
	plugins       map[string]*Routes // by the lower-case id
	roots         []rootMount
	fallback      http.Handler
	peers         Peers // nil where nothing is passed on
	security      securityHeaders
	cors          *cors
	encoders      *encoders
	metrics       *metrics
	healthHeaders []fixedHeader
	bridge        atomic.Pointer[string] // the version of the bridge that was there last
	life          life

	mu       sync.Mutex // guards what follows
	listener net.Listener
	server   *http.Server
}

// rootMount is a handler outside of /api.
type rootMount struct {
	prefix string // lower case
	h      http.Handler
	plain  bool
}

// New makes a router. It fails only when the metrics are registered already.
func New(cfg Config, opts Options) (*Router, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	cfg = cfg.withDefaults()
	m, err := newMetrics(opts.Metrics)
	if err != nil {
		return nil, err
	}
	rt := &Router{
		cfg: cfg, opts: opts, metrics: m,
		access:   opts.Log.With("service", "rootHttpRouter", "type", "incomingRequest"),
		plugins:  map[string]*Routes{},
		security: newSecurityHeaders(cfg),
		cors:     newCORS(cfg.CORS),
		encoders: newEncoders(),
	}
	rt.life.closing = make(chan struct{})
	rt.life.pause = cfg.StartupPause
	for name, value := range cfg.HealthHeaders {
		rt.healthHeaders = append(rt.healthHeaders, fixedHeader{http.CanonicalHeaderKey(name), []string{value}})
	}
	return rt, nil
}

// maxPluginID bounds the ids, so that folding the case of one needs no allocation.
const maxPluginID = 64

// Plugin makes the routes of /api/<id>. An id that another differs from only in case is refused, and so is one that is no
// single path segment of letters, digits, "-", "_" and ".", since mounts must not prefix one another (core.md 2.2).
func (rt *Router) Plugin(id string) (*Routes, error) {
	if !validID(id) {
		return nil, fmt.Errorf("mount plugin %q: an id is one path segment of letters, digits, '-', '_' and '.', at most %d of them", id, maxPluginID)
	}
	key := lower(id)
	if other := rt.plugins[key]; other != nil {
		return nil, fmt.Errorf("mount plugin %q: /api/%s is taken already", id, other.id)
	}
	p := &Routes{router: rt, id: id, initialized: make(chan struct{}), meter: &meter{plugin: id}}
	rt.plugins[key] = p
	return p, nil
}

func validID(id string) bool {
	if id == "" || len(id) > maxPluginID || id[0] == '.' {
		return false
	}
	for i := range len(id) {
		c := lowerByte(id[i])
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("-_.", c) < 0 {
			return false
		}
	}
	return true
}

// RootOption is an option of Handle.
type RootOption func(*rootMount)

// PlainHTTP leaves upgrade-insecure-requests out of the Content-Security-Policy while TLS is off, unless backend.csp asks
// for it: with it, browsers would fetch the pages' scripts by an https that is not there.
func PlainHTTP() RootOption { return func(m *rootMount) { m.plain = true } }

// Handle serves prefix and all paths below it, which must be outside of /api; the path is not stripped. "/" stands for the
// root alone. Letter case does not matter. It panics when the prefix is malformed or taken.
func (rt *Router) Handle(prefix string, h http.Handler, options ...RootOption) {
	m := rootMount{prefix: lower(strings.TrimSuffix(prefix, "/")), h: h}
	if h == nil || !strings.HasPrefix(prefix, "/") || m.prefix == "/api" || strings.HasPrefix(m.prefix, "/api/") {
		panic(fmt.Sprintf("router: malformed root handler %q", prefix))
	}
	for _, option := range options {
		option(&m)
	}
	for _, other := range rt.roots {
		if other.prefix == m.prefix {
			panic(fmt.Sprintf("router: root handler %q is taken", prefix))
		}
	}
	m.h = rt.mounted(m)
	rt.roots = append(rt.roots, m)
}

// Fallback serves what nothing else does outside of /api, such as the pages of a frontend. Options are those of Handle.
func (rt *Router) Fallback(h http.Handler, options ...RootOption) {
	m := rootMount{h: h}
	for _, option := range options {
		option(&m)
	}
	rt.fallback = rt.mounted(m)
}

// mounted is the handler with its mount's headers.
func (rt *Router) mounted(m rootMount) http.Handler {
	if !m.plain || rt.security.plain == nil {
		return m.h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[cspHeader] = rt.security.plain
		m.h.ServeHTTP(w, r)
	})
}

// ServeHTTP takes a request through all that doc.go draws.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := rt.exchange(w, r)
	h := w.Header()
	rt.security.write(h)
	h["X-Request-Id"] = x.idValue[:]
	if rt.cors != nil && rt.cors.apply(w, r) {
		return // a preflight is answered before the log, and so never logged
	}
	r = r.WithContext(x)
	timeBody(w, r, rt.cfg.RequestTimeout)
	rt.metrics.active.Inc()
	defer x.end(r)
	if len(r.Header) > rt.cfg.MaxHeaders {
		x.res.WriteHeader(http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	rt.route(x, r)
}

func (rt *Router) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{Context: r.Context(), router: rt, request: r, start: rt.opts.Now(), id: requestID(r)}
	x.idValue[0] = x.id
	x.path = r.URL.EscapedPath()
	x.res = response{ResponseWriter: w, method: r.Method, encoders: rt.encoders, accept: r.Header["Accept-Encoding"], timeout: rt.cfg.Timeout}
	return x
}

// route finds who serves the request.
func (rt *Router) route(x *exchange, r *http.Request) {
	w := &x.res
	if rt.health(w, r, x.path) {
		return
	}
	if id, rest, ok := underAPI(x.path); ok {
		p := rt.plugin(id)
		if p == nil {
			x.passOn(r, id)
			return
		}
		x.routes, x.path = p, rest
		if err := p.serve(w, r, rest); err != nil {
			x.fail(r, err)
		}
		return
	}
	if h := rt.rootHandler(x.path); h != nil {
		h.ServeHTTP(w, r)
		return
	}
	if x.passOnRoot(r) {
		return
	}
	if rt.fallback != nil {
		rt.fallback.ServeHTTP(w, r)
		return
	}
	notFound(w)
}

// underAPI cuts "/api/<id>/rest"; "/api" itself counts as below it, with an id that nobody has.
func underAPI(path string) (id, rest string, ok bool) {
	const prefix = "/api"
	if len(path) < len(prefix) || !equalFoldASCII(prefix, path[:len(prefix)]) {
		return "", "", false
	}
	path = path[len(prefix):]
	if path == "" {
		return "", "", true
	}
	if path[0] != '/' {
		return "", "", false
	}
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:], true
	}
	return path, "", true
}

func (rt *Router) plugin(id string) *Routes {
	var buf [maxPluginID]byte
	if len(id) > len(buf) {
		return nil
	}
	for i := range len(id) {
		buf[i] = lowerByte(id[i])
	}
	return rt.plugins[string(buf[:len(id)])]
}

// rootHandler returns the one with the longest prefix.
func (rt *Router) rootHandler(path string) http.Handler {
	best := -1
	for i, m := range rt.roots {
		if m.covers(path) && (best < 0 || len(m.prefix) > len(rt.roots[best].prefix)) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return rt.roots[best].h
}

func (m rootMount) covers(path string) bool {
	if m.prefix == "" {
		return path == "/"
	}
	return len(path) >= len(m.prefix) && equalFoldASCII(m.prefix, path[:len(m.prefix)]) && (len(path) == len(m.prefix) || path[len(m.prefix)] == '/')
}

// fail answers with err, or cuts the connection where the answer has begun: a caller must not take half of it for all.
func (x *exchange) fail(r *http.Request, err error) {
	if x.res.abandoned || gone(r, err) {
		x.res.abandoned = true // and a caller that only stopped sending must not take silence for 200
		panic(http.ErrAbortHandler)
	}
	if x.res.restart() {
		WriteError(&x.res, r, err)
		return
	}
	x.logFailure(r, x.res.status, fmt.Errorf("after the answer began: %w", err))
	panic(http.ErrAbortHandler)
}

// end is deferred around everything after CORS: it answers panics, sends what is held back, and accounts for the request.
func (x *exchange) end(r *http.Request) {
	defer x.account(r)
	value := recover()
	if value == nil {
		x.res.finish()
		return
	}
	if value != http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this
		err := x.recovered(r, value)
		if x.res.restart() {
			WriteError(&x.res, r, err)
			x.res.finish()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
