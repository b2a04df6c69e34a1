package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
	simrely "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
	simspacelift "github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

const token = "0123456789abcdef"

// TestMounted runs the program beside another backend, whose catalog it exports: stacks are served and triggered, an export
// reaches its end, and the program's own route goes on.
func TestMounted(t *testing.T) {
	t.Parallel()
	ours, theirs := freeAddress(t), freeAddress(t)
	startPeer(t, theirs, ours)
	account := spacelifttest.Start(t, simspacelift.Options{})
	target := relytest.Start(t, simrely.Options{Timers: &simrely.Timers{}})
	file := write(t, "app-config.yaml", fmt.Sprintf(`
backend:
  baseUrl: http://%s
  auth: {externalAccess: [{type: static, options: {token: %s, subject: ci}}]}
discovery: {endpoints: [{target: {internal: 'http://%s/api/{{pluginId}}'}, plugins: ['*']}]}
understudy: {dataDir: %q}
spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q}
proxy: {'/rely': {target: %q, headers: {Authorization: Bearer %s}}}
rely: {cron: {enabled: false}}
`, ours, token, theirs, t.TempDir(), account.URL, simspacelift.AdminKey, simspacelift.Secret, target.URL, simrely.Token))
	stop := startProgram(t, file, ours)

	base := "http://" + ours
	if status, body := ask(t, http.MethodGet, base+"/hello"); status != 200 || !strings.Contains(body, "of our own") {
		t.Errorf("our own route: %d %s", status, body)
	}
	if status, body := ask(t, http.MethodPost, base+"/api/spacelift-io/stacks/"+simspacelift.StackID+"/trigger"); status != 200 || !strings.Contains(body, `"id"`) {
		t.Errorf("trigger: %d %s", status, body)
	}
	for _, mount := range []string{"/api/rely", "/api/rely-migration-plugin"} {
		status, body := ask(t, http.MethodPost, base+mount+"/migrate?wait=60s")
		var run struct{ Status string }
		if err := json.Unmarshal([]byte(body), &run); err != nil || status != 200 || run.Status != "succeeded" {
			t.Errorf("%s: %d %s", mount, status, body)
		}
	}
	if _, body := ask(t, http.MethodGet, target.URL+"/_sim/entities"); strings.Count(body, `"blueprintId":"service"`) != 1 {
		t.Errorf("exported, instead of the one service of the other backend's catalog: %s", body)
	}
	if err := stop(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

// TestMistakeInTheConfiguration: the program does not start, and says where the mistake is.
func TestMistakeInTheConfiguration(t *testing.T) {
	t.Parallel()
	file := write(t, "app-config.yaml", "backend: {baseUrl: http://localhost}\nspacelift:\n  hostURL: acme\n")
	err := run(t.Context(), config.Options{Files: []string{file}}, "localhost:0", func(net.Addr) {})
	if err == nil || !strings.Contains(err.Error(), "app-config.yaml:3: spacelift.hostURL: unknown key") {
		t.Errorf("%v", err)
	}
}

// startPeer starts the backend that has the catalog.
func startPeer(t *testing.T, address, mounted string) {
	t.Helper()
	file := write(t, "catalog-info.yaml",
		"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: {type: service, lifecycle: production, owner: team}\n")
	cfg, err := config.Parse("peer.yaml", fmt.Appendf(nil, `
backend: {baseUrl: http://%[1]s, listen: %[1]s}
discovery: {endpoints: [{target: 'http://%[2]s/api/{{pluginId}}', plugins: [spacelift-io, rely, rely-migration-plugin]}]}
catalog: {locations: [{type: file, target: %[3]q}]}
understudy: {dataDir: %[4]q, metrics: {listen: '127.0.0.1:0'}}
`, address, mounted, file, t.TempDir()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- backend.New(backend.WithConfig(cfg), backend.WithLog(&log, "text"), backend.WithReady(func(backend.Running) { close(ready) })).
			Add(standard.Plugins()...).Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the other backend ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the other backend says:\n%s", &log)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the other backend does not start: %v", err)
	}
}

// startProgram runs the program. The function that it returns stops it and waits for its end.
func startProgram(t *testing.T, file, address string) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- run(ctx, config.Options{Files: []string{file}}, address, func(net.Addr) { close(ready) })
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("the program does not start: %v", err)
	}
	return func() error {
		cancel()
		return <-ended
	}
}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// freeAddress is one that nobody listens at: both sides must know the other's before they start.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
