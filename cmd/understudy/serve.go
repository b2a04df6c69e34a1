package main

import (
	"context"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

type serveCommand struct {
	Config []string `placeholder:"FILE" help:"Configuration file; may be given several times, later ones win. Without it: app-config.yaml and its siblings in the working directory."`
	Only   []string `placeholder:"ID,…" help:"Host these plugins and no others."`
}

// Run serves until the context ends.
func (c serveCommand) Run(ctx context.Context, cli *commands, std streams) error {
	cfg, err := config.Load(config.Options{Files: c.Config, Environ: std.environ})
	if err != nil {
		return err
	}
	server := backend.New(
		backend.WithConfig(cfg),
		backend.WithVersion(version),
		backend.WithOnly(c.Only...),
		backend.WithLog(std.err, cli.LogFormat),
		backend.WithEnviron(std.environ),
	).Add(standard.Plugins()...)
	return collectSooner(ctx, std.environ, server.Run)
}
