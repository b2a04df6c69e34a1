package database_test

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// stalling forwards connections to a server until it is stalled; from then on it takes bytes and passes none on, as a
// server does that was suspended, or a firewall that forgot.
type stalling struct {
	net.Listener
	target string
	gate   sync.RWMutex // held for writing while stalled
}

func newStalling(t *testing.T, target string) *stalling {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stalling{Listener: l, target: target}
	var copies sync.WaitGroup
	copies.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				t.Error(err)
				_ = in.Close()
				return
			}
			copies.Go(func() { s.forward(out, in) })
			copies.Go(func() { s.forward(in, out) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		copies.Wait()
	})
	return s
}

func (s *stalling) forward(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		s.gate.RLock()
		_, err = to.Write(buf[:n])
		s.gate.RUnlock()
		if err != nil {
			return
		}
	}
}

// TestCloseWithAStalledServer: a server that answers no more must not keep the process from ending.
func TestCloseWithAStalledServer(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	front := newStalling(t, u.Host)
	host, port, err := net.SplitHostPort(front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, dsn)
	s.Host = host
	if s.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	service := database.New(database.Options{Default: database.Settings{
		Key: "backend.database.connection", Engine: database.PostgreSQL, Server: s,
	}}, slog.New(slog.DiscardHandler), nil)
	db, err := service.Plugin(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	front.gate.Lock()
	defer front.gate.Unlock()
	asked := make(chan error, 1)
	go func() {
		defer conn.Release()
		_, err := conn.Exec(context.WithoutCancel(t.Context()), "SELECT 1")
		asked <- err
	}()
	closed := make(chan error, 1)
	go func() { closed <- service.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the store is still being closed")
	}
	if err := <-asked; err == nil {
		t.Error("a query was answered by a server that answers nothing")
	}
}
