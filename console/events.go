package console

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/stream"
)

const (
	// maxStreams bounds what open pages can hold of the server.
	maxStreams = 500
	// quiet is the least time between two positions on one stream: a page that reads again for every batch of an
	// ingest would only load the server.
	quiet = time.Second
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
	streams *stream.Streams
}

func newEvents(catalog host.CatalogReader, log *slog.Logger) *events {
	return &events{catalog: catalog, log: log, streams: stream.New(maxStreams)}
}

// serve answers GET /v1/events.
func (e *events) serve(w http.ResponseWriter, r *http.Request) error {
	return e.streams.Serve(w, r, e.feed)
}

// feed sends the position at once, and those after it, at most one in each quiet period, until ctx ends or the catalog
// cannot be watched any more.
func (e *events) feed(ctx context.Context, send func(any) bool) {
	position := e.catalog.Position()
	if !send(event{Type: "position", Position: &position}) {
		return
	}
	for {
		next, err := e.catalog.Changed(ctx, position)
		if err != nil {
			if ctx.Err() == nil {
				e.log.Warn("watching the catalog ended", "err", err)
			}
			return
		}
		position = next
		if !send(event{Type: "position", Position: &next}) {
			return
		}
		select {
		case <-time.After(quiet):
		case <-ctx.Done():
			return
		}
	}
}
