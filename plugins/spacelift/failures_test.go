package spacelift

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

// errorOf reads an error of the plugin, whose error must be a text.
func errorOf(t *testing.T, a answer) (text, code string) {
	t.Helper()
	var body struct {
		Error     string
		Code      string
		RequestID string
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Error == "" || body.RequestID == "" {
		t.Errorf("%d: no error of ours: %s (%v)", a.status, a.body, err)
	}
	return body.Error, body.Code
}

// noSecrets looks for the secret, and for tokens, in what left the server.
func noSecrets(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{sim.Secret, "eyJ"} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("a secret: …%s…", text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}

// failure is one row of spacelift.md 5.3, or 1: what Spacelift does, and what our callers get for it.
type failure struct {
	name   string
	faults []sim.Fault
	key    string
	status int
	code   client.Code
	// retry is whether a Retry-After is told; waits, that the sweep waits for the end of it.
	retry, waits bool
}

func outages(field string) []failure {
	return []failure{
		{name: "unauthorized, though the token is good", faults: []sim.Fault{{Name: "gql_error", Field: field, Message: "unauthorized"}}, status: 403, code: client.CodeForbidden},
		{name: "the key is unknown", faults: []sim.Fault{{Name: "jwt_expired"}, {Name: "key_revoked"}}, status: 503, code: client.CodeAuth, retry: true},
		{name: "every token is anonymous", faults: []sim.Fault{{Name: "jwt_expired"}}, status: 503, code: client.CodeAuth, retry: true},
		{name: "not found", faults: []sim.Fault{{Name: "gql_error", Field: field, Message: "not found"}}, status: 404, code: client.CodeNotFound},
		{name: "another schema", faults: []sim.Fault{{Name: "gql_error", Field: field, Message: `Cannot query field "id" on type "Stack".`}}, status: 502, code: client.CodeSchema},
		{name: "a refusal in words", faults: []sim.Fault{{Name: "gql_error", Field: field, Message: "stack is locked", Extensions: map[string]any{"code": "LOCKED"}}}, status: 409, code: client.CodeRejected},
		{name: "401", faults: []sim.Fault{{Name: "jwt_401"}, {Name: "jwt_expired"}}, status: 503, code: client.CodeAuth, retry: true},
		{name: "429", faults: []sim.Fault{{Name: "http_429", Field: field, RetryAfter: new(600)}}, status: 503, code: client.CodeRateLimited, retry: true},
		{name: "429 without a word", faults: []sim.Fault{{Name: "http_429", Field: field, Body: "text"}}, status: 503, code: client.CodeRateLimited, retry: true, waits: true},
	}
}

// down are outages in which nobody knows whether a mutation was carried out.
func down(field string) []failure {
	return []failure{
		{name: "500", faults: []sim.Fault{{Name: "http_5xx", Field: field}}, status: 502, code: client.CodeUnavailable},
		{name: "502 in HTML", faults: []sim.Fault{{Name: "http_5xx", Field: field, Status: 502, Body: "html"}}, status: 502, code: client.CodeUnavailable},
		{name: "503 without a word", faults: []sim.Fault{{Name: "http_5xx", Field: field, Status: 503, Body: "empty"}}, status: 502, code: client.CodeUnavailable},
		{name: "a login page", faults: []sim.Fault{{Name: "html_200", Field: field}}, status: 502, code: client.CodeUnavailable},
		{name: "half an answer", faults: []sim.Fault{{Name: "truncated", Field: field}}, status: 502, code: client.CodeUnavailable},
		{name: "the connection is cut", faults: []sim.Fault{{Name: "reset_before", Field: field}}, status: 502, code: client.CodeUnavailable},
	}
}

// TestNothingWasEverRead asks for the list while Spacelift fails in each way: the error of spacelift.md 5.3, once and for
// all callers.
func TestNothingWasEverRead(t *testing.T) {
	t.Parallel()
	for _, c := range append(outages("searchStacks"), down("searchStacks")...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up, url := account(t, sim.Options{})
			up.Faults(append(c.faults, also(c.faults, "searchStacks", "stacks")...)...)
			s := start(t, setup{upstream: url})
			for _, path := range []string{"/stacks", "/v1/stacks"} {
				a := s.get(path)
				_, code := errorOf(t, a)
				if a.status != c.status || code != string(c.code) {
					t.Errorf("%s: %d %s, want %d %s", path, a.status, a.body, c.status, c.code)
				}
				if told := a.header.Get("Retry-After") != ""; told != c.retry {
					t.Errorf("%s: Retry-After %q", path, a.header.Get("Retry-After"))
				}
				noSecrets(t, a.body)
			}
			noSecrets(t, s.log.String())
			if c.waits {
				return
			}
			if err := s.plugin.Health(t.Context()); err == nil {
				t.Error("health is good")
			}
			var status struct {
				Synced struct {
					Complete bool
					Error    struct{ Code string }
				}
			}
			s.json("/v1/status", &status)
			if status.Synced.Complete || status.Synced.Error.Code != string(c.code) {
				t.Errorf("status %+v", status)
			}
			if a := s.get("/health"); a.status != http.StatusOK || a.body != `{"status":"ok"}` {
				t.Errorf("/health: %d %s", a.status, a.body)
			}
		})
	}
}

// also repeats faults for another field, which the client falls back to.
func also(faults []sim.Fault, from, to string) []sim.Fault {
	var more []sim.Fault
	for _, f := range faults {
		if f.Field == from {
			f.Field = to
			more = append(more, f)
		}
	}
	return more
}

// TestTriggerFails triggers while Spacelift fails in each way that leaves no doubt: nothing was created, and the next one
// may begin at once.
func TestTriggerFails(t *testing.T) {
	t.Parallel()
	cases := outages("runTrigger")
	cases = append(cases,
		failure{name: "a key that may only read", key: sim.ReaderKey, status: 403, code: client.CodeForbidden},
	)
	for _, c := range cases {
		for _, route := range []string{"/stacks/prod-network/trigger", "/v1/stacks/prod-network/runs"} {
			t.Run(c.name+route, func(t *testing.T) {
				t.Parallel()
				up, url := account(t, sim.Options{})
				text := section1(url, "")
				if c.key != "" {
					text = strings.ReplaceAll(text, sim.AdminKey, c.key)
				}
				s := start(t, setup{config: text})
				s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
				before := len(up.Runs(sim.StackID))
				up.Faults(c.faults...)
				a := s.post(route, `{"reason":"because"}`)
				_, code := errorOf(t, a)
				if a.status != c.status || code != string(c.code) {
					t.Errorf("%d %s, want %d %s", a.status, a.body, c.status, c.code)
				}
				if told := a.header.Get("Retry-After") != ""; told != c.retry {
					t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
				}
				if n := len(up.Runs(sim.StackID)); n != before {
					t.Errorf("%d runs were created", n-before)
				}
				events := s.audits()
				if len(events) != 1 || events[0]["status"] != "failed" {
					t.Errorf("audit events: %v", events)
				}
				if list, err := s.store(t).Pending(t.Context()); err != nil || len(list) != 0 {
					t.Errorf("it holds the stack: %+v %v", list, err)
				}
				noSecrets(t, a.body, s.log.String())
			})
		}
	}
}

// TestTheAnswerIsLost triggers while the answer is lost, before or after Spacelift did what it was told.
func TestTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	cases := down("runTrigger")
	for _, c := range slices.Clip(cases) {
		after := c
		after.name += ", after the run was created"
		after.faults = append([]sim.Fault(nil), c.faults...)
		after.faults[0].After = true
		if after.faults[0].Name == "reset_before" {
			after.faults[0].Name = "reset_after"
		}
		cases = append(cases, after)
	}
	for _, c := range cases {
		for _, route := range []string{"/stacks/prod-network/trigger", "/v1/stacks/prod-network/runs"} {
			t.Run(c.name+route, func(t *testing.T) {
				t.Parallel()
				up, url := account(t, sim.Options{})
				s := start(t, setup{upstream: url})
				s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
				before := len(up.Runs(sim.StackID))
				up.Faults(c.faults...)
				a := s.post(route, `{"reason":"because"}`)
				runs := up.Runs(sim.StackID)
				if made := len(runs) - before; made > 1 || made == 0 && c.faults[0].After {
					t.Errorf("%d runs were created", made)
				}
				s.checkLost(t, a, strings.HasPrefix(route, "/v1"), len(runs) > before)
				noSecrets(t, a.body, s.log.String())
			})
		}
	}
}

// checkLost looks at the answer to a trigger whose answer was lost.
func (s *server) checkLost(t *testing.T, a answer, v1, created bool) {
	t.Helper()
	events := s.audits()
	if len(events) != 1 {
		t.Fatalf("audit events: %v", events)
	}
	outcome := fmt.Sprint(events[0]["meta"].(map[string]any)["outcome"])
	switch {
	case created && v1 && (a.status != http.StatusCreated || !strings.Contains(a.body, `"outcome":"triggered"`)),
		created && !v1 && (a.status != http.StatusOK || !strings.HasPrefix(a.body, `{"id":"`)),
		!created && v1 && (a.status != http.StatusAccepted || !strings.Contains(a.body, `"outcome":"unknown"`)):
		t.Errorf("created %v, but %d %s", created, a.status, a.body)
	case !created && !v1:
		if _, code := errorOf(t, a); a.status != http.StatusGatewayTimeout || code != string(client.CodeUnavailable) {
			t.Errorf("not created, but %d %s", a.status, a.body)
		}
	}
	if want := map[bool]string{true: "triggered", false: "unknown"}[created]; outcome != want {
		t.Errorf("created %v, but the audit says %s", created, outcome)
	}
	if created {
		return
	}
	// As long as it is not settled, nobody may try again.
	second := s.post("/v1/stacks/prod-network/runs", `{}`)
	if _, code := errorOf(t, second); second.status != http.StatusConflict || code != "CONFLICT" {
		t.Errorf("a second one: %d %s", second.status, second.body)
	}
}

// TestAStackThatNothingHasCannotBeTriggered leaves no row behind, since anybody can make up names.
func TestAStackThatNothingHasCannotBeTriggered(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	for _, route := range []string{"/stacks/nope/trigger", "/v1/stacks/nope/runs"} {
		a := s.post(route, `{}`)
		if _, code := errorOf(t, a); a.status != http.StatusNotFound || code != string(client.CodeNotFound) {
			t.Errorf("%s: %d %s", route, a.status, a.body)
		}
	}
	if list, err := s.store(t).TriggersOf(t.Context(), "nope", 10); err != nil || len(list) != 0 {
		t.Errorf("rows: %+v %v", list, err)
	}
	if n := up.Asked("runTrigger"); n != 0 {
		t.Errorf("Spacelift was asked to trigger %d times", n)
	}
	if events := s.audits(); len(events) != 2 {
		t.Errorf("audit events: %v", events)
	}
}
