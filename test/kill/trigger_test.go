package kill_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// TestKillAroundTrigger kills a server around its request to Spacelift, again and again. One intent may never become two
// runs; a run that was reported must be there; and what is not known must be reported as such.
func TestKillAroundTrigger(t *testing.T) {
	bin, kills := settings(t)
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			section := ""
			if engine == database.PostgreSQL {
				section = onPostgreSQL(t)
			}
			account := newAccount(t)
			s := newServer(t, bin, section, fmt.Sprintf("spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q}\n",
				account.url, spacelift.AdminKey, spacelift.Secret))
			count := map[string]int{}
			for i := range kills {
				count[account.round(t, s, fmt.Sprintf("kill-%03d", i))]++
			}
			t.Logf("%d kills: %v; never two runs for one intent", kills, count)
			if count["not sent"] == kills || count["answered"] == kills {
				t.Error("the kills did not hit the time around the request")
			}
		})
	}
}

// account is a simulated Spacelift account that takes its time.
type account struct {
	sim *spacelift.Server
	url string
}

func newAccount(t *testing.T) *account {
	t.Helper()
	sim, err := spacelift.New(spacelift.Options{Preset: spacelift.Demo, Seed: 1, Speed: 50})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = sim.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	// The pauses before and after each call are what the kills can fall into.
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pause(r.Context(), 20*time.Millisecond)
		recorded := httptest.NewRecorder()
		sim.ServeHTTP(recorded, r)
		pause(r.Context(), 20*time.Millisecond)
		for name, values := range recorded.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(recorded.Body.Bytes()) // the client may have been killed
	})
	server := httptest.NewServer(slow)
	t.Cleanup(server.Close)
	return &account{sim: sim, url: server.URL}
}

// pause waits up to the given time.
func pause(ctx context.Context, most time.Duration) {
	select {
	case <-time.After(rand.N(most)):
	case <-ctx.Done():
	}
}

type pendingTrigger struct {
	Outcome, RunID, Reason string
}

type triggerable struct {
	ID      string
	Trigger struct {
		Allowed bool
		Pending *pendingTrigger
	}
}

// round triggers a stack, kills the server around that, starts it again, and returns what became of the intent.
func (a *account) round(t *testing.T, s *server, reason string) string {
	t.Helper()
	s.start(t)
	stack := a.free(t, s)
	answers := make(chan int, 1)
	go func() {
		status, _ := s.send(t, http.MethodPost, "/api/spacelift-io/v1/stacks/"+stack+"/runs", fmt.Sprintf(`{"reason":%q}`, reason))
		answers <- status
	}()
	pause(t.Context(), 200*time.Millisecond)
	s.kill(t)
	answer := <-answers

	s.start(t)
	var now triggerable
	s.until(t, "sure, or sure that it is not, what became of "+reason, func() bool {
		now = triggerable{}
		return s.read(t, "/api/spacelift-io/v1/stacks/"+stack, &now) &&
			(now.Trigger.Pending == nil || now.Trigger.Pending.Outcome != "sending")
	})
	runs := a.runs(stack, reason)
	s.kill(t)

	switch pending := now.Trigger.Pending; {
	case len(runs) > 1:
		t.Fatalf("%s: one intent became the runs %v", reason, runs)
	case answer == http.StatusCreated && len(runs) != 1:
		t.Fatalf("%s: a run was reported that is not there", reason)
	case answer == http.StatusCreated:
		return "answered"
	case pending != nil && pending.Reason == reason && pending.Outcome == "unknown":
		return fmt.Sprintf("unknown, of which created upstream %d", len(runs))
	case pending != nil && pending.Reason == reason && (len(runs) != 1 || pending.RunID != runs[0]):
		t.Fatalf("%s: %+v was reported, but upstream has %v", reason, *pending, runs)
	case len(runs) == 1:
		return "found after the restart"
	}
	return "not sent"
}

// free is a stack that may be triggered now.
func (a *account) free(t *testing.T, s *server) string {
	t.Helper()
	var id string
	s.until(t, "offering a stack to trigger", func() bool {
		var page struct{ Items []triggerable }
		if !s.read(t, "/api/spacelift-io/v1/stacks?limit=200", &page) {
			return false
		}
		for _, i := range rand.Perm(len(page.Items)) {
			if page.Items[i].Trigger.Allowed && page.Items[i].Trigger.Pending == nil {
				id = page.Items[i].ID
				return true
			}
		}
		return false
	})
	return id
}

// runs are the ids of the stack's runs whose metadata has the reason.
func (a *account) runs(stack, reason string) []string {
	var ids []string
	for _, r := range a.sim.Runs(stack) {
		if strings.HasSuffix(r.Metadata, " "+reason) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
