package integrations_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// development runs make dev in a clone, for either plugin, and saves a file there.
func (w *walk) development(t *testing.T) {
	if set() != stage.Newest {
		w.say(t, "the same for every set; done with the newest")
		return
	}
	clone := filepath.Join(t.TempDir(), "understudy")
	run(t, w.root, "git", "clone", "-q", w.root, clone)
	for _, d := range []struct{ plugin, file, old, new, path string }{
		{
			"rely", "plugins/rely/config.go", "c.Limits.RatePerMinute = 100, 768<<10, 2, 300", "c.Limits.RatePerMinute = 100, 768<<10, 2, 299",
			"/api/rely/status",
		},
	} {
		t.Run("PLUGIN="+d.plugin, func(t *testing.T) {
			base := "http://" + dev(t, clone, d.plugin)
			token := guest(t, base)
			before := get(t, base+d.path, token, new(any))
			file := filepath.Join(clone, d.file)
			text, err := os.ReadFile(file)
			if err != nil || strings.Count(string(text), d.old) != 1 {
				t.Fatalf("%s has no %q: %v", d.file, d.old, err)
			}
			var times []string
			for range 3 {
				text = []byte(strings.Replace(string(text), d.old, d.new, 1))
				d.old, d.new = d.new, d.old
				began := time.Now()
				if err := os.WriteFile(file, text, 0o600); err != nil {
					t.Fatal(err)
				}
				last := before
				until(t, "the change is served", func() bool {
					a, err := stage.Ask(t.Context(), http.MethodGet, base+d.path, token, nil)
					if err != nil || a.Status != http.StatusOK {
						return false
					}
					defer func() { last = a }()
					return limit(t, a) != limit(t, before)
				})
				before = last
				times = append(times, took(began))
			}
			w.say(t, "GET %s answers as a guest; from the save of %s to the new answer: %s", d.path, d.file, strings.Join(times, ", "))
		})
	}
}

// limit is what the saved file changes.
func limit(t *testing.T, a stage.Answer) int {
	t.Helper()
	var status struct{ Limits struct{ RatePerMinute int } }
	if err := a.JSON(&status); err != nil {
		t.Fatal(err)
	}
	return status.Limits.RatePerMinute
}

// dev runs make dev until the test ends, and returns the server's address.
func dev(t *testing.T, folder, plugin string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	address := "localhost:" + port
	began := time.Now()
	log, err := os.Create(filepath.Join(t.TempDir(), "dev.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "dev", "PLUGIN="+plugin, "CONSOLE=off", "LISTEN="+address)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to end all of it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its log says why
	}()
	t.Cleanup(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-ended
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("make dev says (%v):\n%s", err, text)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute) // the first build of a clone
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if a, err := stage.Ask(ctx, http.MethodGet, "http://"+address+"/.backstage/health/v1/readiness", "", nil); err == nil && a.Status == http.StatusOK {
			t.Logf("make dev PLUGIN=%s CONSOLE=off: it built and started in %s", plugin, took(began))
			return address
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatal("make dev has ended")
		case <-ctx.Done():
			t.Fatal("make dev is not ready in time")
		}
	}
}

// guest signs in.
func guest(t *testing.T, base string) string {
	t.Helper()
	var body struct{ BackstageIdentity struct{ Token string } }
	get(t, base+"/api/auth/guest/refresh", "", &body)
	return body.BackstageIdentity.Token
}
