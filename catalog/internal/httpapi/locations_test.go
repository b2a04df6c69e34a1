package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
)

func registered() []ledger.Location {
	var all []ledger.Location
	for i := range 5 {
		all = append(all, ledger.Location{
			ID: fmt.Sprintf("0000000%d-aaaa-4000-8000-000000000000", i), Type: "url", Target: fmt.Sprintf("https://example.com/Repo%d.yaml", i),
			EntityRef: fmt.Sprintf("location:default/generated-%d", i),
		})
	}
	return append(all, ledger.Location{ID: "ffffffff-0000-4000-8000-000000000000", Type: "bootstrap", Target: "bootstrap", EntityRef: "x"})
}

// TestLocationsByQuery is catalog.md 10, case 72, and the differences of 5.8.
func TestLocationsByQuery(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ledger.registers = registered()
	for query, want := range map[string]string{
		`{}`:             "01234",
		`{"type":"URL"}`: "01234",
		`{"Target":"HTTPS://EXAMPLE.COM/repo3.yaml"}`:                "3",
		`{"target":{"$hasPrefix":"https://example.com/repo"}}`:       "01234",
		`{"target":{"$hasPrefix":"nope"}}`:                           "",
		`{"entityRef":{"$in":["location:default/GENERATED-1","x"]}}`: "1",
		`{"id":"00000002-AAAA-4000-8000-000000000000"}`:              "2",
		`{"id":{"$in":["00000002-aaaa-4000-8000-000000000000"]}}`:    "2",
		`{"id":{"$in":["00000002-AAAA-4000-8000-000000000000"]}}`:    "",
		`{"type":{"$contains":"url"}}`:                               "",
		`{"type":{"$exists":true}}`:                                  "01234",
		`{"type":{"$exists":false}}`:                                 "",
		`{"$all":[]}`:                                                "",
		`{"$any":[]}`:                                                "",
		`{"$any":[{"target":{"$hasPrefix":"https://example.com/repo4"}},{"id":"00000000-aaaa-4000-8000-000000000000"}]}`: "04",
		`{"$not":{"target":{"$hasPrefix":"https://example.com/repo4"}}}`:                                                 "0123",
		`{"$all":[{"type":"url"},{"$not":{"entityRef":"location:default/generated-0"}}]}`:                                "1234",
	} {
		a := s.post("/locations/by-query", `{"query":`+query+`}`)
		items, _ := a.json(t).Path("items").([]any)
		got := ""
		for _, item := range items {
			id, _ := item.(*entity.Object).Path("id").(string)
			got += id[7:8]
		}
		if got != want {
			t.Errorf("%s: %d %q, want %q", query, a.StatusCode, got, want)
		}
	}
}

func TestLocationPages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ledger.registers = registered()
	body, sizes := `{"limit":2,"query":{"type":"url"}}`, ""
	for range 5 {
		o := s.post("/locations/by-query", body).json(t)
		items, _ := o.Path("items").([]any)
		sizes += fmt.Sprint(len(items))
		if total := o.Path("totalItems"); total != 5.0 {
			t.Errorf("total %v", total)
		}
		cursor, ok := o.Path("pageInfo", "nextCursor").(string)
		if !ok {
			break
		}
		if want := `"query":{"type":"url"}}`; !strings.HasSuffix(decoded(t, cursor), want) {
			t.Errorf("cursor %s", decoded(t, cursor))
		}
		body = string(entity.AppendJSON(nil, mustObject(t, "cursor", cursor)))
	}
	if sizes != "221" {
		t.Errorf("pages of %s", sizes)
	}
}

func TestLocationByEntityWithoutOrigin(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a")...)
	if got, want := s.get("/locations/by-entity/Component/default/A").message(t), "NotFoundError: found no origin annotation for ref component:default/a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
