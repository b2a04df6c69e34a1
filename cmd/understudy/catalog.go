package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/host/config"
)

type catalogCommand struct {
	Validate catalogValidateCommand `cmd:"" help:"Report what the catalog would refuse in these files, without a server."`
}

type catalogValidateCommand struct {
	Config []string `placeholder:"FILE" help:"Apply the catalog.rules of this configuration too."`
	// Exclude comes once per glob: braces have commas.
	Exclude []string `placeholder:"GLOB" sep:"none" help:"Leave out what matches in folders, such as 'charts/**'."`
	Paths   []string `arg:"" name:"path" help:"Files, folders or globs."`
}

// Run prints one line for each mistake, and fails when there is one.
func (c catalogValidateCommand) Run(ctx context.Context, std streams) error {
	var cfg *config.Config
	if len(c.Config) > 0 {
		loaded, err := config.Load(config.Options{Files: c.Config, Environ: std.environ})
		if err != nil {
			return err
		}
		cfg = loaded
	}
	checked, problems, err := catalog.Validate(ctx, c.Paths, cfg, c.Exclude...)
	if err != nil {
		return err
	}
	for _, p := range problems {
		p.File, p.Message = near(p.File), nearby(p.Message)
		_, _ = fmt.Fprintln(std.err, p)
	}
	if len(problems) > 0 {
		return silentError{errors.New("there are mistakes")}
	}
	_, err = fmt.Fprintf(std.out, "%d entities, no mistakes\n", checked)
	return err
}

// near is the path as seen from the working directory, where the file lies below it.
func near(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// nearby shortens the paths in a message likewise.
func nearby(message string) string {
	here, err := os.Getwd()
	if err != nil || here == string(filepath.Separator) {
		return message
	}
	return strings.ReplaceAll(message, here+string(filepath.Separator), "")
}
