package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
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
type Streams struct {
	slots chan struct{}

	mu   sync.Mutex     // guards held
	held map[string]int // streams by caller
}

// mostEach is how many streams a caller has at once: more than anybody looks at, and few enough that one caller does not
// keep all others from theirs.
const mostEach = 20

// New allows so many streams at once, and twenty to each caller whose name is known. A page that gets none asks again
// later.
func New(most int) *Streams {
	return &Streams{slots: make(chan struct{}, most), held: map[string]int{}}
}

// enter takes a slot. False means that there is none; else leave gives it back.
func (s *Streams) enter(who auth.Credentials) (leave func(), ok bool) {
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, false
	}
	if who.IsNone() {
		return func() { <-s.slots }, true // nobody in particular: the others are no less nobody
	}
	name := who.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[name] >= mostEach {
		<-s.slots
		return nil, false
	}
	s.held[name]++
	return func() {
		<-s.slots
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held[name]--; s.held[name] == 0 {
			delete(s.held, name)
		}
	}, true
}

// Feed sends events, which are written as JSON, until it has none any more or send returns false: then the stream is
// over, and so is ctx. If it panics, so does Serve, whose caller has somebody who answers for it.
type Feed func(ctx context.Context, send func(event any) bool)

// signal is an event that says nothing but its type.
type signal struct {
	Type string `json:"type"`
}

var errAge = errors.New("event stream reached its age, or its token expired")

// Serve answers a request with a stream.
func (s *Streams) Serve(w http.ResponseWriter, r *http.Request, feed Feed) error {
	return s.Prepare(w, r, func() (Feed, error) { return feed, nil })
}

// Prepare is Serve for streams that cost something before they begin, or that may not begin: that is done by prepare, which
// the caller has taken a place for. Its error is returned, and then nothing was written.
func (s *Streams) Prepare(w http.ResponseWriter, r *http.Request, prepare func() (Feed, error)) error {
	who := auth.FromContext(r.Context())
	leave, ok := s.enter(who)
	if !ok {
		w.Header().Set("Retry-After", "30")
		return fault.Unavailable("Too many event streams are open; ask again in 30 seconds")
	}
	defer leave()
	feed, err := prepare()
	if err != nil {
		return err
	}
	serve(w, r, who, feed)
	return nil
}

// serve writes a stream.
func serve(w http.ResponseWriter, r *http.Request, who auth.Credentials, feed Feed) {
	ctx, cancel := context.WithDeadlineCause(r.Context(), endOf(who, time.Now()), errAge)
	defer cancel()

	header := w.Header()
	header.Set("Content-Type", "application/x-ndjson; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	l := &lines{out: json.NewEncoder(w), control: http.NewResponseController(w)}
	l.run(ctx, cancel, feed, router.Draining(r.Context()))
	if l.broken != "" {
		panic(l.broken)
	}
	// The connection may carry another request, which has its own time.
	_ = l.control.SetWriteDeadline(time.Time{})
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
	// broken is the panic of the feed and where it was, to be read when the feed has ended.
	broken string
}

// run writes events until the reader leaves, the server stops or the stream is old enough.
func (l *lines) run(ctx context.Context, cancel context.CancelFunc, feed Feed, draining <-chan struct{}) {
	events := make(chan any)
	go func() {
		defer close(events)
		defer func() {
			// Nobody above this goroutine would answer for it, and the process would end.
			if value := recover(); value != nil {
				l.broken = fmt.Sprintf("event feed: %v\n%s", value, debug.Stack())
			}
		}()
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
			if !open && l.broken != "" {
				return
			}
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
