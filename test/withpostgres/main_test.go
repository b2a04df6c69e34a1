//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// asProgram makes the test binary behave as the command itself.
const asProgram = "WITHPOSTGRES_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestWithoutACommandIsWrongUsage(t *testing.T) {
	t.Parallel()
	if code, err := run([]string{"--"}); code != 2 || err == nil {
		t.Errorf("got code %d and error %v", code, err)
	}
}

func TestExitCodeIsTheCommands(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 143} {
		code, err := command([]string{"sh", "-c", script}, "postgres://nowhere", nil)
		if code != want || err != nil {
			t.Errorf("%s: got code %d and error %v, want %d", script, code, err, want)
		}
	}
	if code, err := command([]string{"/nowhere/at/all"}, "", nil); code != 127 || err == nil {
		t.Errorf("a missing command: got code %d and error %v", code, err)
	}
}

func TestCommandSeesOnlyTheServersAddress(t *testing.T) {
	t.Setenv("PGHOST", "elsewhere")
	t.Setenv(variable, "an old one")
	env := strings.Join(environment("the new one"), "\n") + "\n"
	if strings.Contains(env, "elsewhere") || strings.Contains(env, "an old one") || !strings.Contains(env, variable+"=the new one\n") {
		t.Errorf("wrong environment:\n%s", env)
	}
}

// TestServerLivesAsLongAsTheCommand runs the whole thing, ended by the command itself, by a signal, and by being
// killed.
func TestServerLivesAsLongAsTheCommand(t *testing.T) {
	t.Parallel()
	if _, err := binaries(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, how := range []struct {
		name   string
		signal syscall.Signal
		script string
		code   int
		clean  bool
	}{
		{name: "command ends", script: "exit 3", code: 3, clean: true},
		{name: "terminated", signal: syscall.SIGTERM, script: "exec sleep 60", code: 128 + int(syscall.SIGTERM), clean: true},
		{name: "killed", signal: syscall.SIGKILL, script: "exit 0", code: -1},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			tmp := folderForAnybody(t)
			// The command tells the address, then waits for a line so that the test can look first.
			cmd := exec.Command(os.Args[0], "--", "sh", "-c", "echo $"+variable+"; read _; "+how.script)
			cmd.Env = append(os.Environ(), asProgram+"=1", variable+"=", "TMPDIR="+tmp)
			cmd.Stderr = t.Output()
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var dsn string
			if _, err := fmt.Fscanln(stdout, &dsn); err != nil {
				t.Fatalf("no address: %v", err)
			}
			if err := ping(t.Context(), dsn); err != nil {
				t.Fatalf("the server does not answer: %v", err)
			}
			if how.signal != syscall.SIGKILL {
				_, _ = fmt.Fprintln(stdin) // it may have ended already
			}
			if how.signal != 0 {
				if err := cmd.Process.Signal(how.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = stdin.Close()
			_, _ = io.Copy(io.Discard, stdout)
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != how.code {
				t.Errorf("exit code %d, want %d", code, how.code)
			}
			gone(t, dsn)
			if left, _ := filepath.Glob(filepath.Join(tmp, "*")); how.clean && len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// folderForAnybody is one that the server's account can reach, unlike the test's own, whose parent is closed.
func folderForAnybody(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "withpostgres-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func ping(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// gone waits until nothing answers any more: the kernel ends the server of a killed parent a moment later.
func gone(t *testing.T, dsn string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for ping(t.Context(), dsn) == nil {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server is still there")
		}
	}
}
