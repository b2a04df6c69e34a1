package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
)

// maxHeaderBytes leaves room for a user token of 32 KiB (core.md 4.2) beside the other headers; Node's 16 KiB does not.
const maxHeaderBytes = 64 << 10

// Listen opens the address of the configuration, before anything is ready to serve (core.md 2.5). Its error is one line
// that names the address and the fix.
func (rt *Router) Listen(ctx context.Context) (net.Addr, error) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.listener != nil {
		return rt.listener.Addr(), nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", rt.cfg.Listen)
	if err != nil {
		return nil, ExplainListen(rt.cfg.Listen, "backend.listen", err)
	}
	rt.listener = l
	rt.server = rt.newServer()
	return l.Addr(), nil
}

// Addr is where the server listens; nil before Listen.
func (rt *Router) Addr() net.Addr {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.listener == nil {
		return nil
	}
	return rt.listener.Addr()
}

func (rt *Router) newServer() *http.Server {
	s := &http.Server{
		Handler:           rt,
		TLSConfig:         rt.cfg.TLS.config(rt.opts.Now),
		ReadHeaderTimeout: rt.cfg.HeadersTimeout, // for the body see timeBody
		IdleTimeout:       rt.cfg.KeepAliveTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(quietHandler{rt.opts.Log.Handler()}, slog.LevelWarn),
	}
	if limit := rt.cfg.MaxRequestsPerSocket; limit > 0 {
		s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, requestCountKey{}, new(atomic.Int64))
		}
		s.Handler = limitRequests(rt, int64(limit))
	}
	return s
}

type requestCountKey struct{}

// limitRequests closes a connection with its last permitted request.
func limitRequests(next http.Handler, limit int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count, ok := r.Context().Value(requestCountKey{}).(*atomic.Int64); ok && count.Add(1) >= limit {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers requests, opening the listener if Listen has not, and blocks until Shutdown has ended. When ctx ends first,
// it drops all connections and returns the cause.
func (rt *Router) Serve(ctx context.Context) error {
	if _, err := rt.Listen(ctx); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		rt.life.refuse()
		_ = rt.server.Close()
	})
	defer stop()
	var err error
	if rt.cfg.TLS.Enabled() {
		err = rt.server.ServeTLS(rt.listener, "", "")
	} else {
		err = rt.server.Serve(rt.listener)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, http.ErrServerClosed):
		return nil
	default:
		return fmt.Errorf("serve on %s: %w", rt.cfg.Listen, err)
	}
}

// Shutdown closes the listener and waits for the requests in flight; when ctx ends first it drops them and says so. Call
// Drain before.
func (rt *Router) Shutdown(ctx context.Context) error {
	rt.life.draining.Store(true)
	rt.life.refuse()
	rt.mu.Lock()
	server, listener := rt.server, rt.listener
	rt.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Shutdown(ctx)
	// A listener that was never served is not the server's to close.
	_ = listener.Close()
	if err != nil {
		_ = server.Close()
		return fmt.Errorf("requests were still in flight: %w", context.Cause(ctx))
	}
	return nil
}

// quietHandler drops the lines that net/http writes about callers who break off.
type quietHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quietHandler) Handle(ctx context.Context, rec slog.Record) error {
	if strings.Contains(rec.Message, "TLS handshake error") || strings.Contains(rec.Message, "connection reset by peer") {
		return nil
	}
	return q.Handler.Handle(ctx, rec)
}
