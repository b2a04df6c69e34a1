package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// Task is something to do again and again.
type Task struct {
	// ID is unique within the plugin.
	ID string
	// Schedule says when, and how long a run may take.
	Schedule config.Schedule
	// Location is the time zone of the cron expression; nil means that of the Options.
	Location *time.Location
	// Run does it once. It returns when its context ends, whose cause tells why: ErrTimedOut, ErrCancelled, ErrLeaseLost
	// or ErrStopping. A global task may begin again after it was cut short, so a run can be repeated.
	Run func(ctx context.Context) error
}

// Causes of the end of a run's context.
var (
	ErrTimedOut  = errors.New("Task timed out") // upstream's text, which its routes show
	ErrCancelled = errors.New("the task was cancelled")
	ErrLeaseLost = errors.New("the lease on the task was lost")
	ErrStopping  = errors.New("the server is stopping")
)

// Options are what a Scheduler needs.
type Options struct {
	// Plugin is the id of the plugin whose tasks these are.
	Plugin string
	// Database opens the plugin's store. It is asked once there is a task to run across replicas.
	Database func(ctx context.Context) (*database.Database, error)
	// Log takes what goes wrong with runs; nil drops it.
	Log *slog.Logger
	// Metrics takes the collectors of core.md 15; nil leaves them out.
	Metrics prometheus.Registerer
	// Audit records who triggers and cancels; nil leaves it out.
	Audit *telemetry.Auditor
	// Lease is how long a run's claim lasts without being renewed; zero means 15 seconds.
	Lease time.Duration
	// Drain is how long Run waits for runs that were told to stop; zero means 30 seconds.
	Drain time.Duration
	// Location is the time zone of cron expressions; nil means the process's.
	Location *time.Location
}

const (
	defaultLease = 15 * time.Second
	defaultDrain = 30 * time.Second
)

// Scheduler runs the tasks of one plugin. Its methods may be called concurrently.
type Scheduler struct {
	opts   Options
	log    *slog.Logger
	meter  *meter
	holder string // names this process in the rows, for people

	// wake ends a wait of the loop: there is a new task, one was triggered here, or a run ended.
	wake chan struct{}

	opening sync.Mutex // held while the store is opened, by whoever needs it first
	store   store

	mu      sync.Mutex // guards what follows, and the workers' state
	workers map[string]*worker
	running bool // Run was called
}

// New touches nothing yet.
func New(opts Options) *Scheduler {
	opts.Lease = cmp.Or(opts.Lease, defaultLease)
	opts.Drain = cmp.Or(opts.Drain, defaultDrain)
	if opts.Location == nil {
		opts.Location = time.Local
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Scheduler{
		opts: opts, log: opts.Log, meter: newMeter(opts.Plugin, opts.Metrics), holder: fmt.Sprintf("%s/%d", host, os.Getpid()),
		wake: make(chan struct{}, 1), workers: make(map[string]*worker),
	}
}

// Add takes a task, before or while Run runs. It fails when the id is taken or the schedule makes no sense.
func (s *Scheduler) Add(task Task) error {
	settings, err := settingsOf(task.Schedule)
	if err == nil && task.ID == "" {
		err = errors.New("it has no id")
	}
	if err == nil && task.Run == nil {
		err = errors.New("it has nothing to run")
	}
	if err != nil {
		return fmt.Errorf("task %q of %s: %w", task.ID, s.opts.Plugin, err)
	}
	if task.Location == nil {
		task.Location = s.opts.Location
	}
	cadence, err := settings.cadence(task.Location)
	if err != nil {
		return fmt.Errorf("task %q of %s: %w", task.ID, s.opts.Plugin, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.workers[task.ID]; taken {
		return fmt.Errorf("task %q of %s: there is one with this id already", task.ID, s.opts.Plugin)
	}
	s.workers[task.ID] = &worker{task: task, settings: settings, cadence: cadence, triggered: make(chan struct{}, 1)}
	s.rouse()
	return nil
}

// rouse ends the loop's wait, or the next one.
func (s *Scheduler) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// newTicket names one run.
func newTicket() string { return uuid.NewString() }

// list returns the workers in the order of their ids. The caller holds no lock.
func (s *Scheduler) list() []*worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*worker, 0, len(s.workers))
	for _, w := range s.workers {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *worker) int { return strings.Compare(a.task.ID, b.task.ID) })
	return all
}

// open returns the store, opening and migrating it at the first call.
func (s *Scheduler) open(ctx context.Context) (store, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	if s.opts.Database == nil {
		return nil, errors.New("schedule: tasks that are shared by replicas need a database")
	}
	db, err := s.opts.Database(ctx)
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	if s.store, err = openStore(ctx, db); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	return s.store, nil
}
