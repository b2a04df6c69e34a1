//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 15 * time.Second
)

// cluster is one server with its folder.
type cluster struct {
	bin      string // where initdb and postgres are
	dir      string
	owner    *owner
	password string
	port     int
	process  *exec.Cmd
	ended    chan struct{} // closed when process has been waited for
}

// start returns a server that answers. A server that comes with an error must still be stopped.
func start(ctx context.Context) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	o, err := findOwner()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	c := &cluster{bin: bin, owner: o, password: rand.Text()}
	if err := c.create(ctx); err != nil {
		return c, fmt.Errorf("create a PostgreSQL cluster: %w", err)
	}
	// Between choosing a port and listening on it, somebody else may take it.
	for range 3 {
		if err = c.launch(ctx); err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return c, fmt.Errorf("start PostgreSQL: %w", context.Cause(ctx))
		}
	}
	return c, fmt.Errorf("start PostgreSQL: %w", err)
}

// create makes the folder and the cluster in it.
func (c *cluster) create(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "understudy-postgres-")
	if err != nil {
		return err
	}
	c.dir = dir
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(c.password), 0o600); err != nil {
		return err
	}
	if err := c.owner.own(dir, secret); err != nil {
		return err
	}
	args := []string{
		"-D", c.data(), "-U", "postgres", "--pwfile", secret, "--encoding", "UTF8", "--no-sync",
		"--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-instructions",
	}
	// Real servers sort by a language's rules: code that counts on byte order should fail here. A server built
	// without ICU, or older than 15, sorts by bytes.
	err = c.initdb(ctx, append(args, "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"))
	if err != nil && ctx.Err() == nil {
		err = errors.Join(os.RemoveAll(c.data()), c.initdb(ctx, append(args, "--locale=C")))
	}
	return err
}

func (c *cluster) initdb(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), args...)
	cmd.Dir = c.dir
	cmd.Env = serverEnvironment()
	cmd.SysProcAttr = c.owner.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb as %s: %w: %s", c.owner.name, err, bytes.TrimSpace(out))
	}
	return nil
}

// launch starts the server on a free port and waits until it answers.
func (c *cluster) launch(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c.port = port
	logPath := filepath.Join(c.dir, "log")
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has it
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.data(), "-p", strconv.Itoa(port), "-k", c.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum_naptime=10s")
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.Env = serverEnvironment()
	// A group of its own: Ctrl-C on the terminal is for the command, which may still need the server to clean up.
	attributes := c.owner.attributes()
	attributes.Setpgid = true
	dieWithParent(attributes)
	cmd.SysProcAttr = attributes
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	c.process, c.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // how it ended does not matter: its log says why
		close(ended)
	}()
	if err := c.answers(ctx); err != nil {
		text, _ := os.ReadFile(logPath)
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(text))
	}
	return nil
}

// answers waits until a client gets in.
func (c *cluster) answers(ctx context.Context) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.dsn())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return errors.New("the server ended")
		case <-ticker.C:
		}
	}
}

// stop ends the server at once, since nothing of it is kept, and removes its folder.
func (c *cluster) stop() error {
	if c.process != nil {
		_ = c.process.Process.Signal(syscall.SIGQUIT)
		select {
		case <-c.ended:
		case <-time.After(stopTimeout):
			// Its workers notice that it is gone and end too.
			_ = c.process.Process.Kill()
			<-c.ended
		}
	}
	if c.dir == "" {
		return nil
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove the PostgreSQL cluster: %w", err)
	}
	return nil
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) dsn() string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", c.password, c.port)
}

// serverEnvironment leaves out what would change the server's settings, or those of its programs.
func serverEnvironment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// binaries returns the folder of initdb and postgres, the newest where there are several.
func binaries() (string, error) {
	var candidates []string
	if path, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	// Distributions keep the server's programs out of PATH.
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/libexec/postgresql*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		// Glob sorts; the versions in use all have two digits.
		slices.Reverse(found)
		candidates = append(candidates, found...)
	}
	for _, dir := range candidates {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL's programs initdb and postgres are not installed; " +
		"install the server (Debian: apt-get install postgresql), or set " + variable + " to a server's address")
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
