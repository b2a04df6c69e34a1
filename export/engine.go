package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// Options are what an Engine works with. ID, Destination, Catalog and Database are required.
type Options struct {
	// ID names the destination in routes, rows and metrics, such as "rely".
	ID string
	// Plugin is the id of the plugin as which the catalog is read; empty means ID.
	Plugin string
	// Destination is what is written to.
	Destination Destination
	// Catalog is what is exported.
	Catalog host.CatalogReader
	// Filter selects entities; nil selects all.
	Filter entity.Predicate
	// FilterConfig is the filter as it was configured, for people.
	FilterConfig any
	// Database keeps runs, chunks and the ledger. Its owner closes it.
	Database *database.Database
	// Cron is when runs begin by themselves; nil means never. It wants Tasks.
	Cron *Cron
	// Tasks takes the recurring task of Cron, such as host.Env's Tasks.
	Tasks func() *schedule.Scheduler
	// Gzip tells people whether bodies are compressed; the destination does it.
	Gzip bool
	// RetryLadder is after how long what has failed is tried again by itself, step by step. Nil means 1, 5 and 15
	// minutes; empty means never.
	RetryLadder []time.Duration
	// Backoff is how transient failures are waited out; zero fields have the defaults of export.md 2.5.
	Backoff Backoff
	// Lease is how long a replica's claim on the destination lasts without being renewed; zero means ten seconds.
	Lease time.Duration
	// KeepRuns is how many ended runs are kept; zero means 100.
	KeepRuns int
	// Log takes what operators should know; nil drops it.
	Log *slog.Logger
	// Metrics takes the collectors; nil leaves them out.
	Metrics prometheus.Registerer
	// Audit records who starts, cancels, resumes and retries; nil leaves it out.
	Audit *telemetry.Auditor
	// Permissions decides what restricted services may do; nil allows everything to users and services.
	Permissions permission.Checker
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Observe is told what the runner is about to do, for tests that stop it there: "plan", "persisted", "sending",
	// "submitted", "polling", "settling", "finish". Nil is told nothing.
	Observe func(moment string)
}

// Cron is a recurring start of runs.
type Cron struct {
	// Schedule is an expression that config.ParseCron accepts.
	Schedule string
	// Location is its time zone; nil means UTC.
	Location *time.Location
}

// Backoff is exponential with full jitter: the wait before try n is a random part of Base·2ⁿ, at most Cap.
type Backoff struct {
	// Base is the bound of the first wait; zero means one second.
	Base time.Duration
	// Cap bounds all waits; zero means one minute.
	Cap time.Duration
	// Tries is how often a chunk is sent before it is parked; zero means 8.
	Tries int
}

// Engine runs the exports to one destination. It is safe for concurrent use.
type Engine struct {
	opts Options
	dest Destination
	log  *slog.Logger
	now  func() time.Time
	who  auth.Credentials
	// holder names this process in the lease.
	holder string
	meter  *meter
	// wake ends the runner's wait.
	wake chan struct{}

	// closed ends the waits of requests.
	closed chan struct{}

	opening sync.Mutex // held while the store is opened
	store   *store

	mu      sync.Mutex // guards what follows
	live    *runner    // the run under way here, or nil
	changed chan struct{}
}

// New checks the options and declares the recurring task. It touches nothing yet.
func New(opts Options) (*Engine, error) {
	if opts.ID == "" || opts.Destination == nil || opts.Catalog == nil || opts.Database == nil {
		return nil, errors.New("export: an engine wants an id, a destination, a catalog and a database")
	}
	opts.Plugin = cmp.Or(opts.Plugin, opts.ID)
	opts.Lease = cmp.Or(opts.Lease, 10*time.Second)
	opts.KeepRuns = cmp.Or(opts.KeepRuns, 100)
	opts.Backoff.Base = cmp.Or(opts.Backoff.Base, time.Second)
	opts.Backoff.Cap = cmp.Or(opts.Backoff.Cap, time.Minute)
	opts.Backoff.Tries = cmp.Or(opts.Backoff.Tries, 8)
	if opts.RetryLadder == nil {
		opts.RetryLadder = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	e := &Engine{
		opts: opts, dest: opts.Destination, log: opts.Log.With("destination", opts.ID), now: opts.Now,
		who: auth.PluginCredentials(opts.Plugin), holder: uuid.NewString(),
		meter: newMeter(opts.ID, opts.Metrics), wake: make(chan struct{}, 1), changed: make(chan struct{}), closed: make(chan struct{}),
	}
	if err := e.schedule(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return e, nil
}

// taskID names the recurring task in the scheduler.
const taskID = "export"

// schedule declares the recurring task. A tick only puts the run into its row: who holds the destination's lease runs it.
func (e *Engine) schedule() error {
	c := e.opts.Cron
	if c == nil {
		return nil
	}
	if e.opts.Tasks == nil {
		return errors.New("a cron expression wants a scheduler")
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	return e.opts.Tasks().Add(schedule.Task{
		ID:       taskID,
		Schedule: config.Schedule{Cron: c.Schedule, Timeout: config.Duration(time.Minute)},
		Location: c.Location,
		Run:      e.tick,
	})
}

// lateTick is how late a tick is that was missed, such as while no process ran.
const lateTick = time.Minute

// tick starts a run, unless one is under way.
func (e *Engine) tick(ctx context.Context) error {
	trigger := triggerCron
	if lease, ok := schedule.LeaseOf(ctx); ok && e.now().Sub(lease.Due()) > lateTick {
		trigger = triggerMissed
	}
	_, _, err := e.start(ctx, request{trigger: trigger, by: e.who.String()})
	return err
}

// Start opens the store. Other methods do so too; a plugin that calls it first learns early what is wrong.
func (e *Engine) Start(ctx context.Context) error {
	_, err := e.open(ctx)
	return err
}

// Close ends the waits of requests. Runs end with the context of Run.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.closed:
	default:
		close(e.closed)
	}
	return nil
}

// Health reports whether the engine can read and write its store.
func (e *Engine) Health(ctx context.Context) error { return e.opts.Database.Ping(ctx) }

// open returns the store, migrated.
func (e *Engine) open(ctx context.Context) (*store, error) {
	e.opening.Lock()
	defer e.opening.Unlock()
	if e.store != nil {
		return e.store, nil
	}
	s, err := openStore(ctx, e.opts.Database, e.opts.ID)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	e.store = s
	return s, nil
}

// rouse ends the runner's wait, or the next one.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// observe tells tests where the runner is.
func (e *Engine) observe(moment string) {
	if e.opts.Observe != nil {
		e.opts.Observe(moment)
	}
}
