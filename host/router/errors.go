package router

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/understudy-portal/understudy/host/fault"
)

// WriteError answers with err in Backstage's error body (core.md 3.1). It is the only writer of such bodies: handlers
// return their errors and leave this to the router. An error without a kind from host/fault is internal: the caller gets
// an id, and the log the text under that id. A caller that has gone gets nothing.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if gone(r, err) {
		return
	}
	known, isKnown := errors.AsType[*fault.Error](err)
	if !isKnown {
		known, isKnown = limitExceeded(err)
	}
	if !isKnown {
		id := logID()
		x.logFailure(r, http.StatusInternalServerError, err, slog.String("logId", id))
		known = &fault.Error{Name: "Error", Status: http.StatusInternalServerError, Message: "An internal error occurred logId=" + id}
		writeErrorBody(w, r, known, http.StatusInternalServerError)
		return
	}
	status := fault.Status(known)
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	if status >= http.StatusInternalServerError {
		x.logFailure(r, status, err)
	}
	writeErrorBody(w, r, known, status)
}

// limitExceeded names the error of http.MaxBytesReader, for handlers that read their body themselves.
func limitExceeded(err error) (*fault.Error, bool) {
	over, ok := errors.AsType[*http.MaxBytesError](err)
	if !ok {
		return nil, false
	}
	return fault.TooLarge("request entity too large").With("limit", over.Limit).With("type", "entity.too.large"), true
}

// gone reports whether err only says that the caller went away.
func gone(r *http.Request, err error) bool {
	ctx := r.Context()
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)))
}

// logFailure writes the line that leads from an answer of 500 and above to its reason.
func (x *exchange) logFailure(r *http.Request, status int, err error, more ...slog.Attr) {
	if x == nil {
		return
	}
	attrs := append([]slog.Attr{slog.Any("err", err), slog.String("method", r.Method), slog.String("url", r.RequestURI)}, more...)
	if x.routes != nil {
		attrs = append(attrs, slog.String("plugin", x.routes.id))
	}
	x.router.opts.Log.LogAttrs(r.Context(), slog.LevelError, failedMessage(status), attrs...) //nolint:sloglint // core.md 3.1
}

// recovered turns a panic into an internal error. The stack goes to the log, never to the caller.
func (x *exchange) recovered(r *http.Request, value any) error {
	x.router.opts.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
		slog.Any("panic", value), slog.String("method", r.Method), slog.String("url", r.RequestURI), slog.String("stack", string(debug.Stack())))
	if err, ok := value.(error); ok {
		return &panicError{cause: err}
	}
	return &panicError{cause: errors.New("the handler panicked; see the line before")}
}

// panicError hides the kind of a panic's value: whatever a handler panics with is internal.
type panicError struct{ cause error }

func (e *panicError) Error() string { return "panic: " + e.cause.Error() }

func failedMessage(status int) string {
	const prefix = "Request failed with status "
	return prefix + statusText(status)
}

// logID is the id that a masked error is logged under: 20 hexadecimal digits.
func logID() string {
	var raw [10]byte
	for i := range raw {
		raw[i] = byte(rand.UintN(256))
	}
	return hex.EncodeToString(raw[:])
}

func writeErrorBody(w http.ResponseWriter, r *http.Request, e *fault.Error, status int) {
	body := append(make([]byte, 0, 256), `{"error":`...)
	body = appendError(body, e, 0)
	body = append(body, `,"request":{"method":`...)
	body = appendText(body, r.Method)
	body = append(body, `,"url":`...)
	body = appendText(body, RelativeURL(r))
	body = append(body, `},"response":{"statusCode":`...)
	body = append(body, statusText(status)...)
	body = append(body, "}}"...)
	h := w.Header()
	// What the handler had said about the body it did not write.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Cache-Control", "Last-Modified"} {
		delete(h, name)
	}
	h["Content-Type"] = jsonTypeValue
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(e.RetryAfter.Seconds())), 10))
	}
	if x := exchangeOf(r.Context()); x != nil && x.router.opts.Development {
		_ = WriteJSON(w, r, status, json.RawMessage(body))
		return
	}
	_ = WriteRawJSON(w, r, status, body)
}

// maxCauses bounds how deep causes nest in a body.
const maxCauses = 8

// appendError writes name, message, cause and further fields, in this order.
func appendError(dst []byte, err error, depth int) []byte {
	e, known := err.(*fault.Error) //nolint:errorlint // a wrapper's own text is part of the chain, so each link is written as it is
	name, message := fault.Name(err), err.Error()
	if known {
		name = e.Name
	}
	dst = append(dst, `{"name":`...)
	dst = appendText(dst, name)
	dst = append(dst, `,"message":`...)
	dst = appendText(dst, message)
	if !known {
		return append(dst, '}')
	}
	if e.Cause != nil && depth < maxCauses {
		dst = append(dst, `,"cause":`...)
		dst = appendError(dst, e.Cause, depth+1)
	}
	for _, f := range e.Fields {
		value, err := AppendJSON(nil, f.Value)
		if err != nil || f.Key == "stack" {
			continue
		}
		dst = append(dst, ',')
		dst = appendText(dst, f.Key)
		dst = append(dst, ':')
		dst = append(dst, value...)
	}
	return append(dst, '}')
}

func appendText(dst []byte, s string) []byte {
	out, err := AppendJSON(dst, s)
	if err != nil {
		return append(dst, `""`...)
	}
	return out
}

// statusText is strconv.Itoa for the three digits of a status.
func statusText(status int) string {
	return string([]byte{byte('0' + status/100%10), byte('0' + status/10%10), byte('0' + status%10)})
}
