package gateway

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// stream is the body of a peer's answer, or the connection that an upgrade left, under watch: it is given up when it has
// been silent for long, and ended when the server stops.
type stream struct {
	io.ReadCloser
	watching
	ended atomic.Bool // the server's stop ended it, in good order

	once sync.Once
	done chan struct{}
}

// watching says what a stream is watched for.
type watching struct {
	// limit is how long it may be silent. Then idle ends the exchange.
	limit time.Duration
	idle  *time.Timer
	// giveUp ends the exchange at once.
	giveUp func(cause error)
	// stopping is closed when the server stops. Nil leaves the stream to its own end: it has one.
	stopping <-chan struct{}
	// abrupt gives the stream up when the server stops; otherwise its reader sees the end that would have come some time.
	abrupt bool
	// failed is told why reading ended, unless it was the end.
	failed func(error)
}

// watch starts to watch over body. Closing the stream ends that.
func watch(body io.ReadCloser, w watching) *stream {
	s := &stream{ReadCloser: body, watching: w, done: make(chan struct{})}
	if w.stopping != nil {
		go s.awaitStop()
	}
	return s
}

func (s *stream) awaitStop() {
	select {
	case <-s.done:
	case <-s.stopping:
		if s.abrupt {
			s.giveUp(errStopping)
			return
		}
		s.ended.Store(true)
		_ = s.ReadCloser.Close() // the reader finds out, or the caller takes nothing, and idle finds out
	}
}

// Read passes on what there is. The end of a stream that the server's stop ended is an end like any other.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.idle.Reset(s.limit)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if s.ended.Load() {
		return n, io.EOF
	}
	s.failed(err)
	return n, err
}

// Close ends the watch.
func (s *stream) Close() error {
	s.once.Do(func() { close(s.done) })
	s.idle.Stop()
	return s.ReadCloser.Close()
}

// duplex is a stream that is written to as well: an upgraded connection.
type duplex struct {
	*stream
	to io.Writer
}

// Write passes p on to the peer.
func (d *duplex) Write(p []byte) (int, error) {
	d.idle.Reset(d.limit)
	return d.to.Write(p)
}

// CloseWrite tells the peer that the caller will send no more.
func (d *duplex) CloseWrite() error {
	if half, ok := d.to.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// incoming is the body of a request, which tells when something comes and remembers whether it was the
// caller's side that failed.
type incoming struct {
	io.ReadCloser
	moved   func()
	failure atomic.Pointer[error]
}

// Read notes a failure.
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.moved()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.failure.Store(&err)
	}
	return n, err
}

func (b *incoming) broken() bool { return b.failure.Load() != nil }

func (b *incoming) late() bool {
	err := b.failure.Load()
	return err != nil && errors.Is(*err, os.ErrDeadlineExceeded)
}
