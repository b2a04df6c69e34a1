package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// base is a plugin's internal address, taken apart.
type base struct{ scheme, host, path string }

// passage is one request on its way to a peer and back.
type passage struct {
	gateway *Gateway
	plugin  string
	address string // as the log shows it
	to      *url.URL
	in      *http.Request
	body    *incoming
	caller  *router.Caller
	idle    *time.Timer // ends the exchange when nothing has moved for long
	answer  *answer
	cancel  context.CancelCauseFunc
	cause   func() error // why the exchange was given up; nil while it was not
	reply   io.Closer    // the peer's body, or its connection
	err     error        // why there is no answer
	told    atomic.Bool  // the log knows why the answer ended early
}

// pass sends the request to the plugin's peer, at the path and query that choose returns, and its answer to w. An error means
// that no answer has begun.
func (g *Gateway) pass(w http.ResponseWriter, r *http.Request, plugin string, choose func(base) (path, query string)) error {
	if g.loops(r.Header) {
		return loopDetected(plugin)
	}
	end := g.metrics.begin(plugin)
	start := g.options.Now()
	caller := router.NewCaller(w)
	p := &passage{gateway: g, plugin: plugin, in: r, caller: caller, answer: newAnswer(w, caller)}
	status := 0
	defer func() { end(status, g.options.Now().Sub(start)) }() // also when the answer is cut off
	err := p.run(choose)
	status = p.answer.status
	if err != nil && (r.Context().Err() == nil || p.late()) {
		status = fault.Status(err)
	}
	return err
}

func (p *passage) run(choose func(base) (path, query string)) error {
	to, err := p.resolve()
	if err != nil {
		return p.explain(fmt.Errorf("%w: %w", errNoAddress, err))
	}
	if p.to, err = join(to, choose); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(p.in.Context())
	defer cancel(nil)
	p.cancel, p.cause = cancel, func() error { return context.Cause(ctx) }
	defer context.AfterFunc(ctx, p.letGo)()
	limit := p.gateway.options.idleLimit
	p.idle = time.AfterFunc(limit, func() { cancel(errIdle) })
	defer p.idle.Stop()
	defer func() {
		p.letGo() // which may not have had its turn yet
		p.caller.Done(limit)
	}()
	in := p.in.WithContext(ctx)
	if in.Body != nil && in.Body != http.NoBody {
		p.body = &incoming{ReadCloser: p.caller.Body(in.Body), moved: func() { p.idle.Reset(limit) }}
		in.Body = p.body
	}
	proxy := httputil.ReverseProxy{
		Transport: p.gateway.transport, Rewrite: p.rewrite, ModifyResponse: p.receive, BufferPool: &p.gateway.buffers,
		FlushInterval: flushInterval, // of bodies whose length is known; others are flushed piece by piece
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		ErrorHandler:  func(_ http.ResponseWriter, _ *http.Request, err error) { p.err = err },
	}
	defer func() {
		p.tellIdle()
		if p.reply != nil {
			_ = p.reply.Close() // an upgrade that is refused here is left open otherwise
		}
	}()
	proxy.ServeHTTP(p.answer, in)
	if p.err != nil && p.answer.status == 0 {
		// net/http takes a body that is late for a caller who went away, too.
		if cause := context.Cause(p.in.Context()); cause != nil && !p.late() {
			return cause // the caller went away
		}
		if cause := p.cause(); cause != nil {
			p.err = cause
		}
		if p.body != nil && (p.cause() != nil || p.body.broken()) {
			p.answer.ResponseWriter.Header().Set("Connection", "close") // the rest of the body is not the next request
		}
		return p.explain(p.err)
	}
	if p.caller.Cut() {
		panic(http.ErrAbortHandler)
	}
	p.answer.trailers()
	return nil
}

// letGo frees what waits for the caller. One who went away is net/http's to notice.
func (p *passage) letGo() {
	if p.cause() != nil && p.in.Context().Err() == nil {
		p.caller.LetGo()
	}
}

// tellIdle tells the log of an answer that was given up because its caller took nothing of it: that is no failure to read
// from the peer, which watching tells of.
func (p *passage) tellIdle() {
	if p.answer.status != 0 && errors.Is(p.cause(), errIdle) && !p.told.Load() {
		p.gateway.options.Log.InfoContext(p.in.Context(), "an answer was given up", "plugin", p.plugin, "address", p.address, "err", errIdle)
	}
}

// resolve looks the peer's address up.
func (p *passage) resolve() (base, error) {
	p.address, _ = p.gateway.options.Discovery.InternalTarget(p.plugin)
	text, err := p.gateway.options.Discovery.InternalURL(p.in.Context(), p.plugin)
	if err != nil {
		return base{}, err
	}
	p.address = text
	u, err := url.Parse(text)
	if err != nil {
		return base{}, err
	}
	return base{scheme: u.Scheme, host: u.Host, path: u.EscapedPath()}, nil
}

// join makes the URL whose request line has path and query byte for byte. Parsing them could change their spelling, and the
// peer would see another path than the caller sent.
func join(to base, choose func(base) (path, query string)) (*url.URL, error) {
	path, query := choose(to)
	u := &url.URL{Scheme: to.scheme, Host: to.host, Opaque: path}
	if raw, ok := strings.CutPrefix(query, "?"); ok {
		u.RawQuery, u.ForceQuery = raw, true
	}
	if !strings.HasPrefix(path, "//") {
		return u, nil
	}
	// net/http would take this for a host; written as a path it has to be one that net/url spells the same.
	decoded, err := url.PathUnescape(path)
	u.Opaque, u.Path, u.RawPath = "", decoded, path
	if err != nil || u.EscapedPath() != path {
		return nil, errClimbs
	}
	return u, nil
}

// rewrite makes the peer's request of the caller's.
func (p *passage) rewrite(pr *httputil.ProxyRequest) {
	pr.Out.URL, pr.Out.Host = p.to, p.to.Host
	h := pr.Out.Header
	p.forwarded(h, pr.In)
	h["Via"] = append(slices.Clip(h["Via"]), "1.1 "+p.gateway.name)
	if id := router.RequestID(pr.In.Context()); id != "" {
		h.Set("X-Request-Id", id)
	}
}

// forwarded tells the peer who called. What the caller itself says of that counts if backend.trustProxy names the caller.
func (p *passage) forwarded(h http.Header, in *http.Request) {
	proto := "http"
	if in.TLS != nil {
		proto = "https"
	}
	host := in.Host
	chain := remoteHost(in)
	if router.FromTrustedProxy(in) {
		if said := strings.Join(in.Header["X-Forwarded-For"], ", "); said != "" {
			chain = said + ", " + chain
		}
		if said := in.Header.Get("X-Forwarded-Proto"); said != "" {
			proto = said
		}
		if said := in.Header.Get("X-Forwarded-Host"); said != "" {
			host = said
		}
		if said := in.Header["Forwarded"]; said != nil {
			h["Forwarded"] = said
		}
	} else {
		for name := range h {
			if strings.HasPrefix(name, "X-Forwarded-") {
				delete(h, name)
			}
		}
	}
	h["X-Forwarded-For"], h["X-Forwarded-Proto"], h["X-Forwarded-Host"] = []string{chain}, []string{proto}, []string{host}
}

// receive looks at the peer's header before it is passed on.
func (p *passage) receive(res *http.Response) error {
	res.Header["Via"] = append(res.Header["Via"], "1.1 "+p.gateway.name)
	if res.StatusCode == http.StatusSwitchingProtocols {
		conn, ok := res.Body.(io.ReadWriteCloser)
		if !ok {
			return fmt.Errorf("an upgrade to %q has no connection", res.Header.Get("Upgrade"))
		}
		w := p.watching(slog.LevelDebug) // how a connection ends is up to the two sides
		w.stopping, w.abrupt = router.Draining(p.in.Context()), true
		both := &duplex{stream: watch(conn, w), to: conn}
		res.Body, p.reply = both, both
		return nil
	}
	w := p.watching(slog.LevelWarn)
	if endless(res) {
		w.stopping = router.Draining(p.in.Context())
	}
	body := watch(res.Body, w)
	res.Body, p.reply = body, body
	return nil
}

func (p *passage) watching(level slog.Level) watching {
	limit := p.gateway.options.idleLimit
	p.idle.Reset(limit)
	return watching{limit: limit, idle: p.idle, giveUp: p.cancel, failed: func(err error) {
		p.told.Store(true)
		if p.in.Context().Err() != nil {
			return // the caller went away, and reading was given up for that
		}
		if cause := p.cause(); cause != nil {
			err = cause
		}
		p.gateway.options.Log.Log(p.in.Context(), level, "a peer broke off its answer", "plugin", p.plugin, "address", p.address, "err", err)
	}}
}

// endless reports whether an answer goes on until somebody ends it: a stream of events, or a long poll of the events bus,
// whose callers take an early end as the sign to ask again (core.md 16.2).
func endless(res *http.Response) bool {
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return media == "text/event-stream" || res.StatusCode == http.StatusAccepted && res.Header.Get("Backstage-Events-Notify-Timeout") != ""
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	return host
}
