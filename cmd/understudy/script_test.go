package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/understudy-portal/understudy/sim/rely"
)

// TestMain lets scripts run this program as the command `understudy`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"understudy": main})
}

// TestScripts runs testdata/script: what a user types, and the exact line that they see.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			env.Setenv("PORT", port)
			for _, name := range []string{"SPACELIFT", "CONTROL", "BESIDE"} {
				if port, err = freePort(); err != nil {
					return err
				}
				env.Setenv(name, port)
			}
			simulator, err := relyPort(context.Background())
			if err != nil {
				return err
			}
			env.Setenv("RELY", simulator)
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", examples)
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"http":     cmdHTTP,
			"ready":    cmdReady,
			"draining": cmdDraining,
			"await":    cmdAwait,
			"until":    cmdUntil,
			"uid":      cmdUID,
			"exitcode": cmdExitCode,
			"listens":  cmdListens,
			"impostor": cmdImpostor,
		},
		RequireExplicitExec: false,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// relyPort finds a free port that Rely's simulator takes.
func relyPort(ctx context.Context) (string, error) {
	l, err := rely.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// cmdListens waits until something listens on a port: `listens PORT`.
func cmdListens(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", net.JoinHostPort("localhost", args[0])); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("nothing listens on port %s after a minute", args[0])
		}
	}
}

// cmdImpostor answers on a port as one of ours does whom nobody has shown a token, until the script ends: `impostor PORT`.
// What it is sent is in the file impostor.
func cmdImpostor(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", net.JoinHostPort("localhost", args[0]))
	ts.Check(err)
	heard, err := os.Create(ts.MkAbs("impostor"))
	ts.Check(err)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintln(heard, r.Method, r.URL, r.Header, string(body))
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/jwks.json") {
			_, _ = io.WriteString(w, `{"keys":[{"kty":"EC","kid":"mine","alg":"ES256","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"name":"AuthenticationError","message":"show me"}}`)
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	ts.Defer(func() {
		_ = server.Close()
		<-ended
		_ = heard.Close()
	})
}

// cmdReady waits until the server on $PORT calls itself ready.
func cmdReady(ts *testscript.TestScript, _ bool, _ []string) { awaitReadiness(ts, http.StatusOK) }

// cmdDraining waits until the server on $PORT, which was ready, has begun to stop.
func cmdDraining(ts *testscript.TestScript, _ bool, _ []string) {
	awaitReadiness(ts, http.StatusServiceUnavailable)
}

func awaitReadiness(ts *testscript.TestScript, want int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, _, err := request(ctx, http.MethodGet, ts.Getenv("PORT"), "/.backstage/health/v1/readiness", "", ""); err == nil && status == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("readiness on port %s is not %d after a minute", ts.Getenv("PORT"), want)
		}
	}
}

// cmdAwait asks the demo on $PORT, as its guest, until the answer is 200, and matches: `await METHOD PATH [REGEXP]`.
func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(strings.Join(args[2:], ""))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body, err := request(ctx, args[0], ts.Getenv("PORT"), args[1], guestToken(ctx, ts), "")
		if err == nil && status == http.StatusOK && want.MatchString(body) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("%s %s is not 200 with %s after a minute, but %d: %s", args[0], args[1], want, status, body)
		}
	}
}

// cmdUntil runs a command, which must succeed, until its output matches: `until REGEXP COMMAND ARG…`.
func cmdUntil(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if out := ts.ReadFile("stdout"); want.MatchString(out) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("%v: no %s after a minute, but %s", args[1:], args[0], ts.ReadFile("stdout"))
		}
	}
}

// guestToken signs in to the demo on $PORT.
func guestToken(ctx context.Context, ts *testscript.TestScript) string {
	var session struct {
		BackstageIdentity struct{ Token string }
	}
	_, body, err := request(ctx, http.MethodGet, ts.Getenv("PORT"), "/api/auth/guest/refresh", "", "")
	ts.Check(err)
	ts.Check(json.Unmarshal([]byte(body), &session))
	return session.BackstageIdentity.Token
}

// cmdUID writes the uid of an entity of the demo to a file: `uid REF FILE`.
func cmdUID(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var entity struct{ Metadata struct{ UID string } }
	path := "/api/catalog/entities/by-name/" + strings.Replace(args[0], ":", "/", 1)
	_, body, err := request(ctx, http.MethodGet, ts.Getenv("PORT"), path, guestToken(ctx, ts), "")
	ts.Check(err)
	ts.Check(json.Unmarshal([]byte(body), &entity))
	if entity.Metadata.UID == "" {
		ts.Fatalf("no entity %s: %s", args[0], body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(entity.Metadata.UID), 0o600))
}

// cmdExitCode runs a command and compares its exit code: `exitcode N COMMAND ARG…`.
func cmdExitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("%v: exit code %d, want %s", args[1:], code, args[0])
	}
}

// cmdHTTP asks the server on $PORT: `http METHOD PATH [TOKEN [BODY]]`. Its output is the status and the body.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: http METHOD PATH [TOKEN [BODY]]")
	}
	args = append(args, "", "")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	status, body, err := request(ctx, args[0], ts.Getenv("PORT"), args[1], args[2], args[3])
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d\n%s\n", status, strings.TrimSpace(body))
	ts.Check(err)
}

func request(ctx context.Context, method, port, path, token, content string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost:"+port+path, strings.NewReader(content))
	if err != nil {
		return 0, "", err
	}
	if content != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}
