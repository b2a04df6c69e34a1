//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// stopTimeout is how long a process may take to stop before it is killed.
	stopTimeout = 10 * time.Second
	// readyTimeout is how long a server may take to be ready.
	readyTimeout = time.Minute
)

var errNotReady = errors.New("it did not become ready in time")

// process is a program that runs.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error // why it ended, once ended is closed
}

// launch starts a program. Its process group is its own, so that Ctrl-C reaches it through us alone.
func launch(out io.Writer, dir string, environ []string, name string, args ...string) (*process, error) {
	p := &process{command: exec.Command(name, args...), ended: make(chan struct{})} //nolint:noctx // stop ends it, in good order
	p.command.Dir, p.command.Stdout, p.command.Stderr = dir, out, out
	p.command.Env = append(os.Environ(), environ...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.command.Wait()
	}()
	return p, nil
}

// stop ends the program and what it has started, and waits for it.
func (p *process) stop() {
	if p == nil {
		return
	}
	group := -p.command.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM) // one that has ended needs none
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		_ = syscall.Kill(group, syscall.SIGKILL)
		<-p.ended
	}
}

// ready waits until the address answers 200, or the program ends.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errNotReady)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, url) {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return fmt.Errorf("it ended: %w", p.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// prober asks a server on this machine, which answers at once or is not there yet.
var prober = &http.Client{Timeout: 5 * time.Second}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := prober.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
