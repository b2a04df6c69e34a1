package export

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
)

type (
	meter   struct{}
	store   struct{}
	runner  struct{}
	request struct{ trigger, by string }
)

const triggerCron, triggerMissed = "cron", "missed"

func newMeter(string, prometheus.Registerer) *meter { return &meter{} }

func openStore(context.Context, *database.Database, string) (*store, error) { return &store{}, nil }

func (e *Engine) start(context.Context, request) (int, bool, error) { return 0, false, nil }

// Run executes the runs of this destination until ctx ends.
func (e *Engine) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Close ends the waits of requests. Runs end with the context of Run.
func (e *Engine) Close() error { return nil }

// MountOptions are how one mount point serves the routes of openapi.yaml.
type MountOptions struct {
	// AllowGet lets GET /migrate start runs.
	AllowGet bool
	// AllowUnauthenticated lets callers without credentials use /migrate.
	AllowUnauthenticated bool
	// ConfigKey is the path of the section that holds migrate.allowUnauthenticated; empty means the destination's id.
	ConfigKey string
	// BaseURL is where callers reach the mount, such as http://localhost:7007/api/rely, for the advice in errors.
	BaseURL string
}

// Mount declares the routes of openapi.yaml.
func (e *Engine) Mount(routes *router.Routes, opts MountOptions) {}
