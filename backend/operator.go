package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
)

// OperatorToken issues a token with which one of the plugins that a server of this configuration hosts calls itself, so that
// whoever runs the server on this machine needs no other token for it: who may write the plugin's store could do anything
// to it anyway. The key behind it is published in that store for five minutes, and so every replica takes it.
func (b *Backend) OperatorToken(ctx context.Context, plugin string) (token config.Secret, err error) {
	cfg, err := b.load()
	if err != nil {
		return token, err
	}
	set, _, err := b.settle(cfg)
	if err != nil {
		return token, err
	}
	if !slices.ContainsFunc(set.hosted, func(p host.Plugin) bool { return p.ID() == plugin }) {
		return token, fmt.Errorf("a server of this configuration does not host the plugin %q", plugin)
	}
	s := &server{options: b.options, cfg: cfg, settings: set}
	s.openTelemetry()
	databases := database.New(set.database, s.log, nil)
	defer func() { err = errors.Join(err, databases.Close()) }()
	signer, err := auth.New(auth.Options{Config: cfg, Discovery: set.discovery, Log: s.log, Publish: inspectKeys})
	if err != nil {
		return token, err
	}
	rt, err := router.New(router.Config{}, router.Options{Log: s.log})
	if err != nil {
		return token, err
	}
	routes, err := rt.Plugin(plugin)
	if err != nil {
		return token, err
	}
	open := func(ctx context.Context) (*database.Database, error) { return databases.Plugin(ctx, plugin) }
	if err := signer.Mount(routes, plugin, open); err != nil {
		return token, err
	}
	text, err := signer.IssueToken(ctx, plugin, auth.PluginCredentials(plugin), plugin)
	if err != nil {
		return token, err
	}
	return config.NewSecret(text), nil
}
