//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"time"
)

// server is the program that is built again and again.
type server struct {
	root    string // of the module
	pkg     string // what is built, such as ./cmd/understudy
	binary  string // where
	args    []string
	environ []string
	ready   string // the address that answers 200 when it serves
	out     io.Writer
	log     *slog.Logger

	running *process
}

// build compiles the program. What the compiler says goes to the user.
func (s *server) build(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", s.binary, s.pkg)
	command.Dir = s.root
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	command.Stdout, command.Stderr = s.out, s.out
	if err := command.Run(); err != nil {
		return fmt.Errorf("build %s: %w", s.pkg, err)
	}
	return nil
}

// restart stops what runs and starts what was built.
func (s *server) restart(ctx context.Context) error {
	s.stop()
	p, err := launch(s.out, s.root, s.environ, s.binary, s.args...)
	if err != nil {
		return err
	}
	s.running = p
	return p.ready(ctx, s.ready)
}

func (s *server) stop() {
	s.running.stop()
	s.running = nil
}

// renew builds and restarts. With a mistake in the sources the server that runs goes on.
func (s *server) renew(ctx context.Context, files []string) {
	began := time.Now()
	if err := s.build(ctx); err != nil {
		if ctx.Err() == nil {
			s.log.Error("the server of before goes on", "err", err)
		}
		return
	}
	compiled := time.Since(began)
	if err := s.restart(ctx); err != nil {
		if ctx.Err() == nil {
			s.log.Error("the new server does not serve", "err", err)
		}
		return
	}
	s.log.Info("served", "saved", files, "build", compiled.Round(time.Millisecond), "total", (time.Since(began) + settle).Round(time.Millisecond))
}
