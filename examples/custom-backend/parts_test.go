package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/host/config"
)

const (
	secret = "the-proxy-and-we"
	token  = "0123456789abcdef"
)

// TestParts: every part of our own does its work in a running backend: the provider's teams are in the catalog, with the
// processor's addresses; the proxy's user signs in and is greeted; the archive holds a line for each entity, and a second
// run adds none.
func TestParts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "catalog.ndjson")
	base := start(t, fmt.Sprintf(`
backend:
  baseUrl: http://localhost
  listen: {host: 127.0.0.1, port: 0}
  auth: {externalAccess: [{type: static, options: {token: %s, subject: ci}}]}
auth: {providers: {proxied: {}}}
understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}
greetings: {schedule: {frequency: {cron: '0 9 * * 1-5'}, timeout: {minutes: 1}}}
archive: {file: %q}
`, token, t.TempDir(), file))

	var signedIn struct {
		Identity struct{ Token string } `json:"backstageIdentity"`
	}
	bad := map[string]string{"X-Proxy-Secret": "guessed", "X-Forwarded-User": "jane"}
	if status, body := ask(t, http.MethodGet, base+"/auth/proxied/refresh", bad); status != http.StatusUnauthorized {
		t.Errorf("a header that anybody could send: %d %s", status, body)
	}
	good := map[string]string{"X-Proxy-Secret": secret, "X-Forwarded-User": "jane"}
	status, body := ask(t, http.MethodGet, base+"/auth/proxied/refresh", good)
	if err := json.Unmarshal([]byte(body), &signedIn); err != nil || status != http.StatusOK {
		t.Fatalf("sign in: %d %s", status, body)
	}
	jane := map[string]string{"Authorization": "Bearer " + signedIn.Identity.Token}
	if status, body := ask(t, http.MethodGet, base+"/greetings/hello", jane); status != http.StatusOK || !strings.Contains(body, "user:default/jane") {
		t.Errorf("greeting: %d %s", status, body)
	}

	service := map[string]string{"Authorization": "Bearer " + token}
	// The catalog processes the teams on its own time; a run exports what is finished.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(time.Minute); ; <-tick.C {
		status, body = ask(t, http.MethodGet, base+"/catalog/entities/by-query?limit=0", service)
		if strings.Contains(body, `"totalItems":2`) {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("the teams are not in the catalog: %d %s", status, body)
		}
	}
	var refs []string
	for range 2 {
		status, body = ask(t, http.MethodPost, base+"/archive/migrate?wait=60s", service)
		if status != http.StatusOK || !strings.Contains(body, `"status":"succeeded"`) {
			t.Fatalf("run: %d %s", status, body)
		}
		refs = lines(t, file)
	}
	if want := []string{"payments payments@example.com", "search search@example.com"}; !slices.Equal(refs, want) {
		t.Errorf("the archive has %v, want %v", refs, want)
	}
}

// lines are the names and addresses in the archive.
func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range bytes.Lines(text) {
		var e struct {
			Metadata struct {
				Name        string
				Annotations map[string]string
			}
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Metadata.Name+" "+e.Metadata.Annotations["example.com/email"])
	}
	slices.Sort(all)
	return all
}

// start runs the backend until the test ends, and returns the address of its API.
func start(t *testing.T, text string) string {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan backend.Running, 1), make(chan error, 1)
	go func() {
		ended <- backend.New(backend.WithConfig(c), backend.WithLog(io.Discard, "text"), backend.WithReady(func(r backend.Running) { ready <- r })).
			Add(plugins(secret)...).Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case r := <-ready:
		return fmt.Sprintf("http://127.0.0.1:%d/api", r.Port)
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return ""
	}
}

func ask(t *testing.T, method, url string, headers map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
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
	return resp.StatusCode, string(body)
}
