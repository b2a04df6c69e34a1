package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

var (
	errSilence  = errors.New("nothing has moved for too long")
	errDraining = errors.New("the server is stopping")
)

const (
	// defaultSilence is for how long nothing may move, neither of a request nor of its answer. Upstream has no bound, and
	// a target that never answers holds its callers for ever.
	defaultSilence = 5 * time.Minute
	// socketSilence is the same for a WebSocket: many say nothing for long.
	socketSilence = time.Hour
)

// watchdog ends an exchange in which nothing moves any more. It also tells how far the exchange has come.
type watchdog struct {
	timer *time.Timer
	limit atomic.Int64
	// uploadErr is why the caller's body could not be read.
	uploadErr atomic.Pointer[error]
}

// watch returns a context that ends with errSilence when nothing has moved for as long as limit.
func watch(ctx context.Context, limit time.Duration) (context.Context, context.CancelCauseFunc, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &watchdog{timer: time.AfterFunc(limit, func() { cancel(errSilence) })}
	d.limit.Store(int64(limit))
	return ctx, cancel, d
}

// moved tells that something has.
func (d *watchdog) moved() { d.timer.Reset(time.Duration(d.limit.Load())) }

// allow changes for how long nothing may move.
func (d *watchdog) allow(limit time.Duration) {
	d.limit.Store(int64(limit))
	d.moved()
}

// upload is the caller's body on its way to the target.
type upload struct {
	io.ReadCloser
	dog *watchdog
	// trailers of the caller are known at the end of its body.
	in, out http.Header
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if n > 0 {
		u.dog.moved()
	}
	switch {
	case errors.Is(err, io.EOF):
		for name := range u.out {
			u.out[name] = u.in[name]
		}
	case err != nil:
		u.dog.uploadErr.CompareAndSwap(nil, &err)
	}
	return n, err
}

// download is the target's body on its way to the caller.
type download struct {
	io.ReadCloser
	dog *watchdog
	res *http.Response
	e   *endpoint
	// failed takes the error that ended the body early.
	failed *error
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if n > 0 {
		d.dog.moved()
	}
	switch {
	case errors.Is(err, io.EOF):
		keepAllowed(d.res.Trailer, d.e.responseHeaders) // those that were not announced come with the end
	case err != nil:
		*d.failed = err
	}
	return n, err
}

// socket is a connection that has become a WebSocket.
type socket struct {
	io.ReadWriteCloser
	dog *watchdog
}

// Read implements io.Reader.
func (s socket) Read(p []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(p)
	s.dog.moved()
	return n, err
}

// Write implements io.Writer.
func (s socket) Write(p []byte) (int, error) {
	s.dog.moved()
	return s.ReadWriteCloser.Write(p)
}
