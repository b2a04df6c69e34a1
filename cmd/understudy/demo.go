package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/examples/acme"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

type demoCommand struct {
	Listen string `default:"localhost:7007" placeholder:"ADDR" help:"Address to listen on; loopback only, because the demo signs anyone in."`
	Data   string `placeholder:"DIR" help:"Where the demo keeps its data (default: understudy/demo in the user's state folder)."`
	Fresh  bool   `help:"Forget the data of earlier demos first."`
}

// marker is the file by which a folder is known to be a demo's, so that --fresh never removes anything else. A running
// demo holds a lock on it.
const marker = ".understudy-demo"

// Run serves the sample company until the context ends.
func (c demoCommand) Run(ctx context.Context, cli *commands, std streams) error {
	began := time.Now()
	host, port, err := loopback("--listen", c.Listen, "the demo signs anyone in")
	if err != nil {
		return err
	}
	if port == 0 {
		// The demo's configuration has its address in many places, so that the port must be known before it starts.
		if port, err = freePortOn(ctx, host); err != nil {
			return err
		}
	}
	data, unlock, err := c.prepare(std.environ)
	if err != nil {
		return err
	}
	defer unlock()
	outside, err := startOutside(ctx, std.err, host, data)
	if err != nil {
		return err
	}
	token, err := tokenFile(filepath.Join(data, "token"))
	if err != nil {
		return errors.Join(err, outside.close())
	}
	cfg, err := config.Parse("demo", demoConfig(host, port, data, token, outside), std.environ)
	if err != nil {
		return errors.Join(err, outside.close())
	}
	ready := func(r backend.Running) {
		base := "http://" + net.JoinHostPort(host, strconv.Itoa(r.Port))
		if err := serverAt(data, base); err != nil {
			_, _ = fmt.Fprintf(std.err, "understudy: warning: %v; 'understudy export' needs --server %s\n", err, base)
		}
		_, _ = fmt.Fprintf(std.out, `
  Understudy is ready (%d ms): Acme Parcel, a sample company

    Console              %s/console
    Catalog API          %s/api/catalog/entities/by-query?limit=5   (with a token: see docs/demo.md)
    Health               %s/.backstage/health/v1/readiness
    Spacelift simulator  %s
    Rely simulator       %s/_sim/stats

  Data, the catalog's files, a token for the API: %s
  Edit %s and the catalog follows.
  Export it to the simulated Rely: understudy export run%s
  Ctrl-C stops.

`, time.Since(began).Milliseconds(), base, base, base, outside.spacelift, outside.rely, data,
			filepath.Join(data, "catalog", "catalog-info.yaml"), c.exportFlags(base, data))
	}
	err = outside.around(ctx, backend.New(
		backend.WithConfig(cfg),
		backend.WithVersion(version),
		backend.WithDemo(),
		backend.WithLog(std.err, cli.LogFormat),
		backend.WithEnviron(std.environ),
		backend.WithReady(ready),
	).Add(standard.Plugins()...).Run)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--listen %s: the address is already in use; stop the other process, or choose another, such as --listen localhost:0", c.Listen)
	}
	return err
}

// exportFlags are what `understudy export` needs for a demo whose data are not where it looks for them.
func (c demoCommand) exportFlags(base, data string) string {
	if c.Data == "" {
		return ""
	}
	return " --server " + base + " --token-file " + shellQuote(filepath.Join(data, "token"))
}

// tokenFile returns the token of the demo's file, made at its first start. Only the file's owner can read it.
func tokenFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(text))) >= 32 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the demo's token: %w", err)
	}
	token := rand.Text() + rand.Text()
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the demo's token: %w; choose another folder by --data", err)
	}
	return token, nil
}

// loopback takes the listen address of a flag apart, and refuses one that other machines could reach, saying why.
func loopback(flag, listen, why string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, usageError{fmt.Errorf("%s %s: write host:port, such as localhost:7007", flag, listen)}
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, usageError{fmt.Errorf("%s %s: %q is no port; write a number from 0 to 65535", flag, listen, text)}
	}
	if host == "localhost" {
		return host, port, nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return host, port, nil
	}
	return "", 0, usageError{fmt.Errorf("%s %s: %s, so it listens on loopback only; use localhost:%d, or 'understudy serve' with a configuration of your own", flag, listen, why, port)}
}

// freePortOn finds a port that nobody listens on now.
func freePortOn(ctx context.Context, host string) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// prepare makes the data folder with the sample catalog in it, and keeps other demos away from it until unlock.
func (c demoCommand) prepare(environ []string) (dir string, unlock func(), err error) {
	dir, err = c.dataDir(environ)
	if err != nil {
		return "", nil, err
	}
	if err := own(dir); err != nil {
		return "", nil, err
	}
	unlock, err = lock(filepath.Join(dir, marker))
	if err != nil {
		return "", nil, fmt.Errorf("%s: another demo runs on this folder; stop it, or choose another folder by --data", dir)
	}
	if err := c.fill(dir); err != nil {
		unlock()
		return "", nil, err
	}
	return dir, unlock, nil
}

// fill empties the folder if it is asked to, and puts the sample catalog where none is.
func (c demoCommand) fill(dir string) error {
	if c.Fresh {
		if err := empty(dir); err != nil {
			return fmt.Errorf("forget the data of earlier demos: %w", err)
		}
	}
	catalog := filepath.Join(dir, "catalog")
	if _, err := os.Stat(catalog); err == nil {
		return nil // the user may have edited it
	}
	if err := unpack(acme.Files, catalog); err != nil {
		return fmt.Errorf("write the sample catalog: %w; choose another folder by --data", err)
	}
	return nil
}

// unpack writes the files to a new folder, which appears whole or not at all.
func unpack(files fs.FS, dir string) error {
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.CopyFS(part, files); err != nil {
		return err
	}
	return os.Rename(part, dir)
}

// dataDir is --data, or the place that the platform has for a program's state.
func (c demoCommand) dataDir(environ []string) (string, error) {
	if c.Data != "" {
		return filepath.Abs(c.Data)
	}
	if state := lookup(environ, "XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "understudy", "demo"), nil
	}
	home := lookup(environ, "HOME")
	if home == "" {
		dir, err := os.UserConfigDir() // Windows has no HOME
		if err != nil {
			return "", errors.New("no home folder to keep the demo's data in; name one by --data DIR")
		}
		return filepath.Join(dir, "understudy", "demo"), nil
	}
	return filepath.Join(home, ".local", "state", "understudy", "demo"), nil
}

// own makes the folder the demo's, unless it holds what somebody else put there: --fresh empties what is the demo's.
func own(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the demo's data folder: %w; choose another by --data", err)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		return nil
	}
	if len(entries) > 0 {
		return usageError{fmt.Errorf("--data: %s is not empty and was not made by a demo; name a new folder", dir)}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the demo's data folder: %w; choose another by --data", err)
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		return fmt.Errorf("write to the demo's data folder: %w; choose another by --data", err)
	}
	return nil
}

// empty removes all but the marker, which is locked.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == marker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// demoConfig is the demo's app-config.yaml. Guest sign-in outside development is safe here and nowhere else: the
// listener is on loopback.
func demoConfig(host string, port int, data, token string, outside *outside) []byte {
	quote := strconv.Quote // a JSON string is a YAML scalar
	return []byte(strings.NewReplacer(
		"$BASE", quote("http://"+net.JoinHostPort(host, strconv.Itoa(port))),
		"$HOST", quote(host), "$PORT", strconv.Itoa(port), "$DATA", quote(data),
		"$CATALOG", quote(filepath.Join(data, "catalog", "catalog-info.yaml")), "$TOKEN", quote(token),
		"$SPACELIFT", quote(outside.spacelift), "$KEY", quote(spacelift.AdminKey), "$SECRET", quote(spacelift.Secret),
		"$RELY", quote(outside.rely), "$AUTHORIZATION", quote("Bearer "+rely.Token),
	).Replace(`app: {title: Acme Parcel, baseUrl: $BASE}
organization: {name: Acme Parcel}
backend:
  baseUrl: $BASE
  listen: {host: $HOST, port: $PORT}
  auth: {externalAccess: [{type: static, options: {token: $TOKEN, subject: demo}}]}
auth:
  providers:
    guest: {dangerouslyAllowOutsideDevelopment: true, userEntityRef: user:default/ada.okafor}
catalog:
  rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location, Template]}]
  processingInterval: {seconds: 5}
  locations: [{type: file, target: $CATALOG}]
spacelift: {hostUrl: acme-parcel, apiUrl: $SPACELIFT, webUrl: $SPACELIFT, apiKey: $KEY, apiSecret: $SECRET}
proxy: {endpoints: {/rely: {target: $RELY, headers: {Authorization: $AUTHORIZATION}}}}
rely: {cron: {enabled: true, schedule: '*/30 * * * *'}}
understudy:
  dataDir: $DATA
  metrics: {listen: '127.0.0.1:0'}
`))
}

// lookup reads a variable from an environment.
func lookup(environ []string, name string) string {
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
