package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/host/fault"
)

// unfinished are two that failed, the second long ago, and one that waits.
func unfinished() []ledger.Unfinished {
	at := time.Date(2026, 5, 4, 3, 2, 1, 7e6, time.FixedZone("", 3600))
	return []ledger.Unfinished{
		{
			UID: "u1", Ref: "component:default/a", LocationKey: "file:/srv/a.yaml", InputHash: "h1", ResultHash: "r1", Given: at,
			Input:  []byte(`{"kind":"Component","metadata":{"name":"a"},"spec":{"owner":"team-a"}}`),
			Errors: []byte(`[{"type":"t","level":"error","message":"InputError: bad; caused by TypeError: worse","error":{"name":"InputError","message":"bad","cause":{"name":"TypeError","message":"worse"}}},{"name":"Error","message":"plain"},7]`),
		},
		{UID: "u2", Ref: "component:default/b", InputHash: "h2", ResultHash: "r2", Input: []byte(`{"kind":"Component","spec":{"owner":"Team-A"}}`), Errors: []byte("?")},
		{UID: "u3", Ref: "component:default/c", InputHash: "h3", Input: []byte(`{"kind":"Component"}`), Given: at, Due: at},
	}
}

func TestUnprocessed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ledger.failed, s.ledger.pending = unfinished()[:2], unfinished()[2:]
	first := `{"entity_id":"u1","entity_ref":"component:default/a","unprocessed_entity":{"kind":"Component","metadata":{"name":"a"},"spec":{"owner":"team-a"}},"unprocessed_hash":"h1",` +
		`"processed_entity":null,"result_hash":"r1","next_update_at":null,"last_discovery_at":"2026-05-04T02:02:01.007Z",` +
		`"errors":[{"name":"InputError","message":"bad","cause":{"name":"TypeError","message":"worse"}},{"name":"Error","message":"plain"}],"location_key":"file:/srv/a.yaml"}`
	second := `{"entity_id":"u2","entity_ref":"component:default/b","unprocessed_entity":{"kind":"Component","spec":{"owner":"Team-A"}},"unprocessed_hash":"h2",` +
		`"processed_entity":null,"result_hash":"r2","next_update_at":null,"last_discovery_at":null,"errors":[{"name":"Error","message":"?"}],"location_key":null}`
	third := `{"entity_id":"u3","entity_ref":"component:default/c","unprocessed_entity":{"kind":"Component"},"unprocessed_hash":"h3",` +
		`"processed_entity":null,"result_hash":null,"next_update_at":"2026-05-04T02:02:01.007Z","last_discovery_at":"2026-05-04T02:02:01.007Z","errors":[],"location_key":null}`
	for path, want := range map[string]string{
		"failed":                `{"type":"failed","entities":[` + first + "," + second + `]}`,
		"failed?limit=1":        `{"type":"failed","entities":[` + first + `],"truncated":true}`,
		"failed?limit=99999999": `{"type":"failed","entities":[` + first + "," + second + `]}`,
		"failed?owner=team-a":   `{"type":"failed","entities":[` + first + `]}`,
		"failed?owner=Team-A":   `{"type":"failed","entities":[` + second + `]}`,
		"failed?owner=x":        `{"type":"failed","entities":[]}`,
		"pending":               `{"type":"pending","entities":[` + third + `]}`,
		"pending?owner=team-a":  `{"type":"pending","entities":[]}`,
	} {
		if a := s.get("/entities/unprocessed/" + path); a.StatusCode != http.StatusOK || a.body != want {
			t.Errorf("%s: %d %s\nwant %s", path, a.StatusCode, a.body, want)
		}
	}
	for path, want := range map[string]string{
		"failed?limit=0":           "InputError: Invalid limit",
		"failed?owner=":            "InputError: Empty value found for query parameter 'owner'",
		"failed?owner=a&owner=b":   "InputError: request/query/owner must be string",
		"pending?x=1":              "InputError: Unknown query parameter 'x'",
		"pending?limit=many":       "InputError: request/query/limit must be integer",
		"failed?limit=-1&owner=ok": "InputError: request/query/limit must be >= 0",
	} {
		if a := s.get("/entities/unprocessed/" + path); a.StatusCode != http.StatusBadRequest || !strings.HasPrefix(a.message(t), want) {
			t.Errorf("%s: %d %s, want %s", path, a.StatusCode, a.body, want)
		}
	}
}

func TestUnprocessedIsBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for i := range 1001 {
		u := unfinished()[2]
		u.UID = fmt.Sprint(i)
		s.ledger.pending = append(s.ledger.pending, u)
	}
	o := s.get("/entities/unprocessed/pending").json(t)
	if all, _ := o.Path("entities").([]any); len(all) != 1000 || o.Path("truncated") != true {
		t.Errorf("%d entities, truncated %v", len(all), o.Path("truncated"))
	}
}

func TestUnprocessedFailsWithTheLedger(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ledger.failed = []ledger.Unfinished{{Ref: "component:default/a", Input: []byte("{")}}
	s.ledger.broken = errors.New("the disk is gone")
	for _, kind := range []string{"failed", "pending"} {
		if a := s.get("/entities/unprocessed/" + kind); a.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", kind, a.StatusCode, a.body)
		}
	}
	s.ledger.broken = nil
	if a := s.get("/entities/unprocessed/failed"); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("a broken row: %d %s", a.StatusCode, a.body)
	}
}

func TestDeleteUnprocessed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const path = "/entities/unprocessed/delete/"
	if a := s.do(http.MethodDelete, path+"u1", ""); a.StatusCode != http.StatusNoContent || len(s.ledger.deleted) != 1 || s.ledger.deleted[0] != "u1" {
		t.Errorf("%d %s, deleted %v", a.StatusCode, a.body, s.ledger.deleted)
	}
	if a := s.do(http.MethodDelete, path+"u1?x=1", ""); a.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown parameter: %d", a.StatusCode)
	}
	s.ledger.broken = fault.NotFound("No unprocessed entity with ID u2: component:default/a is in the catalog")
	if a := s.do(http.MethodDelete, path+"u2", ""); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "is in the catalog") {
		t.Errorf("one that is in the catalog: %d %s", a.StatusCode, a.body)
	}
	events := s.audit.lines()
	if len(events) != 3 || !strings.Contains(events[0], `"succeeded"`) || !strings.Contains(events[0], `"queryType":"unprocessed"`) ||
		!strings.Contains(events[1], `"failed"`) || !strings.Contains(events[2], `"failed"`) {
		t.Errorf("audit events %q", events)
	}
	s.policy["catalog.entities.unprocessed.delete"], s.policy["catalog.entities.unprocessed.read"] = deny, deny
	for method, route := range map[string]string{http.MethodDelete: path + "u1", http.MethodGet: "/entities/unprocessed/failed"} {
		if a := s.do(method, route, ""); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s denied: %d", method, route, a.StatusCode)
		}
	}
	if len(s.ledger.deleted) != 1 {
		t.Error("a denied deletion reached the ledger")
	}
}
