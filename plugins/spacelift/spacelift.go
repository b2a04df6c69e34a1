package spacelift

import (
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/act"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/httpapi"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/tail"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

// pluginID is the plugin's Backstage id.
const pluginID = "spacelift-io"

// The plugin's tasks, as System → Tasks names them.
const (
	sweepTask = "sync"
	liveTask  = "live"
)

const (
	// sweepTimeout ends a sweep that hangs; 10,000 stacks take less than a minute.
	sweepTimeout = 30 * time.Minute
	// liveTimeout ends a look at what moves.
	liveTimeout = 2 * time.Minute
	// follow is how often a replica looks whether the store has changed.
	follow = time.Second
)

//go:embed openapi.yaml
var openapiYAML []byte

// Plugin is the plugin spacelift-io.
type Plugin struct {
	now func() time.Time
	// lookPauses are trigger.Options' and act.Options', logStep is tail.Options' Step, shorter in tests.
	lookPauses []time.Duration
	logStep    time.Duration

	settings Config
	log      *slog.Logger
	store    *store.Store
	// startedAt is when what is stored was made that of the account; nil before.
	startedAt atomic.Pointer[time.Time]
	client    *client.Client
	mirror    *mirror.Mirror
	trigger   *trigger.Engine
	act       *act.Engine
	tails     *tail.Tails
	api       *httpapi.API
}

// New returns the plugin. It touches nothing.
func New() *Plugin { return &Plugin{now: time.Now} }

// ID returns "spacelift-io".
func (p *Plugin) ID() string { return pluginID }

// RequiredConfig is the section without which the plugin is off.
func (p *Plugin) RequiredConfig() string { return section }

// ConfigPaths names what the plugin reads.
func (p *Plugin) ConfigPaths() []string { return []string{section} }

// CheckConfig tells what is wrong with the section spacelift.
func (p *Plugin) CheckConfig(c *config.Config) error {
	_, err := LoadConfig(c)
	return err
}

// Register reads the configuration, opens the tables, and declares routes and tasks.
func (p *Plugin) Register(ctx context.Context, env *host.Env) error {
	cfg, err := LoadConfig(env.Config)
	if err != nil {
		return err
	}
	p.settings = cfg
	openapi, err := openapiJSON()
	if err != nil {
		return err
	}
	db, err := env.Database(ctx)
	if err != nil {
		return fmt.Errorf("register spacelift: %w", err)
	}
	st, err := store.Open(ctx, db)
	if err != nil {
		return fmt.Errorf("register spacelift: %w", err)
	}
	p.store, p.log = st, env.Log
	p.client, err = client.New(client.Options{
		Endpoint: cfg.endpoint.String(), Host: cfg.account, KeyID: cfg.APIKey,
		Secret: func(context.Context) (config.Secret, error) { return cfg.readSecret() },
		Now:    p.now, Log: env.Log, Metrics: env.Metrics,
		RequestsPerSecond: cfg.Limits.RequestsPerSecond, Burst: cfg.Limits.Burst, InFlight: cfg.Limits.Concurrency,
	})
	if err != nil {
		return fmt.Errorf("register spacelift: %w", err)
	}
	tasks := env.Tasks()
	interval := spread(cfg.Sync.Interval.Std(), cfg.account+cfg.APIKey)
	p.mirror = mirror.New(mirror.Options{
		Upstream: p.client, Store: st, Log: env.Log, Metrics: env.Metrics, Now: p.now,
		Sweep:    func(ctx context.Context) error { return tasks.Trigger(ctx, sweepTask) },
		Interval: interval, Active: cfg.Sync.ActiveInterval.Std(), Idle: cfg.Sync.IdleInterval.Std(), Follow: min(follow, cfg.Sync.ActiveInterval.Std()),
		RequestsPerSecond: cfg.Limits.RequestsPerSecond, ReadOnly: cfg.ReadOnly,
	})
	p.trigger = trigger.New(trigger.Options{
		Upstream: p.client, Store: st, Log: env.Log, Metrics: env.Metrics, Now: p.now, KeyID: cfg.APIKey, After: p.afterTrigger, LookPauses: p.lookPauses,
	})
	p.act = act.New(act.Options{
		Upstream: p.client, Log: env.Log, Metrics: env.Metrics, Now: p.now, KeyID: cfg.APIKey, After: p.afterTrigger, LookPauses: p.lookPauses,
	})
	p.tails = tail.New(tail.Options{
		Upstream: p.client, Metrics: env.Metrics, RequestsPerSecond: cfg.Limits.RequestsPerSecond, Step: p.logStep,
		Version: func(stack string) string { return httpapi.Version(p.mirror.Snapshot(), stack) },
	})
	if err := p.addTasks(tasks, cfg, interval); err != nil {
		return err
	}
	p.api = httpapi.New(httpapi.Options{
		Mirror: p.mirror, Trigger: p.trigger, Act: p.act, Tails: p.tails, Upstream: p.client, Store: st, Catalog: env.Catalog, Permissions: env.Permissions,
		Audit: env.Audit, Log: env.Log, Now: p.now, Plugin: pluginID, ReadOnly: cfg.ReadOnly, Account: cfg.account, Web: cfg.web,
		Interval: interval, OpenAPI: openapi,
	})
	p.api.Mount(env.Routes)
	return nil
}

// addTasks declares what one replica at a time does.
func (p *Plugin) addTasks(tasks *schedule.Scheduler, cfg Config, interval time.Duration) error {
	err := tasks.Add(schedule.Task{
		ID:       sweepTask,
		Schedule: config.Schedule{Every: config.Duration(interval), Timeout: config.Duration(sweepTimeout)},
		Run:      p.mirror.Sweep,
	})
	if err != nil {
		return err
	}
	return tasks.Add(schedule.Task{
		ID:       liveTask,
		Schedule: config.Schedule{Every: cfg.Sync.ActiveInterval, Timeout: config.Duration(liveTimeout)},
		Run: func(ctx context.Context) error {
			// First the triggers: what is settled lets the next look at the stack be the last one.
			if err := p.trigger.Settle(ctx); err != nil {
				return err
			}
			return p.mirror.Live(ctx)
		},
	})
}

// afterTrigger shows the new run, or what was done with one, as soon as it can be seen.
func (p *Plugin) afterTrigger(ctx context.Context, stack string) {
	// What goes wrong here is seen to by the next look at what moves.
	_ = p.mirror.Renew(ctx, stack)
}

// spread makes the interval up to a tenth longer, so that installations do not all come at once. It is the same in every
// replica, which share the task.
func spread(interval time.Duration, by string) time.Duration {
	tenth := interval / 10
	if tenth < time.Second {
		return interval
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(by)) // never fails
	return (interval + time.Duration(hash.Sum32())%tenth).Truncate(time.Second)
}

// Start reads what is stored, so that the first answers need not wait for Spacelift. What was stored of another account is
// forgotten first: here and not in Register, because a self-check registers the plugin too, and must forget nothing.
func (p *Plugin) Start(ctx context.Context) error {
	forgot, err := p.store.Use(ctx, p.settings.endpoint.String())
	if err != nil {
		return fmt.Errorf("start spacelift: %w", err)
	}
	if forgot {
		p.log.Warn("what was stored of another Spacelift account has been forgotten", "account", p.settings.account)
	}
	now := p.now()
	p.startedAt.Store(&now)
	return p.mirror.Refresh(ctx)
}

// Run follows the store until ctx ends.
func (p *Plugin) Run(ctx context.Context) error { return p.mirror.Run(ctx) }

// Stop ends what goes on after requests, and waits for it.
func (p *Plugin) Stop(context.Context) error {
	if p.api == nil {
		return nil // Register failed
	}
	p.trigger.Close() // first, because it asks the mirror
	p.act.Close()
	p.tails.Close()
	p.api.Close()
	p.mirror.Close()
	p.client.Close()
	return nil
}

// Health is an error while no stack was ever read and Spacelift cannot be read.
func (p *Plugin) Health(ctx context.Context) error { return p.mirror.Health(ctx) }

// openapiJSON is the document as it is served; its order of keys is that of the file.
func openapiJSON() ([]byte, error) {
	docs, err := yamlcore.Parse(openapiYAML)
	if err != nil {
		return nil, fmt.Errorf("parse spacelift's openapi.yaml: %w", err)
	}
	v, err := yamlcore.Value(docs[0])
	if err != nil {
		return nil, fmt.Errorf("read spacelift's openapi.yaml: %w", err)
	}
	return entity.AppendJSON(nil, v), nil
}

var (
	_ host.Plugin         = (*Plugin)(nil)
	_ host.ConfigDeclarer = (*Plugin)(nil)
	_ host.ConfigRequirer = (*Plugin)(nil)
	_ host.ConfigChecker  = (*Plugin)(nil)
	_ host.Starter        = (*Plugin)(nil)
	_ host.Runner         = (*Plugin)(nil)
	_ host.Stopper        = (*Plugin)(nil)
	_ host.HealthChecker  = (*Plugin)(nil)
)
