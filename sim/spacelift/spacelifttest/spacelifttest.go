package spacelifttest

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// Sim is a simulator that listens until its test ends.
type Sim struct {
	*spacelift.Server
	// URL of the account, without /graphql, and the host and port of it.
	URL, Host string
	// PEM is the certificate to trust, if the simulator was started by StartTLS.
	PEM []byte

	t testing.TB
}

// Start starts a simulator on a port of its own.
func Start(t testing.TB, options spacelift.Options) *Sim {
	t.Helper()
	sim, server := prepare(t, options)
	server.Start()
	sim.listen(server)
	return sim
}

// StartTLS starts a simulator that speaks HTTPS.
func StartTLS(t testing.TB, options spacelift.Options) *Sim {
	t.Helper()
	sim, server := prepare(t, options)
	certificate, pem, err := spacelift.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	sim.PEM = pem
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	sim.listen(server)
	return sim
}

func prepare(t testing.TB, options spacelift.Options) (*Sim, *httptest.Server) {
	t.Helper()
	made, err := spacelift.New(options)
	if err != nil {
		t.Fatal(err)
	}
	sim := &Sim{Server: made, t: t}
	server := httptest.NewUnstartedServer(made)
	if options.Speed > 0 {
		ctx, stop := context.WithCancel(context.Background())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			_ = made.Run(ctx)
		}()
		t.Cleanup(func() { stop(); <-stopped })
	}
	return sim, server
}

func (s *Sim) listen(server *httptest.Server) {
	s.URL = server.URL
	s.Host = strings.TrimPrefix(strings.TrimPrefix(server.URL, "https://"), "http://")
	s.t.Cleanup(func() {
		server.CloseClientConnections() // whoever waits for the fault "hang"
		server.Close()
	})
}

// Faults makes requests fail; a fault that does not exist ends the test.
func (s *Sim) Faults(faults ...spacelift.Fault) {
	s.t.Helper()
	if err := s.AddFaults(faults...); err != nil {
		s.t.Fatal(err)
	}
}

// Patch changes or makes a stack.
func (s *Sim) Patch(stack string, patch spacelift.Patch) {
	s.t.Helper()
	if err := s.PatchStack(stack, patch); err != nil {
		s.t.Fatal(err)
	}
}

// Asked counts the requests so far that had the field at their root.
func (s *Sim) Asked(field string) int {
	count := 0
	for _, request := range s.Requests() {
		if request.Has(field) {
			count++
		}
	}
	return count
}

// Settle advances until nothing of the stack runs any more, at most an hour.
func (s *Sim) Settle(stack string) spacelift.Run {
	s.t.Helper()
	for range 720 {
		if runs := s.Runs(stack); len(runs) > 0 && runs[0].Waits() {
			return runs[0]
		}
		s.Advance(5 * time.Second)
	}
	s.t.Fatalf("runs of %s do not settle: %+v", stack, s.Runs(stack))
	return spacelift.Run{}
}

var _ http.Handler = (*Sim)(nil)
