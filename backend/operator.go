package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
)

// Operator is what whoever runs the server on this machine has of its store.
type Operator struct {
	// Token is one that the server takes.
	Token config.Secret
	// Key is the id of the key behind it. It was made for this token and nobody else knows it, so that a server that lists
	// it has the same store. It is empty where the keys of plugins come from the configuration: everybody knows those.
	Key string
}

// Operator issues a token with which one of the plugins that a server of this configuration hosts calls itself, so that
// whoever runs the server on this machine needs no other token for it: who may write the plugin's store could do anything
// to it anyway. The key behind it is published in that store for five minutes, and so every replica lists and takes it.
func (b *Backend) Operator(ctx context.Context, plugin string) (own Operator, err error) {
	cfg, err := b.load()
	if err != nil {
		return own, err
	}
	set, _, err := b.settle(cfg)
	if err != nil && len(b.options.only) == 0 && slices.Contains(b.own(cfg), plugin) {
		// In a file that is another backend's as well only --only tells what is hosted, and the server alone was given that.
		only := &Backend{options: b.options, plugins: b.plugins}
		only.options.only = []string{plugin}
		if one, _, another := only.settle(cfg); another == nil {
			set, err = one, nil
		}
	}
	if err != nil {
		return own, err
	}
	if !slices.ContainsFunc(set.hosted, func(p host.Plugin) bool { return p.ID() == plugin }) {
		return own, fmt.Errorf("a server of this configuration does not host the plugin %q", plugin)
	}
	s := &server{options: b.options, cfg: cfg, settings: set}
	s.openTelemetry()
	databases := database.New(set.database, s.log, nil)
	defer func() { err = errors.Join(err, databases.Close()) }()
	signer, err := auth.New(auth.Options{Config: cfg, Discovery: set.discovery, Log: s.log, Publish: inspectKeys})
	if err != nil {
		return own, err
	}
	rt, err := router.New(router.Config{}, router.Options{Log: s.log})
	if err != nil {
		return own, err
	}
	routes, err := rt.Plugin(plugin)
	if err != nil {
		return own, err
	}
	open := func(ctx context.Context) (*database.Database, error) { return databases.Plugin(ctx, plugin) }
	if err := signer.Mount(routes, plugin, open); err != nil {
		return own, err
	}
	before, err := signer.KeyIDs(ctx, plugin)
	if err != nil {
		return own, err
	}
	text, err := signer.IssueToken(ctx, plugin, auth.PluginCredentials(plugin), plugin)
	if err != nil {
		return own, err
	}
	parsed, err := token.Parse(text)
	if err != nil {
		return own, err
	}
	own.Token = config.NewSecret(text)
	if !slices.Contains(before, parsed.Header.KeyID) {
		own.Key = parsed.Header.KeyID
	}
	return own, nil
}
