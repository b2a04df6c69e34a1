// Command understudy is a Backstage backend in one binary: it serves a software catalog and plugins over Backstage's
// wire protocol, alone or beside a Node backend.
//
// This package maps flags to options and signals to calls; one file holds one subcommand, and none holds logic.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // cron expressions have time zones, and a container may have no zone files

	"github.com/alecthomas/kong"
)

// Exit codes of every subcommand.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

// version is set by the linker.
var version = "development"

// streams are the process's own outside, replaced in tests.
type streams struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
}

// commands is the command line.
type commands struct {
	LogFormat string `enum:"auto,json,text" default:"auto" help:"Form of log lines: json, text, or auto (text on a terminal or outside production)." placeholder:"json|text"`

	Serve    serveCommand    `cmd:"" help:"Serve the plugins that the configuration asks for."`
	Check    checkCommand    `cmd:"" help:"Look at everything that a server of this configuration depends on: stores, peers, tokens both ways, accounts."`
	Demo     demoCommand     `cmd:"" help:"Serve a sample company on this machine alone; no account, nothing to install."`
	Config   configCommand   `cmd:"" help:"Look at the configuration."`
	Database databaseCommand `cmd:"" help:"Remove what understudy keeps in its database."`
	Catalog  catalogCommand  `cmd:"" help:"Look at catalog files."`
	Export   exportCommand   `cmd:"" help:"Export the catalog of a running server, and see how exports went."`
	Sim      simCommand      `cmd:"" help:"Stand in for Spacelift or Rely on this machine, for tests and trials."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops the server in good order, a second one at once
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()})
	stop()
	os.Exit(code)
}

// exitRequest carries kong's wish to end the program (after --help) out of its parser.
type exitRequest struct{ code int }

// run parses the arguments, runs the subcommand, and returns the exit code.
func run(ctx context.Context, args []string, std streams) (code int) {
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("understudy"),
		kong.Description("A Backstage backend in one binary. Start with `understudy demo`."),
		kong.Writers(std.out, std.err),
		kong.UsageOnError(),
		kong.Exit(func(code int) { panic(exitRequest{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the command line itself is wrong: a mistake of ours
	}
	defer func() {
		if r := recover(); r != nil {
			request, ok := r.(exitRequest)
			if !ok {
				panic(r)
			}
			code = request.code
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(std.err, "understudy: %v; see 'understudy --help'\n", err)
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&cli, std); err != nil {
		return report(std.err, err)
	}
	return exitGood
}

// usageError is a command line that parses and cannot be meant.
type usageError struct{ error }

// Unwrap returns the mistake itself.
func (e usageError) Unwrap() error { return e.error }

// silentError has been told to the user already.
type silentError struct{ error }

// Unwrap returns the failure itself.
func (e silentError) Unwrap() error { return e.error }

// report tells the user what went wrong, one line a mistake, and returns the exit code.
func report(w io.Writer, err error) int {
	if silent, ok := errors.AsType[silentError](err); ok {
		if coded, ok := errors.AsType[codedError](silent.error); ok {
			return coded.code
		}
		return exitFailed
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		_, _ = fmt.Fprintf(w, "understudy: %s\n", line)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}
