package rely_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
)

func decode(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestUnknownPathsAreViolations(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	c.want(404, `{"detail":"Not Found"}`, "GET", "/api/v2/entities", nil)
	c.want(405, "Method Not Allowed", "PATCH", "/api/v1/entities/a", `{}`)
	c.want(404, "", "GET", "/api/v1/entities/", nil)
	if s := sim.Stats(); s.Violations != 3 {
		t.Errorf("violations: %d", s.Violations)
	}
	if text := c.want(200, `"verdict":"violation"`, "GET", "/_sim/requests?verdict=violation&status=405", nil); !strings.Contains(text, `"total":3`) || strings.Count(text, `"number"`) != 1 {
		t.Errorf("journal: %s", text)
	}
	c.want(201, "", "POST", "/api/v1/tasks", task(service("a", `"surprise":1`)))
	if s := sim.Stats(); s.UnknownFields["surprise"] != 1 {
		t.Errorf("unknown fields: %v", s.UnknownFields)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	with := func(token string) client { return client{t, sim.URL, token} }
	with("").want(401, `{"detail":"Not authenticated"}`, "GET", "/api/v1/entities", nil)
	with("wrong").want(401, "", "GET", "/api/v1/entities", nil)

	var plugin, second rely.APIToken
	decode(t, c.want(200, `"token"`, "GET", "/api/v1/legacy/plugins/backstage/token", nil), &plugin)
	with(plugin.Value).want(200, `"dataSource":"backstage"`, "GET", "/api/v1/legacy/plugins/backstage", nil)
	with(plugin.Value).want(403, "", "GET", "/api/v1/legacy/plugins/backstage/token", nil)
	with(plugin.Value).want(201, "", "POST", "/api/v1/tasks", task(service("a")))
	c.want(200, "", "POST", "/_sim/seed", `{"plugins":{"other":{"dataSource":"x"}}}`)
	with(plugin.Value).want(403, "another plugin", "GET", "/api/v1/legacy/plugins/other", nil)
	c.want(200, "", "GET", "/api/v1/legacy/plugins/other", nil)
	c.want(404, "", "GET", "/api/v1/legacy/plugins/none", nil)

	// A user has one token: the new one revokes the old.
	decode(t, c.want(200, "", "POST", "/_sim/tokens", `{"user":"simulator"}`), &second)
	c.want(401, "", "GET", "/api/v1/entities", nil)
	with(second.Value).want(200, "", "GET", "/api/v1/entities", nil)
	with(plugin.Value).want(200, "", "GET", "/api/v1/entities", nil)

	c.want(200, "", "POST", "/_sim/tokens", `{"token":"old","user":"u","state":"expired"}`)
	with("old").want(401, "", "GET", "/api/v1/entities", nil)
	c.want(200, "", "DELETE", "/_sim/tokens?token="+second.Value, nil)
	with(second.Value).want(401, "", "GET", "/api/v1/entities", nil)
	c.want(400, "no active token", "DELETE", "/_sim/tokens?token="+second.Value, nil)
	c.want(400, "names its plugin", "POST", "/_sim/tokens", `{"scope":"plugin"}`)
	c.want(400, "none of user", "POST", "/_sim/tokens", `{"scope":"root"}`)
	c.want(400, "exists", "POST", "/_sim/tokens", `{"token":"old"}`)

	for _, path := range []string{"/_sim/tokens", "/_sim/requests"} {
		if text := c.want(200, "", "GET", path, nil); strings.Contains(text, second.Value) || strings.Contains(text, rely.Token) {
			t.Errorf("%s tells a token: %s", path, text)
		}
	}
}

func TestControlIsLocal(t *testing.T) {
	t.Parallel()
	sim := rely.New(rely.Options{})
	for _, v := range []struct {
		name, remote, host, origin string
		status                     int
	}{
		{"this machine", "127.0.0.1:5", "localhost:7410", "", 200},
		{"IPv6", "[::1]:5", "[::1]:7410", "", 200},
		{"another machine", "192.0.2.1:5", "localhost:7410", "", 403},
		{"a name that was rebound", "127.0.0.1:5", "evil.example:7410", "", 403},
		{"a page of another site", "127.0.0.1:5", "localhost:7410", "https://evil.example", 403},
		{"a page of this machine", "127.0.0.1:5", "localhost:7410", "http://localhost:3000", 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://"+v.host+"/_sim/stats", nil)
		r.RemoteAddr = v.remote
		if v.origin != "" {
			r.Header.Set("Origin", v.origin)
		}
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code != v.status {
			t.Errorf("%s: %d, want %d", v.name, w.Code, v.status)
		}
	}
}

func TestInspection(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	c.want(201, "", "POST", "/api/v1/tasks", zip(t, task(service("b", `"relations":{"team":{"value":"t"}}`), service("a"))), "Content-Encoding", "gzip")
	var journal struct{ Requests []rely.Request }
	text := c.want(200, `"body":{"data":{"parameters":`, "GET", "/_sim/requests?path=/api/v1/tasks", nil)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, `"body":{`, `"ignored":{`)), &journal); err != nil {
		t.Fatal(err)
	}
	if r := journal.Requests[0]; !r.Gzip || r.WireBytes >= r.Bytes || r.Status != 201 || r.Header.Get("Authorization") != "Bearer ***" {
		t.Errorf("request: %+v", r)
	}
	c.want(200, `"total":2`, "GET", "/_sim/entities?limit=1", nil)
	c.want(200, `"items":[{"id":"b"`, "GET", "/_sim/entities?after=a", nil)
	c.want(200, `"properties":{}`, "GET", "/_sim/entities/a", nil)
	c.want(404, "", "GET", "/_sim/entities/x", nil)
	c.want(404, "", "GET", "/_sim/entities/x/history", nil)
	c.want(200, `"service":{`, "GET", "/_sim/blueprints", nil)
	c.want(200, `"status":"success","entities":2`, "GET", "/_sim/tasks", nil)
	c.want(200, `{"equal":false,"missing":["c"],"unexpected":["b"],"dangling":["b team t"]}`, "POST", "/_sim/expect", `{ids: [a, c], closure: true}`)
	c.want(200, `"missing":["c"]`, "GET", "/_sim/expect", nil)
	if d := sim.Expect([]string{"a", "b"}, false); !d.Equal {
		t.Errorf("difference: %+v", d)
	}
	c.want(200, `"maxEntities":7,"ratePerMinute":0`, "PUT", "/_sim/limits", `{maxEntities: 7, runBase: 2s, serverTime: 1500}`)
	c.want(200, `"serverTime":"1.5s","createdFor":"0s","runBase":"2s"`, "GET", "/_sim/limits", nil)
	c.want(400, "negative", "PUT", "/_sim/limits", `{maxEntities: -1}`)
	c.want(400, "unknown field", "PUT", "/_sim/limits", `{maxEntitys: 1}`)
	c.want(400, "none of on, off", "PUT", "/_sim/switches", `{delete: maybe}`)
	c.want(400, "by how much", "POST", "/_sim/clock/advance", `{}`)
	c.want(200, `"now"`, "POST", "/_sim/clock/advance", `{by: 1h}`)
	c.want(400, "none of kebab", "POST", "/_sim/seed", `{generation: snake}`)
	if text := c.want(200, "", "POST", "/_sim/seed", `{generation: camel}`); strings.Contains(text, "repoLink") {
		t.Error("seeding replaced a blueprint that was there")
	}
	c.want(200, "", "POST", "/_sim/reset", nil)
	if s := sim.Stats(); s.Requests != 0 || s.Stored != 0 {
		t.Errorf("after the reset: %+v", s)
	}
	c.want(404, "", "GET", "/_sim/nothing", nil)
}

func TestGenerations(t *testing.T) {
	t.Parallel()
	for generation, keys := range map[string][2]bool{"kebab": {true, false}, "camel": {false, true}, "both": {true, true}, "": {false, false}} {
		_, c := start(t, func(o *rely.Options) { o.Generation = generation })
		_, text, _ := c.do("GET", "/api/v1/blueprints/service", nil)
		if got := [2]bool{strings.Contains(text, `"repo-link"`), strings.Contains(text, `"repoLink"`)}; got != keys {
			t.Errorf("%q: %s", generation, text)
		}
	}
}

// TestDigest pins the definition, which the export computes on its own.
func TestDigest(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	if got := sim.Digest(); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("of nothing: %s", got)
	}
	c.want(201, "", "POST", "/api/v1/tasks", task(
		service("b", `"properties":{"tier":"<\u00e9>","language":null}`, `"relations":{"team":{"value":"t"},"resources":{"value":[]}}`, `"sources":["x"]`), service("a")))
	// printf '%s\n%s' '{"blueprintId":"service","description":"","id":"a","properties":{},"relations":{},"title":"T"}' \
	//   '{"blueprintId":"service","description":"","id":"b","properties":{"tier":"<é>"},"relations":{"team":{"value":"t"}},"title":"T"}' | sha256sum
	if got := sim.Digest(); got != digestOfTwo {
		t.Errorf("of two: %s", got)
	}
	c.want(200, digestOfTwo, "GET", "/_sim/digest", nil)
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	for range 2 {
		c.want(201, "", "POST", "/api/v1/tasks", task(service("a"), service("b")))
	}
	if s := sim.Stats(); s.DuplicatePayloads != 1 || s.DuplicateWrites != 2 || s.Entities.Noop != 2 || s.Entities.Created != 2 {
		t.Errorf("stats: %+v", s)
	}
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	sim, c := start(t, func(o *rely.Options) { o.Journal = 5 })
	large := service("a", `"description":"`+strings.Repeat("x", 1<<20)+`"`)
	for range 30 {
		c.want(201, "", "POST", "/api/v1/tasks", task(large))
	}
	requests := sim.Requests()
	if len(requests) != 5 || requests[4].Number != 30 {
		t.Errorf("%d requests, the last is number %d", len(requests), requests[len(requests)-1].Number)
	}
	sim2, c2 := start(t)
	for range 30 {
		c2.want(201, "", "POST", "/api/v1/tasks", task(large))
	}
	kept := 0
	for _, r := range sim2.Requests() {
		kept += len(r.Body)
	}
	if kept > 17<<20 || kept < 10<<20 {
		t.Errorf("bodies of %d bytes are kept", kept)
	}
}

func TestFlowsAndRaw(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.want(404, "", "GET", "/api/v1/flows/f", nil)
	c.want(400, "Automation error: Blueprint with id none not found", "PUT", "/api/v1/flows/f", `{"trigger":{"blueprintId":"none"}}`)
	c.want(200, `"id":"f"`, "PUT", "/api/v1/flows/f", `{"type":"selfServiceAction"}`)
	c.want(200, `"total":1`, "GET", "/api/v1/flows?filters=type:eq:selfServiceAction", nil)
	c.want(200, `"total":0`, "GET", "/api/v1/flows?filters=type:eq:automation", nil)
	c.want(422, "", "PUT", "/api/v1/flows/f", `[]`)
	c.want(202, `{"accepted":1}`, "POST", rely.DefaultRawPath, `{"entities":[{"kind":"API","metadata":{"name":"A"}}]}`)
	c.want(200, `"api:default/a"`, "GET", "/_sim/raw", nil)
	c.want(422, `"loc":["body","entities",0]`, "POST", rely.DefaultRawPath, `[{}]`)
	c.want(422, "missing", "POST", rely.DefaultRawPath, `{}`)
}

func TestCheckPort(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"127.0.0.1:7410": true, "localhost:8081": false, "http://magneto-api": false, "http://x:7419": true, "": true, "http://x/": false,
	} {
		if err := rely.CheckPort(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := rely.Listen(t.Context(), "127.0.0.1:7411"); err == nil {
		t.Error("a port that ends in 1 was taken")
	}
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	sim, c := start(t, func(o *rely.Options) {
		o.Timers = &rely.Timers{CreatedFor: rely.Duration(1e6), RunBase: rely.Duration(1e6), Workers: 2}
	})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10 {
				if status, text, _, err := c.try("POST", "/api/v1/tasks", task(service(fmt.Sprintf("e%d-%d", w, i)), service("shared"))); status != 201 || err != nil {
					t.Errorf("%d %s %v", status, text, err)
				}
				_, _, _, _ = c.try("GET", "/_sim/stats", nil)
				_, _, _, _ = c.try("GET", "/_sim/requests", nil)
				_ = sim.Digest()
			}
		})
	}
	wg.Wait()
	sim.Advance(1e10)
	if s := sim.Stats(); s.Stored != 81 || s.Entities.Noop != 79 || s.OpenTasks != 0 || s.InFlight != 0 {
		t.Errorf("stats: %+v", s)
	}
}

const digestOfTwo = "7a0144e2c21b5d93de2ecbf288af896fc225b29362e1314549a4b1dec041f344"
