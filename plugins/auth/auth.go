package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/keystore"
	"github.com/understudy-portal/understudy/host/config"
)

// pluginID is the plugin's Backstage id.
const pluginID = "auth"

var errSlowCatalog = errors.New("the catalog did not answer in time")

// publishedLifetimes is for how many token lifetimes a key is published (core.md 6.3).
const publishedLifetimes = 3

// Plugin is the auth plugin.
type Plugin struct {
	now       func() time.Time
	providers []Provider
	issuer    *issuer
	guest     *guest
}

// New returns the plugin. It touches nothing.
func New(opts ...Option) *Plugin {
	p := &Plugin{now: time.Now}
	for _, o := range opts {
		o(p)
	}
	return p
}

// ID returns "auth".
func (p *Plugin) ID() string { return pluginID }

// ConfigPaths names the section that the plugin reads.
func (p *Plugin) ConfigPaths() []string { return []string{"auth"} }

// CheckConfig reports what is wrong with the auth section as config.Problems, some or all of which may be warnings.
func (p *Plugin) CheckConfig(c *config.Config) error {
	_, found := p.load(c)
	if len(found) == 0 {
		return nil
	}
	return found
}

// Register reads the configuration, opens the tables and declares the routes.
func (p *Plugin) Register(ctx context.Context, env *host.Env) error {
	set, found := p.load(env.Config)
	if err := found.Err(); err != nil {
		return err
	}
	if err := checkProviders(p.providers); err != nil {
		return err
	}
	db, err := env.Database(ctx)
	if err != nil {
		return fmt.Errorf("register auth: %w", err)
	}
	users, err := openStore(ctx, db)
	if err != nil {
		return fmt.Errorf("register auth: %w", err)
	}
	source := set.static
	if source == nil {
		store := keys.Memory()
		if set.keyStore == keyStoreDatabase {
			if store, err = keystore.Open(ctx, db, keystore.User); err != nil {
				return fmt.Errorf("register auth: %w", err)
			}
		}
		source = keys.NewRing(keys.RingOptions{
			Store: store, Algorithm: set.algorithm,
			Rotate: set.lifetime, Keep: publishedLifetimes * set.lifetime, Now: p.now,
		})
	}
	p.issuer = &issuer{
		keys: source, users: users, url: env.Discovery.ExternalURL(pluginID),
		lifetime: set.lifetime, omitOwnership: set.omitOwnership, now: p.now,
	}
	if set.guest != nil {
		p.guest = &guest{settings: *set.guest, development: env.NodeEnv == "development", catalog: env.Catalog, log: env.Log}
	}
	(&api{issuer: p.issuer, signers: p.signers(env), verify: env.Auth, audit: env.Audit, now: p.now}).mount(env.Routes)
	return nil
}

// UserTokens is for host/auth, which verifies what this plugin issues. It is there once Register has returned.
func (p *Plugin) UserTokens() auth.UserTokens {
	if p.issuer == nil {
		return nil
	}
	return p.issuer
}

// SignInProviders returns the ids of the providers that somebody can sign in with, once Register has returned.
func (p *Plugin) SignInProviders() []string {
	var ids []string
	if p.guest != nil && p.guest.allowed() == nil {
		ids = append(ids, guestProvider)
	}
	for _, provider := range p.providers {
		ids = append(ids, provider.ID())
	}
	return ids
}

var (
	_ host.Plugin            = (*Plugin)(nil)
	_ host.ConfigDeclarer    = (*Plugin)(nil)
	_ host.ConfigChecker     = (*Plugin)(nil)
	_ host.UserTokenProvider = (*Plugin)(nil)
)
