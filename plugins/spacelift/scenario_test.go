package spacelift

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

// events is an open event stream.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

type event struct {
	Type string
	IDs  []string
}

func (s *server) listen(t *testing.T) *events {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer user")
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	e := &events{t: t, lines: bufio.NewScanner(res.Body), close: func() { cancel(); _ = res.Body.Close() }}
	t.Cleanup(e.close)
	if first := e.next(); first.Type != "hello" {
		t.Fatalf("first %+v", first)
	}
	return e
}

func (e *events) next() event {
	e.t.Helper()
	if !e.lines.Scan() {
		return event{Type: "closed"}
	}
	var v event
	if err := json.Unmarshal(e.lines.Bytes(), &v); err != nil {
		e.t.Fatal(err)
	}
	return v
}

// of waits for an event about a stack.
func (e *events) of(id string) {
	e.t.Helper()
	for {
		v := e.next()
		if v.Type == "closed" {
			e.t.Fatal("the stream ended")
		}
		if v.Type == "stacks" && (v.IDs == nil || slices.Contains(v.IDs, id)) {
			return
		}
	}
}

func (s *server) state(id string) string {
	if stack := s.plugin.mirror.Snapshot().Stack(id); stack != nil {
		return stack.State
	}
	return ""
}

// TestARunIsFollowedToItsEnd triggers, and sees each state without asking for it.
func TestARunIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	news := s.listen(t)
	made := s.post("/v1/stacks/prod-network/runs", `{"reason":"because \n of that"}`)
	if made.status != http.StatusCreated {
		t.Fatalf("%d %s", made.status, made.body)
	}
	news.of(sim.StackID)
	// While it is in the queue, nobody else may.
	a := s.send(http.MethodPost, "/stacks/prod-network/trigger", "")
	if text, code := errorOf(t, a); a.status != http.StatusConflict || code != "CONFLICT" || !strings.Contains(text, "user:default/jane") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for {
		runs := up.Runs(sim.StackID)
		if runs[0].State == "FINISHED" {
			break
		}
		up.Advance(2 * time.Second)
		want := up.Runs(sim.StackID)[0].State
		if want != "QUEUED" && want != runs[0].State {
			news.of(sim.StackID)
			s.until("state "+want, func() bool { return s.state(sim.StackID) == want })
		}
	}
	s.until("nothing holds the stack", func() bool { return len(s.plugin.mirror.Snapshot().Pending) == 0 })
	var runs struct {
		Items []struct{ ID, State, RequestedBy, Reason, TriggerID string }
	}
	s.json("/v1/stacks/prod-network/runs", &runs)
	if first := runs.Items[0]; first.RequestedBy != "user:default/jane" || first.Reason != "because of that" || first.State != "FINISHED" {
		t.Errorf("first run %+v", first)
	} else if first.TriggerID == "" || !strings.Contains(made.body, first.TriggerID) || runs.Items[len(runs.Items)-1].TriggerID != "" {
		t.Errorf("the run is not that of %s: %+v", made.body, runs.Items)
	}
	meta := up.Runs(sim.StackID)[0].Metadata
	if !strings.HasPrefix(meta, "understudy user:default/jane 01") || !strings.HasSuffix(meta, " because of that") {
		t.Errorf("metadata %q", meta)
	}
	s.until("the comment", func() bool { return up.Asked("runComment") == 1 })
	if n := testutil.ToFloat64(must(t, s, "understudy_spacelift_triggers_total")); n != 2 {
		t.Errorf("%v triggers counted, one of them refused", n)
	}
}

// TestTwoReplicas runs two servers on one database: one sync, one trigger, and both see it.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		up, url := account(t, sim.Options{Preset: sim.Demo, Seed: 1})
		one, two := start(t, setup{upstream: url, db: open()}), start(t, setup{upstream: url, db: open()})
		for _, s := range []*server{one, two} {
			s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
		}
		id := stackIDs(one, "/v1/stacks?state=FINISHED")[0]
		before := len(up.Runs(id))
		var codes [2]int
		var both sync.WaitGroup
		for i, s := range []*server{one, two} {
			both.Go(func() { codes[i] = s.post("/v1/stacks/"+id+"/runs", `{}`).status })
		}
		both.Wait()
		slices.Sort(codes[:])
		if made := len(up.Runs(id)) - before; codes != [2]int{201, 409} || made != 1 {
			t.Errorf("answers %v, %d runs", codes, made)
		}
		for _, s := range []*server{one, two} {
			s.until("both see who holds it", func() bool { _, ok := s.plugin.mirror.Snapshot().Pending[id]; return ok })
		}
		if first, second := one.get("/stacks"), two.get("/stacks"); first.body != second.body || first.header.Get("Etag") != second.header.Get("Etag") {
			t.Error("they answer differently")
		}
		// One sweep asks for the one page without predicates once.
		if n := up.Asked("viewer"); n != 1 {
			t.Errorf("%d sweeps", n)
		}
	})
}

// TestARestartServesAtOnce starts a second server after the first, while Spacelift is down.
func TestARestartServesAtOnce(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	db := databasetest.SQLite(t)
	first := start(t, setup{upstream: url, db: db})
	first.until("the first sweep", func() bool { return first.plugin.mirror.Snapshot().Synced() })
	want := first.get("/stacks").body
	first.stop()
	up.Faults(sim.Fault{Name: "http_5xx"})
	second := start(t, setup{upstream: url, db: db})
	a := second.get("/stacks")
	if a.status != http.StatusOK || a.body != want || a.header.Get("Understudy-Data-Age") == "" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
	if err := second.plugin.Health(t.Context()); err != nil {
		t.Error(err)
	}
	var d struct {
		ID    string
		Stale bool
	}
	second.json("/v1/stacks/prod-network", &d)
	if d.ID != sim.StackID || !d.Stale {
		t.Errorf("%+v", d)
	}
	a = second.get("/v1/stacks/prod-network/runs")
	if _, code := errorOf(t, a); a.status != http.StatusBadGateway || code != string(client.CodeUnavailable) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Nothing is sent if the newest run cannot be read first.
	a = second.post("/v1/stacks/prod-network/runs", `{}`)
	if _, code := errorOf(t, a); a.status != http.StatusBadGateway || code != string(client.CodeUnavailable) || up.Asked("runTrigger") != 0 {
		t.Errorf("%d %s, asked %d times", a.status, a.body, up.Asked("runTrigger"))
	}
}

// TestAnotherAccountIsNotMixedUp restarts with another account on the same tables.
func TestAnotherAccountIsNotMixedUp(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	_, url := account(t, sim.Options{})
	first := start(t, setup{upstream: url, db: db})
	first.until("the first sweep", func() bool { return first.plugin.mirror.Snapshot().Synced() })
	first.stop()
	_, other := account(t, sim.Options{Preset: sim.Demo, Seed: 1})
	second := start(t, setup{upstream: other, db: db})
	if list := stackIDs(second, "/v1/stacks?limit=200"); len(list) < 39 {
		t.Errorf("%q", list)
	}
	if !strings.Contains(second.log.String(), "another Spacelift account") {
		t.Error("nothing in the log")
	}
}

// sweep runs exactly one now, as System → Tasks does.
func (s *server) sweep() {
	s.t.Helper()
	var last time.Time
	s.until("a sweep that can begin", func() bool {
		last = s.plugin.mirror.Snapshot().State.SweptAt
		return s.tasks.Trigger(s.t.Context(), sweepTask) == nil // otherwise it runs already
	})
	s.until("a sweep", func() bool { return s.plugin.mirror.Snapshot().State.SweptAt.After(last) })
}

func TestWhatIsGoneGoesAfterTwoSweeps(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{Preset: sim.Demo, Seed: 1})
	s := start(t, setup{upstream: url})
	id := stackIDs(s, "/v1/stacks?state=FINISHED")[0]
	yes := true
	up.Patch(id, sim.Patch{Deleted: &yes})
	s.sweep()
	if a := s.get("/v1/stacks/" + id); a.status != http.StatusOK || !strings.Contains(a.body, `"stale":true`) {
		t.Errorf("after one sweep: %d %s", a.status, a.body)
	}
	s.sweep()
	a := s.get("/v1/stacks/" + id)
	if _, code := errorOf(t, a); a.status != http.StatusNotFound || code != string(client.CodeNotFound) {
		t.Errorf("after two sweeps: %d %s", a.status, a.body)
	}
	if strings.Contains(s.get("/stacks").body, `"id":"`+id+`"`) {
		t.Error("the list has it still")
	}
}

// TestAnEmptyListIsNotBelieved lets every token expire: Spacelift answers with an empty list then, and no error.
func TestAnEmptyListIsNotBelieved(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{Preset: sim.Demo, Seed: 1})
	s := start(t, setup{upstream: url})
	had := s.get("/stacks").body
	up.Faults(sim.Fault{Name: "jwt_expired"})
	for range 3 {
		s.until("the sweep is not running", func() bool { return s.tasks.Trigger(t.Context(), sweepTask) == nil })
		failures := s.plugin.mirror.Snapshot().State.Failures
		s.until("it failed", func() bool { return s.plugin.mirror.Snapshot().State.Failures > failures })
	}
	if s.get("/stacks").body != had {
		t.Error("stacks went")
	}
	var status struct {
		Synced struct {
			Complete bool
			Error    *struct{ Code string }
		}
	}
	s.json("/v1/status", &status)
	if !status.Synced.Complete || status.Synced.Error == nil || status.Synced.Error.Code != string(client.CodeAuth) {
		t.Errorf("%+v", status)
	}
}

func TestOddStacksAreKept(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{Preset: sim.Demo, Seed: 1})
	up.Faults(sim.Fault{Name: "unknown_state", Target: sim.StackID}, sim.Fault{Name: "null_field", Field: "searchStacks", Null: []string{"spaceDetails", "labels", "description"}})
	s := start(t, setup{upstream: url})
	if list := stackIDs(s, "/v1/stacks?state=QUANTUM"); len(list) != 1 {
		t.Fatalf("%q", list)
	}
	a := s.get("/stacks")
	var stacks []struct {
		State  string
		Labels []string
		Space  *struct{ ID, Name *string } `json:"spaceDetails"`
	}
	if err := json.Unmarshal([]byte(a.body), &stacks); err != nil || len(stacks) < 39 || strings.Contains(a.body, "QUANTUM") {
		t.Fatalf("%v %.300s", err, a.body)
	}
	for _, stack := range stacks {
		if stack.Labels == nil || stack.Space == nil || stack.Space.ID == nil || stack.Space.Name == nil {
			t.Errorf("%+v", stack)
		}
	}
	if n := testutil.ToFloat64(must(t, s, "understudy_spacelift_unknown_states")); n != 1 {
		t.Errorf("%v counted", n)
	}
	if strings.Count(s.log.String(), `"state":"QUANTUM"`) != 1 {
		t.Error("logged not once")
	}
}

// TestACrashAroundATrigger finds what processes left behind that died before, and after, Spacelift was asked.
func TestACrashAroundATrigger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		sent, created bool
		age           time.Duration
		want          store.Outcome
		pending       bool
	}{
		{name: "before it was sent", age: 70 * time.Second, want: store.NotCreated},
		{name: "while it was sent, and there is a run", sent: true, created: true, age: 30 * time.Second, want: store.Triggered, pending: true},
		{name: "while it was sent, and there is none yet", sent: true, age: 70 * time.Second, want: store.Unknown, pending: true},
		{name: "while it was sent, and there is none", sent: true, age: 3 * time.Minute, want: store.Unknown},
		{name: "long ago, and there is a run", sent: true, created: true, age: time.Hour, want: store.Triggered},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up, url := account(t, sim.Options{})
			db := databasetest.SQLite(t)
			st, err := store.Open(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := st.Use(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			began := time.Now().Add(-c.age)
			left := store.Trigger{ID: "01LEFT", StackID: sim.StackID, Person: "user:default/jane", CreatedAt: began, Outcome: store.Sending, Pending: true}
			if _, err := st.Begin(t.Context(), left, began.Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
			runs := up.Runs(sim.StackID)
			if c.sent {
				if ok, err := st.Send(t.Context(), left.ID, runs[0].ID, began); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}
			if c.created {
				createRun(t, url)
			}
			s := start(t, setup{upstream: url, db: db})
			var got store.Trigger
			s.until("the outcome", func() bool {
				list, err := st.TriggersOf(t.Context(), sim.StackID, 1)
				if err != nil {
					t.Fatal(err)
				}
				got = list[0]
				return got.Outcome == c.want && got.Pending == c.pending
			})
			if c.created && got.RunID != up.Runs(sim.StackID)[0].ID {
				t.Errorf("%+v", got)
			}
			if n := up.Asked("runTrigger"); c.created != (n == 1) {
				t.Errorf("Spacelift was asked for %d runs", n)
			}
		})
	}
}

// createRun creates a run by our key, as the process did that died.
func createRun(t *testing.T, url string) {
	t.Helper()
	c, err := client.New(client.Options{Endpoint: url, KeyID: sim.AdminKey, Secret: secretOf})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Trigger(t.Context(), sim.StackID, "understudy"); err != nil {
		t.Fatal(err)
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	_, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url})
	s.get("/stacks")
	news := s.listen(t)
	go s.stop()
	for {
		switch e := news.next(); e.Type {
		case "end":
			s.stop()
			return
		case "closed":
			t.Fatal("no word of the end")
		}
	}
}

// TestReadersDoNotReachSpacelift polls, and counts what Spacelift sees.
func TestReadersDoNotReachSpacelift(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{config: strings.ReplaceAll(section1(url, ""), "idleInterval: 200ms", "idleInterval: 1h")})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	s.get("/v1/stacks/prod-network")
	s.get("/v1/stacks/prod-network/runs")
	before, began := len(up.Requests()), time.Now()
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for range 25 {
				for _, path := range []string{"/stacks", "/v1/stacks?q=x", "/v1/status", "/v1/stacks/prod-network", "/v1/stacks/prod-network/runs"} {
					if a := s.get(path); a.status != http.StatusOK {
						t.Errorf("reader %d: %s: %d", i, path, a.status)
					}
				}
			}
		})
	}
	readers.Wait()
	// A page gets old after five seconds, a list of runs after three.
	if n := len(up.Requests()) - before; n > 4+int(time.Since(began)/time.Second) {
		t.Errorf("1000 reads made %d requests", n)
	}
}

func TestTheSecretRotates(t *testing.T) {
	t.Parallel()
	_, url := account(t, sim.Options{})
	file := t.TempDir() + "/secret"
	write(t, file, "wrong")
	text := strings.ReplaceAll(section1(url, ""), "apiSecret: "+sim.Secret, fmt.Sprintf("apiSecretFile: %q", file))
	s := start(t, setup{config: text})
	if a := s.get("/stacks"); a.status != http.StatusServiceUnavailable {
		t.Errorf("with a wrong secret: %d %s", a.status, a.body)
	}
	s.stop()
	write(t, file, sim.Secret+"\n")
	s = start(t, setup{config: text, db: databasetest.SQLite(t)})
	if a := s.get("/stacks"); a.status != http.StatusOK {
		t.Errorf("with the right one: %d %s", a.status, a.body)
	}
	noSecrets(t, s.log.String())
}
