//go:build unix

// Command withpostgres runs another command beside a PostgreSQL server that exists only for it.
//
//	go run ./test/withpostgres -- go test ./...
//
// It creates a cluster in a temporary folder, starts it on a free loopback port, puts the address of its superuser
// into UNDERSTUDY_TEST_POSTGRES and runs the command. When the command has ended, in whatever way, the server is
// stopped and the folder removed; the exit code is the command's. Where the variable is set already, nothing is
// started and that server is used.
//
// The server gives up durability for speed: it must never hold anything that matters.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// variable tells tests where the server is; host/database/databasetest reads it.
const variable = "UNDERSTUDY_TEST_POSTGRES"

func main() {
	// The kernel signals the server when the thread that started it ends, which must therefore be the main one.
	runtime.LockOSThread()
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("name the command to run: withpostgres -- COMMAND [ARGUMENT …]")
	}
	// From here on a signal ends the command, never this program before it has cleaned up.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	dsn := os.Getenv(variable)
	if dsn == "" {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		starting := make(chan struct{})
		go func() {
			select {
			case s := <-signals:
				cancel(fmt.Errorf("stopped by %s", s))
			case <-starting:
			}
		}()
		server, err := start(ctx)
		close(starting)
		if server != nil {
			defer func() { err = errors.Join(err, server.stop()) }()
		}
		if err != nil {
			return 1, err
		}
		dsn = server.dsn()
	}
	return command(args, dsn, signals)
}

// command runs args, handing on signals, and returns the exit code to use. A second signal kills it.
func command(args []string, dsn string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = environment(dsn)
	if err := cmd.Start(); err != nil {
		return 127, fmt.Errorf("run %s: %w", args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for received := 0; ; {
		select {
		case s := <-signals:
			if received++; received > 1 {
				s = syscall.SIGKILL
			}
			// It may have ended in between; Wait tells.
			_ = cmd.Process.Signal(s)
		case err := <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
					return 128 + int(status.Signal()), nil
				}
				return exit.ExitCode(), nil
			}
			if err != nil {
				return 1, fmt.Errorf("run %s: %w", args[0], err)
			}
			return 0, nil
		}
	}
}

// environment is ours with the server's address, and without the variables that would lead a client elsewhere.
func environment(dsn string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, variable+"=") {
			env = append(env, v)
		}
	}
	return append(env, variable+"="+dsn)
}
