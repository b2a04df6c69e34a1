package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

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
// a Backstage in front. Without a configuration it is the demo, where the token is the demo's. Here tells that it is the
// server of the configuration, on this machine.
func findServer(ctx context.Context, token apiToken, cfg *config.Config) (base *url.URL, here bool, err error) {
	if cfg != nil {
		if running, err := findRunning(ctx, cfg); err == nil && running != nil {
			base, err := serverURL(running.base)
			return base, true, err
		}
		base, err = configuredServer(cfg)
		return base, false, err
	}
	base, err = demoServer(token)
	return base, false, err
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
