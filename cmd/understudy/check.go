package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/console"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

type checkCommand struct {
	Config        []string `placeholder:"FILE" help:"As for serve."`
	Only          []string `placeholder:"ID,…" help:"As for serve."`
	Listen        string   `placeholder:"ADDR" help:"As for serve."`
	UserTokenFile string   `name:"user-token-file" placeholder:"FILE" help:"File with a Backstage user's token, or - for standard input; it is tried on this server. Without it: a guest's, where guests may sign in."`
	TokenFile     string   `placeholder:"FILE" help:"As for export: the token for the server that runs."`
	JSON          bool     `name:"json" help:"Print the steps as JSON."`
}

// Run asks the server of this configuration if it runs, else looks in its place. It fails when a step has failed.
func (c checkCommand) Run(ctx context.Context, std streams) error {
	user, err := c.userToken(std)
	if err != nil {
		return usageError{err}
	}
	cfg, err := loadListening(c.Config, c.Listen, std.environ)
	if usage, ok := errors.AsType[usageError](err); ok {
		return usage
	}
	if err != nil {
		// The mistakes are steps as any others.
		return c.report(std.out, c.backend(nil, std).SelfCheck(ctx, backend.CheckOptions{}), "")
	}
	running, err := findRunning(ctx, cfg, c.backend(cfg, std), provers()...)
	if err != nil {
		return c.report(std.out, c.backend(cfg, std).SelfCheck(ctx, backend.CheckOptions{}), "")
	}
	if running == nil || running.standing == stranger {
		found := c.backend(cfg, std).SelfCheck(ctx, backend.CheckOptions{UserToken: user})
		return c.report(std.out, found, "no server runs here, so that this command looked in its place")
	}
	if running.standing != proven {
		_, _ = fmt.Fprintf(std.err, "understudy: what answers at %s is not asked and gets no token: %s; looking from beside it\n", running.base, running.doubt)
		return c.beside(ctx, cfg, user, running, std)
	}
	if running.unasked != "" {
		_, _ = fmt.Fprintf(std.err, "understudy: a server runs at %s, and %s; looking from beside it\n", running.base, running.unasked)
		return c.beside(ctx, cfg, user, running, std)
	}
	token, err := c.token(cfg, std, running)
	if err != nil {
		return usageError{err}
	}
	found, err := running.check(ctx, token, user)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		_, _ = fmt.Fprintf(std.err, "understudy: %s; looking from beside it\n", refused)
		return c.beside(ctx, cfg, user, running, std)
	}
	if err != nil {
		return err
	}
	return c.report(std.out, found, "asked the server at "+running.base)
}

// provers are the plugins by whose stores a running server may prove itself: the console first, which most have.
func provers() []string {
	ids := []string{console.ID}
	for _, p := range standard.Plugins() {
		if _, page := p.(host.OnlyHere); !page {
			ids = append(ids, p.ID())
		}
	}
	return ids
}

// beside looks without the server that has the address.
func (c checkCommand) beside(ctx context.Context, cfg *config.Config, user config.Secret, running *runningServer, std streams) error {
	found := c.backend(cfg, std).SelfCheck(ctx, backend.CheckOptions{UserToken: user, Beside: true})
	return c.report(std.out, found, "looked from beside the server at "+running.base)
}

// backend is a server to be, which says nothing but by its steps.
func (c checkCommand) backend(cfg *config.Config, std streams) *backend.Backend {
	return serverOf(cfg, std, backend.WithOnly(c.Only...), backend.WithConfigFiles(c.Config...))
}

// serverOf is a server of a configuration, which may be nil, that says nothing.
func serverOf(cfg *config.Config, std streams, more ...backend.Option) *backend.Backend {
	opts := append([]backend.Option{backend.WithVersion(version), backend.WithLog(io.Discard, "text"), backend.WithEnviron(std.environ)}, more...)
	if cfg != nil {
		opts = append(opts, backend.WithConfig(cfg))
	}
	return backend.New(opts...).Add(standard.Plugins()...)
}

func (c checkCommand) userToken(std streams) (config.Secret, error) {
	switch {
	case c.UserTokenFile == "":
		return config.Secret{}, nil
	case c.UserTokenFile == "-" && c.TokenFile == "-":
		return config.Secret{}, errors.New("--user-token-file and --token-file cannot both be standard input")
	}
	token, err := findToken(c.UserTokenFile, std, nil)
	if err != nil {
		return config.Secret{}, fmt.Errorf("%s", strings.Replace(err.Error(), "--token-file", "--user-token-file", 1))
	}
	value := strings.TrimSpace(token.value.Reveal())
	if rest, ok := strings.CutPrefix(value, "Bearer "); ok {
		value = strings.TrimSpace(rest)
	}
	return config.NewSecret(value), nil
}

// token is what export asks with; the data directory is that of the configuration named.
func (c checkCommand) token(cfg *config.Config, std streams, running *runningServer) (apiToken, error) {
	if c.TokenFile != "" || strings.TrimSpace(lookup(std.environ, tokenVariable)) != "" {
		return findToken(c.TokenFile, std, cfg)
	}
	dir, err := backend.DataDir(cfg)
	if err != nil {
		return apiToken{}, err
	}
	token, err := readToken(filepath.Join(dir, "token"))
	if errors.Is(err, fs.ErrNotExist) {
		return running.own, nil
	}
	return token, err
}

// report prints what was found, and is the exit code.
func (c checkCommand) report(w io.Writer, found host.Checkup, how string) error {
	mistaken := slices.ContainsFunc(found.Steps, func(s host.Step) bool {
		return s.Outcome == host.StepFailed && (s.ID == "config" || strings.HasPrefix(s.ID, "config."))
	})
	if mistaken {
		how = "" // nothing was asked, and nothing looked at
	}
	var err error
	if c.JSON {
		err = printCheckJSON(w, found)
	} else {
		err = printCheck(w, found, how)
	}
	if err != nil {
		return err
	}
	if mistaken {
		return silentError{codedError{errors.New("the configuration has mistakes"), exitUsage}}
	}
	if countSteps(found.Steps)[host.StepFailed] > 0 {
		return silentError{errors.New("a step failed")}
	}
	return nil
}

// checkTimeout is the server's own limit, with some time for the answer.
const checkTimeout = 75 * time.Second
