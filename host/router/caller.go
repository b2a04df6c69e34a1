package router

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Caller is the caller's side of a request that is passed on. Ending the other side's work does not end a write to a
// caller who takes nothing, or a read from one who sends nothing: LetGo does. It is safe for concurrent use.
type Caller struct {
	control *http.ResponseController
	body    io.ReadCloser // set before the request is passed on; nil where it has none

	mu        sync.Mutex // guards what follows
	conn      net.Conn   // after an upgrade
	answering bool
	reads     int  // of the body, that have not returned
	bodyEnded bool // the connection's reader is net/http's own again
	gone      bool
	stalled   bool
	done      bool
}

// errLetGo is what the body of a caller that was let go of ends with.
var errLetGo = errors.New("the request has been given up")

// NewCaller returns the side of the caller that w answers. Done is due at the end.
func NewCaller(w http.ResponseWriter) *Caller {
	return &Caller{control: http.NewResponseController(w)}
}

// LetGo ends every wait for the caller, those to come as well. An answer that has begun is cut off; one that has not can
// still be written.
func (c *Caller) LetGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.done {
		return
	}
	c.gone = true
	c.stalled = c.reads > 0
	c.cut()
}

// cut does so as far as things are. Not every writer has deadlines; then there is no connection to wait for either.
func (c *Caller) cut() {
	if c.conn != nil {
		_ = c.conn.SetDeadline(past)
		return
	}
	// Without a body that is being read, the deadline would meet net/http's own look-out for callers that leave.
	if c.reads > 0 && !c.bodyEnded {
		_ = c.control.SetReadDeadline(past)
	}
	if c.answering {
		_ = c.control.SetWriteDeadline(past)
	}
}

var past = time.Unix(1, 0)

// Answering tells that the answer begins.
func (c *Caller) Answering() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answering = true
	if c.gone {
		c.cut()
	}
}

// Upgraded tells that the connection is conn from now on.
func (c *Caller) Upgraded(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	if c.gone {
		c.cut()
	}
}

// Stalled reports whether it was the caller's body that was waited for when LetGo was called.
func (c *Caller) Stalled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stalled
}

// Cut reports whether an answer that had begun was cut off. The connection must not serve another request: what the caller
// sends of its body would be taken for one.
func (c *Caller) Cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone && c.answering && c.conn == nil
}

// Done tells that the handler ends. What is still held in buffers has as long as limit to go out. The rest of a body that
// did not come is not waited for: net/http would, without a deadline, because it takes ours away.
func (c *Caller) Done(limit time.Duration) {
	c.mu.Lock()
	c.done = true
	if c.conn == nil && (!c.gone || !c.answering) {
		_ = c.control.SetWriteDeadline(time.Now().Add(limit)) // net/http takes it back before the next request
	}
	unread := c.gone && c.conn == nil && c.body != nil && !c.bodyEnded
	switch {
	case unread && c.stalled:
		_ = c.control.SetReadDeadline(past)
	case unread: // some of the rest is read, so that the caller, who is sending, sees the answer
		_ = c.control.SetReadDeadline(time.Now().Add(limit))
	}
	c.mu.Unlock()
	if unread && c.Stalled() {
		_ = c.body.Close() // after a read that has not returned
	}
}

// Body is the caller's body, whose reader LetGo sets free. There is one at most.
func (c *Caller) Body(body io.ReadCloser) io.ReadCloser {
	c.body = body
	return &callerBody{body, c}
}

type callerBody struct {
	io.ReadCloser
	caller *Caller
}

// Read implements io.Reader.
func (b *callerBody) Read(p []byte) (int, error) {
	c := b.caller
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return 0, errLetGo
	}
	c.reads++
	c.mu.Unlock()
	n, err := b.ReadCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads--
	c.bodyEnded = c.bodyEnded || errors.Is(err, io.EOF)
	return n, err
}
