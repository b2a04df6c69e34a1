package rely

import (
	"context"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/solo"
)

// Options are what NewRouter needs. ParseConfig makes them.
type Options struct {
	// Environment is what the plugin works with. It may be changed between ParseConfig and NewRouter.
	host.Environment
}

// ParseConfig checks the plugin's part of the configuration. The error is config.Problems, with every mistake and its file
// and line.
func ParseConfig(env host.Environment) (Options, error) {
	return Options{Environment: env}, solo.Check(New(), env.Config)
}

// NewRouter starts the plugin and returns the handler of its routes, for programs with a server of their own. Paths are
// relative to the plugin:
//
//	mux.Handle("/api/rely/", http.StripPrefix("/api/rely", router))
//
// The router's Mount("rely-migration-plugin") is for /api/rely-migration-plugin. The plugin works in the background until ctx ends; the router's Done tells when it has stopped.
func NewRouter(ctx context.Context, o Options) (*solo.Router, error) {
	return solo.New(ctx, New(), o.Environment)
}
