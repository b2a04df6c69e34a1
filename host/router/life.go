package router

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// life is where the server stands between its start and its end.
type life struct {
	ready    atomic.Bool   // all plugins have initialised
	draining atomic.Bool   // readiness fails
	refusing atomic.Bool   // the routes fail; closing is closed
	closing  chan struct{} // for those who wait
	pause    time.Duration // startupRequestPauseTimeout
	once     sync.Once
}

func (l *life) timer() *time.Timer { return time.NewTimer(l.pause) }

func (l *life) refuse() {
	l.once.Do(func() {
		l.refusing.Store(true)
		close(l.closing)
	})
}

// Ready makes readiness answer 200. Call it when all plugins have initialised.
func (rt *Router) Ready() { rt.life.ready.Store(true) }

// Drain begins the end: readiness fails at once, so that balancers look elsewhere; after backend.lifecycle's
// serverShutdownDelay, or when ctx ends, the plugins' routes answer 503 too. The plugins may stop then, and Shutdown
// follows. The error is that of ctx.
func (rt *Router) Drain(ctx context.Context) error {
	rt.life.draining.Store(true)
	defer rt.life.refuse()
	if rt.cfg.ShutdownDelay <= 0 {
		return nil
	}
	timer := time.NewTimer(rt.cfg.ShutdownDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait %s before refusing requests: %w", rt.cfg.ShutdownDelay, context.Cause(ctx))
	}
}
