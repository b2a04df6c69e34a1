package router

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// compressFrom is the size from which compressing pays (core.md 2.4).
const compressFrom = 1 << 10

// response watches what a handler answers: status and length for the log, and whether to compress the body. A body whose
// length is not announced is held back until it is long enough to decide, or flushed.
type response struct {
	http.ResponseWriter

	method    string
	encoders  *encoders
	accept    []string      // the request's Accept-Encoding
	timeout   time.Duration // backend.server.timeout, 0 for none
	status    int           // 0 until the handler has decided
	sent      int64         // bytes of the body, before compression
	committed bool          // the header is on its way
	abandoned bool          // the caller is gone, or takes nothing any more
	pending   []byte
	holding   bool // the body may become compressed
	verbatim  bool // the answer is somebody else's, and passes as it is
	encoder   encoder
	pool      *encoderPool // where encoder goes back to
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader decides the status. Later calls change nothing.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // informational: the answer is still to come
		return
	}
	w.status = status
	h := w.Header()
	if w.verbatim || !compressible(h) {
		w.commit()
		return
	}
	addVary(h, "Accept-Encoding")
	_, encoded := h["Content-Encoding"]
	if encoded || w.method == http.MethodHead || !bodyAllowed(status) || status == http.StatusPartialContent {
		w.commit() // a range is one of the plain bytes
		return
	}
	length, known := contentLength(h)
	if known && length < compressFrom {
		w.commit()
		return
	}
	w.pool = w.encoders.negotiate(w.accept)
	switch {
	case w.pool == nil:
		w.commit()
	case known:
		w.compress()
	default:
		w.holding = true
	}
}

// commit sends the header as it is.
func (w *response) commit() {
	w.committed = true
	w.ResponseWriter.WriteHeader(w.status)
}

// compress sends the header of a compressed answer.
func (w *response) compress() {
	h := w.Header()
	h["Content-Encoding"] = w.pool.header
	delete(h, "Content-Length")
	// These are no longer the bytes that a strong ETag vouches for.
	if etag := h["Etag"]; len(etag) == 1 && strings.HasPrefix(etag[0], `"`) {
		h["Etag"] = []string{"W/" + etag[0]}
	}
	w.commit()
	w.encoder = w.pool.get(connection{w})
}

// Hijack takes the connection over, for another protocol than HTTP. The log shows that as 101.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.status, w.committed = http.StatusSwitchingProtocols, true
	}
	return conn, buffered, err
}

// Write sends a part of the body.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.sent += int64(len(p))
	if w.holding {
		w.pending = append(w.pending, p...)
		if len(w.pending) < compressFrom {
			return len(p), nil
		}
		return len(p), w.release()
	}
	if w.encoder != nil {
		return w.encoder.Write(p)
	}
	return connection{w}.Write(p)
}

// release begins the compressed answer with what was held back.
func (w *response) release() error {
	w.holding = false
	w.compress()
	_, err := w.encoder.Write(w.pending)
	w.pending = nil
	return err
}

// Flush sends what there is; FlushError also tells whether that went well.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.holding {
		if err := w.release(); err != nil {
			return err
		}
	}
	if w.encoder != nil {
		if err := w.encoder.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// finish ends the answer: what is still held back is short enough to go out as it is.
func (w *response) finish() {
	switch {
	case w.status == 0:
		w.status = http.StatusOK
	case w.holding:
		w.holding = false
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(w.pending))}
		w.commit()
		_, _ = connection{w}.Write(w.pending)
	case w.encoder != nil:
		_ = w.encoder.Close()
		w.pool.put(w.encoder)
		w.encoder = nil
	}
}

// restart forgets an answer that has not begun, so that an error can be written instead. It reports whether it could.
func (w *response) restart() bool {
	if w.committed {
		return false
	}
	w.status, w.sent, w.holding, w.pending, w.pool = 0, 0, false, nil, nil
	return true
}

// connection is the way out, under the deadline of backend.server.timeout: a caller that takes nothing for that long is
// given up.
type connection struct{ w *response }

// Write passes p on.
func (c connection) Write(p []byte) (int, error) {
	if c.w.timeout > 0 {
		// Not every writer has deadlines; then there is no connection to give up either.
		_ = http.NewResponseController(c.w.ResponseWriter).SetWriteDeadline(time.Now().Add(c.w.timeout))
	}
	n, err := c.w.ResponseWriter.Write(p)
	if err != nil {
		c.w.abandoned = true
	}
	return n, err
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

func contentLength(h http.Header) (int64, bool) {
	v := h["Content-Length"]
	if len(v) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(v[0], 10, 64)
	return n, err == nil
}

var (
	_ http.Flusher  = (*response)(nil)
	_ http.Hijacker = (*response)(nil)
)
