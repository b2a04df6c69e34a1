package kill_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/fixture"
)

const exported = 1500

// The moments at which an export is killed.
const (
	planning  = "planning"
	persisted = "persisted, nothing sent"
	sent      = "sent, not answered"
	polling   = "polling"
	settling  = "settling"
)

// TestKillDuringExport kills a server at each moment of an export, again and again. After the restart the run has to end by
// itself with all entities at the destination, and nothing that had settled may be sent again.
func TestKillDuringExport(t *testing.T) {
	bin, kills := settings(t)
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel() // most of the time goes by until a lease has expired
			section, open := "", func(s *server) (*sql.DB, error) { return openFile(s, "rely") }
			if engine == database.PostgreSQL {
				dsn := databasetest.DSN(t)
				section, open = sectionOf(dsn), func(*server) (*sql.DB, error) { return openSchema(dsn, "understudy_rely") }
			}
			d := newDestination(t)
			s := newServer(t, bin, section, fmt.Sprintf("proxy: {endpoints: {/rely: {target: %q, headers: {Authorization: Bearer %s}}}}\nrely: {limits: {ratePerMinute: 0}}\n", d.url, rely.Token))
			if _, err := fixture.Write(s.catalog, exported); err != nil {
				t.Fatal(err)
			}
			s.start(t)
			s.until(t, "whole", func() bool { return len(s.all(t, "kind,metadata.name,metadata.namespace")) == exported })
			want := s.digest(t)
			found := map[string]int{}
			moments := []string{planning, persisted, sent, polling, settling}
			for i := range kills {
				found[d.round(t, s, open, moments[i%len(moments)], want)]++
			}
			s.kill(t)
			t.Logf("%d kills: %v; each run ended with the digest %.12s…, nothing that had settled was sent again", kills, found, want)
			for _, moment := range moments {
				if found[moment] < kills/10 {
					t.Errorf("only %d kills hit %q, want %d", found[moment], moment, kills/10)
				}
			}
		})
	}
}

// destination is Rely's simulator behind a door that tells of each request, before it is answered and after.
type destination struct {
	sim *rely.Server
	url string

	mu     sync.Mutex
	watch  func(moment string)
	posted []string            // the ids of all entities in payloads
	tasks  map[string][]string // the same by task
}

func newDestination(t *testing.T) *destination {
	t.Helper()
	d := &destination{tasks: map[string][]string{}, sim: rely.New(rely.Options{Limits: &rely.Limits{}, Timers: &rely.Timers{RunBase: rely.Duration(200 * time.Millisecond), Workers: 2}})}
	l, err := rely.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(d.serve), ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *destination) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client was killed
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	post := r.Method == http.MethodPost && r.URL.Path == "/api/v1/tasks"
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/v1/blueprints/") {
		d.tell(persisted)
	}
	recorded := httptest.NewRecorder()
	d.sim.ServeHTTP(recorded, r)
	if post {
		d.count(body, recorded.Body.Bytes())
		d.tell(sent)
	}
	maps.Copy(w.Header(), recorded.Header())
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes()) // the client may have been killed
	if post || r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/api/v1/tasks/") || recorded.Code != http.StatusOK {
		return
	}
	var task struct{ Status string }
	if json.Unmarshal(recorded.Body.Bytes(), &task) != nil {
		return
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return // the client was killed
	}
	if task.Status == "success" {
		d.tell(settling)
	} else {
		d.tell(polling)
	}
}

// count remembers what a payload holds.
func (d *destination) count(request, answer []byte) {
	var payload struct {
		Data struct{ Payload []struct{ ID string } }
	}
	var task struct{ ID string }
	if json.Unmarshal(request, &payload) != nil || json.Unmarshal(answer, &task) != nil {
		return // the client was killed while it wrote
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range payload.Data.Payload {
		d.posted = append(d.posted, e.ID)
		d.tasks[task.ID] = append(d.tasks[task.ID], e.ID)
	}
}

// tell lets the round know that the moment is now, and returns when the round has done what it wanted.
func (d *destination) tell(moment string) {
	d.mu.Lock()
	watch := d.watch
	d.mu.Unlock()
	if watch != nil {
		watch(moment)
	}
}

// round begins an export, kills the server at the moment, starts it again, and returns where the kill had hit.
func (d *destination) round(t *testing.T, s *server, open func(*server) (*sql.DB, error), moment, want string) string {
	t.Helper()
	after := 1 + rand.IntN(6) // the payload at which to strike, where there are several
	now, killed := make(chan struct{}), make(chan struct{})
	if moment == persisted || moment == planning {
		after = 1
	}
	d.mu.Lock()
	d.posted = nil
	d.watch = d.countdown(moment, after, now, killed)
	d.mu.Unlock()
	var started struct{ RunID string }
	status, body := s.ask(t, http.MethodPost, "/api/rely/migrate?full=true")
	if err := json.Unmarshal(body, &started); err != nil || status != http.StatusAccepted {
		t.Fatalf("migrate: %d %s", status, body)
	}
	if moment == planning {
		pause(t.Context(), 120*time.Millisecond)
	} else {
		select {
		case <-now:
		case <-time.After(time.Minute):
			t.Fatalf("the moment %q did not come\n%s", moment, tail(s.log.Bytes()))
		}
	}
	s.kill(t)
	close(killed)
	hit, settled := d.look(t, s, open, started.RunID, moment)
	d.mu.Lock()
	before := len(d.posted)
	d.watch = nil
	d.mu.Unlock()

	s.start(t)
	var run struct {
		Status, Error string
		Counts        struct{ Sent int }
	}
	s.until(t, "through with the run", func() bool {
		return s.read(t, "/api/rely/runs/"+started.RunID, &run) && run.Status != "running" && run.Status != "queued"
	})
	if run.Status != "succeeded" {
		t.Fatalf("killed while %s, the run is %s: %s", hit, run.Status, run.Error)
	}
	if got := d.sim.Digest(); got != want {
		t.Fatalf("killed while %s: the destination has the digest %s, want %s", hit, got, want)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	again := slices.Sorted(slices.Values(d.posted[before:]))
	if unique := slices.Compact(slices.Clone(again)); len(unique) != len(again) {
		t.Fatalf("killed while %s: %d of %d entities were sent twice after the restart", hit, len(again)-len(unique), len(again))
	}
	for _, id := range again {
		if settled[id] {
			t.Fatalf("killed while %s: %s had settled and was sent again", hit, id)
		}
	}
	return hit
}

// countdown announces the nth time that a moment comes, and keeps the answer back until the server is dead.
func (d *destination) countdown(moment string, nth int, now, killed chan struct{}) func(string) {
	var mu sync.Mutex
	left := nth
	return func(m string) {
		if m != moment {
			return
		}
		mu.Lock()
		left--
		strike := left == 0
		mu.Unlock()
		if strike {
			close(now)
			<-killed
		}
	}
}

// look reads the store of the dead server: where it had got to, and the ids at the destination of what had settled. Chunks
// are sent two at a time, so that it may have been at two moments; the wanted one counts.
func (d *destination) look(t *testing.T, s *server, open func(*server) (*sql.DB, error), run, wanted string) (moment string, settled map[string]bool) {
	t.Helper()
	db, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var planned int
	if err := db.QueryRow("SELECT CAST(planned AS integer) FROM export_run WHERE id = '" + run + "'").Scan(&planned); err != nil {
		t.Fatal(err)
	}
	if planned == 0 {
		return planning, nil
	}
	rows, err := db.Query("SELECT state, ticket FROM export_chunk WHERE run_id = '" + run + "'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	hits := map[string]bool{persisted: true}
	settled = map[string]bool{}
	for rows.Next() {
		var state, ticket string
		if err := rows.Scan(&state, &ticket); err != nil {
			t.Fatal(err)
		}
		if state != "planned" && state != "skipped" {
			hits[persisted] = false
		}
		switch {
		case state == "settled":
			for _, id := range d.tasks[ticket] {
				settled[id] = true
			}
		case state == "sending":
			hits[sent] = true
		case state == "submitted" && d.succeeded(ticket):
			hits[settling] = true
		case state == "submitted":
			hits[polling] = true
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{wanted, settling, sent, polling, persisted} {
		if hits[m] {
			return m, settled
		}
	}
	return "between two chunks", settled
}

// succeeded asks the simulator whether a task has ended well.
func (d *destination) succeeded(ticket string) bool {
	req := httptest.NewRequest(http.MethodGet, "/api/v1/tasks/"+ticket, nil)
	req.Header.Set("Authorization", "Bearer "+rely.Token)
	recorded := httptest.NewRecorder()
	d.sim.ServeHTTP(recorded, req)
	return strings.Contains(recorded.Body.String(), `"success"`)
}

// digest is what the destination should have.
func (s *server) digest(t *testing.T) string {
	t.Helper()
	var started struct{ Run struct{ Digest string } }
	status, body := s.ask(t, http.MethodPost, "/api/rely/migrate?dryRun=true&digest=true&wait=60s")
	if err := json.Unmarshal(body, &started); err != nil || status != http.StatusOK || started.Run.Digest == "" {
		t.Fatalf("plan: %d %s", status, body)
	}
	return started.Run.Digest
}
