package schedule

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// Task is something to do again and again.
type Task struct {
	// ID is unique within the plugin.
	ID string
	// Schedule says when, and how long a run may take.
	Schedule config.Schedule
	// Run does it once. It returns when its context ends, whose cause tells why: the run took too long, was
	// cancelled, its lease was lost, or the server stops.
	Run func(ctx context.Context) error
}

// Options are what a Scheduler needs.
type Options struct {
	// Plugin is the id of the plugin whose tasks these are.
	Plugin string
	// Database opens the plugin's store. It is asked when there is the first task to run across replicas.
	Database func(ctx context.Context) (*database.Database, error)
	// Log takes what goes wrong with runs.
	Log *slog.Logger
	// Metrics takes the collectors of core.md 15; nil leaves them out.
	Metrics prometheus.Registerer
	// Audit records who triggers and cancels; nil leaves it out.
	Audit *telemetry.Auditor
	// Lease is how long a run's claim lasts without being renewed; zero means 15 seconds.
	Lease time.Duration
	// Drain is how long Run waits for runs that were told to stop; zero means 30 seconds.
	Drain time.Duration
}

// Scheduler runs the tasks of one plugin. Its methods may be called concurrently.
type Scheduler struct{}

// New touches nothing yet.
func New(opts Options) *Scheduler { panic("unfinished") }

// Add takes a task, before or while Run runs.
func (s *Scheduler) Add(task Task) error { panic("unfinished") }

// Run runs the tasks until ctx ends, then waits for the runs under way. It returns nil after a normal stop.
func (s *Scheduler) Run(ctx context.Context) error { panic("unfinished") }

// Tasks tells how the plugin's tasks are doing, in the order of their ids.
func (s *Scheduler) Tasks(ctx context.Context) ([]Status, error) { panic("unfinished") }

// Trigger makes a task due now.
func (s *Scheduler) Trigger(ctx context.Context, id string) error { panic("unfinished") }

// Cancel ends the run of a task that is under way.
func (s *Scheduler) Cancel(ctx context.Context, id string) error { panic("unfinished") }

// Mount serves the tasks' routes (core.md 9.4).
func (s *Scheduler) Mount(routes *router.Routes) { panic("unfinished") }
