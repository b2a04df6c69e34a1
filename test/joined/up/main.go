// Command up puts a Node Backstage backend and Understudy beside each other, prints one JSON line that tells where everything
// is, and runs until its standard input is closed.
//
//	make build && go run ./test/withpostgres -- env UNDERSTUDY_BIN=$PWD/bin/understudy go run ./test/joined/up
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// told is the line that is printed.
type told struct {
	// Public is where browsers go, which is Node; Node and Understudy are the processes, Gateway is where Node reaches the
	// latter.
	Public     string   `json:"public"`
	Node       string   `json:"node"`
	Understudy []string `json:"understudy"`
	Gateway    string   `json:"gateway"`
	Spacelift  string   `json:"spacelift"`
	Rely       string   `json:"rely"`
	// UserToken is Jane's, an hour long; Token is a static one for services, which both sides accept.
	UserToken string `json:"userToken"`
	Token     string `json:"token"`
	// Folder has the logs: node.log, understudy-1.log, and so on.
	Folder string         `json:"folder"`
	PIDs   map[string]int `json:"pids"`
	Prefix string         `json:"databasePrefix"`
	// Control is where another process changes what stands on the stage.
	Control string `json:"control"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "up:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	options, keep, err := parse(args)
	if err != nil {
		return err
	}
	if options.Folder, err = os.MkdirTemp("", "understudy-joined-"); err != nil {
		return err
	}
	defer func() {
		if err == nil && !keep {
			err = os.RemoveAll(options.Folder)
		} else {
			fmt.Fprintln(os.Stderr, "up: the logs are in", options.Folder)
		}
	}()
	s, err := stage.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Start(ctx); err != nil {
		return err
	}
	c, err := openControl(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := tell(ctx, s, options, c.URL); err != nil {
		return err
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
	return nil
}

func parse(args []string) (o stage.Options, keep bool, err error) {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.StringVar(&o.Set, "set", stage.Newest, "`newest or oldest`: which packages the Node side has")
	flags.StringVar(&o.Binary, "bin", "", "the understudy `binary`; UNDERSTUDY_BIN if empty")
	flags.StringVar(&o.Frontend, "frontend", "", "`folder` of a built Backstage app, with package.json and dist")
	flags.BoolVar(&o.Permissions, "permissions", false, "ask the permission plugin on both sides; it allows until PUT /api/probe/policy")
	flags.IntVar(&o.Replicas, "replicas", 1, "`number` of Understudy's replicas, behind a balancer if several")
	flags.IntVar(&o.Entities, "entities", 0, "`number` of generated entities in Node's catalog")
	flags.StringVar(&o.Spacelift.Preset, "spacelift-preset", spacelift.Demo, "the simulated account: `demo, small or large`")
	flags.BoolVar(&keep, "keep", false, "keep the folder with the logs")
	err = flags.Parse(args)
	o.Spacelift.Speed = 1
	return o, keep, err
}

func tell(ctx context.Context, s *stage.Stage, options stage.Options, control string) error {
	token, err := s.SignIn(ctx, "user:default/jane", "group:default/platform")
	if err != nil {
		return err
	}
	line := told{
		Public: s.PublicURL, Node: s.Node.URL, Gateway: s.UnderstudyURL, Spacelift: s.SpaceliftURL, Rely: s.RelyURL,
		UserToken: token, Token: stage.Token, Folder: options.Folder, PIDs: map[string]int{s.Node.Name: s.Node.PID()}, Prefix: s.Prefix(),
		Control: control,
	}
	for _, p := range s.Understudy {
		line.Understudy = append(line.Understudy, p.URL)
		line.PIDs[p.Name] = p.PID()
	}
	return json.NewEncoder(os.Stdout).Encode(line)
}
