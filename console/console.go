package console

import (
	"context"
	"io/fs"
	"net/http"

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
}

// New returns the plugin. It touches nothing.
func New() *Plugin { return &Plugin{} }

// ID returns "understudy".
func (p *Plugin) ID() string { return ID }

// OnlyHere says that no other backend has a console.
func (p *Plugin) OnlyHere() {}

// ConfigPaths names what the plugin reads.
func (p *Plugin) ConfigPaths() []string { return []string{configPath} }

// CheckConfig tells what is wrong with the section understudy.console.
func (p *Plugin) CheckConfig(c *config.Config) error {
	_, err := LoadConfig(c)
	return err
}

// Register declares the routes of openapi.yaml, or only those of the self-check where the console is turned off.
func (p *Plugin) Register(_ context.Context, env *host.Env) error {
	cfg, err := LoadConfig(env.Config)
	if err != nil {
		return err
	}
	p.cfg = cfg
	if !cfg.on() {
		(&api{log: env.Log, system: env.System, audit: env.Audit, permissions: env.Permissions}).mountCheck(env.Routes)
		return nil
	}
	if p.files, err = builtFiles(); err != nil {
		return err
	}
	p.api = newAPI(env)
	return p.api.mount(env.Routes)
}

// Root returns what serves the files, or nil when the console is turned off or left out of the binary.
func (p *Plugin) Root() (string, http.Handler) {
	if p.files == nil {
		return Prefix, nil
	}
	return Prefix, newFiles(p.files, p.api.peers.origins)
}

// Fallback sends whoever opens the server's address to the console. It is nil when there is no console, and gives way
// to the plugin that serves a frontend.
func (p *Plugin) Fallback() http.Handler {
	if p.files == nil {
		return nil
	}
	return http.HandlerFunc(redirectPages)
}

var (
	_ host.Plugin         = (*Plugin)(nil)
	_ host.OnlyHere       = (*Plugin)(nil)
	_ host.ConfigDeclarer = (*Plugin)(nil)
	_ host.ConfigChecker  = (*Plugin)(nil)
	_ host.RootHandler    = (*Plugin)(nil)
	_ host.Fallback       = (*Plugin)(nil)
)
