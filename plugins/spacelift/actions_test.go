package spacelift

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

// detail is what a run's page shows.
type detail struct {
	ID, State, StackID, StackName, RequestedBy, TriggeredBy, URL, ActionsReason string
	Finished, LogsAllowed                                                       bool
	AllowedActions                                                              []string
	History                                                                     []struct {
		State, Username, RequestedBy, Note string
		StateVersion                       int
		HasLogs, Terminal                  bool
	}
	Delta *struct{ Change int }
}

func (d detail) last() string { return d.History[len(d.History)-1].State }

const runsPath = "/v1/stacks/prod-network/runs"

// runIn triggers a run, and lets it come into a state. It returns the path of the run.
func (s *server) runIn(up *spacelifttest.Sim, state string) string {
	s.t.Helper()
	up.Patch(sim.StackID, sim.Patch{Autodeploy: new(false)})
	if a := s.post(runsPath, `{"reason":"to see"}`); a.status != http.StatusCreated {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	for range 200 {
		if run := up.Runs(sim.StackID)[0]; run.State == state {
			return runsPath + "/" + run.ID
		}
		up.Advance(500 * time.Millisecond)
	}
	s.t.Fatalf("the run never comes into %s: %+v", state, up.Runs(sim.StackID)[0])
	return ""
}

func (s *server) act(path, action, note string) (detail, answer) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"note": note})
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.post(path+"/"+action, string(body))
	var d detail
	if a.status == http.StatusOK {
		if err := json.Unmarshal([]byte(a.body), &d); err != nil {
			s.t.Fatal(err)
		}
	}
	return d, a
}

// ready starts a server of an account that has been swept.
func ready(t *testing.T, s setup) (*spacelifttest.Sim, *server) {
	t.Helper()
	up, url := account(t, sim.Options{})
	s.upstream = url
	if strings.Contains(s.config, "%s") {
		s.config = strings.ReplaceAll(s.config, "%s", section1(url, ""))
	}
	out := start(t, s)
	out.until("the first sweep", func() bool { return out.plugin.mirror.Snapshot().Synced() })
	return up, out
}

// legal is what each action needs, and leads to.
var legal = map[string]struct{ from, to string }{
	"confirm": {"UNCONFIRMED", "CONFIRMED"},
	"discard": {"UNCONFIRMED", "DISCARDED"},
	"cancel":  {"QUEUED", "CANCELED"},
	"stop":    {"PLANNING", "STOPPED"},
}

// TestARunIsMovedOn does each action where it is legal: once, twice, and by somebody else.
func TestARunIsMovedOn(t *testing.T) {
	t.Parallel()
	for action, c := range legal {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			up, s := ready(t, setup{})
			path := s.runIn(up, c.from)
			var before detail
			s.json(path, &before)
			if !strings.Contains(fmt.Sprint(before.AllowedActions), action) || before.ActionsReason != "" || !before.LogsAllowed {
				t.Errorf("before: %+v", before)
			}
			if before.RequestedBy != "user:default/jane" || before.StackID != sim.StackID || before.StackName != "Production network" ||
				!strings.HasSuffix(before.URL, "/stack/prod-network/run/"+before.ID) {
				t.Errorf("before: %+v", before)
			}
			d, a := s.act(path, action, "looks \n good")
			if a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if action == "stop" { // the worker takes a moment
				up.Advance(10 * time.Second)
				s.until("it has stopped", func() bool { s.json(path, &d); return d.State == "STOPPED" })
			}
			if made := d.History[len(before.History)]; made.State != c.to || made.RequestedBy != "user:default/jane" || made.Note != "looks good" ||
				made.StateVersion != len(before.History)+1 {
				t.Errorf("made %+v of %+v", made, d)
			}
			asked := up.Asked("run" + strings.ToUpper(action[:1]) + action[1:])
			if again, a := s.act(path, action, ""); a.status != http.StatusOK || again.ID != d.ID {
				t.Errorf("again: %d %s", a.status, a.body)
			}
			if n := up.Asked("run" + strings.ToUpper(action[:1]) + action[1:]); asked != 1 || n != 1 {
				t.Errorf("sent %d and %d times", asked, n)
			}
			other := s.send(http.MethodPost, path+"/"+action, `{}`, "Content-Type: application/json", "Authorization: Bearer service")
			if text, code := errorOf(t, other); other.status != http.StatusConflict || code != "CONFLICT" ||
				!strings.Contains(text, "user:default/jane has already done this") || !strings.Contains(other.body, `"state":"`+c.to) {
				t.Errorf("somebody else: %d %s", other.status, other.body)
			}
			s.until("the mirror knows", func() bool { return action == "cancel" || s.state(sim.StackID) == c.to })
			events := s.auditsOf("run-" + action)
			if len(events) != 3 || events[0]["status"] != "succeeded" || events[2]["status"] != "failed" {
				t.Fatalf("audit events %v", events)
			}
			meta := events[0]["meta"].(map[string]any)
			if meta["note"] != "looks \n good" || meta["outcome"] != "done" || meta["runId"] != d.ID || meta["stackId"] != sim.StackID || meta["request"] == "" {
				t.Errorf("audit meta %v", meta)
			}
			if who := events[0]["actor"].(map[string]any)["actorId"]; who != "user:default/jane" {
				t.Errorf("actor %v", who)
			}
			if n := testutil.ToFloat64(must(t, s, "understudy_spacelift_run_actions_total")); n != 3 {
				t.Errorf("%v counted", n)
			}
		})
	}
}

// TestTheStateForbidsIt tries every action in states that do not allow it.
func TestTheStateForbidsIt(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"QUEUED", "READY", "PREPARING", "INITIALIZING", "PLANNING", "UNCONFIRMED"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			up, s := ready(t, setup{})
			path := s.runIn(up, state)
			var d detail
			s.json(path, &d)
			if len(d.AllowedActions) == 0 {
				t.Errorf("nothing is allowed: %+v", d)
			}
			for action := range legal {
				if strings.Contains(fmt.Sprint(d.AllowedActions), action) {
					continue
				}
				_, a := s.act(path, action, "")
				var body struct {
					Error, Code string
					Details     struct {
						State          string
						AllowedActions []string
					}
				}
				if err := json.Unmarshal([]byte(a.body), &body); err != nil {
					t.Fatal(err)
				}
				if a.status != http.StatusConflict || body.Code != "CONFLICT" || body.Details.State != state || !strings.Contains(body.Error, state) ||
					fmt.Sprint(body.Details.AllowedActions) != fmt.Sprint(d.AllowedActions) {
					t.Errorf("%s: %d %s", action, a.status, a.body)
				}
				if n := up.Asked("run" + strings.ToUpper(action[:1]) + action[1:]); n != 0 {
					t.Errorf("%s was sent", action)
				}
			}
		})
	}
}

// TestAnActionFails acts while Spacelift fails in each way that leaves no doubt: nothing was done.
func TestAnActionFails(t *testing.T) {
	t.Parallel()
	for action, c := range legal {
		field := "run" + strings.ToUpper(action[:1]) + action[1:]
		for _, f := range outages(field) {
			t.Run(action+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				up, s := ready(t, setup{})
				path := s.runIn(up, c.from)
				up.Faults(f.faults...)
				_, a := s.act(path, action, "")
				_, code := errorOf(t, a)
				if a.status != f.status || code != string(f.code) {
					t.Errorf("%d %s, want %d %s", a.status, a.body, f.status, f.code)
				}
				if told := a.header.Get("Retry-After") != ""; told != f.retry {
					t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
				}
				if state := up.Runs(sim.StackID)[0].State; state != c.from {
					t.Errorf("the run is in %s", state)
				}
				if events := s.auditsOf("run-" + action); len(events) != 1 || events[0]["status"] != "failed" {
					t.Errorf("audit events: %v", events)
				}
				noSecrets(t, a.body, s.log.String())
			})
		}
	}
}

// TestAnActionsAnswerIsLost acts while the answer is lost, before or after Spacelift did what it was told.
func TestAnActionsAnswerIsLost(t *testing.T) {
	t.Parallel()
	for action, c := range legal {
		field := "run" + strings.ToUpper(action[:1]) + action[1:]
		for _, f := range down(field) {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%v", action, f.name, after), func(t *testing.T) {
					t.Parallel()
					up, s := ready(t, setup{})
					path := s.runIn(up, c.from)
					fault := f.faults[0]
					if fault.After = after; after && fault.Name == "reset_before" {
						fault.Name = "reset_after"
					}
					up.Faults(fault)
					d, a := s.act(path, action, "")
					up.ClearFaults()
					if n := up.Asked(field); n != 1 {
						t.Errorf("sent %d times", n)
					}
					outcome := s.auditsOf("run-" + action)[0]["meta"].(map[string]any)["outcome"]
					noSecrets(t, a.body, s.log.String())
					// truncated is always after; a run that is being stopped looks as if it was not.
					if happened := up.Runs(sim.StackID)[0].State == c.to; happened {
						if a.status != http.StatusOK || d.State != c.to || outcome != "done" {
							t.Errorf("it was done, but %d %s, audit %v", a.status, a.body, outcome)
						}
						return
					}
					if after && action != "stop" {
						t.Error("it was not done")
					}
					if _, code := errorOf(t, a); a.status != http.StatusGatewayTimeout || code != string(client.CodeUnavailable) ||
						!strings.Contains(a.body, `"outcome":"unknown"`) || outcome != "unknown" {
						t.Errorf("%d %s, audit %v", a.status, a.body, outcome)
					}
					if _, again := s.act(path, action, ""); again.status != http.StatusOK {
						t.Errorf("again: %d %s", again.status, again.body)
					}
				})
			}
		}
	}
}

// TestReadOnlyRefusesActions asks Spacelift nothing, and shows no buttons.
func TestReadOnlyRefusesActions(t *testing.T) {
	t.Parallel()
	up, writer := ready(t, setup{})
	path := writer.runIn(up, "UNCONFIRMED")
	s := start(t, setup{config: section1(up.URL+"/graphql", ", readOnly: true")})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	var d detail
	s.json(path, &d)
	if len(d.AllowedActions) != 0 || d.AllowedActions == nil || !strings.Contains(d.ActionsReason, "read-only") {
		t.Errorf("%+v", d)
	}
	for action := range legal {
		_, a := s.act(path, action, "")
		if _, code := errorOf(t, a); a.status != http.StatusForbidden || code != "READ_ONLY" {
			t.Errorf("%s: %d %s", action, a.status, a.body)
		}
		if events := s.auditsOf("run-" + action); len(events) != 1 || events[0]["status"] != "failed" {
			t.Errorf("%s: %v", action, events)
		}
	}
	if state := up.Runs(sim.StackID)[0].State; state != "UNCONFIRMED" {
		t.Error(state)
	}
}

// TestTwoReplicasConfirm confirms at once in two replicas: one confirmation, and both of jane's requests are answered well.
func TestTwoReplicasConfirm(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		up, url := account(t, sim.Options{})
		one, two := start(t, setup{upstream: url, db: open()}), start(t, setup{upstream: url, db: open()})
		for _, s := range []*server{one, two} {
			s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
		}
		path := one.runIn(up, "UNCONFIRMED")
		var both sync.WaitGroup
		for _, s := range []*server{one, two} {
			for range 2 {
				both.Go(func() {
					if d, a := s.act(path, "confirm", ""); a.status != http.StatusOK || d.last() != "CONFIRMED" {
						t.Errorf("%d %s", a.status, a.body)
					}
				})
			}
		}
		both.Wait()
		confirmed := 0
		for _, state := range up.Runs(sim.StackID)[0].States {
			if state == "CONFIRMED" {
				confirmed++
			}
		}
		if n := up.Asked("runConfirm"); n > 2 || confirmed != 1 {
			t.Errorf("sent %d times, confirmed %d times", n, confirmed)
		}
		for _, s := range []*server{one, two} {
			s.until("both know", func() bool { return s.state(sim.StackID) == "CONFIRMED" })
		}
	})
}

// TestAnApprovalIsMissing shows no button for what Spacelift would refuse, and its words to who asks all the same.
func TestAnApprovalIsMissing(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	up.Patch(sim.StackID, sim.Patch{Approval: new(true)})
	path := s.runIn(up, "UNCONFIRMED")
	var d detail
	s.json(path, &d)
	if fmt.Sprint(d.AllowedActions) != "[discard]" || d.ActionsReason == "" {
		t.Errorf("%+v", d)
	}
	_, a := s.act(path, "confirm", "")
	if text, code := errorOf(t, a); a.status != http.StatusConflict || code != string(client.CodeRejected) || text != "run needs approval" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestBadActionRequests are refused before Spacelift is asked.
func TestBadActionRequests(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	path := s.runIn(up, "UNCONFIRMED")
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{path, `{"note":` + `"` + strings.Repeat("x", 501) + `"}`, http.StatusBadRequest},
		{path, `{"note":7}`, http.StatusBadRequest},
		{path, `{`, http.StatusBadRequest},
		{"/v1/stacks/nope/runs/x", `{}`, http.StatusNotFound},
		{runsPath + "/nope", `{}`, http.StatusNotFound},
		{runsPath + "/" + strings.Repeat("x", 200), `{}`, http.StatusNotFound},
		{runsPath + "/%ff", `{}`, http.StatusBadRequest},
	} {
		if a := s.post(c.path+"/confirm", c.body); a.status != c.status {
			t.Errorf("%.80s %.80s: %d %s", c.path, c.body, a.status, a.body)
		}
	}
	if n := up.Asked("runConfirm"); n != 0 {
		t.Errorf("confirmed %d times", n)
	}
	if a := s.get(runsPath + "/nope"); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}
