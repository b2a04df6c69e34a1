package main

import (
	"fmt"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Report every mistake in the configuration, without starting anything."`
	Print configPrintCommand `cmd:"" help:"Print the merged configuration, secrets masked, each value with the file and line it came from."`
}

type configCheckCommand struct {
	Config []string `placeholder:"FILE" help:"As for serve."`
	Only   []string `placeholder:"ID,…" help:"As for serve."`
}

// Run prints one line for each mistake and each warning, and fails when there is a mistake.
func (c configCheckCommand) Run(std streams) error {
	cfg, err := config.Load(config.Options{Files: c.Config, Environ: std.environ})
	if err != nil {
		return err
	}
	warnings, err := backend.New(backend.WithConfig(cfg), backend.WithOnly(c.Only...), backend.WithEnviron(std.environ)).Add(standard.Plugins()...).Check()
	for _, w := range warnings {
		_, _ = fmt.Fprintf(std.err, "warning: %s\n", w)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, "the configuration is good")
	return err
}

type configPrintCommand struct {
	Config []string `placeholder:"FILE" help:"As for serve."`
}

// Run prints the merged configuration.
func (c configPrintCommand) Run(std streams) error {
	cfg, err := config.Load(config.Options{Files: c.Config, Environ: std.environ})
	if err != nil {
		return err
	}
	return cfg.Print(std.out)
}
