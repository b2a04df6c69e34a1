package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/understudy-portal/understudy/console"
	"github.com/understudy-portal/understudy/host/config"
)

// defaultServer is asked where nothing tells of another.
const defaultServer = "http://localhost:7007"

// serverURL reads a server's address.
func serverURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" || base.User != nil {
		return nil, fmt.Errorf("%s: write the server's address, such as %s", text, defaultServer)
	}
	return base, nil
}

// findServer is the server of the configuration: the one on this machine where it runs, since backend.baseUrl may be that of
// a Backstage in front. Without a configuration it is the demo, where the token is the demo's. Running is what answers on
// this machine, if it is the server of the configuration.
func (t exportTarget) findServer(ctx context.Context, token apiToken, cfg *config.Config, std streams) (base *url.URL, running *runningServer, err error) {
	if cfg == nil {
		base, err = demoServer(token)
		return base, nil, err
	}
	running, err = findRunning(ctx, cfg, serverOf(cfg, std), t.Destination, console.ID)
	if err == nil && running != nil && running.standing == proven {
		base, err = serverURL(running.base)
		return base, running, err
	}
	if base, err = configuredServer(cfg); err != nil || running == nil {
		return base, nil, err
	}
	if sameServer(base, running.base) {
		return nil, nil, fmt.Errorf("what answers at %s gets no token: %s; if it is the right one all the same, name it by --server", running.base, running.doubt)
	}
	if running.standing != stranger {
		_, _ = fmt.Fprintf(std.err, "understudy: what answers at %s is not asked: %s; asking backend.baseUrl, %s\n", running.base, running.doubt, base)
	}
	return base, nil, nil
}

// sameServer tells whether both are one address, as far as can be told without looking names up.
func sameServer(base *url.URL, other string) bool {
	o, err := url.Parse(other)
	if err != nil {
		return false
	}
	port := func(u *url.URL) string {
		if u.Port() == "" && u.Scheme == "https" {
			return "443"
		}
		return cmp.Or(u.Port(), "80")
	}
	same := strings.EqualFold(base.Hostname(), o.Hostname()) || loopbackHost(base.Hostname()) && loopbackHost(o.Hostname())
	return same && port(base) == port(o)
}

// demoServer is the demo, where the token is the demo's.
func demoServer(token apiToken) (*url.URL, error) {
	if token.demo == "" {
		return serverURL(defaultServer)
	}
	known, err := readAddresses(token.demo)
	if err != nil {
		return nil, err
	}
	if known.Server == "" {
		known.Server = defaultServer
	}
	return serverURL(known.Server)
}

// configuredServer is backend.baseUrl, without which no server starts.
func configuredServer(cfg *config.Config) (*url.URL, error) {
	base, ok, err := cfg.OptionalString("backend.baseUrl")
	if err != nil {
		return nil, fmt.Errorf("find the server: %w; or name it by --server", err)
	}
	if !ok {
		return serverURL(defaultServer)
	}
	parsed, err := serverURL(strings.TrimSpace(base))
	if err != nil {
		return nil, fmt.Errorf("%s: backend.baseUrl: %w, or name it by --server", cfg.Origin("backend.baseUrl"), err)
	}
	return parsed, nil
}

// configHere is the configuration of these files, or of the working directory, nil where none is.
func configHere(environ, files []string) (*config.Config, error) {
	if len(files) > 0 {
		return config.Load(config.Options{Files: files, Environ: environ})
	}
	if _, err := os.Stat("app-config.yaml"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	cfg, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		return nil, fmt.Errorf("read the configuration here, for the server's address and its token: %w", err)
	}
	return cfg, nil
}
