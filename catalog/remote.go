package catalog

import (
	"context"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// RemoteCatalogReader returns how a plugin reads the catalog where another backend hosts it: over HTTP, at the address that
// discovery.endpoints has for it, with that plugin's tokens.
func (p *Plugin) RemoteCatalogReader(env *host.Env) host.CatalogReader {
	return remote.New(remote.Options{
		Plugin:  env.ID,
		Address: func(ctx context.Context) (string, error) { return env.Discovery.InternalURL(ctx, ID) },
		Token: func(ctx context.Context, who auth.Credentials) (string, error) {
			return env.Auth.IssueToken(ctx, env.ID, who, ID)
		},
		Log: env.Log, Metrics: env.Metrics,
	})
}

var _ host.RemoteCatalog = (*Plugin)(nil)
