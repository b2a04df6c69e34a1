package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

// The entry that the plugin rely reads as its configuration is an endpoint like any other, with all that ships in place.
func TestTheEntryOfRelyIsServedToo(t *testing.T) {
	t.Parallel()
	up := echo(t)
	text := strings.NewReplacer("$UP", up.URL, "$DATA", t.TempDir(), "$BEARER", bearer, "$SECRET", secret).Replace(`
backend:
  baseUrl: http://127.0.0.1:7007
  listen: {host: 127.0.0.1, port: 0}
  auth: {externalAccess: [{type: static, options: {token: $BEARER, subject: tests}}]}
understudy: {dataDir: $DATA, metrics: {listen: '127.0.0.1:0'}}
proxy:
  endpoints:
    /rely: {target: $UP, headers: {Authorization: Bearer $SECRET}, pathRewrite: {'^/api/proxy/rely': '/'}}
rely: {}
`)
	cfg, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan backend.Running, 1), make(chan error, 1)
	logs := &buffer{}
	b := backend.New(backend.WithConfig(cfg), backend.WithEnviron(nil), backend.WithLog(logs, "json"),
		backend.WithReady(func(r backend.Running) { ready <- r })).Add(standard.Plugins()...)
	go func() { done <- b.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
		if strings.Contains(logs.String(), secret) {
			t.Error("a secret is in the log")
		}
	}()
	var running backend.Running
	select {
	case running = <-ready:
	case err := <-done:
		done <- nil
		t.Fatalf("start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("not ready within a minute")
	}
	for _, c := range []struct {
		bearer string
		status int
	}{{bearer, http.StatusOK}, {"", http.StatusUnauthorized}} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/api/proxy/rely/api/v1/entities?limit=1", running.Port), nil)
		if c.bearer != "" {
			req.Header.Set("Authorization", "Bearer "+c.bearer)
		}
		transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Fatalf("%d %s", res.StatusCode, data)
		}
		if c.status != http.StatusOK {
			continue
		}
		if got := (reply{res, string(data)}).seen(t); got.URL != "/api/v1/entities?limit=1" || got.Header.Get("Authorization") != "Bearer "+secret {
			t.Errorf("the target sees %s with %v", got.URL, got.Header)
		}
	}
}
