package backend

import (
	"context"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
)

// hosted is one plugin of a running server.
type hosted struct {
	plugin host.Plugin
	routes []*router.Routes

	// catalog is how the plugin reads the catalog.
	catalog *catalogSlot
	// failed is why the plugin could not be set up; only a self-check goes on without it.
	failed error

	mu    sync.Mutex // guards tasks
	tasks *schedule.Scheduler
}

// health is why the plugin cannot serve, or nil.
func (h *hosted) health(ctx context.Context) error {
	if checker, ok := h.plugin.(host.HealthChecker); ok {
		return checker.Health(ctx)
	}
	return nil
}

func (h *hosted) scheduler() *schedule.Scheduler {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tasks
}

// register gives every hosted plugin its services, all of them before any starts, so that all mistakes are found.
func (s *server) register(ctx context.Context) error {
	var found collector
	for _, p := range s.settings.hosted {
		h := &hosted{plugin: p, catalog: &catalogSlot{}}
		env, err := s.env(h)
		if err != nil {
			return err
		}
		s.hosted = append(s.hosted, h)
		if s.settings.remoteCatalog != nil {
			h.catalog.set(s.settings.remoteCatalog.RemoteCatalogReader(env))
		}
		if err := p.Register(ctx, env); err != nil {
			found.add(fmt.Errorf("plugin %s: %w", p.ID(), err))
			continue
		}
		if s.options.inspect != nil {
			s.options.inspect(p.ID(), h.routes)
		}
	}
	if _, err := found.result(); err != nil {
		return err
	}
	for _, h := range s.hosted {
		s.connect(h.plugin)
	}
	return nil
}

// connect passes on what a plugin offers to others.
func (s *server) connect(p host.Plugin) {
	if provider, ok := p.(host.CatalogProvider); ok {
		reader := provider.CatalogReader()
		for _, h := range s.hosted {
			h.catalog.set(reader)
		}
	}
	if provider, ok := p.(host.UserTokenProvider); ok {
		s.auth.SetUserTokens(provider.UserTokens())
	}
	if root, ok := p.(host.RootHandler); ok {
		if prefix, handler := root.Root(); handler != nil {
			s.router.Handle(prefix, handler, router.PlainHTTP())
		}
	}
	if fallback, ok := p.(host.Fallback); ok {
		if handler := fallback.Fallback(); handler != nil {
			s.router.Fallback(handler, router.PlainHTTP())
		}
	}
}

// env makes the services of one plugin.
func (s *server) env(h *hosted) (*host.Env, error) {
	id := h.plugin.ID()
	log := s.log.With("plugin", id)
	metrics := prometheus.WrapRegistererWith(prometheus.Labels{"plugin": id}, s.metrics)
	open := func(ctx context.Context) (*database.Database, error) { return s.databases.Plugin(ctx, id) }
	mount := func(at string) (*router.Routes, error) {
		routes, err := s.router.Plugin(at)
		if err != nil {
			return nil, err
		}
		h.routes = append(h.routes, routes)
		if at == id {
			return routes, s.auth.Mount(routes, id, open)
		}
		return routes, s.auth.MountBeside(routes, at, id)
	}
	routes, err := mount(id)
	if err != nil {
		return nil, err
	}
	return &host.Env{
		ID: id, Log: log, Config: s.cfg, Routes: routes, Mount: mount, Database: open,
		Tasks: func() *schedule.Scheduler {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.tasks == nil {
				h.tasks = schedule.New(schedule.Options{Plugin: id, Database: open, Log: log, Metrics: metrics, Audit: s.audit})
				h.tasks.Mount(routes)
			}
			return h.tasks
		},
		Auth: s.auth, Permissions: s.settings.permissions.For(id, s.auth), Audit: s.audit, Metrics: metrics,
		Discovery: s.settings.discovery, Catalog: h.catalog, System: system{s}, NodeEnv: s.options.environment("NODE_ENV"),
	}, nil
}

// startPlugins starts all plugins at once, and opens each one's routes when it has started.
func (s *server) startPlugins(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, h := range s.hosted {
		group.Go(func() error {
			if starter, ok := h.plugin.(host.Starter); ok {
				if err := starter.Start(ctx); err != nil {
					return fmt.Errorf("start the plugin %s: %w", h.plugin.ID(), err)
				}
			}
			for _, routes := range h.routes {
				routes.Initialized()
			}
			return nil
		})
	}
	return group.Wait()
}

// runPlugins begins the background work: that of the plugins, and their tasks.
func (s *server) runPlugins(ctx context.Context, group *errgroup.Group) {
	for _, h := range s.hosted {
		if runner, ok := h.plugin.(host.Runner); ok {
			group.Go(func() error {
				if err := ignoreCancelled(runner.Run(ctx)); err != nil {
					return fmt.Errorf("run the plugin %s: %w", h.plugin.ID(), err)
				}
				return nil
			})
		}
		if tasks := h.scheduler(); tasks != nil {
			group.Go(func() error {
				if err := ignoreCancelled(tasks.Run(ctx)); err != nil {
					return fmt.Errorf("run the tasks of the plugin %s: %w", h.plugin.ID(), err)
				}
				return nil
			})
		}
	}
}
