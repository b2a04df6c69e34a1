package rely

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/permission"
)

const (
	pluginID = "rely"
	// migrationID is Rely's own name for its plugin, which a backend of the new system mounts it at (export.md 1.2).
	migrationID = "rely-migration-plugin"
)

// Plugin is the Rely plugin.
type Plugin struct {
	now    func() time.Time
	engine *export.Engine
	// destination is the engine's, and mode the configured one of its modes.
	destination *rely.Destination
	mode        string
	// tune changes what is put together, for tests.
	tune func(*rely.Options, *export.Options)
}

// New returns the plugin. It touches nothing.
func New() *Plugin { return &Plugin{now: time.Now} }

// ID returns "rely".
func (p *Plugin) ID() string { return pluginID }

// Mounts names the second place at which the same routes are served.
func (p *Plugin) Mounts() []string { return []string{migrationID} }

// RequiredConfig names the section without which the plugin is off.
func (p *Plugin) RequiredConfig() string { return section }

// ConfigPaths names what the plugin reads. Other entries of the proxy are not its business.
func (p *Plugin) ConfigPaths() []string {
	return []string{section, "proxy.endpoints./rely", "proxy.endpoints.rely", "proxy./rely", "proxy.rely"}
}

// CheckConfig reports what is wrong with the configuration as config.Problems, some or all of which may be warnings.
func (p *Plugin) CheckConfig(c *config.Config) error {
	if !c.Has(section) {
		return nil
	}
	_, found := load(c)
	if len(found) == 0 {
		return nil
	}
	return found
}

// Register reads the configuration, puts the export together and declares the routes.
func (p *Plugin) Register(ctx context.Context, env *host.Env) error {
	s, found := load(env.Config)
	if err := found.Err(); err != nil {
		return err
	}
	target := rely.Options{
		Target: s.proxy.target, Headers: s.proxy.headers, Prefix: proxyPrefix, Rewrites: s.proxy.rewrites, Insecure: s.proxy.insecure,
		Gzip: s.gzip, Mode: s.API.Mode, RawPath: s.RawPath, Replace: s.Clearing == clearByReplace, Mapping: s.mapping, Limits: s.limits,
		Kinds: func(ctx context.Context) ([]string, error) {
			return otherKinds(ctx, env.Catalog, s.filter, s.mapping.Kinds())
		},
		UserAgent: "Understudy/" + env.System.Version(), Log: env.Log, Now: p.now,
	}
	db, err := env.Database(ctx)
	if err != nil {
		return fmt.Errorf("register rely: %w", err)
	}
	options := export.Options{
		ID: pluginID, Plugin: pluginID, Catalog: env.Catalog, Filter: s.filter, FilterConfig: s.filterConfig,
		Database: db, Cron: s.cron, Tasks: env.Tasks, Gzip: s.gzip, Log: env.Log, Metrics: env.Metrics, Audit: env.Audit,
		Permissions: env.Permissions, Now: p.now,
	}
	if p.tune != nil {
		p.tune(&target, &options)
	}
	if p.destination, err = rely.New(target); err != nil {
		return err
	}
	options.Destination, p.mode = p.destination, target.Mode
	if p.engine, err = export.New(options); err != nil {
		return fmt.Errorf("register rely: %w", err)
	}
	return p.mount(env, s)
}

// mount serves the same routes at both places.
func (p *Plugin) mount(env *host.Env, s settings) error {
	migration, err := env.Mount(migrationID)
	if err != nil {
		return fmt.Errorf("register rely: %w", err)
	}
	options := export.MountOptions{
		AllowGet: s.Migrate.AllowGet, AllowUnauthenticated: s.Migrate.AllowUnauthenticated, ConfigKey: section, BaseURL: env.Discovery.PeopleURL(pluginID),
	}
	p.engine.Mount(env.Routes, options)
	permission.Mount(env.Routes, export.Permissions())
	options.BaseURL = env.Discovery.PeopleURL(migrationID)
	p.engine.Mount(migration, options)
	return nil
}

// Start opens the engine's store.
func (p *Plugin) Start(ctx context.Context) error { return p.engine.Start(ctx) }

// Run exports until ctx ends.
func (p *Plugin) Run(ctx context.Context) error { return p.engine.Run(ctx) }

// Stop ends what still waits.
func (p *Plugin) Stop(context.Context) error {
	if p.engine == nil {
		return nil
	}
	return p.engine.Close()
}

// Health reports whether the engine can read and write its store.
func (p *Plugin) Health(ctx context.Context) error { return p.engine.Health(ctx) }

// otherKinds lists the kinds, as they are written, that the mapping has no rules for: each needs a blueprint.
func otherKinds(ctx context.Context, catalog host.CatalogReader, filter entity.Predicate, known []string) ([]string, error) {
	others := entity.Predicate(entity.Not{Of: entity.Equal{Key: "kind", Values: known}})
	if filter != nil {
		others = entity.All{Of: []entity.Predicate{filter, others}}
	}
	var kinds []string
	for e, err := range catalog.Entities(ctx, auth.PluginCredentials(pluginID), others) {
		if err != nil {
			return nil, err
		}
		same := func(kind string) bool { return strings.EqualFold(kind, e.Kind()) }
		if !slices.ContainsFunc(kinds, same) {
			kinds = append(kinds, e.Kind())
		}
	}
	slices.Sort(kinds)
	return kinds, nil
}

var (
	_ host.Plugin         = (*Plugin)(nil)
	_ host.Mounter        = (*Plugin)(nil)
	_ host.ConfigDeclarer = (*Plugin)(nil)
	_ host.ConfigRequirer = (*Plugin)(nil)
	_ host.ConfigChecker  = (*Plugin)(nil)
	_ host.Starter        = (*Plugin)(nil)
	_ host.Runner         = (*Plugin)(nil)
	_ host.Stopper        = (*Plugin)(nil)
	_ host.HealthChecker  = (*Plugin)(nil)
)
