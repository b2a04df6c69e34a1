package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/catalog/internal/httpapi"
	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/postgresql"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/sqlite"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/permission"
)

// ID is the plugin's id, as Backstage knows it.
const ID = "catalog"

// What feeds and shapes the catalog; see the interfaces for who calls what when.
type (
	// Provider hands entities to the catalog and owns them (catalog.md 7.2).
	Provider = ingest.Provider
	// ProviderRunner is a provider with work of its own.
	ProviderRunner = ingest.ProviderRunner
	// Connection is how a provider changes what it owns.
	Connection = ingest.Connection
	// Mutation is what a provider wants changed.
	Mutation = ingest.Mutation
	// Deferred is an entity to be processed later.
	Deferred = ingest.Deferred

	// Processor takes part in the processing of every entity (catalog.md 7.5); it implements at least one of the four
	// interfaces below.
	Processor = ingest.Processor
	// PreProcessor changes an entity before it is validated.
	PreProcessor = ingest.PreProcessor
	// KindValidator knows a kind of entity.
	KindValidator = ingest.KindValidator
	// LocationReader reads the targets of Location entities.
	LocationReader = ingest.LocationReader
	// PostProcessor sees the valid entity.
	PostProcessor = ingest.PostProcessor
	// Prioritized is a processor with a place of its own in the order.
	Prioritized = ingest.Prioritized
	// Item is the entity in hand and where it came from.
	Item = ingest.Item
	// Emitter takes what a processor finds: children, relations, errors.
	Emitter = ingest.Emitter
)

// Option adds to the catalog.
type Option func(*Plugin)

// WithProvider adds a provider.
func WithProvider(p Provider) Option {
	return func(c *Plugin) { c.providers = append(c.providers, p) }
}

// WithProcessor adds a processor, after the built-in ones unless it is Prioritized.
func WithProcessor(p Processor) Option {
	return func(c *Plugin) { c.processors = append(c.processors, p) }
}

// WithLocationTypes sets the location types that may be registered and that descriptors may lead to beside the type of
// their own location. The default is "url" alone; adding "file" lets every descriptor read the server's files.
func WithLocationTypes(types ...string) Option {
	return func(c *Plugin) { c.locationTypes = types }
}

// Plugin is the catalog. Make it with New and hand it to a backend.
type Plugin struct {
	providers     []Provider
	processors    []Processor
	locationTypes []string
	tailEvery     time.Duration

	config      Config
	log         *slog.Logger
	permissions permission.Checker
	metrics     prometheus.Registerer
	database    *database.Database
	store       ledger.Store
	ledger      *ledger.Ledger
	index       *index.Index
	engine      *ingest.Engine
	tail        *tail
	connected   []Provider
	ready       atomic.Bool
}

// New returns the plugin. It touches nothing.
func New(opts ...Option) *Plugin {
	p := &Plugin{tailEvery: tailEvery}
	for _, o := range opts {
		o(p)
	}
	return p
}

// ID returns "catalog".
func (*Plugin) ID() string { return ID }

// ConfigPaths returns the sections that the catalog reads.
func (*Plugin) ConfigPaths() []string { return []string{"catalog"} }

// CheckConfig reports all mistakes in the catalog's section, and warnings for keys without effect.
func (*Plugin) CheckConfig(c *config.Config) error {
	_, problems := loadConfig(c)
	if len(problems) == 0 {
		return nil
	}
	return problems
}

// Register opens the ledger and declares the routes.
func (p *Plugin) Register(ctx context.Context, env *host.Env) error {
	settings, problems := loadConfig(env.Config)
	if err := problems.Err(); err != nil {
		return err
	}
	p.config, p.log, p.permissions, p.metrics = settings, env.Log, env.Permissions, env.Metrics
	if err := p.checkNames(); err != nil {
		return err
	}
	db, err := env.Database(ctx)
	if err != nil {
		return err
	}
	p.database = db
	if p.store, err = openStore(ctx, db); err != nil {
		return fmt.Errorf("open the catalog's ledger: %w", err)
	}
	p.ledger = ledger.New(p.store, ledger.Options{Log: p.log})
	p.index = index.New(index.Options{Log: p.log, Metrics: env.Metrics})
	p.tail = newTail(p.ledger, p.index, p.log, p.tailEvery)
	p.engine = p.newEngine()
	if err := registerGauges(env.Metrics, p.index, p.ledger); err != nil {
		return err
	}
	httpapi.New(httpapi.Deps{
		Index: p.index, Ledger: mutations{Ledger: p.ledger, tail: p.tail}, Permissions: env.Permissions, Audit: env.Audit,
		Log: p.log,
	}).Mount(env.Routes)
	return nil
}

func openStore(ctx context.Context, db *database.Database) (ledger.Store, error) {
	if db.Engine() == database.PostgreSQL {
		return postgresql.Open(ctx, db)
	}
	return sqlite.Open(ctx, db)
}

// checkNames refuses two providers or two processors of one name: what they own or how they are ordered goes by it.
func (p *Plugin) checkNames() error {
	seen := make(map[string]bool)
	for _, provider := range p.providers {
		if seen[provider.Name()] {
			return fmt.Errorf("the catalog has two providers named %q", provider.Name())
		}
		seen[provider.Name()] = true
	}
	clear(seen)
	for _, processor := range p.processors {
		if seen[processor.Name()] {
			return fmt.Errorf("the catalog has two processors named %q", processor.Name())
		}
		seen[processor.Name()] = true
	}
	return nil
}

func (p *Plugin) newEngine() *ingest.Engine {
	return ingest.NewEngine(ingest.Options{
		Ledger: p.ledger, Log: p.log, Metrics: ingest.NewMetrics(p.metrics), Interval: p.config.Interval,
		KeepOrphans: p.config.KeepOrphans, Orchestrator: p.config.orchestrator(p.processors, p.locationTypes, p.log),
	})
}

// Start loads the index from the ledger, so that everything is served at once, and connects the providers.
func (p *Plugin) Start(ctx context.Context) error {
	if err := p.tail.load(ctx); err != nil {
		return err
	}
	if err := p.ledger.ReprocessIfChanged(ctx, p.fingerprint()); err != nil {
		return err
	}
	known := []string{}
	builtin := []Provider{&ingest.LocationStore{Ledger: p.ledger}, &ingest.ConfigLocations{Locations: p.config.locationRefs()}}
	for _, provider := range append(builtin, p.providers...) {
		if p.config.disabledProvider(provider.Name()) {
			continue
		}
		known = append(known, provider.Name())
		if err := provider.Connect(ctx, p.connection(provider.Name())); err != nil {
			return fmt.Errorf("connect the provider %s: %w", provider.Name(), err)
		}
		p.connected = append(p.connected, provider)
	}
	if p.config.Processing && !p.config.KeepProviders {
		if err := p.ledger.Evict(ctx, known); err != nil {
			return err
		}
	}
	// What the mutations removed must not be served any more.
	if err := p.tail.catchUp(ctx); err != nil {
		return err
	}
	p.ready.Store(true)
	return nil
}

func (p *Plugin) connection(name string) Connection {
	return &awaited{Connection: ingest.Connect(name, p.ledger), tail: p.tail, started: &p.ready}
}

// Run tails the change log, processes what is due and lets the providers work, until ctx ends.
func (p *Plugin) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.tail.run(ctx) })
	if p.config.Processing {
		g.Go(func() error { return p.engine.Run(ctx) })
	}
	for _, provider := range p.connected {
		if runner, ok := provider.(ProviderRunner); ok {
			g.Go(func() error {
				if err := runner.Run(ctx); err != nil && ctx.Err() == nil {
					return fmt.Errorf("provider %s: %w", provider.Name(), err)
				}
				return nil
			})
		}
	}
	err := g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

// Stop releases what Register opened beside the database.
func (p *Plugin) Stop(context.Context) error {
	if closer, ok := p.store.(interface{ Close() error }); ok {
		return closer.Close()
	}
	return nil
}

// Health reports whether reads are served and keep up with the ledger.
func (p *Plugin) Health(ctx context.Context) error {
	if !p.ready.Load() {
		return errors.New("the catalog is being loaded")
	}
	if p.tail.behind.Load() {
		return errors.New("the catalog's changes cannot be read")
	}
	return p.database.Ping(ctx)
}

// CatalogReader returns how other plugins read the catalog. It answers once Start has returned.
func (p *Plugin) CatalogReader() host.CatalogReader {
	return &reader{index: p.index, permissions: p.permissions}
}

// Unprocessed returns the entities that readers do not see: with an error, or waiting for their first processing.
func (p *Plugin) Unprocessed(ctx context.Context) ([]Unprocessed, error) {
	rows, err := p.ledger.Unfinished(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Unprocessed, len(rows))
	for i, r := range rows {
		all[i] = Unprocessed{UID: r.UID, Ref: r.Ref, LocationKey: r.LocationKey, Entity: r.Input, Errors: r.Errors}
	}
	return all, nil
}

// Unprocessed is an entity that was never finished.
type Unprocessed struct {
	UID, Ref, LocationKey string
	// Entity is what a provider or a Location gave, as JSON.
	Entity []byte
	// Errors is a JSON array of status items; nil for an entity that waits.
	Errors []byte
}

// workingDir is where relative targets start; "." where the system does not tell.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}

var (
	_ host.Plugin          = (*Plugin)(nil)
	_ host.ConfigDeclarer  = (*Plugin)(nil)
	_ host.ConfigChecker   = (*Plugin)(nil)
	_ host.Starter         = (*Plugin)(nil)
	_ host.Runner          = (*Plugin)(nil)
	_ host.Stopper         = (*Plugin)(nil)
	_ host.HealthChecker   = (*Plugin)(nil)
	_ host.CatalogProvider = (*Plugin)(nil)
)
