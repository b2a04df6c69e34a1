//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/sync/errgroup"
)

// consoleURL is where vite.config.ts lets the console with hot reload listen.
const consoleURL = "http://localhost:7180"

// choices are the flags.
type choices struct {
	plugin, listen, data string
	console, open        bool
}

func main() {
	var c choices
	flag.StringVar(&c.plugin, "plugin", "", "the plugin to work on: spacelift or rely")
	flag.StringVar(&c.listen, "listen", "localhost:7007", "the server's address")
	flag.StringVar(&c.data, "data", ".dev", "folder of the configuration, the binary and the stores")
	flag.BoolVar(&c.console, "console", true, "serve the console with hot reload")
	flag.BoolVar(&c.open, "open", true, "open the plugin's page in a browser")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := run(ctx, c, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "dev:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c choices, out io.Writer) error {
	log := slog.New(tint.NewTextHandler(out, &tint.Options{TimeFormat: time.TimeOnly})).With("by", "dev")
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	data := filepath.Join(root, c.data)
	chosen, ok := setups(data)[c.plugin]
	if !ok {
		return fmt.Errorf("there is no plugin %q: make dev PLUGIN=spacelift or PLUGIN=rely", c.plugin)
	}
	if err := os.MkdirAll(data, 0o750); err != nil {
		return err
	}
	file := filepath.Join(data, c.plugin+".yaml")
	if err := os.WriteFile(file, []byte(configuration(chosen, root, filepath.Join(data, c.plugin), c.listen)), 0o600); err != nil {
		return err
	}
	base := "http://" + c.listen
	s := &server{
		root: root, pkg: "./cmd/understudy", binary: filepath.Join(data, "understudy"), out: out, log: log,
		args:    []string{"serve", "--config", file, "--only", "catalog,auth,understudy," + chosen.id},
		environ: []string{"NODE_ENV=development"}, ready: base + "/.backstage/health/v1/readiness",
	}
	log.Info("building; the first time takes a minute or two", "package", s.pkg)
	if err := s.build(ctx); err != nil {
		return err
	}
	return serve(ctx, c, s, chosen, base)
}

// serve runs the simulator, the server and the console until ctx ends.
func serve(ctx context.Context, c choices, s *server, chosen setup, base string) error {
	sim, err := launch(s.out, s.root, nil, s.binary, chosen.sim...)
	if err != nil {
		return err
	}
	defer func() { sim.stop() }()
	defer s.stop()
	if err := s.restart(ctx); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	page := base + chosen.page
	if c.console {
		console, err := startConsole(ctx, s.out, s.root, base)
		if err != nil {
			return err
		}
		defer console.stop()
		page = consoleURL + chosen.page
	}
	s.log.Info("ready: save a file to see it served", "page", page, "server", base)
	if c.open {
		open(s.log, page)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return watch(ctx, s.root, s.log, func(ctx context.Context, files []string) {
			s.renew(ctx, files)
			if ctx.Err() != nil || !chosen.of(files) {
				return
			}
			sim.stop()
			again, err := launch(s.out, s.root, nil, s.binary, chosen.sim...)
			if err != nil {
				s.log.Error("the simulator does not start", "err", err)
				return
			}
			sim = again
		})
	})
	return group.Wait()
}

// startConsole installs what the console needs, once, and serves it with hot reload.
func startConsole(ctx context.Context, out io.Writer, root, base string) (*process, error) {
	folder := filepath.Join(root, "console")
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); errors.Is(err, os.ErrNotExist) {
		install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir, install.Stdout, install.Stderr = folder, out, out
		if err := install.Run(); err != nil {
			return nil, fmt.Errorf("install the console's packages: %w; or do without: make dev CONSOLE=off", err)
		}
	}
	p, err := launch(out, folder, []string{"UNDERSTUDY_URL=" + base}, "npm", "run", "-s", "dev")
	if err != nil {
		return nil, err
	}
	if err := p.ready(ctx, consoleURL+"/console/"); err != nil {
		p.stop()
		return nil, fmt.Errorf("start the console: %w", err)
	}
	return p, nil
}

// open shows the page in a browser where there is one.
func open(log *slog.Logger, page string) {
	command := "xdg-open"
	if runtime.GOOS == "darwin" {
		command = "open"
	}
	path, err := exec.LookPath(command)
	if err != nil {
		return // the address has been printed
	}
	if _, err := launch(io.Discard, "", nil, path, page); err != nil {
		log.Warn("the page was not opened", "err", err)
	}
}
