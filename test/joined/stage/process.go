package stage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// How long a process may take. Node needs most of a minute on a busy machine.
const (
	startTimeout = 3 * time.Minute
	stopTimeout  = 90 * time.Second // the event bus of Node holds its listener for up to 55 seconds
	poll         = 50 * time.Millisecond
)

// Process is one side of the stage. Its methods are for one goroutine at a time.
type Process struct {
	// Name is "node" or "understudy-1".
	Name string
	// URL is where the process listens, without a path.
	URL string
	// Log is the file with all that it wrote since the stage was opened.
	Log string

	program string
	args    []string
	dir     string
	environ func() []string

	mu    sync.Mutex // guards what follows
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has been waited for
}

// Start starts the process, and waits until it says that it is ready.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(ctx); err != nil {
		return err
	}
	return p.Ready(ctx)
}

// Launch starts the process and does not wait.
func (p *Process) Launch(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return fmt.Errorf("%s runs already", p.Name)
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has it
	cmd := exec.Command(p.program, p.args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.environ(), log, log
	// A group of its own: Ctrl-C on a terminal is for whoever holds the stage, who ends the processes in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // its log says why
		close(ended)
	}()
	return nil
}

// Ready waits until the process says that it is ready (core.md 2.5). It fails when the process ends, or takes minutes.
func (p *Process) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("%s is not ready after %s", p.Name, startTimeout))
	defer cancel()
	return p.await(ctx, func(ctx context.Context) bool {
		return p.answers(ctx, "/.backstage/health/v1/readiness")
	})
}

// await polls until the condition holds, the process ends, or the context does.
func (p *Process) await(ctx context.Context, holds func(context.Context) bool) error {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended == nil {
		return fmt.Errorf("%s was not started", p.Name)
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !holds(ctx) {
		select {
		case <-tick.C:
		case <-ended:
			return fmt.Errorf("%s ended; the end of its log:\n%s", p.Name, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%w; the end of its log:\n%s", context.Cause(ctx), p.Tail())
		}
	}
	return nil
}

func (p *Process) answers(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+path, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := client().Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// Stop asks the process to end and waits until it has. A process that does not end in time is killed, which is an error.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

// Kill ends the process at once.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL) }

func (p *Process) end(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end within %s of %s", p.Name, stopTimeout, signal)
	}
}

// running needs the lock.
func (p *Process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Restart stops the process and starts it again.
func (p *Process) Restart(ctx context.Context) error {
	if err := p.Stop(); err != nil {
		return err
	}
	return p.Start(ctx)
}

// Beside runs another program in the folder and the environment of the process, and returns what it printed.
func (p *Process) Beside(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = p.dir, p.environ()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// PID is the process's id, or 0 while it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return 0
	}
	return p.cmd.Process.Pid
}

// Tail is the end of the log.
func (p *Process) Tail() string {
	const most = 12_000
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
