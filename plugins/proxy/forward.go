package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// passage is one request on its way through.
type passage struct {
	plugin    *Plugin
	e         *endpoint
	in        *http.Request
	url       *url.URL
	rewritten string
	dog       *watchdog
	caller    *router.Caller
	cancel    context.CancelCauseFunc
	// ended and cause are those of the context that cancel ends.
	ended  <-chan struct{}
	cause  func() error
	answer *answer
	// err is why there is no answer; broken why it ended early.
	err, broken error
}

// forward passes the request on and the answer back.
func (p *Plugin) forward(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	original := r.URL.EscapedPath()
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		original += "?" + r.URL.RawQuery
	}
	rewritten := e.rewritePath(original)
	to, err := e.locate(rewritten)
	if err != nil {
		router.WriteText(w, http.StatusBadRequest, badRequest)
		return nil
	}
	if r.ContentLength != 0 {
		// Without this, the server swallows what is left of the body when the answer begins, under the target's eyes. What
		// sits between may not know how, and then this is as it was.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	ctx, cancel, dog := watch(r.Context(), e.silence)
	defer dog.timer.Stop()
	defer cancel(nil)
	caller := router.NewCaller(w)
	letGo := func() {
		if ctx.Err() != nil && r.Context().Err() == nil { // a caller who went away is net/http's to notice
			caller.LetGo()
		}
	}
	defer context.AfterFunc(ctx, letGo)()
	defer func() {
		letGo() // which may not have had its turn yet
		caller.Done(e.silence)
	}()
	x := &passage{
		plugin: p, e: e, in: r, url: to, rewritten: rewritten, dog: dog, caller: caller, cancel: cancel, ended: ctx.Done(),
		cause:  func() error { return context.Cause(ctx) },
		answer: &answer{ResponseWriter: w, caller: caller, header: http.Header{}, dog: dog},
	}
	finish := p.begin(x)
	defer finish()
	proxy := httputil.ReverseProxy{
		Rewrite: x.rewrite, ModifyResponse: x.modify, Transport: p.pools.transport(e),
		FlushInterval: -1, // what has arrived is passed on at once
		BufferPool:    p.pools,
		ErrorHandler:  func(_ http.ResponseWriter, _ *http.Request, err error) { x.err = err },
		// What it would say is told below, with the route.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	out := r.WithContext(ctx)
	if r.ContentLength != 0 {
		out.Body = caller.Body(r.Body)
	}
	proxy.ServeHTTP(x.answer, out)
	if x.err != nil {
		return x.fail(ctx, w)
	}
	if caller.Cut() {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// begin accounts for a request; the function that it returns is for its end, whichever that is.
func (p *Plugin) begin(x *passage) func() {
	done := p.metrics.begin(x.e.route)
	var event *telemetry.AuditEvent
	if p.audit != nil {
		event = p.audit.Event(x.in.Context(), telemetry.Event{
			Plugin: pluginID, ID: "request", Severity: telemetry.Low, Meta: map[string]any{"route": x.e.route, "target": x.e.target.Host},
		})
	}
	return func() {
		status := x.answer.status
		done(status)
		// A caller who takes nothing leaves no error with the target's body.
		if cause := x.cause(); cause != nil && (x.broken != nil || x.err == nil && errors.Is(cause, errSilence)) {
			x.broken = cause
		}
		left := x.in.Context().Err() != nil && !errors.Is(x.broken, errSilence) // net/http takes one who is cut off for one who left
		if x.broken != nil && !left && !errors.Is(x.broken, errDraining) {
			p.log.WarnContext(x.in.Context(), "the answer of a proxied request ended early",
				"route", x.e.route, "target", x.e.target.Host, "err", x.broken)
		}
		switch {
		case event == nil:
		case x.err != nil:
			event.Fail(x.err)
		case x.broken != nil:
			event.Fail(x.broken)
		default:
			event.Succeed(map[string]any{"status": status})
		}
	}
}

var errUnasked = errors.New("the target switched protocols unasked")

// rewrite makes the request to the target.
func (x *passage) rewrite(pr *httputil.ProxyRequest) {
	pr.Out.URL = x.url
	x.e.setRequestHeaders(pr)
	if pr.Out.Body == nil {
		pr.Out.Trailer = nil
		return
	}
	pr.Out.Trailer = pr.In.Trailer.Clone()
	keepAllowed(pr.Out.Trailer, x.e.requestHeaders)
	pr.Out.Body = &upload{ReadCloser: pr.Out.Body, dog: x.dog, in: pr.In.Trailer, out: pr.Out.Trailer}
}

// modify makes the answer for the caller.
func (x *passage) modify(res *http.Response) error {
	x.dog.moved()
	x.e.setResponseHeaders(res, x.in)
	if res.StatusCode == http.StatusSwitchingProtocols {
		conn, ok := res.Body.(io.ReadWriteCloser)
		if !ok || !x.e.wantsWebSocket(x.in) {
			return errUnasked
		}
		res.Body = socket{conn, x.dog}
		x.dog.allow(max(x.e.silence, socketSilence))
		x.endWithServer()
		return nil
	}
	res.Body = &download{ReadCloser: res.Body, dog: x.dog, res: res, e: x.e, failed: &x.broken}
	if media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err == nil && media == "text/event-stream" {
		x.endWithServer()
	}
	return nil
}

// endWithServer ends what has no end of its own when the server stops, which otherwise waits for it.
func (x *passage) endWithServer() {
	draining := router.Draining(x.in.Context())
	go func() {
		select {
		case <-draining:
			x.cancel(errDraining)
		case <-x.ended:
		}
	}()
}

// answer is the way back. Informational answers stay here, as they do upstream: they would bring headers past the allow
// list.
type answer struct {
	http.ResponseWriter

	caller *router.Caller
	dog    *watchdog
	header http.Header // until it is sent
	status int         // 0 until then
	sent   bool
}

// Hijack takes the connection over for a WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.sent, a.status = true, http.StatusSwitchingProtocols
		a.caller.Upgraded(conn)
	}
	return conn, buffered, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header {
	if a.sent {
		return a.ResponseWriter.Header()
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if status < 200 || a.sent {
		return
	}
	a.sent, a.status = true, status
	a.caller.Answering()
	h := a.ResponseWriter.Header()
	maps.Copy(h, a.header)
	if _, typed := a.header["Content-Type"]; !typed {
		h["Content-Type"] = nil // the server must not guess
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (a *answer) Write(p []byte) (int, error) {
	n, err := a.ResponseWriter.Write(p)
	a.dog.moved()
	return n, err
}
