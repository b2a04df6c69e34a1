package stream

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

const (
	// heartbeat is below the idle timeouts of common proxies, the shortest of which is 30 seconds.
	heartbeat = 20 * time.Second
	// maxAge ends a stream, so that after a rolling upgrade pages spread over the replicas again.
	maxAge = 15 * time.Minute
	// writeTimeout frees the stream of a reader that has stopped reading.
	writeTimeout = 10 * time.Second
)

// Streams are the streams of one route. They may be served concurrently.
type Streams struct{ slots chan struct{} }

// New allows so many streams at once. A page that gets none asks again later.
func New(most int) *Streams { return &Streams{slots: make(chan struct{}, most)} }

// Feed sends events, which are written as JSON, until it has none any more or send returns false: then the stream is
// over, and so is ctx.
type Feed func(ctx context.Context, send func(event any) bool)

// signal is an event that says nothing but its type.
type signal struct {
	Type string `json:"type"`
}

var errAge = errors.New("event stream reached its age, or its token expired")

// Serve answers a request with a stream.
func (s *Streams) Serve(w http.ResponseWriter, r *http.Request, feed Feed) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "30")
		return fault.Unavailable("Too many event streams are open; ask again in 30 seconds")
	}
	ctx, cancel := context.WithDeadlineCause(r.Context(), endOf(auth.FromContext(r.Context()), time.Now()), errAge)
	defer cancel()

	header := w.Header()
	header.Set("Content-Type", "application/x-ndjson; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	l := &lines{out: json.NewEncoder(w), control: http.NewResponseController(w)}
	l.run(ctx, cancel, feed, router.Draining(r.Context()))
	// The connection may carry another request, which has its own time.
	_ = l.control.SetWriteDeadline(time.Time{})
	return nil
}

// endOf is when the stream of a caller ends: with the token, so that nobody listens for longer than they may.
func endOf(who auth.Credentials, now time.Time) time.Time {
	end := now.Add(maxAge)
	if !who.ExpiresAt.IsZero() && who.ExpiresAt.Before(end) {
		return who.ExpiresAt
	}
	return end
}

// lines writes events, each at once.
type lines struct {
	out     *json.Encoder
	control *http.ResponseController
}

// run writes events until the reader leaves, the server stops or the stream is old enough.
func (l *lines) run(ctx context.Context, cancel context.CancelFunc, feed Feed, draining <-chan struct{}) {
	events := make(chan any)
	go func() {
		defer close(events)
		feed(ctx, func(event any) bool {
			select {
			case events <- event:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	defer func() {
		cancel()
		for range events { // until the feed has ended
		}
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case event, open := <-events:
			if !open {
				_ = l.send(signal{Type: "end"})
				return
			}
			err = l.send(event)
		case <-beat.C:
			err = l.send(signal{Type: "heartbeat"})
		case <-draining:
			_ = l.send(signal{Type: "end"})
			return
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errAge) {
				_ = l.send(signal{Type: "end"})
			}
			return
		}
		if err != nil {
			return // the reader is gone
		}
	}
}

func (l *lines) send(event any) error {
	// A writer that knows no deadlines is a recorder in a test.
	_ = l.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := l.out.Encode(event); err != nil {
		return err
	}
	return l.control.Flush()
}
