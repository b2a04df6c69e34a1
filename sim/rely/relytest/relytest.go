package relytest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
)

// Sim is a simulator that listens on loopback until the test ends.
type Sim struct {
	*rely.Server
	// URL has no path, and does not end in 1 (export.md 2.1).
	URL string

	t testing.TB
}

// Start starts a simulator.
func Start(t testing.TB, options rely.Options) *Sim {
	t.Helper()
	listener, err := rely.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sim := rely.New(options)
	server := httptest.NewUnstartedServer(sim)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return &Sim{Server: sim, URL: server.URL, t: t}
}

// Faults sets the rules from YAML or JSON, as PUT /_sim/faults takes them.
func (s *Sim) Faults(rules string) {
	s.t.Helper()
	req := httptest.NewRequestWithContext(s.t.Context(), http.MethodPut, "http://localhost/_sim/faults", bytes.NewReader([]byte(rules)))
	req.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		s.t.Fatalf("faults: %s", strings.TrimSpace(w.Body.String()))
	}
}
