package console

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

const (
	// maxStreams bounds what open pages can hold of the server. A page that gets no stream asks again later.
	maxStreams = 500
	// heartbeat is below the idle timeouts of common proxies, the shortest of which is 30 seconds.
	heartbeat = 20 * time.Second
	// quiet is the least time between two positions on one stream: a page that reads again for every batch of an
	// ingest would only load the server.
	quiet = time.Second
	// maxAge ends a stream, so that after a rolling upgrade pages spread over the replicas again.
	maxAge = 15 * time.Minute
	// writeTimeout frees the stream of a reader that has stopped reading.
	writeTimeout = 10 * time.Second
)

// event is one line of the stream.
type event struct {
	Type     string `json:"type"`
	Position *int64 `json:"position,omitempty"`
}

// events streams the catalog's position. Its methods may be called concurrently.
type events struct {
	catalog host.CatalogReader
	log     *slog.Logger
	slots   chan struct{}
}

func newEvents(catalog host.CatalogReader, log *slog.Logger) *events {
	return &events{catalog: catalog, log: log, slots: make(chan struct{}, maxStreams)}
}

// serve answers GET /v1/events.
func (e *events) serve(w http.ResponseWriter, r *http.Request) error {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
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
	s := &stream{out: json.NewEncoder(w), control: http.NewResponseController(w)}
	e.run(ctx, cancel, s, router.Draining(r.Context()))
	// The connection may carry another request, which has its own time.
	_ = s.control.SetWriteDeadline(time.Time{})
	return nil
}

var errAge = errors.New("event stream reached its age, or its token expired")

// endOf is when the stream of a caller ends: with the token, so that nobody listens for longer than they may.
func endOf(who auth.Credentials, now time.Time) time.Time {
	end := now.Add(maxAge)
	if !who.ExpiresAt.IsZero() && who.ExpiresAt.Before(end) {
		return who.ExpiresAt
	}
	return end
}

// run writes events until the reader leaves, the server stops or the stream is old enough.
func (e *events) run(ctx context.Context, cancel context.CancelFunc, s *stream, draining <-chan struct{}) {
	position := e.catalog.Position()
	if s.position(position) != nil {
		return
	}
	changes := make(chan int64)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		e.watch(ctx, position, changes)
	}()
	defer func() { cancel(); <-watching }()

	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case p, open := <-changes:
			if !open {
				_ = s.send(event{Type: "end"})
				return
			}
			err = s.position(p)
		case <-beat.C:
			err = s.send(event{Type: "heartbeat"})
		case <-draining:
			_ = s.send(event{Type: "end"})
			return
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errAge) {
				_ = s.send(event{Type: "end"})
			}
			return
		}
		if err != nil {
			return // the reader is gone
		}
	}
}

// watch hands on positions after the given one, at most one in each quiet period, until ctx ends or the catalog cannot be
// watched any more. It closes the channel then.
func (e *events) watch(ctx context.Context, position int64, changes chan<- int64) {
	defer close(changes)
	for {
		next, err := e.catalog.Changed(ctx, position)
		if err != nil {
			if ctx.Err() == nil {
				e.log.Warn("watching the catalog ended", "err", err)
			}
			return
		}
		position = next
		select {
		case changes <- position:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(quiet):
		case <-ctx.Done():
			return
		}
	}
}

// stream writes events, each at once.
type stream struct {
	out     *json.Encoder
	control *http.ResponseController
}

func (s *stream) position(p int64) error { return s.send(event{Type: "position", Position: &p}) }

func (s *stream) send(e event) error {
	// A writer that knows no deadlines is a recorder in a test.
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := s.out.Encode(e); err != nil {
		return err
	}
	return s.control.Flush()
}
