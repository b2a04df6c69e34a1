package tail

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
)

// tail is one run that is followed. Its goroutine reads; viewers look at what was read.
type tail struct {
	tails  *Tails
	key    key
	cancel context.CancelFunc
	// viewers is guarded by the mu of tails.
	viewers int
	// woken has an element when something may have happened to the run; moved when the first viewer has come, or the last left.
	woken, moved chan struct{}

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	started bool
	phases  []*phase
	bytes   int
	over    bool
	failure *client.Error
	final   bool // failure is why nobody reads any more
	trouble int  // counts failures, so that a viewer is told of each once
}

func newTail(t *Tails, k key) *tail {
	return &tail{tails: t, key: k, woken: make(chan struct{}, 1), moved: make(chan struct{}, 1), changed: make(chan struct{})}
}

// signal leaves an element in a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// failed reports whether nobody reads any more because something is wrong.
func (t *tail) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.final
}

// read reports whether the run has been read, and is or was read on.
func (t *tail) read() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.started && !t.final
}

// tell wakes the viewers. The caller holds mu.
func (t *tail) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// begun waits until the run has been read, or could not be.
func (t *tail) begun(ctx context.Context) error {
	for {
		t.mu.Lock()
		started, failure, changed := t.started, t.failure, t.changed
		t.mu.Unlock()
		switch {
		case started:
			return nil
		case failure != nil:
			return failure
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// run reads for as long as somebody follows, and then waits for a while whether somebody comes back.
func (t *tail) run(ctx context.Context) {
	defer t.stop()
	r, n := &reader{tail: t}, next{now: true}
	for {
		if !t.tails.followed(t) {
			if !t.linger(ctx) {
				return
			}
			continue
		}
		// Who comes or leaves does not make us look sooner.
		if !t.pause(ctx, n) {
			continue
		}
		version := t.tails.opts.Version(t.key.stack)
		wait, more := r.round(ctx)
		if ctx.Err() != nil || t.failed() {
			t.tails.forget(t)
			return
		}
		n = next{now: more, version: version}
		if wait > 0 {
			n.at = time.Now().Add(wait)
		}
	}
}

// next is when to look again: now, at a time, or, where that is zero, only when something happens to the stack, whose version
// is the one that was there before the last look.
type next struct {
	now     bool
	at      time.Time
	version string
}

// stop tells viewers that are still there that nobody reads any more.
func (t *tail) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over && !t.final {
		t.final = true
		t.failure = &client.Error{Code: client.CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "the server is stopping"}
	}
	t.tell()
}

// linger waits for somebody to come back. False means that nobody has, and that the tail is forgotten.
func (t *tail) linger(ctx context.Context) bool {
	timer := time.NewTimer(t.tails.opts.Linger)
	defer timer.Stop()
	for {
		select {
		case <-t.moved:
			if t.tails.followed(t) {
				return true
			}
		case <-timer.C:
			return !t.tails.forget(t)
		case <-ctx.Done():
			t.tails.forget(t)
			return false
		}
	}
}

// pause waits until it is time to look again. False means that nobody follows any more before that.
func (t *tail) pause(ctx context.Context, n next) bool {
	if n.now {
		return true
	}
	var end <-chan time.Time
	if !n.at.IsZero() {
		timer := time.NewTimer(time.Until(n.at))
		defer timer.Stop()
		end = timer.C
	}
	look := time.NewTicker(t.tails.opts.Step)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if t.tails.opts.Version(t.key.stack) != n.version {
				return true
			}
		case <-t.moved:
			if !t.tails.followed(t) {
				return false
			}
		case <-t.woken:
			return true
		case <-end:
			return true
		case <-ctx.Done():
			return true
		}
	}
}

// learn takes over what a reading of the run tells: states that it came into.
func (t *tail) learn(d client.RunDetail) (ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started, t.failure = true, nil
	for _, transition := range d.History {
		at := len(t.phases)
		for at > 0 && t.phases[at-1].Version > transition.Version {
			at--
		}
		switch {
		case at > 0 && t.phases[at-1].Version == transition.Version:
			t.phases[at-1].Transition = transition
		case at == len(t.phases):
			// One that shows up late, before others that were told already, would be told out of order.
			t.phases = append(t.phases, &phase{Transition: transition})
		}
	}
	t.tell()
	ended = d.Finished || state.Known(d.State) && !state.Moving(d.State)
	if n := len(t.phases); n > 0 {
		ended = ended || t.phases[n-1].Terminal
	}
	return ended
}

// add takes over a page of a phase. It returns how many messages are new, and whether there is a new place to ask for.
func (t *tail) add(p *phase, page client.LogPage) (fresh int, moved bool) {
	limit := t.tails.limit()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure = nil
	messages, moved := p.advance(page)
	t.bytes += shorten(messages)
	p.add(messages)
	t.tails.metrics.messages.Add(float64(len(messages)))
	for _, old := range t.phases {
		for t.bytes > limit && len(old.chunks) > 0 && (old != p || len(old.chunks) > 1) {
			count, bytes := old.drop()
			t.bytes -= bytes
			t.tails.metrics.dropped.Add(float64(count))
		}
	}
	p.expired = p.expired || page.Expired
	t.tell()
	return len(messages), moved
}

// finish marks a phase as read to its end.
func (t *tail) finish(p *phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.done = true
	t.tell()
}

// end tells that everything has been read.
func (t *tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.tell()
}

// fail keeps why Spacelift cannot be read.
func (t *tail) fail(err error) (retryAfter time.Duration) {
	failure, ok := errors.AsType[*client.Error](err)
	if !ok {
		failure = &client.Error{Code: client.CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "Spacelift cannot be read", Err: err}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch failure.Code {
	case client.CodeNotFound, client.CodeForbidden, client.CodeRejected, client.CodeSchema:
		t.final = true // Spacelift says no, and not only for now
	}
	// Who waits for the first reading is not left waiting; the next one begins anew.
	t.final = t.final || !t.started
	t.failure = failure
	t.trouble++
	t.tell()
	return failure.RetryAfter
}
