//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

// program serves its word until it is told to stop.
const program = `package main

import (
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(%q)) })
	_ = http.ListenAndServe(os.Args[1], nil)
}
`

// buffer is what the user sees.
type buffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestSavedAndServed: a saved file is served; one that does not compile leaves the server of before; what the server is not
// built from starts no build.
func TestSavedAndServed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "go.mod", "module toy\n\ngo 1.26\n")
	write(t, root, "app/main.go", fmt.Sprintf(program, "one"))
	address := freeAddress(t)
	out := &buffer{}
	s := &server{
		root: root, pkg: "./app", binary: filepath.Join(root, ".out", "toy"), args: []string{address},
		ready: "http://" + address + "/", out: out, log: slog.New(slog.NewTextHandler(out, nil)),
	}
	if err := s.build(t.Context()); err != nil {
		t.Fatal(err, out)
	}
	if err := s.restart(t.Context()); err != nil {
		t.Fatal(err, out)
	}
	defer s.stop()

	renewed := make(chan []string)
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() {
		watched <- watch(ctx, root, s.log, func(ctx context.Context, files []string) {
			s.renew(ctx, files)
			renewed <- files
		})
	}()
	defer func() {
		cancel()
		if err := <-watched; err != nil {
			t.Error(err)
		}
	}()

	for i, tc := range []struct {
		file, text, word, says string
	}{
		{"app/main.go", fmt.Sprintf(program, "two"), "two", "served"},
		{"app/main.go", "package main\n\nfunc main() { nonsense }\n", "two", "undefined: nonsense"},
		{"app/main.go", fmt.Sprintf(program, "three"), "three", "served"},
		{"app/new/new.go", "package new\n", "three", "served"},
	} {
		// These start no build, or a later list would name them.
		write(t, root, "app/main_test.go", "package main\n")
		write(t, root, "node_modules/x/x.json", "{}")
		// The watcher may not be there yet; once it is, one save is enough.
		files := saveUntil(t, root, tc.file, tc.text, renewed)
		if strings.Join(files, " ") != tc.file {
			t.Errorf("step %d: built for %v", i, files)
		}
		if got := get(t, s.ready); got != tc.word {
			t.Errorf("step %d: served %q, want %q; it says:\n%s", i, got, tc.word, out)
		}
		if !strings.Contains(out.String(), tc.says) {
			t.Errorf("step %d: it does not say %q:\n%s", i, tc.says, out)
		}
	}
}

// TestConfigurations: what the server of each plugin is started with is a configuration without a mistake.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range setups(t.TempDir()) {
		if problems := check(t, configuration(s, root, t.TempDir(), "localhost:7007"), s.id); problems != "" {
			t.Errorf("%s: %s", name, problems)
		}
	}
}

// check is what `config check` would say.
func check(t *testing.T, text, id string) string {
	t.Helper()
	c, err := config.Parse("dev.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := backend.New(backend.WithConfig(c), backend.WithOnly("catalog", "auth", "understudy", id)).Add(standard.Plugins()...).Check()
	if err := errors.Join(err, warnings.Err()); err != nil {
		return err.Error()
	}
	return ""
}

func saveUntil(t *testing.T, root, name, text string, renewed <-chan []string) []string {
	t.Helper()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for range 6 {
		write(t, root, name, text)
		select {
		case files := <-renewed:
			return files
		case <-tick.C:
		}
	}
	t.Fatalf("saving %s starts no build", name)
	return nil
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
