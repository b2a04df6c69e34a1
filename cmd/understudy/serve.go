package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

type serveCommand struct {
	Config []string `placeholder:"FILE" help:"Configuration file; may be given several times, later ones win. Without it: app-config.yaml and its siblings in the working directory."`
	Only   []string `placeholder:"ID,…" help:"Host these plugins and no others. What they call and no entry of discovery.endpoints names is below backend.baseUrl then: for a file that is Backstage's own as well."`
	Listen string   `placeholder:"ADDR" help:"Listen on this address, host:port or :port, whatever backend.listen says."`

	Supervised bool `help:"For a program that starts this one: tell the port on standard output once everything serves, and stop when standard input ends, as it does with that program."`
}

// Run serves until the context ends.
func (c serveCommand) Run(ctx context.Context, cli *commands, std streams) error {
	cfg, err := loadListening(c.Config, c.Listen, std.environ)
	if err != nil {
		return err
	}
	options := []backend.Option{
		backend.WithConfig(cfg),
		backend.WithVersion(version),
		backend.WithOnly(c.Only...),
		backend.WithLog(std.err, cli.LogFormat),
		backend.WithEnviron(std.environ),
	}
	if c.Supervised {
		// That program reads the log, too: without it the server is still to stop in good order.
		signal.Ignore(syscall.SIGPIPE)
		var end context.CancelCauseFunc
		ctx, end = context.WithCancelCause(ctx)
		defer end(nil)
		options = append(options, backend.WithReady(func(r backend.Running) { tellPort(std.out, r.Port) }))
		// It outlives the server: nothing can end a read of standard input, and the process is about to end.
		go func() {
			_, _ = io.Copy(io.Discard, std.in)
			end(errParentEnded)
		}()
	}
	server := backend.New(options...).Add(standard.Plugins()...)
	return collectSooner(ctx, std.environ, server.Run)
}

// loadListening reads the configuration with another address to listen on, unless that is empty.
func loadListening(files []string, listen string, environ []string) (*config.Config, error) {
	if listen != "" {
		_, port, err := net.SplitHostPort(listen)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
			return nil, usageError{fmt.Errorf("--listen %s: write host:port or :port, such as :7107", listen)}
		}
		text, err := json.Marshal(listen)
		if err != nil {
			return nil, err
		}
		// The highest source of all; as a text it takes the place of a mapping, too.
		environ = append(slices.Clone(environ), "APP_CONFIG_backend_listen="+string(text))
	}
	return config.Load(config.Options{Files: files, Environ: environ})
}

var errParentEnded = errors.New("standard input has ended, and with it the program that started this one")

// tellPort is what a supervisor waits for: one line of JSON. One that does not read it any more has ended, and then
// standard input has, too.
func tellPort(w io.Writer, port int) {
	_ = json.NewEncoder(w).Encode(map[string]int{"port": port})
}
