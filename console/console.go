package console

import (
	"context"
	"io/fs"
	"net/http"
	"sync"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// ID is the plugin's id: its routes are below /api/understudy.
const ID = "understudy"

// Prefix is where the files are served.
const Prefix = "/console"

// Plugin serves the console.
type Plugin struct {
	cfg   Config
	files fs.FS
	api   *api

	stop   sync.Once
	closed chan struct{}
}

// New returns the plugin. It touches nothing.
func New() *Plugin { return &Plugin{closed: make(chan struct{})} }

// ID returns "understudy".
func (p *Plugin) ID() string { return ID }

// ConfigPaths names what the plugin reads.
func (p *Plugin) ConfigPaths() []string { return []string{configPath} }

// CheckConfig tells what is wrong with the section understudy.console.
func (p *Plugin) CheckConfig(c *config.Config) error {
	_, err := LoadConfig(c)
	return err
}

// Register declares the routes of openapi.yaml, unless the console is turned off.
func (p *Plugin) Register(_ context.Context, env *host.Env) error {
	cfg, err := LoadConfig(env.Config)
	if err != nil {
		return err
	}
	p.cfg = cfg
	if !cfg.on() {
		return nil
	}
	if p.files, err = builtFiles(); err != nil {
		return err
	}
	p.api = newAPI(env, p.closed)
	return p.api.mount(env.Routes)
}

// Root returns what serves the files, or nil when the console is turned off or left out of the binary.
func (p *Plugin) Root() (string, http.Handler) {
	if p.files == nil {
		return Prefix, nil
	}
	return Prefix, newFiles(p.files)
}

// Fallback sends whoever opens the server's address to the console. It is nil when there is no console, and gives way
// to the plugin that serves a frontend.
func (p *Plugin) Fallback() http.Handler {
	if p.files == nil {
		return nil
	}
	return http.HandlerFunc(redirectRoot)
}

// Run waits for the server to stop and then ends the open event streams, which would hold up the drain otherwise.
func (p *Plugin) Run(ctx context.Context) error {
	<-ctx.Done()
	p.endStreams()
	return nil
}

// Stop ends the open event streams, if Run has not.
func (p *Plugin) Stop(context.Context) error {
	p.endStreams()
	return nil
}

func (p *Plugin) endStreams() { p.stop.Do(func() { close(p.closed) }) }

var (
	_ host.Plugin         = (*Plugin)(nil)
	_ host.ConfigDeclarer = (*Plugin)(nil)
	_ host.ConfigChecker  = (*Plugin)(nil)
	_ host.RootHandler    = (*Plugin)(nil)
	_ host.Fallback       = (*Plugin)(nil)
	_ host.Runner         = (*Plugin)(nil)
	_ host.Stopper        = (*Plugin)(nil)
)
