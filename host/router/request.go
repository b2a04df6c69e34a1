package router

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// exchange is all that the router knows about one request: one allocation, which is also its context.
type exchange struct {
	context.Context // the connection's, as net/http made it

	router  *Router
	request *http.Request // as it arrived
	start   time.Time
	id      string
	idValue [1]string // what the X-Request-Id header holds
	routes  *Routes   // the plugin's, once known
	path    string    // raw, undecoded, relative to the mount once that is known
	res     response
}

// exchangeKey finds the exchange in a context.
type exchangeKey struct{}

// Value makes the exchange its own context value, which saves a link in the chain.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID returns the id of the request that ctx belongs to: the caller's X-Request-Id if it is sane, else one made
// here. It is "" outside of a request.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// Info is what an audit event tells about the request that caused it.
type Info struct {
	// ID is the request's id.
	ID string
	// Plugin is the id of the plugin that serves it, or "".
	Plugin string
	// Method and URL are the request line's.
	Method, URL string
	// ClientIP is the caller's address, as far as backend.trustProxy lets us know.
	ClientIP netip.Addr
	// Host and UserAgent are what the caller said.
	Host, UserAgent string
}

// RequestInfo describes the request that ctx belongs to; false outside of one.
func RequestInfo(ctx context.Context) (Info, bool) {
	x := exchangeOf(ctx)
	if x == nil {
		return Info{}, false
	}
	r := x.request
	info := Info{ID: x.id, Method: r.Method, URL: r.RequestURI, ClientIP: x.router.cfg.TrustProxy.ClientIP(r), Host: r.Host, UserAgent: r.UserAgent()}
	if x.routes != nil {
		info.Plugin = x.routes.id
	}
	return info, true
}

// ClientIP returns the caller's address: the connection's, or behind proxies that backend.trustProxy names the one that
// they forward. It is the zero address when there is none to know.
func ClientIP(r *http.Request) netip.Addr {
	if x := exchangeOf(r.Context()); x != nil {
		return x.router.cfg.TrustProxy.ClientIP(r)
	}
	return TrustProxy{}.ClientIP(r)
}

// FromTrustedProxy reports whether whoever holds the connection is a proxy that backend.trustProxy names, so that what it
// says of its own caller (X-Forwarded-For, -Proto, -Host) may be believed and passed on.
func FromTrustedProxy(r *http.Request) bool {
	x := exchangeOf(r.Context())
	return x != nil && x.router.cfg.TrustProxy.trusts(remoteAddr(r), 0)
}

// RelativePath returns the request's path below its plugin's mount, raw and undecoded: "/entities" of
// "/api/catalog/entities". Outside of a plugin it is the whole path.
func RelativePath(r *http.Request) string {
	if x := exchangeOf(r.Context()); x != nil {
		return x.path
	}
	return r.URL.EscapedPath()
}

// RelativeURL is RelativePath with the query: what error bodies show as request.url (core.md 3.1).
func RelativeURL(r *http.Request) string {
	path := RelativePath(r)
	if path == "" {
		path = "/"
	}
	if r.URL.RawQuery == "" && !r.URL.ForceQuery {
		return path
	}
	return path + "?" + r.URL.RawQuery
}

// timedBody bounds the time that a caller may take to send its body. The server's own ReadTimeout cannot: it goes on
// running after the request has been read, and would end every answer that streams for longer.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// timeBody starts the clock of a request that has a body.
func timeBody(w http.ResponseWriter, r *http.Request, limit time.Duration) {
	if limit <= 0 || r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(limit)) != nil {
		return // no connection, no deadline
	}
	r.Body = &timedBody{ReadCloser: r.Body, control: control}
}

// Read stops the clock with the last byte.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// Draining returns a channel that is closed when the server begins to refuse requests. Handlers that stream without an
// end watch it, because the server waits for them. It is nil outside of a request.
func Draining(ctx context.Context) <-chan struct{} {
	if x := exchangeOf(ctx); x != nil {
		return x.router.life.closing
	}
	return nil
}

// maxRequestID bounds what is taken from callers into every log line.
const maxRequestID = 128

// requestID takes the caller's id if it is harmless in logs and headers, so that one id spans several backends.
func requestID(r *http.Request) string {
	if given := r.Header["X-Request-Id"]; len(given) == 1 && saneID(given[0]) {
		return given[0]
	}
	var raw [16]byte
	for i := 0; i < len(raw); i += 8 {
		bits := rand.Uint64()
		for j := range 8 {
			raw[i+j] = byte(bits >> (8 * j))
		}
	}
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

func saneID(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			continue
		}
		if strings.IndexByte("-_.:/+=@", c) < 0 {
			return false
		}
	}
	return true
}
