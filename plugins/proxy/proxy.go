package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

const (
	pluginID = "proxy"
	// section is the key that turns the plugin on.
	section = "proxy"
	// mountPath is what the paths begin with that pathRewrite sees.
	mountPath = "/api/proxy"
)

// Plugin is the proxy plugin.
type Plugin struct {
	table   table
	pools   *pools
	metrics *metrics
	log     *slog.Logger
	audit   *telemetry.Auditor
}

// New returns the plugin. It touches nothing.
func New() *Plugin { return &Plugin{} }

// ID returns "proxy".
func (p *Plugin) ID() string { return pluginID }

// RequiredConfig names the section without which the plugin is off.
func (p *Plugin) RequiredConfig() string { return section }

// ConfigPaths names what the plugin reads.
func (p *Plugin) ConfigPaths() []string { return []string{section} }

// CheckConfig reports what is wrong with the configuration as config.Problems, some or all of which may be warnings.
func (p *Plugin) CheckConfig(c *config.Config) error {
	_, found := load(c)
	if len(found) == 0 {
		return nil
	}
	return found
}

// Register reads the configuration and declares the routes.
func (p *Plugin) Register(_ context.Context, env *host.Env) error {
	endpoints, found := load(env.Config)
	if err := found.Err(); err != nil {
		return err
	}
	p.table, p.log, p.audit = endpoints, env.Log, env.Audit
	p.pools = newPools()
	var err error
	if p.metrics, err = newMetrics(env.Metrics, endpoints); err != nil {
		return fmt.Errorf("register proxy: %w", err)
	}
	env.Routes.DecideLevels(p.table.level)
	env.Routes.HandleRest(p.serve)
	return nil
}

// Stop closes the connections that wait for their next request.
func (p *Plugin) Stop(context.Context) error {
	if p.pools != nil {
		p.pools.close()
	}
	return nil
}

// serve finds the endpoint. The gate has seen to the caller's credentials.
func (p *Plugin) serve(w http.ResponseWriter, r *http.Request) error {
	path := router.RelativePath(r)
	if router.Climbs(path) {
		router.WriteText(w, http.StatusBadRequest, badRequest)
		return nil
	}
	e := p.table.find(path)
	if e == nil || !p.table.serves(e, r.Method, path) {
		w.WriteHeader(http.StatusNotFound)
		return nil
	}
	return p.forward(w, r, e)
}

// badRequest is upstream's answer to a path that it does not pass on.
const badRequest = "Bad Request"

var (
	_ host.Plugin         = (*Plugin)(nil)
	_ host.ConfigDeclarer = (*Plugin)(nil)
	_ host.ConfigRequirer = (*Plugin)(nil)
	_ host.ConfigChecker  = (*Plugin)(nil)
	_ host.Stopper        = (*Plugin)(nil)
)
