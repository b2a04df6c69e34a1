package main

import (
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

// findServer is the server of the configuration here; without one, the demo where the token is the demo's.
func findServer(token apiToken, environ []string) (*url.URL, error) {
	cfg, err := configHere(environ)
	if err != nil {
		return nil, err
	}
	if cfg != nil {
		return configuredServer(cfg)
	}
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

// configHere is the configuration of the working directory, nil where none is.
func configHere(environ []string) (*config.Config, error) {
	if _, err := os.Stat("app-config.yaml"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	cfg, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		return nil, fmt.Errorf("read the configuration here, for the server's address and its token: %w", err)
	}
	return cfg, nil
}
