package main

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// outside is the world outside of the demo: simulators in place of Spacelift and Rely.
type outside struct {
	spacelift, rely string // addresses
	account         *spacelift.Server
	api             *rely.Server
	state           string // the file that keeps what Rely has
	endpoints       []endpoint
}

// Simulated time in the demo's Spacelift account passes fast enough to watch a run, which takes some ten seconds then.
const (
	demoSpeed   = 5
	demoAmbient = 2
)

// startOutside listens for the simulators, which answer once around is called. What Rely was sent outlives the demo, as the
// ledger of what was sent does, and as their addresses do, by which the plugins know an account.
func startOutside(ctx context.Context, said io.Writer, host, data string) (*outside, error) {
	o := &outside{state: filepath.Join(data, "rely-simulator.json")}
	if err := o.listen(ctx, said, host, data); err != nil {
		return nil, errors.Join(err, o.close())
	}
	var err error
	o.account, err = spacelift.New(spacelift.Options{
		Preset: spacelift.Demo, Seed: 1, Speed: demoSpeed, AmbientPerMinute: demoAmbient, BaseURL: o.spacelift,
	})
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.api = rely.New(rely.Options{Speed: demoSpeed})
	if err := o.api.Load(o.state); err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.endpoints[0].handler, o.endpoints[1].handler = o.account, o.api
	return o, nil
}

// listen takes the addresses of the last time, or new ones for the next.
func (o *outside) listen(ctx context.Context, said io.Writer, host, data string) error {
	known, err := readAddresses(data)
	if err != nil {
		return err
	}
	for _, sim := range []struct {
		name    string
		address *string
		url     *string
		open    func(context.Context, string) (net.Listener, error)
	}{{"Spacelift", &known.Spacelift, &o.spacelift, listenTCP}, {"Rely", &known.Rely, &o.rely, rely.Listen}} {
		l, err := listenAgain(ctx, said, sim.name, *sim.address, host, sim.open)
		if err != nil {
			return err
		}
		o.endpoints = append(o.endpoints, endpoint{listener: l})
		*sim.address, *sim.url = l.Addr().String(), "http://"+l.Addr().String()
	}
	return known.write(data)
}

func (o *outside) close() error {
	var errs []error
	for _, e := range o.endpoints {
		errs = append(errs, e.listener.Close())
	}
	return errors.Join(errs...)
}

// around serves the simulators for as long as run runs.
func (o *outside) around(ctx context.Context, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served, stop := context.WithCancel(context.WithoutCancel(ctx)) // they outlive the server, which may still call them
	defer stop()
	done := make(chan error, 1)
	go func() {
		defer cancel() // a demo without its simulators is none
		keep := func(ctx context.Context) error { return o.api.Keep(ctx, o.state) }
		done <- serveAll(served, []func(context.Context) error{o.account.Run, keep}, o.endpoints...)
	}()
	err := run(ctx)
	stop()
	return errors.Join(err, <-done)
}
