package kill_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// TestKillAroundTrigger kills a server around its request to Spacelift, again and again. One intent may never become two
// runs; a run that was reported must be there; and what is not known must be reported as such.
func TestKillAroundTrigger(t *testing.T) {
	bin, kills := settings(t)
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel() // most of the time goes by until what was under way counts as lost
			section, open := "", func(s *server) (*sql.DB, error) { return openFile(s, "spacelift-io") }
			if engine == database.PostgreSQL {
				dsn := databasetest.DSN(t)
				section, open = sectionOf(dsn), func(*server) (*sql.DB, error) { return openSchema(dsn, "understudy_spacelift_io") }
			}
			account := newAccount(t)
			s := newServer(t, bin, section, fmt.Sprintf("spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q}\n",
				account.url, spacelift.AdminKey, spacelift.Secret))
			var intents []intent
			for i := range kills {
				intents = append(intents, account.round(t, s, fmt.Sprintf("kill-%03d", i)))
			}
			s.start(t)
			reports := map[string]report{}
			s.until(t, "sure, or sure that it is not, what became of every trigger", func() bool {
				reports = readReports(t, s, open)
				for _, r := range reports {
					if r.outcome == "sending" {
						return false
					}
				}
				return true
			})
			s.kill(t)
			count := map[string]int{}
			for _, in := range intents {
				count[account.judge(t, in, reports[in.reason])]++
			}
			t.Logf("%d kills: %v; never two runs for one intent", kills, count)
			if count["not written down"] == kills || count["answered"] == kills {
				t.Error("the kills did not hit the time around the request")
			}
		})
	}
}

// intent is what a user wanted once, with the status that they were answered; 0 if they were not.
type intent struct {
	stack, reason string
	answer        int
}

// report is what the server believes of an intent.
type report struct{ outcome, run string }

func readReports(t *testing.T, s *server, open func(*server) (*sql.DB, error)) map[string]report {
	t.Helper()
	db, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query("SELECT reason, outcome, run_id FROM spacelift_triggers")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	reports := map[string]report{}
	for rows.Next() {
		var reason string
		var r report
		if err := rows.Scan(&reason, &r.outcome, &r.run); err != nil {
			t.Fatal(err)
		}
		reports[reason] = r
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return reports
}

// judge compares what the server believes with what is true.
func (a *account) judge(t *testing.T, in intent, r report) string {
	t.Helper()
	runs := a.runs(in.stack, in.reason)
	switch {
	case len(runs) > 1:
		t.Errorf("%s: one intent became the runs %v", in.reason, runs)
	case in.answer == http.StatusCreated && len(runs) != 1:
		t.Errorf("%s: a run was reported that is not there", in.reason)
	case r.outcome == "triggered" && (len(runs) != 1 || r.run != runs[0]):
		t.Errorf("%s: %+v is believed, but upstream has %v", in.reason, r, runs)
	case (r.outcome == "not_created" || r.outcome == "refused" || r.outcome == "") && len(runs) != 0:
		t.Errorf("%s: no run is believed (%q), but upstream has %v", in.reason, r.outcome, runs)
	}
	switch {
	case in.answer == http.StatusCreated:
		return "answered"
	case r.outcome == "":
		return "not written down"
	case r.outcome == "triggered":
		return "found after the restart"
	case r.outcome == "unknown":
		return fmt.Sprintf("unknown, with %d run upstream", len(runs))
	}
	return r.outcome
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
		maps.Copy(w.Header(), recorded.Header())
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

type triggerable struct {
	ID      string
	Trigger struct {
		Allowed bool
		Pending *struct{ Outcome string }
	}
}

// round triggers a stack, and kills the server around that.
func (a *account) round(t *testing.T, s *server, reason string) intent {
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
	return intent{stack: stack, reason: reason, answer: <-answers}
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
