package spacelift_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

type raw struct {
	status  int
	headers http.Header
	body    string
	err     error
}

// get asks for the viewer, or what else is given, and takes whatever comes back.
func (c *client) get(query string, variables map[string]any, headers ...string) raw {
	c.t.Helper()
	response, body, err := c.post(map[string]any{"query": query, "variables": variables}, headers...)
	if response == nil {
		return raw{err: err}
	}
	return raw{status: response.StatusCode, headers: response.Header, body: string(body), err: err}
}

func TestFaultsThatAnswer(t *testing.T) {
	search := map[string]any{"input": map[string]any{"first": 2}}
	for _, test := range []struct {
		name      string
		fault     spacelift.Fault
		query     string
		variables map[string]any
		status    int
		body      string // a part of it
		header    string
	}{
		{"429", spacelift.Fault{Name: "http_429", RetryAfter: new(7)}, viewerQuery, nil, 429, `{"errors":[{"message":"too many requests"}]}`, "7"},
		{"429 text", spacelift.Fault{Name: "http_429", Body: "text"}, viewerQuery, nil, 429, "Too Many Requests", ""},
		{"500", spacelift.Fault{Name: "http_5xx"}, viewerQuery, nil, 500, "{", ""},
		{"502 html", spacelift.Fault{Name: "http_5xx", Status: 502, Body: "html"}, viewerQuery, nil, 502, "<html>", ""},
		{"503 empty", spacelift.Fault{Name: "http_5xx", Status: 503, Body: "empty"}, viewerQuery, nil, 503, "", ""},
		{"slow", spacelift.Fault{Name: "slow", Delay: 1}, viewerQuery, nil, 200, `"viewer":{`, ""},
		{"jwt_expired", spacelift.Fault{Name: "jwt_expired"}, viewerQuery, nil, 200, `"viewer":null`, ""},
		{"key_revoked", spacelift.Fault{Name: "key_revoked"}, exchange, map[string]any{"id": spacelift.AdminKey, "secret": "s"}, 200, `{"data":{"apiKeyUser":null}}`, ""},
		{"gql_error", spacelift.Fault{Name: "gql_error", Message: "no", Extensions: map[string]any{"code": "X"}}, viewerQuery, nil, 200, `{"data":null,"errors":[{"extensions":{"code":"X"},"message":"no"}]}`, ""},
		{"gql_error partial", spacelift.Fault{Name: "gql_error", Partial: true}, viewerQuery, nil, 200, `"errors":[{"message":"something went wrong"}]`, ""},
		{"schema_old", spacelift.Fault{Name: "schema_old"}, runsPage, search, 200, `Cannot query field \"searchRuns\" on type \"Query\"`, ""},
		{"schema_old argument", spacelift.Fault{Name: "schema_old", Hide: []string{"Mutation.runTrigger.runtimeConfig"}}, trigger, map[string]any{"stack": spacelift.StackID}, 200, `Unknown argument \"runtimeConfig\"`, ""},
		{"unknown_state", spacelift.Fault{Name: "unknown_state"}, stacksPage, search, 200, `"state":"QUANTUM"`, ""},
		{"null_field", spacelift.Fault{Name: "null_field", Null: []string{"trackedCommit", "spaceDetails"}}, stacksPage, search, 200, `"spaceDetails":null`, ""},
		{"null stacks", spacelift.Fault{Name: "null_field", Null: []string{"stacks"}}, `{ stacks { id } }`, nil, 200, `{"data":{"stacks":null}}`, ""},
		{"empty_page", spacelift.Fault{Name: "empty_page"}, stacksPage, search, 200, `"edges":[],"pageInfo":{"endCursor":`, ""},
		{"html_200", spacelift.Fault{Name: "html_200"}, viewerQuery, nil, 200, "<!doctype html>", ""},
		{"clock_skew", spacelift.Fault{Name: "clock_skew", Seconds: -3600}, exchange, map[string]any{"id": spacelift.AdminKey, "secret": spacelift.Secret}, 200, `"validUntil":1777888800`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, spacelift.Options{Now: fixed})
			test.fault.Count = 1
			c.sim.Faults(test.fault)
			got := c.get(test.query, test.variables)
			if got.status != test.status || !strings.Contains(got.body, test.body) || got.headers.Get("Retry-After") != test.header {
				t.Errorf("got %+v", got)
			}
			if requests := c.sim.Requests(); len(requests[len(requests)-1].Faults) != 1 || requests[len(requests)-1].Status != test.status {
				t.Errorf("journal %+v", requests[len(requests)-1])
			}
			c.token = ""
			c.login(spacelift.AdminKey)
			if again := c.get(viewerQuery, nil); again.status != 200 || !strings.Contains(again.body, spacelift.AdminKey) {
				t.Errorf("after one: %+v", again)
			}
		})
	}
}

func TestFaultsThatCut(t *testing.T) {
	c := start(t, spacelift.Options{})
	ids := map[string]any{"stack": spacelift.StackID}
	for name, runs := range map[string]int{"reset_before": 0, "reset_after": 1} {
		before := len(c.sim.Runs(spacelift.StackID))
		got := c.get(trigger, ids, "X-Sim-Fault", name)
		if got.err == nil || len(c.sim.Runs(spacelift.StackID)) != before+runs {
			t.Errorf("%s: %+v, %d runs", name, got, len(c.sim.Runs(spacelift.StackID))-before)
		}
	}
	before := len(c.sim.Runs(spacelift.StackID))
	got := c.get(trigger, ids, "X-Sim-Fault", `{"name": "http_5xx", "status": 502, "after": true}`)
	if got.status != 502 || len(c.sim.Runs(spacelift.StackID)) != before+1 {
		t.Errorf("after: %+v", got)
	}
	if got := c.get(viewerQuery, nil, "X-Sim-Fault", "truncated"); got.status != 200 || json.Valid([]byte(got.body)) || got.body == "" {
		t.Errorf("truncated: %+v", got)
	}
	if got := c.get(viewerQuery, nil, "X-Sim-Fault", `{"name": "huge", "bytes": 1000000}`); len(got.body) < 1_000_000 || !json.Valid([]byte(got.body)) {
		t.Errorf("huge: %d bytes", len(got.body))
	}
	if got := c.get(viewerQuery, nil, "X-Sim-Fault", "nonsense"); got.status != 400 {
		t.Errorf("nonsense: %+v", got)
	}
}

// TestFaultsThatWait end with the patience of the client.
func TestFaultsThatWait(t *testing.T) {
	c := start(t, spacelift.Options{})
	for name, some := range map[string]bool{"hang": false, "trickle": true} {
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.sim.URL+"/graphql", strings.NewReader(`{"query": "{ viewer { id } }"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Sim-Fault", name)
		response, err := http.DefaultClient.Do(request)
		if response != nil {
			var body []byte
			body, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
			if (len(body) > 0) != some {
				t.Errorf("%s: %q", name, body)
			}
		}
		if !errors.Is(err, context.DeadlineExceeded) || (response != nil) != some {
			t.Errorf("%s: %v", name, err)
		}
		stop()
	}
}

func TestTokensUnderFaults(t *testing.T) {
	c := start(t, spacelift.Options{})
	old := c.token
	c.sim.Faults(spacelift.Fault{Name: "jwt_expired", Count: 1}, spacelift.Fault{Name: "jwt_401", Skip: 1})
	if got := c.get(`{ stacks { id } }`, nil); !strings.Contains(got.body, `"stacks":[]`) {
		t.Errorf("expired: %+v", got)
	}
	if got := c.get(viewerQuery, nil); got.status != 401 {
		t.Errorf("401: %+v", got)
	}
	c.login(spacelift.AdminKey) // also with the old token in the header
	if got := c.get(viewerQuery, nil); got.status != 200 || c.token == old {
		t.Errorf("new token: %+v", got)
	}
	c.sim.ClearFaults()
	c.sim.Faults(spacelift.Fault{Name: "jwt_short", Seconds: 3})
	c.login(spacelift.AdminKey)
	c.sim.Advance(3 * time.Second)
	if got := c.get(viewerQuery, nil); !strings.Contains(got.body, `"viewer":null`) {
		t.Errorf("short: %+v", got)
	}
}

func TestFaultsOfPages(t *testing.T) {
	page := func(c *client, after any) (ids []string, cursor any, got answer) {
		got = c.ask(stacksPage, map[string]any{"input": map[string]any{"first": 10, "after": after}})
		for n := range 10 {
			if id, ok := got.at("searchStacks", "edges", n, "node", "id").(string); ok {
				ids = append(ids, id)
			}
		}
		return ids, got.at("searchStacks", "pageInfo", "endCursor"), got
	}
	t.Run("dup_page", func(t *testing.T) {
		c := start(t, spacelift.Options{Preset: spacelift.Demo})
		c.sim.Faults(spacelift.Fault{Name: "dup_page", Page: 2, Count: 1})
		first, cursor, _ := page(c, nil)
		second, again, _ := page(c, cursor)
		if strings.Join(first, " ") != strings.Join(second, " ") || cursor != again {
			t.Errorf("%v, then %v", first, second)
		}
	})
	t.Run("cursor_lost", func(t *testing.T) {
		c := start(t, spacelift.Options{Preset: spacelift.Demo})
		c.sim.Faults(spacelift.Fault{Name: "cursor_lost", Field: "searchStacks"})
		_, cursor, first := page(c, nil)
		if _, _, got := page(c, cursor); got.message() != "invalid cursor" || first.message() != "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("shift", func(t *testing.T) {
		c := start(t, spacelift.Options{Preset: spacelift.Demo})
		before := c.sim.Stacks()
		_, cursor, _ := page(c, nil)
		c.sim.Faults(spacelift.Fault{Name: "shift", Page: 2})
		page(c, cursor)
		after := c.sim.Stacks()
		if len(before) != len(after) || before[0] == after[0] || before[39] == after[39] {
			t.Errorf("%v, then %v", before, after)
		}
	})
}

func TestConditions(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	failed := func(query string, variables map[string]any) bool { return c.get(query, variables).status == 500 }
	for _, test := range []struct {
		name      string
		fault     spacelift.Fault
		query     string
		variables map[string]any
		want      bool
	}{
		{"field", spacelift.Fault{Field: "viewer"}, viewerQuery, nil, true},
		{"alias", spacelift.Fault{Field: "viewer"}, `query A { v: viewer { id } } fragment f on Query { stacks { id } }`, nil, true},
		{"other field", spacelift.Fault{Field: "stacks"}, `{ viewer { id } stack(id: "stacks") { id } }`, nil, false},
		{"stack", spacelift.Fault{Stack: "prod-dns"}, stackDetail, map[string]any{"id": "prod-dns"}, true},
		{"stack in the text", spacelift.Fault{Stack: "prod-dns"}, `{ stack(id: "prod-dns") { id } }`, nil, true},
		{"other stack", spacelift.Fault{Stack: "prod-dns"}, stackDetail, map[string]any{"id": "prod-cdn"}, false},
		{"key", spacelift.Fault{Key: spacelift.AdminKey}, viewerQuery, nil, true},
		{"other key", spacelift.Fault{Key: spacelift.ReaderKey}, viewerQuery, nil, false},
		{"exchanged key", spacelift.Fault{Key: spacelift.ReaderKey}, exchange, map[string]any{"id": spacelift.ReaderKey, "secret": "x"}, true},
		{"over", spacelift.Fault{Until: time.Now().Add(-time.Hour)}, viewerQuery, nil, false},
		{"not over", spacelift.Fault{Until: time.Now().Add(time.Hour)}, viewerQuery, nil, true},
		{"skipped", spacelift.Fault{Skip: 1}, viewerQuery, nil, false},
	} {
		c.sim.ClearFaults()
		test.fault.Name = "http_5xx"
		c.sim.Faults(test.fault)
		if got := failed(test.query, test.variables); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestControlPort(t *testing.T) {
	c := start(t, spacelift.Options{})
	control := httptest.NewServer(c.sim.Control())
	defer control.Close()
	do := func(method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, control.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	id := c.trigger(spacelift.StackID)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/faults", `{"name": "http_429", "field": "viewer", "count": 1}`, 204, ""},
		{"POST", "/faults", `[{"name": "slow", "delay": 1}]`, 204, ""},
		{"POST", "/faults", `{"name": "nonsense"}`, 400, "unknown fault"},
		{"POST", "/faults", `{`, 400, "read the body"},
		{"GET", "/faults", ``, 200, `"field":"viewer"`},
		{"DELETE", "/faults", ``, 204, ""},
		{"GET", "/faults", ``, 200, `[]`},
		{"POST", "/runs/" + id + "/force", `{"state": "PLANNING"}`, 204, ""},
		{"POST", "/runs/01NONE/force", `{"state": "PLANNING"}`, 404, "not in this account"},
		{"POST", "/runs/" + id + "/force", `{"state": "QUANTUM"}`, 400, "QUANTUM"},
		{"POST", "/stacks/" + spacelift.StackID, `{"state": "QUEUED"}`, 400, "QUEUED"},
		{"POST", "/clock", `{"advance": "1h"}`, 200, `"FINISHED":1`},
		{"POST", "/clock", `{"advance": 1}`, 200, `"life":"1h0m1s"`},
		{"POST", "/clock", `{"advance": "soon"}`, 400, "duration"},
		{"POST", "/clock", `{}`, 400, "positive"},
		{"POST", "/stacks/" + spacelift.StackID, `{"disabled": true}`, 204, ""},
		{"POST", "/stacks/" + spacelift.StackID, `{"space": "nowhere"}`, 404, "nowhere"},
		{"POST", "/stacks/new-one", `{"name": "New one"}`, 204, ""},
		{"GET", "/state", ``, 200, `"stacks":2`},
		{"GET", "/stacks/" + spacelift.StackID + "/runs", ``, 200, id},
		{"GET", "/stacks/none/runs", ``, 404, "none"},
		{"GET", "/requests", ``, 200, `"operation":"Trigger"`},
		{"DELETE", "/requests", ``, 204, ""},
		{"GET", "/requests", ``, 200, `[]`},
	} {
		status, body := do(step.method, step.path, step.body)
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s %s: %d %s", step.method, step.path, step.body, status, body)
		}
	}
}

func TestPublicPort(t *testing.T) {
	c := start(t, spacelift.Options{})
	run := c.sim.Runs(spacelift.StackID)[0]
	for path, want := range map[string]string{
		"/healthz": "200 ok", "/stack/prod-network": "200 Production network", "/stack/prod-network/run/" + run.ID: "200 FINISHED",
		"/stack/none": "404", "/stack/prod-network/run/none": "404", "/state": "404", "/graphql": "405",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.sim.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		status, part, _ := strings.Cut(want, " ")
		if !strings.HasPrefix(response.Status, status) || !strings.Contains(string(body), part) {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
	}
	for body, want := range map[string]int{
		`{`: 400, ``: 400, `[]`: 400, `{"query": "{ viewer { id } }", "variables": null}`: 200, `{"query": "{ nonsense }"}`: 200, `{}`: 200,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.sim.URL+"/graphql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %d", body, response.StatusCode)
		}
	}
	c.token = ""
	if got := c.ask(`{ __schema { queryType { name } } }`, nil); got.at("__schema", "queryType", "name") != "Query" {
		t.Errorf("introspection: %+v", got)
	}
}
