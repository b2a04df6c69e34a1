package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// stopTimeout bounds everything between the signal to stop and the end: draining, the work of plugins, closing. The
// configured delay of the drain comes on top.
const stopTimeout = 90 * time.Second

// server is one run of a Backend.
type server struct {
	options   options
	compiled  []host.Plugin // hosted or not
	cfg       *config.Config
	settings  settings
	log       *slog.Logger
	metrics   *prometheus.Registry
	audit     *telemetry.Auditor
	databases *database.Service
	router    *router.Router
	auth      *auth.Service
	hosted    []*hosted
	running   Running
	checkups  *checkups
	// warnings are those of the configuration, and listenErr is why its address could not be taken (SelfCheck only).
	warnings  config.Problems
	listenErr error
}

// Run serves until ctx ends, then drains and stops; it returns nil after a clean stop. An error is what kept the server
// from starting, or from going on.
func (b *Backend) Run(ctx context.Context) error {
	cfg, err := b.load()
	if err != nil {
		return err
	}
	set, warnings, err := b.settle(cfg)
	if err != nil {
		return err
	}
	s := &server{options: b.options, compiled: b.plugins, cfg: cfg, settings: set, warnings: warnings, checkups: newCheckups()}
	s.openTelemetry()
	for _, w := range warnings {
		s.log.Warn("configuration", "problem", w.Error())
	}
	return s.run(ctx)
}

func (s *server) openTelemetry() {
	opts := s.settings.logging
	opts.Format = s.logFormat()
	opts.Redact = s.cfg.Secrets()
	s.log = telemetry.NewLogger(s.options.logTo, opts)
	s.metrics = telemetry.NewMetrics()
	s.audit = telemetry.NewAuditor(s.log, telemetry.AuditOptions{Actor: auth.Actor, Levels: s.settings.audit})
}

// logFormat is that of the command line, or Backstage's own rule: JSON in production, text otherwise (core.md 3.2).
func (s *server) logFormat() telemetry.Format {
	switch {
	case s.options.logFormat == string(telemetry.JSON), s.options.logFormat == string(telemetry.Text):
		return telemetry.Format(s.options.logFormat)
	case s.options.environment("NODE_ENV") == "production":
		return telemetry.JSON
	default:
		return telemetry.Text
	}
}

// run is the life of a server, in the order of the package comment. It is one function because the order is what
// matters in it.
func (s *server) run(ctx context.Context) (err error) {
	var stop stack
	defer func() {
		// What is left to close must be closed after ctx has ended, too.
		limit := stopTimeout + s.settings.router.ShutdownDelay
		closing, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), limit, errors.New("the server took too long to stop"))
		defer cancel()
		err = errors.Join(err, stop.unwind(closing))
	}()
	s.databases = database.New(s.settings.database, s.log, s.metrics)
	stop.push(func(context.Context) error { return s.databases.Close() })

	if s.router, err = router.New(s.settings.router, router.Options{
		Log: s.log, Gate: gateFunc(s.authenticate), Metrics: s.metrics, Health: s.health, Version: s.options.version,
		Development: s.options.environment("NODE_ENV") == "development",
	}); err != nil {
		return err
	}
	if s.auth, err = auth.New(auth.Options{Config: s.cfg, Discovery: s.settings.discovery, Log: s.log, Metrics: s.metrics, Audit: s.audit}); err != nil {
		return err
	}
	s.settings.permissions.Observe(s.metrics)
	stop.push(func(context.Context) error { s.settings.permissions.Close(); return nil })
	closeGateway, err := s.openGateway()
	if err != nil {
		return err
	}
	stop.push(closeGateway)
	addr, err := s.router.Listen(ctx)
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	stop.push(func(ctx context.Context) error {
		err := s.router.Shutdown(ctx)
		serving.Wait()
		return err
	})
	s.settings.discovery.SetListener(addr)
	if tcp, ok := addr.(*net.TCPAddr); ok {
		s.running.Port = tcp.Port
	}
	if err := s.refuseOwnAddress(ctx); err != nil {
		return err
	}
	stop.push(s.stopPlugins)
	stop.push(func(context.Context) error { s.checkups.close(); return nil })
	if err := s.register(ctx); err != nil {
		return s.unlessStopped(ctx, err)
	}

	// Background work has a context of its own, which ends after the routes have been drained.
	life, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	group, work := errgroup.WithContext(life)
	stop.push(func(ctx context.Context) error {
		fail(nil)
		return ignoreCancelled(wait(ctx, group))
	})
	serving.Go(func() {
		if err := s.router.Serve(context.WithoutCancel(ctx)); err != nil {
			fail(err)
		}
	})
	stop.push(s.router.Drain)
	if err := s.serveMetrics(work, group); err != nil {
		return err
	}
	if err := s.startPlugins(ctx); err != nil {
		return s.unlessStopped(ctx, err)
	}
	s.runPlugins(work, group)
	s.router.Ready()
	s.announce(ctx)
	select {
	case <-ctx.Done():
		s.log.Info("stopping")
	case <-work.Done(): // something failed that the server cannot be without
		s.log.Error("stopping, because a part of the server failed", "err", context.Cause(work))
	}
	return context.Cause(life) // that the listener failed; what failed in the group, the group tells when it is waited for
}

// unlessStopped is why the server did not start, or nil when it was told to stop before it had: then that is no failure.
func (s *server) unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	s.log.Info("stopping before the start was complete", "err", err)
	return nil
}

// gateFunc lets the router be made before the service that it asks.
type gateFunc func(r *http.Request, plugin string, level router.Level) (*http.Request, error)

// Authenticate asks the function.
func (f gateFunc) Authenticate(r *http.Request, plugin string, level router.Level) (*http.Request, error) {
	return f(r, plugin, level)
}

func (s *server) authenticate(r *http.Request, plugin string, level router.Level) (*http.Request, error) {
	return s.auth.Authenticate(r, plugin, level)
}

// serveMetrics opens the metrics' own listener.
func (s *server) serveMetrics(ctx context.Context, group *errgroup.Group) error {
	m := telemetry.NewMetricsServer(s.settings.metrics, s.metrics, s.log)
	addr, err := m.Listen(ctx)
	if err != nil {
		return err
	}
	if addr == nil {
		return nil // turned off, or its default address is taken, which the log says
	}
	s.running.MetricsAddr = addr.String()
	group.Go(func() error { return m.Run(ctx) })
	return nil
}

// health is what keeps plugins from serving, for readiness. It asks no peer: readiness is asked every few seconds, and a
// Backstage that is down must not take this server out of its balancer as well, when what it stores can still be read. What
// depends on others is for the self-check, which people ask for. All plugins are asked at once, so that one that takes its
// time does not make the others look ill.
func (s *server) health(ctx context.Context) map[string]error {
	ill := make([]error, len(s.hosted))
	var asked sync.WaitGroup
	for i, h := range s.hosted {
		asked.Go(func() { ill[i] = h.health(ctx) })
	}
	asked.Wait()
	found := map[string]error{}
	for i, h := range s.hosted {
		if ill[i] != nil {
			found[h.plugin.ID()] = ill[i]
		}
	}
	return found
}

func (s *server) stopPlugins(ctx context.Context) error {
	var errs []error
	for _, h := range slices.Backward(s.hosted) {
		if stopper, ok := h.plugin.(host.Stopper); ok {
			if err := stopper.Stop(ctx); err != nil {
				errs = append(errs, fmt.Errorf("stop the plugin %s: %w", h.plugin.ID(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// wait waits for the background work until ctx ends: work that does not heed its context must not keep the process.
func wait(ctx context.Context, group *errgroup.Group) error {
	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("background work did not end: %w", context.Cause(ctx))
	}
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stack holds what must be undone, last first.
type stack struct {
	undo []func(ctx context.Context) error
}

func (s *stack) push(f func(ctx context.Context) error) { s.undo = append(s.undo, f) }

func (s *stack) unwind(ctx context.Context) error {
	var errs []error
	for _, f := range slices.Backward(s.undo) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}
