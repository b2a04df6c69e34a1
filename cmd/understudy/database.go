package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
)

type databaseCommand struct {
	Drop databaseDropCommand `cmd:"" help:"List what understudy keeps in the database of the configuration, and drop it with --yes. Nothing else is touched."`
}

type databaseDropCommand struct {
	Config []string `placeholder:"FILE" help:"As for serve."`
	Yes    bool     `help:"Drop what is listed."`
}

// Run lists the schemas, or files, of all plugins that the program knows, hosted or not: blocks of the configuration may be
// gone already. It drops all or nothing, and nothing that somebody has open.
func (c databaseDropCommand) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(config.Options{Files: c.Config, Environ: std.environ})
	if err != nil {
		return err
	}
	dir, err := backend.DataDir(cfg)
	if err != nil {
		return err
	}
	opts, err := database.Load(cfg, dir)
	if err != nil {
		return err
	}
	found, err := holdings(ctx, opts)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(std.out, "nothing of understudy's is there")
		return err
	}
	for _, h := range found {
		if _, err := fmt.Fprintf(std.out, "%s: %s\n", h.Where, contents(h)); err != nil {
			return err
		}
	}
	if !c.Yes {
		_, err := fmt.Fprintln(std.out, "\nNothing was dropped. To drop what is listed, add --yes; there is no way back but a backup.")
		return err
	}
	if err := unused(ctx, cfg, found, std); err != nil {
		return err
	}
	return dropAll(ctx, std.out, found)
}

func holdings(ctx context.Context, opts database.Options) ([]database.Holding, error) {
	var found []database.Holding
	var errs []error
	for _, p := range standard.Plugins() {
		h, ok, err := database.Find(ctx, opts, p.ID())
		if err != nil {
			errs = append(errs, err)
		}
		if ok {
			found = append(found, h)
		}
	}
	return found, errors.Join(errs...)
}

func contents(h database.Holding) string {
	if h.Rows > 0 {
		return fmt.Sprintf("%d tables, about %d rows", len(h.Tables), h.Rows)
	}
	return fmt.Sprintf("%d tables", len(h.Tables))
}

// unused refuses while a server runs on them.
func unused(ctx context.Context, cfg *config.Config, found []database.Holding, std streams) error {
	var errs []error
	for _, h := range found {
		if h.Held != "" {
			errs = append(errs, fmt.Errorf("%s is in use by %s", h.Where, h.Held))
		}
	}
	var plugins []string // by whose stores it can prove itself; no other is made for that
	for _, h := range found {
		plugins = append(plugins, h.Plugin)
	}
	if running, err := findRunning(ctx, cfg, serverOf(cfg, std), plugins...); err == nil && running != nil {
		switch running.standing {
		case proven:
			errs = append(errs, fmt.Errorf("a server of this configuration runs at %s", running.base))
		case undecided:
			errs = append(errs, fmt.Errorf("what answers at %s may be a server of this configuration: %s", running.base, running.doubt))
		case otherStore, stranger: // it has nothing to do with what is to be dropped
		}
	}
	if len(errs) > 0 {
		return errors.Join(append(errs, errors.New("nothing was dropped; stop the server first"))...)
	}
	return nil
}

func dropAll(ctx context.Context, w io.Writer, found []database.Holding) error {
	for _, h := range found {
		if err := h.Drop(ctx); err != nil {
			return err
		}
		line := "dropped " + h.Where
		if h.Empty != "" {
			// Backstage may have made it, and may not be allowed to make it again.
			line += "; the database " + h.Empty + " has nothing in it now and is left"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
