package solo

import (
	"context"
	"iter"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// assembly is the services of one plugin, as far as they are made.
type assembly struct {
	plugin      host.Plugin
	env         host.Environment
	log         *slog.Logger
	metrics     prometheus.Registerer
	discovery   *discovery.Service
	auth        *auth.Service
	audit       *telemetry.Auditor
	permissions permission.Checker
	asking      *permission.Service // nil where the environment decides
	databases   *database.Service
	router      *router.Router
	routes      []*router.Routes
	tasks       tasks
}

// assemble makes the services. It opens nothing.
func assemble(plugin host.Plugin, env host.Environment) (*assembly, error) {
	a := &assembly{plugin: plugin, env: env, log: env.Log, metrics: env.Metrics}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.metrics == nil {
		a.metrics = prometheus.NewRegistry()
	}
	var err error
	if a.discovery, err = discovery.Load(env.Config); err != nil {
		return nil, err
	}
	dir, err := database.DataDir(env.Config)
	if err != nil {
		return nil, err
	}
	stores, err := database.Load(env.Config, dir)
	if err != nil {
		return nil, err
	}
	routing, err := router.LoadConfig(env.Config)
	if err != nil {
		return nil, err
	}
	a.audit = telemetry.NewAuditor(a.log, telemetry.AuditOptions{Actor: auth.Actor})
	if a.auth, err = auth.New(auth.Options{Config: env.Config, Discovery: a.discovery, Log: a.log, Metrics: a.metrics, Audit: a.audit}); err != nil {
		return nil, err
	}
	if a.permissions = env.Permissions; a.permissions == nil {
		if a.asking, err = permission.New(env.Config, a.discovery); err != nil {
			return nil, err
		}
		a.asking.Observe(a.metrics)
		a.permissions = a.asking.For(plugin.ID(), a.auth)
	}
	callers := router.Gate(a.auth)
	if env.Authenticate != nil {
		callers = gate{env.Authenticate}
	}
	if a.router, err = router.New(routing, router.Options{Log: a.log, Gate: callers, Metrics: a.metrics}); err != nil {
		return nil, err
	}
	a.databases = database.New(stores, a.log, a.metrics)
	return a, nil
}

// environment is what the plugin is registered with.
func (a *assembly) environment() (*host.Env, error) {
	id := a.plugin.ID()
	routes, err := a.mount(id)
	if err != nil {
		return nil, err
	}
	env := &host.Env{
		ID: id, Log: a.log.With("plugin", id), Config: a.env.Config, Routes: routes, Mount: a.mount, Database: a.open,
		Auth: a.auth, Permissions: a.permissions, Audit: a.audit, Metrics: a.metrics, Discovery: a.discovery, Catalog: a.env.Catalog,
		System: system{a},
	}
	switch {
	case env.Catalog != nil:
	case a.env.RemoteCatalog != nil:
		env.Catalog = a.env.RemoteCatalog.RemoteCatalogReader(env)
	default:
		env.Catalog = noCatalog{}
	}
	env.Tasks = func() *schedule.Scheduler {
		return a.tasks.make(func() *schedule.Scheduler {
			s := schedule.New(schedule.Options{Plugin: id, Database: a.open, Log: env.Log, Metrics: a.metrics, Audit: a.audit})
			s.Mount(routes)
			return s
		})
	}
	return env, nil
}

// open opens the plugin's database.
func (a *assembly) open(ctx context.Context) (*database.Database, error) {
	return a.databases.Plugin(ctx, a.plugin.ID())
}

// mount makes the routes of one mount point: the plugin's own, or a further one, which Router.Mount serves.
func (a *assembly) mount(at string) (*router.Routes, error) {
	routes, err := a.router.Plugin(at)
	if err != nil {
		return nil, err
	}
	a.routes = append(a.routes, routes)
	if at == a.plugin.ID() {
		return routes, a.auth.Mount(routes, at, a.open)
	}
	return routes, a.auth.MountBeside(routes, at, a.plugin.ID())
}

// tasks holds the plugin's scheduler, which is made when it is first asked for.
type tasks struct {
	mu        sync.Mutex // guards scheduler
	scheduler *schedule.Scheduler
}

func (t *tasks) make(build func() *schedule.Scheduler) *schedule.Scheduler {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.scheduler == nil {
		t.scheduler = build()
	}
	return t.scheduler
}

func (t *tasks) made() *schedule.Scheduler {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.scheduler
}

// noCatalog answers where the environment has none.
type noCatalog struct{}

func errNoCatalog() error {
	return fault.Unavailable("this program gives its plugins no catalog; set Catalog or RemoteCatalog in the host.Environment")
}

func (noCatalog) ByRef(context.Context, auth.Credentials, string) (entity.Entity, bool, error) {
	return entity.Entity{}, false, errNoCatalog()
}

func (noCatalog) ByRefs(context.Context, auth.Credentials, []string) ([]*entity.Entity, error) {
	return nil, errNoCatalog()
}

func (noCatalog) Entities(context.Context, auth.Credentials, entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) { yield(entity.Entity{}, errNoCatalog()) }
}

func (noCatalog) Position() int64 { return 0 }

func (noCatalog) Changed(context.Context, int64) (int64, error) { return 0, errNoCatalog() }

var _ host.CatalogReader = noCatalog{}
