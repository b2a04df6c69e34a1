package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

type simCommand struct {
	Spacelift simSpaceliftCommand `cmd:"" help:"Stand in for a Spacelift account."`
	Rely      simRelyCommand      `cmd:"" help:"Stand in for Rely's API."`
}

type simSpaceliftCommand struct {
	Listen  string  `default:"localhost:8410" placeholder:"ADDR" help:"Address of the account; loopback only. Port 0 takes a free one."`
	Preset  string  `enum:"demo,small,large" default:"demo" help:"The account: demo (40 stacks), small (1) or large (10,000)." placeholder:"demo|small|large"`
	Speed   float64 `default:"1" placeholder:"N" help:"Simulated seconds a second, 1 to 1000; 0 stops the clock, which the control port then advances."`
	Seed    uint64  `default:"1" placeholder:"N" help:"The same seed gives the same account."`
	Instant bool    `help:"Answer at once, without the delay of a real account."`
	Ambient float64 `default:"0" placeholder:"N" help:"Runs a simulated minute that come from commits."`
	TLS     bool    `name:"tls" help:"Serve HTTPS with a certificate made for this run."`
	CA      string  `name:"ca" placeholder:"FILE" help:"Where to write that certificate, for clients to trust (with --tls)."`
	Control string  `placeholder:"ADDR" help:"Address of the control port, which injects faults and moves the clock; off without it."`
}

// Run serves the account until the context ends.
func (c simSpaceliftCommand) Run(ctx context.Context, cli *commands, std streams) error {
	if c.Speed < 0 || c.Speed > 1000 {
		return usageError{fmt.Errorf("--speed %v: write a number from 0 to 1000", c.Speed)}
	}
	if c.CA != "" && !c.TLS {
		return usageError{errors.New("--ca: there is no certificate without --tls")}
	}
	listener, err := listenLoopback(ctx, "--listen", c.Listen, listenTCP)
	if err != nil {
		return err
	}
	scheme := "http"
	if c.TLS {
		scheme = "https"
	}
	base := scheme + "://" + listener.Addr().String()
	sim, err := spacelift.New(spacelift.Options{
		Preset: c.Preset, Seed: c.Seed, Speed: c.Speed, Latency: !c.Instant, AmbientPerMinute: c.Ambient,
		BaseURL: base, Log: simLog(cli, std),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	served := []endpoint{{listener: listener, handler: sim}}
	if c.TLS {
		if served[0].tls, err = c.certificate(c.CA, listener.Addr()); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	_, _ = fmt.Fprintf(std.out, "Spacelift account   %s   (GraphQL at %s/graphql)\nAPI key             %s, secret %s\n",
		base, base, spacelift.AdminKey, spacelift.Secret)
	if c.Control != "" {
		control, err := listenLoopback(ctx, "--control", c.Control, listenTCP)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		served = append(served, endpoint{listener: control, handler: sim.Control()})
		_, _ = fmt.Fprintf(std.out, "Control             http://%s\n", control.Addr())
	}
	return serveAll(ctx, []func(context.Context) error{sim.Run}, served...)
}

// certificate makes one for the listener's host, and writes what clients must trust to a file.
func (c simSpaceliftCommand) certificate(file string, addr net.Addr) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	certificate, pem, err := spacelift.SelfSigned("localhost", host)
	if err != nil {
		return nil, err
	}
	if file != "" {
		if err := os.WriteFile(file, pem, 0o644); err != nil { //nolint:gosec // a certificate is public
			return nil, fmt.Errorf("--ca: %w", err)
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

type simRelyCommand struct {
	Listen     string  `default:"localhost:8420" placeholder:"ADDR" help:"Address of the API; loopback only, and no port that ends in 1, which Rely's own client would cut off. Port 0 takes a free one."`
	Speed      float64 `default:"1" placeholder:"N" help:"Simulated seconds a second, for tasks."`
	Blueprints string  `enum:"none,kebab,camel,both" default:"none" help:"Blueprints that are there from the start: none, or the documented ones of either generation." placeholder:"none|kebab|camel|both"`
	Unlimited  bool    `help:"Lift the limits of size and rate, and let tasks end at once."`
	State      string  `placeholder:"FILE" help:"Keep blueprints and entities in this file; in memory without it."`
	Seed       uint64  `placeholder:"N" help:"Seed of faults with a probability."`
	relySwitches
}

// relySwitches are the flags for what is not known of the real API (export.md 7.1).
type relySwitches struct {
	TaskAtomicity   string `enum:"all,partial" default:"all" placeholder:"all|partial" help:"Whether a bad entity keeps the others of its task from being written."`
	Null            string `enum:"clear,ignore" default:"clear" placeholder:"clear|ignore" help:"What a null does to a property that is there."`
	Dangling        string `enum:"allow,reject" default:"allow" placeholder:"allow|reject" help:"Relations to entities that do not exist."`
	Delete          string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether entities can be deleted."`
	BulkPut         string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether there is PUT /api/v1/entities/bulk."`
	Tasks           string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether there are tasks."`
	RelationRepeat  string `enum:"400,409" default:"400" placeholder:"400|409" help:"Status for a relation that a blueprint has already."`
	BlueprintChange string `enum:"reject,replace" default:"reject" placeholder:"reject|replace" help:"An entity that comes with another blueprint."`
	Casing          string `enum:"snake,camel,upper" default:"snake" placeholder:"snake|camel|upper" help:"Spelling of a task's type and status."`
	Loc             string `name:"422-loc" enum:"on,off" default:"on" placeholder:"on|off" help:"Whether 422 answers tell which entity is wrong."`
	Plan            string `enum:"on,402,403" default:"on" placeholder:"on|402|403" help:"Refuse writes, as for an account whose plan lacks them."`
}

func (s relySwitches) options() rely.Switches {
	return rely.Switches{
		TaskAtomicity: s.TaskAtomicity, Null: s.Null, Dangling: s.Dangling, Delete: s.Delete, BulkPut: s.BulkPut, Tasks: s.Tasks,
		RelationRepeat: s.RelationRepeat, BlueprintChange: s.BlueprintChange, Casing: s.Casing, Loc: s.Loc, Plan: s.Plan,
	}
}

// Run serves the API until the context ends.
func (c simRelyCommand) Run(ctx context.Context, cli *commands, std streams) error {
	listener, err := listenLoopback(ctx, "--listen", c.Listen, rely.Listen)
	if err != nil {
		return err
	}
	options := rely.Options{Speed: c.Speed, Seed: c.Seed, Switches: c.options(), Log: simLog(cli, std)}
	if c.Blueprints != "none" {
		options.Generation = c.Blueprints
	}
	if c.Unlimited {
		options.Limits, options.Timers = &rely.Limits{}, &rely.Timers{}
	}
	sim := rely.New(options)
	var drivers []func(context.Context) error
	if c.State != "" {
		if err := sim.Load(c.State); err != nil {
			return errors.Join(err, listener.Close())
		}
		drivers = append(drivers, func(ctx context.Context) error { return sim.Keep(ctx, c.State) })
	}
	base := "http://" + listener.Addr().String()
	_, _ = fmt.Fprintf(std.out, "Rely's API   %s   (token %s)\nInspection   %s/_sim/stats\n", base, rely.Token, base)
	return serveAll(ctx, drivers, endpoint{listener: listener, handler: sim})
}

func simLog(cli *commands, std streams) *slog.Logger {
	format := telemetry.Text
	if cli.LogFormat == string(telemetry.JSON) {
		format = telemetry.JSON
	}
	return telemetry.NewLogger(std.err, telemetry.LogOptions{Format: format, Service: "simulator"})
}

// endpoint is a handler with where it is served.
type endpoint struct {
	listener net.Listener
	handler  http.Handler
	tls      *tls.Config
}

// serveAll serves the endpoints, and runs what drives them, until the context ends or one of them fails.
func serveAll(ctx context.Context, drivers []func(context.Context) error, endpoints ...endpoint) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, drive := range drivers {
		group.Go(func() error {
			if err := drive(ctx); ctx.Err() == nil {
				return err
			}
			return nil // it was told to end
		})
	}
	for _, e := range endpoints {
		server := &http.Server{Handler: e.handler, TLSConfig: e.tls, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
		group.Go(func() error {
			serve := server.Serve
			if e.tls != nil {
				serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
			}
			if err := serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			return server.Close() // a simulator has nothing worth waiting for
		})
	}
	return group.Wait()
}

// listenLoopback listens where only this machine can reach it.
func listenLoopback(ctx context.Context, flag, listen string, open func(ctx context.Context, address string) (net.Listener, error)) (net.Listener, error) {
	if _, _, err := loopback(flag, listen, "the simulator lets anyone in"); err != nil {
		return nil, err
	}
	l, err := open(ctx, listen)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w; choose another address", flag, listen, err)
	}
	return l, nil
}

func listenTCP(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", address)
}
