package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Exit codes of `export` beyond those of every subcommand.
const (
	exitPartial = 3
	exitGoesOn  = 4
)

type exportCommand struct {
	Run    exportRunCommand    `cmd:"" help:"Export now, and wait for the end. A run that is under way is joined."`
	Plan   exportPlanCommand   `cmd:"" help:"Say what a run would send, without writing anything to the destination."`
	Status exportStatusCommand `cmd:"" help:"Show the last run, the next one, and what is known of the destination."`
	Cancel exportCancelCommand `cmd:"" help:"End the run that is under way, after what it is sending now."`
}

// exportTarget says which server is asked, and with what.
type exportTarget struct {
	Config      []string `placeholder:"FILE" help:"As for serve: the configuration of the server on this machine, which needs no token then. Without it: app-config.yaml here."`
	Server      string   `placeholder:"URL" help:"Address of the server. Without it: that of the configuration here, or of the demo, or http://localhost:7007."`
	Destination string   `default:"rely" placeholder:"NAME" help:"Destination of the export."`
	TokenFile   string   `placeholder:"FILE" help:"File with the token, readable by you alone. Without it: $UNDERSTUDY_TOKEN, then the file 'token' in the data directory."`
	Output      string   `short:"o" enum:"text,json" default:"text" placeholder:"text|json" help:"Form of the answer on standard output."`
}

// defaultDestination is that of the plugin which understudy comes with; a program built from it may have others.
const defaultDestination = "rely"

var destinationName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// open checks the target and finds the token.
func (t exportTarget) open(ctx context.Context, std streams) (*exportClient, error) {
	var base *url.URL
	var err error
	if t.Server != "" {
		if base, err = serverURL(t.Server); err != nil {
			return nil, usageError{fmt.Errorf("--server %w", err)}
		}
	}
	if !destinationName.MatchString(t.Destination) {
		return nil, usageError{fmt.Errorf("--destination %s: write a destination's name, such as rely", t.Destination)}
	}
	cfg, err := configHere(std.environ, t.Config)
	if err != nil {
		return nil, err
	}
	token, err := findToken(t.TokenFile, std, cfg)
	if err != nil {
		return nil, err
	}
	if base == nil {
		var running *runningServer
		if base, running, err = t.findServer(ctx, token, cfg, std); err != nil {
			return nil, err
		}
		if running != nil && token.value.IsZero() && len(t.Config) > 0 {
			token = running.own
		}
	}
	if base.Scheme == "http" && !token.value.IsZero() && !loopbackHost(base.Hostname()) {
		_, _ = fmt.Fprintf(std.err, "understudy: warning: %s is not encrypted, and the token is sent to it; use https\n", base)
	}
	return &exportClient{
		server: strings.TrimSuffix(base.String(), "/"), named: t.Server != "", destination: t.Destination, token: token,
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

type exportRunCommand struct {
	exportTarget
	Full   bool   `help:"Send what has not changed as well."`
	DryRun bool   `help:"Plan only, as 'export plan' does."`
	Wait   string `placeholder:"TIME" help:"How long to wait for the end, such as 10m; 0 only starts the run. Without it: until the end."`
}

// Run exports, and fails unless everything has arrived.
func (c exportRunCommand) Run(ctx context.Context, std streams) error {
	wait, err := c.wait()
	if err != nil {
		return err
	}
	client, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	return exportJob{client: client, std: std, json: c.Output == "json", full: c.Full, dryRun: c.DryRun, wait: wait}.run(ctx)
}

// wait reads --wait; negative is forever.
func (c exportRunCommand) wait() (time.Duration, error) {
	if c.Wait == "" {
		return -1, nil
	}
	if c.Wait == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(c.Wait)
	if err != nil || d < 0 {
		return 0, usageError{fmt.Errorf("--wait %s: write a time, such as 90s or 10m, or 0", c.Wait)}
	}
	return d, nil
}

type exportPlanCommand struct {
	exportTarget
	Full   bool `help:"Plan to send what has not changed as well."`
	Digest bool `help:"Print the digest that the destination should have after the run, and nothing else."`
}

// Run plans.
func (c exportPlanCommand) Run(ctx context.Context, std streams) error {
	client, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	return exportJob{client: client, std: std, json: c.Output == "json", full: c.Full, dryRun: true, digest: c.Digest, wait: -1}.run(ctx)
}

type exportStatusCommand struct{ exportTarget }

// Run shows the status. That a run failed earlier is an answer, not a failure.
func (c exportStatusCommand) Run(ctx context.Context, std streams) error {
	client, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	status, text, err := client.status(ctx)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(std.out, text)
	}
	return printStatus(std.out, status, time.Now())
}

type exportCancelCommand struct {
	exportTarget
	ID string `arg:"" optional:"" name:"run" help:"The run; without it, the one that is under way."`
}

// Run cancels.
func (c exportCancelCommand) Run(ctx context.Context, std streams) error {
	client, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	if c.ID == "" {
		status, _, err := client.status(ctx)
		if err != nil {
			return err
		}
		if status.Running == nil {
			return errors.New("no run is under way")
		}
		c.ID = status.Running.ID
	}
	run, text, err := client.cancel(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(std.out, text)
	}
	_, err = fmt.Fprintf(std.out, "run %s: %s\n", run.ID, cancelled(run))
	return err
}

// cancelled tells what a wish to cancel has led to.
func cancelled(run exportRun) string {
	if run.ended() {
		return run.Status
	}
	return "ends after what it is sending now"
}

// codedError ends the program with an exit code of its own.
type codedError struct {
	error
	code int
}

// Unwrap returns the failure itself.
func (e codedError) Unwrap() error { return e.error }
