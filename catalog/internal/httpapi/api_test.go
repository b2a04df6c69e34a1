package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/httpapi"
	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
)

// chain returns plain components with these names.
func chain(names ...string) []index.Change {
	changes := make([]index.Change, 0, len(names))
	for i, name := range names {
		changes = append(changes, component(name, fmt.Sprintf("uid-%02d", i), ""))
	}
	return changes
}

// component returns a component with further members of its spec.
func component(name, uid, spec string) index.Change {
	return index.Change{
		Ref: "component:default/" + strings.ToLower(name), UID: uid,
		Body: fmt.Appendf(nil, `{"kind":"Component","metadata":{"name":%q,"uid":%q},"spec":{%s}}`, name, uid, spec),
	}
}

// TestMistakes holds the texts that clients see to upstream's (catalog.md 3, 5), beyond the recorded ones.
func TestMistakes(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a")...)
	garbage := base64.StdEncoding.EncodeToString([]byte(`{"orderFields":[],"isPrevious":false}`))
	cases := []struct{ method, path, body, want string }{
		{"GET", "/entities?nope=1", "", "InputError: Unknown query parameter 'nope'"},
		{"GET", "/entities?limit", "", "InputError: Empty value found for query parameter 'limit'"},
		{"GET", "/entities?limit=1&limit=2", "", "InputError: request/query/limit must be integer"},
		{"GET", "/entities?after=a&after=b", "", "InputError: request/query/after must be string"},
		{"GET", "/entities?order=asc:", "", `InputError: Invalid order parameter "asc:", expected "<asc or desc>:<field name>"`},
		{"GET", "/entities?after=eyJsaW1pdCI6LTF9", "", "InputError: Malformed after cursor, could not be parsed"},
		{"GET", "/entities?after=eyJsaW1pdCI6MH0", "", "InputError: Invalid limit, must be greater than zero"},
		{"GET", "/entities/by-uid/x?fields=kind", "", "InputError: Unknown query parameter 'fields'"},
		{"DELETE", "/entities/by-uid/x?force=1", "", "InputError: Unknown query parameter 'force'"},
		{"GET", "/entities/by-name/component/default/a?x=1", "", "InputError: Unknown query parameter 'x'"},
		{"GET", "/entities/by-name/component/default/a/ancestry?x=1", "", "InputError: Unknown query parameter 'x'"},
		{"GET", "/entities/by-name/component/default/nope/ancestry", "", "NotFoundError: No such entity component:default/nope"},
		{"GET", "/entities/by-uid/Nope", "", "NotFoundError: No entity with uid Nope"},
		{"GET", "/entities/by-query?orderField=a,sideways", "", "InputError: Invalid order field order, must be asc or desc"},
		{"GET", "/entities/by-query?limit=NaN", "", "InputError: request/query/limit must be integer"},
		{"GET", "/entities/by-query?cursor=" + garbage, "", "InputError: Malformed cursor: InputError: Malformed cursor: cursor must have required property 'orderFieldValues'"},
		{"POST", "/entities/by-query", `{"cursor":""}`, "InputError: Cursor cannot be empty"},
		{"POST", "/entities/by-query", `{"cursor":7}`, "InputError: request/body/cursor must be string"},
		{"POST", "/entities/by-query", `{"limit":-1}`, "InputError: request/body/limit must be >= 0"},
		{"POST", "/entities/by-query", `{"limit":1.5}`, "InputError: request/body/limit must be integer"},
		{"POST", "/entities/by-query", `{"fields":"kind"}`, "InputError: request/body/fields must be array"},
		{"POST", "/entities/by-query", `{"fields":["kind",1]}`, "InputError: request/body/fields/1 must be string"},
		{"POST", "/entities/by-query", `{"query":[]}`, "InputError: request/body/query must be object"},
		{"POST", "/entities/by-query", `{"query":null}`, "InputError: request/body/query must be object"},
		{"POST", "/entities/by-query", `{"orderBy":[{"order":"asc"}]}`, "InputError: request/body/orderBy/0 must have required property 'field'"},
		{"POST", "/entities/by-query", `{"orderBy":[5]}`, "InputError: request/body/orderBy/0 must be object"},
		{"POST", "/entities/by-query", `{"fullTextFilter":{}}`, ""},
		{"POST", "/entities/by-query", `{"fullTextFilter":{"term":5}}`, "InputError: request/body/fullTextFilter/term must be string"},
		{"POST", "/entities/by-query", `{"totalItems":"some"}`, "InputError: request/body/totalItems must be equal to one of the allowed values: include, exclude"},
		{"POST", "/entities/by-query?limit=1", `{}`, "InputError: Unknown query parameter 'limit'"},
		{"POST", "/entities/by-query", `[]`, "InputError: request/body must be object"},
		{"POST", "/entities/by-refs", `{"entityRefs":["a",1]}`, "InputError: request/body/entityRefs/1 must be string"},
		{"POST", "/entities/by-refs?fields=kind", `{"entityRefs":[]}`, "InputError: Unknown query parameter 'fields'"},
		{"POST", "/entity-facets", `{}`, "InputError: request/body must have required property 'facets'"},
		{"POST", "/locations/by-query", `{"limit":0}`, "InputError: request/body/limit must be >= 1"},
		{"POST", "/locations/by-query", `{"cursor":"x"}`, "InputError: Malformed cursor, could not be parsed"},
		{"POST", "/locations/by-query", `{"query":{"nope":"x"}}`, "InputError: Invalid query: unknown field 'nope', must be one of id, type, target, entityRef"},
	}
	for _, c := range cases {
		a := s.do(c.method, c.path, c.body)
		if c.want == "" {
			if a.StatusCode != http.StatusOK {
				t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, a.StatusCode, a.body)
			}
			continue
		}
		if got := a.message(t); got != c.want {
			t.Errorf("%s %s %s: %d %q, want %q", c.method, c.path, c.body, a.StatusCode, got, c.want)
		}
	}
	// Predicates and filters have their own suite; here it counts that their errors are the caller's.
	for _, body := range []string{`{"query":{"$nope":1}}`, `{"query":{"a":null}}`, `{"query":{"a":["b"]}}`} {
		if a := s.post("/entities/by-query", body); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a")...)
	if a := s.do("POST", "/entities/by-query", `{}`, "Content-Type", "text/plain"); a.message(t) != "InputError: unsupported media type text/plain" {
		t.Errorf("text/plain: %d %s", a.StatusCode, a.body)
	}
	if a := s.do("POST", "/entities/by-query", ""); a.StatusCode != http.StatusOK {
		t.Errorf("no body: %d %s", a.StatusCode, a.body)
	}
	large := `{"entityRefs":["` + strings.Repeat("x", 5<<20) + `"]}`
	if a := s.post("/entities/by-refs", large); a.StatusCode != 400 || a.message(t) != "InputError: request entity too large" {
		t.Errorf("5 MiB: %d %s", a.StatusCode, a.body[:min(200, len(a.body))])
	}
	many := `{"entityRefs":["component:default/a"` + strings.Repeat(`,"component:default/some-quite-long-name-of-an-entity"`, 19_000) + `],"fields":["kind"]}`
	if a := s.post("/entities/by-refs", many); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.body, `{"items":[{"kind":"Component"},null,`) {
		t.Errorf("1 MiB: %d", a.StatusCode)
	}
}

// TestUnservedRoutes are those of later work: an empty 404, as for every unknown route.
func TestUnservedRoutes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, route := range []string{
		"POST /refresh", "POST /locations", "PUT /locations/x", "DELETE /locations/x", "POST /analyze-location",
		"POST /validate-entity", "POST /entities", "PATCH /entities/by-uid/x", "GET /entities/by-refs",
	} {
		method, path, _ := strings.Cut(route, " ")
		if a := s.do(method, path, "{}"); a.StatusCode != http.StatusNotFound || a.body != "" {
			t.Errorf("%s: %d %q", route, a.StatusCode, a.body)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	var changes []index.Change
	for i := range 7 {
		changes = append(changes, component(fmt.Sprintf("c%d", i), fmt.Sprintf("u%d", i), `"type":"t"`))
	}
	s := serve(t, changes...)
	a := s.get("/entities?limit=3&offset=2&fields=metadata.name&order=desc:metadata.name")
	var seen []string
	for range 5 {
		seen = append(seen, a.items(t)...)
		link := a.Header.Get("Link")
		if link == "" {
			break
		}
		next, ok := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		if !ok || strings.Contains(next, "offset") {
			t.Fatalf("link %q", link)
		}
		a = s.get(next)
	}
	if want := []string{"c4", "c3", "c2", "c1", "c0"}; !slices.Equal(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
	if got := s.get("/entities?offset=5&order=asc:metadata.name").items(t); !slices.Equal(got, []string{"c5", "c6"}) {
		t.Errorf("offset alone: %v", got)
	}
	// The cursor overrides the parameters.
	after := base64.StdEncoding.EncodeToString([]byte(`{"limit":1,"offset":6}`))
	if got := s.get("/entities?limit=5&after=" + after).items(t); !slices.Equal(got, []string{"c6"}) {
		t.Errorf("after: %v", got)
	}
}

func TestReadYourOwnWrites(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a", "b")...)
	a := s.do("DELETE", "/entities/by-uid/UID-00", "")
	position := a.Header.Get(httpapi.PositionHeader)
	if a.StatusCode != http.StatusNoContent || a.body != "" || position != "3" {
		t.Fatalf("%d %q, position %q", a.StatusCode, a.body, position)
	}
	if a := s.get("/entities/by-name/component/default/a"); a.StatusCode != http.StatusNotFound {
		t.Errorf("after the deletion: %d", a.StatusCode)
	}
	if a := s.get("/entities", httpapi.MinPositionHeader, position); a.StatusCode != http.StatusOK {
		t.Errorf("a position that is there: %d", a.StatusCode)
	}
	if a := s.get("/entities", httpapi.MinPositionHeader, "4"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a position that does not come: %d", a.StatusCode)
	}
	for _, bad := range []string{"x", "-1", "1.5"} {
		if a := s.get("/entities", httpapi.MinPositionHeader, bad); a.StatusCode != http.StatusBadRequest {
			t.Errorf("position %s: %d", bad, a.StatusCode)
		}
	}
	// The index may lag; the mutation stands.
	s.ledger.lag = true
	if a := s.do("DELETE", "/entities/by-uid/uid-01", ""); a.StatusCode != http.StatusNoContent || a.Header.Get(httpapi.PositionHeader) != "4" {
		t.Errorf("a lagging index: %d %s", a.StatusCode, a.Header)
	}
}

// TestMinPositionWaits lets a request arrive before the position that it asks for.
func TestMinPositionWaits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	done := make(chan answer)
	go func() { done <- s.get("/entities", httpapi.MinPositionHeader, "1") }()
	if err := s.index.Apply(chain("a"), 1); err != nil {
		t.Fatal(err)
	}
	if got := (<-done).items(t); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v", got)
	}
}

// TestAudit: a mutation leaves one line, at a level that shows; so does a read, at one that does not.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a")...)
	s.do("DELETE", "/entities/by-uid/uid-00", "")
	s.do("DELETE", "/entities/by-uid/x?nope=1", "")
	s.post("/entities/by-query", "{}")
	s.post("/entity-facets", `{"facets":[]}`)
	s.get("/locations")
	type line struct {
		Level, Msg, Status string
		Meta               map[string]any
	}
	var got []line
	for _, text := range s.audit.lines() {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, l)
	}
	want := []string{
		"INFO catalog.entity-mutate succeeded delete", "INFO catalog.entity-mutate failed delete", "DEBUG catalog.entity-fetch succeeded <nil>",
		"DEBUG catalog.entity-facets succeeded <nil>", "DEBUG catalog.location-fetch succeeded <nil>",
	}
	var lines []string
	for _, l := range got {
		lines = append(lines, fmt.Sprint(l.Level, " ", l.Msg, " ", l.Status, " ", l.Meta["actionType"]))
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	if got[0].Meta["uid"] != "uid-00" {
		t.Errorf("meta %v", got[0].Meta)
	}
}

// TestHeaders: stored entities are streamed, re-encoded answers have a length and a version (catalog.md 3).
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, indextest.Generate(300, 1)...)
	for path, streamed := range map[string]bool{
		"/entities": true, "/entities?limit=5": true, "/entities?fields=kind": true, "/entities?fields=kind&limit=5": false,
		"/entities?filter=kind=nope": false, "/entities/by-query": true, "/entities/by-query?fields=kind": false,
		"/entity-facets?facet=kind": false, "/locations": false, "/openapi.json": false,
	} {
		a := s.get(path)
		if got := slices.Contains(a.TransferEncoding, "chunked"); got != streamed || (a.Header.Get("Etag") == "") != streamed {
			t.Errorf("%s: chunked %v, ETag %q", path, got, a.Header.Get("Etag"))
		}
		if streamed {
			continue
		}
		if again := s.get(path, "If-None-Match", a.Header.Get("Etag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
	if got := len(s.get("/entities").items(t)); got != 300 {
		t.Errorf("%d entities streamed", got)
	}
	if a := s.do("HEAD", "/entities", ""); a.StatusCode != http.StatusOK || a.body != "" {
		t.Errorf("HEAD: %d %q", a.StatusCode, a.body)
	}
}

// TestLargeEntities go through the stream whole, beyond its buffer.
func TestLargeEntities(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 200_000)
	s := serve(t, component("a", "u1", `"text":"small"`), component("b", "u2", `"text":"`+big+`"`), component("c", "u3", ``))
	a := s.get("/entities")
	if got := a.items(t); !slices.Equal(got, []string{"a", "b", "c"}) || !strings.Contains(a.body, big) {
		t.Errorf("%v, %d bytes", got, len(a.body))
	}
	if a := s.get("/entities/by-name/component/default/b"); !strings.Contains(a.body, big) {
		t.Errorf("by name: %d bytes", len(a.body))
	}
}
