package database

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// wires are the network connections of a pool. They can be cut, because a pool waits at its close for every connection in
// use, and the driver's own check of an idle one waits up to a minute for a server that has stalled.
type wires struct {
	mu   sync.Mutex // guards what follows
	open map[*wire]struct{}
	over bool // there are to be no more
}

var errCut = errors.New("the store is closed")

// wire is one connection, known until it is closed.
type wire struct {
	net.Conn
	of *wires
}

// through is dial, with what it connects on record.
func (w *wires) through(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c := &wire{Conn: conn, of: w}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.over {
			return nil, errors.Join(errCut, conn.Close())
		}
		if w.open == nil {
			w.open = make(map[*wire]struct{})
		}
		w.open[c] = struct{}{}
		return c, nil
	}
}

// Close closes the connection.
func (c *wire) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// cut closes all connections, whoever waits on them, and lets none be made: the driver would make one to cancel, at the
// server, what it was waiting for.
func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for c := range w.open {
		_ = c.Conn.Close() // whoever uses it learns it from there
	}
	clear(w.open)
}
