package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
)

// letters are the entities of catalog.md 10, 26, in an order that is not theirs.
func letters() []index.Change {
	var changes []index.Change
	for i, name := range strings.Split("BFAGDCE", "") {
		changes = append(changes, component(name, fmt.Sprintf("u%d", i), `"type":"t"`))
	}
	return changes
}

// page is an answer of by-query.
type page struct {
	names      string
	total      float64
	next, prev string
}

func readPage(t testing.TB, a answer) page {
	t.Helper()
	if a.StatusCode != 200 {
		t.Fatalf("%s %s: %d %s", a.Request.Method, a.Request.URL, a.StatusCode, a.body)
	}
	p := page{names: strings.Join(a.items(t), "")}
	o := a.json(t)
	p.total, _ = o.Path("totalItems").(float64)
	p.next, _ = o.Path("pageInfo", "nextCursor").(string)
	p.prev, _ = o.Path("pageInfo", "prevCursor").(string)
	return p
}

// follow continues by cursor, by either verb.
func (s *server) follow(cursor string, limit int, post bool) page {
	s.t.Helper()
	if post {
		return readPage(s.t, s.post("/entities/by-query", fmt.Sprintf(`{"cursor":%q,"limit":%d}`, cursor, limit)))
	}
	return readPage(s.t, s.get(fmt.Sprintf("/entities/by-query?cursor=%s&limit=%d", url.QueryEscape(cursor), limit)))
}

func decoded(t testing.TB, cursor string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestWalkForwardAndBack is catalog.md 10, cases 26 and 35: both directions of order and of walking, by both verbs.
func TestWalkForwardAndBack(t *testing.T) {
	t.Parallel()
	s := serve(t, letters()...)
	for order, want := range map[string][]string{"asc": {"AB", "CD", "EF", "G"}, "desc": {"GF", "ED", "CB", "A"}} {
		for _, post := range []bool{false, true} {
			p := readPage(t, s.get("/entities/by-query?limit=2&orderField=metadata.name,"+order))
			if post {
				p = readPage(t, s.post("/entities/by-query", `{"limit":2,"orderBy":[{"field":"Metadata.Name","order":"`+order+`"}]}`))
			}
			for i, names := range want {
				if p.names != names || p.total != 7 || (p.prev == "") != (i == 0) || (p.next == "") != (i == 3) {
					t.Fatalf("%s, page %d: %+v, want %s", order, i, p, names)
				}
				if i < 3 {
					p = s.follow(p.next, 2, i%2 == 0)
				}
			}
			for i := 2; i >= 0; i-- {
				p = s.follow(p.prev, 2, i%2 == 0)
				if p.names != want[i] || p.total != 7 || (p.prev == "") != (i == 0) || p.next == "" {
					t.Fatalf("%s, back on page %d: %+v, want %s", order, i, p, want[i])
				}
			}
			if p = s.follow(p.next, 5, post); p.names != strings.Join(want[1:], "") {
				t.Fatalf("%s, another limit: %+v", order, p)
			}
		}
	}
}

// TestTiesDoNotRepeat is catalog.md 10, cases 27 and 28.
func TestTiesDoNotRepeat(t *testing.T) {
	t.Parallel()
	var changes []index.Change
	for i, value := range []string{"x", "same", "SAME", "same", "Same", "a"} {
		changes = append(changes, component(fmt.Sprintf("%d", i), fmt.Sprintf("u%d", 9-i), fmt.Sprintf(`"v":%q`, value)))
	}
	s := serve(t, changes...)
	for query, want := range map[string]string{
		"orderField=spec.v,asc": "543210", "orderField=spec.v,desc": "012345", "": "543210",
	} {
		p := readPage(t, s.get("/entities/by-query?limit=1&"+query))
		got, cursors := p.names, []string{}
		for p.next != "" {
			cursors = append(cursors, p.next)
			p = s.follow(p.next, 1, false)
			got += p.names
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
		back := p.names
		for p.prev != "" {
			p = s.follow(p.prev, 1, true)
			back = p.names + back
		}
		if back != want || len(cursors) != 5 {
			t.Errorf("%s, back: %s, want %s", query, back, want)
		}
	}
}

// TestCursorHoldsTheQuery is catalog.md 10, case 34, and the form of 5.2.
func TestCursorHoldsTheQuery(t *testing.T) {
	t.Parallel()
	s := serve(t, letters()...)
	first := readPage(t, s.get("/entities/by-query?limit=1&orderField=metadata.name&filter=kind=component,spec.type=t,spec.type=u&filter=kind"))
	want := `{"orderFields":[{"field":"metadata.name","order":"asc"}],"isPrevious":false,` +
		`"query":{"$any":[{"$all":[{"kind":"component"},{"spec.type":{"$in":["t","u"]}}]},{"kind":{"$exists":true}}]},` +
		`"fullTextFilter":{"term":""},"orderFieldValues":["a","u2"],"firstSortFieldValues":["a","u2"],"totalItems":7}`
	if got := decoded(t, first.next); got != want {
		t.Errorf("cursor\n%s\nwant\n%s", got, want)
	}
	p := readPage(t, s.get("/entities/by-query?limit=2&filter=kind=nope&orderField=spec.type,desc&fullTextFilterTerm=zzz&offset=3&cursor="+url.QueryEscape(first.next)))
	if p.names != "BC" || p.total != 7 {
		t.Errorf("the cursor must win: %+v", p)
	}
	want = strings.Replace(want, `"isPrevious":false,"query":{"$any":[{"$all":[{"kind":"component"},{"spec.type":{"$in":["t","u"]}}]},{"kind":{"$exists":true}}]},`+
		`"fullTextFilter":{"term":""},"orderFieldValues":["a","u2"]`, `"isPrevious":false,"fullTextFilter":{"term":""},"orderFieldValues":["c","u5"],`+
		`"query":{"$any":[{"$all":[{"kind":"component"},{"spec.type":{"$in":["t","u"]}}]},{"kind":{"$exists":true}}]}`, 1)
	if got := decoded(t, p.next); got != want {
		t.Errorf("second cursor\n%s\nwant\n%s", got, want)
	}
}

// TestTotals is catalog.md 10, cases 32 and 33.
func TestTotals(t *testing.T) {
	t.Parallel()
	s := serve(t, letters()...)
	if p := readPage(t, s.get("/entities/by-query?limit=0&filter=kind=component")); p != (page{total: 7}) {
		t.Errorf("limit 0: %+v", p)
	}
	p := readPage(t, s.get("/entities/by-query?limit=3&totalItems=exclude"))
	if p.total != 0 || p.next == "" {
		t.Errorf("excluded: %+v", p)
	}
	if p = s.follow(p.next, 3, false); p.total != 0 || len(p.names) != 3 {
		t.Errorf("excluded, page 2: %+v", p)
	}
	p = readPage(t, s.post("/entities/by-query", `{"limit":3,"totalItems":"include"}`))
	if err := s.index.Apply(chain("another"), 100); err != nil {
		t.Fatal(err)
	}
	if p = s.follow(p.next, 3, true); p.total != 7 {
		t.Errorf("the count of the first page stays: %+v", p)
	}
}

// TestMutationsBetweenPages is catalog.md 10, case 36.
func TestMutationsBetweenPages(t *testing.T) {
	t.Parallel()
	s := serve(t, letters()...)
	p := readPage(t, s.get("/entities/by-query?limit=3&orderField=metadata.name,asc"))
	if err := s.index.Apply([]index.Change{component("AA", "n1", ""), {Ref: "component:default/c"}}, 50); err != nil {
		t.Fatal(err)
	}
	second := s.follow(p.next, 3, false)
	if second.names != "DEF" {
		t.Fatalf("page 2: %+v", second)
	}
	if back := s.follow(second.prev, 9, false); back.names != "AAAB" || back.next == "" {
		t.Errorf("back: %+v", back)
	}
	// Everything before the page goes: what is left is the way forward.
	gone := []index.Change{{Ref: "component:default/a"}, {Ref: "component:default/b"}, {Ref: "component:default/aa"}}
	if err := s.index.Apply(gone, 51); err != nil {
		t.Fatal(err)
	}
	empty := s.follow(second.prev, 3, false)
	if empty.names != "" || empty.prev != "" || empty.next == "" {
		t.Fatalf("an empty page: %+v", empty)
	}
	if again := s.follow(empty.next, 2, false); again.names != "DE" {
		t.Errorf("from there: %+v", again)
	}
}

// TestForeignCursors is catalog.md 10, case 35: those of other servers, and what is none.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	s := serve(t, letters()...)
	cases := map[string]string{
		// An older server's, with its filter tree.
		`{"orderFields":[{"field":"metadata.name","order":"asc"}],"orderFieldValues":["c","u5"],"isPrevious":false,"filter":{"allOf":[{"key":"kind","values":["component"]},{"not":{"key":"metadata.name","values":["e"]}}]}}`: "DFG",
		// Both selections count.
		`{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"filter":{"anyOf":[{"key":"metadata.name","values":["a","b"]}]},"query":{"metadata.name":"b"},"extra":1}`: "B",
		// No position: the beginning.
		`{"orderFields":[{"field":"metadata.name","order":"desc"}],"orderFieldValues":[],"isPrevious":false}`: "GFEDCBA",
		// A null sort value comes after all others.
		`{"orderFields":[{"field":"metadata.name","order":"asc"}],"orderFieldValues":[null,"u5"],"isPrevious":false}`: "",
		`{"orderFields":[{"field":"metadata.name","order":"asc"}],"orderFieldValues":[null,"u5"],"isPrevious":true}`:  "ABCDEFG",
	}
	for text, want := range cases {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			if p := s.follow(encoding.EncodeToString([]byte(text)), 20, false); p.names != want {
				t.Errorf("%s: %q, want %q", text, p.names, want)
			}
		}
	}
	for _, text := range []string{
		``, `5`, `[]`, `"x"`, `{`, `{}`, `{"orderFields":[],"isPrevious":false}`, `{"orderFields":[],"orderFieldValues":["a"]}`,
		`{"orderFields":[{"field":"a"}],"orderFieldValues":[],"isPrevious":false}`, `{"orderFields":[{"field":"a","order":"up"}],"orderFieldValues":[],"isPrevious":false}`,
		`{"orderFields":[],"orderFieldValues":[1],"isPrevious":false}`, `{"orderFields":[],"orderFieldValues":[],"isPrevious":"no"}`,
		`{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"totalItems":"7"}`, `{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"query":7}`,
		`{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"query":{"$x":1}}`, `{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"filter":{"x":1}}`,
		`{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"fullTextFilter":{"fields":[]}}`, `{"orderFields":[],"orderFieldValues":[],"isPrevious":false,"firstSortFieldValues":{}}`,
	} {
		a := s.post("/entities/by-query", string(entity.AppendJSON(nil, mustObject(t, "cursor", base64.StdEncoding.EncodeToString([]byte(text+" "))))))
		if a.StatusCode != 400 {
			t.Errorf("%s: %d %s", text, a.StatusCode, a.body)
		}
	}
}

func mustObject(t testing.TB, key string, v any) *entity.Object {
	t.Helper()
	o := entity.NewObject()
	o.Set(key, v)
	return o
}

// TestOrderOfOneItemEach: a list sorts by its least value ascending and its greatest descending (catalog.md 11), and
// entities without the field are left out by by-query and last in /entities.
func TestOrderOfOneItemEach(t *testing.T) {
	t.Parallel()
	s := serve(t, component("A", "u1", `"v":["m","z"]`), component("B", "u2", `"v":["a","n"]`), component("C", "u3", `"v":null`), component("D", "u4", ``), component("E", "u5", `"v":"o"`))
	for path, want := range map[string]string{
		"/entities/by-query?orderField=spec.v,asc":                                    "BAE",
		"/entities/by-query?orderField=SPEC.V,desc":                                   "AEB",
		"/entities?order=asc:spec.v":                                                  "BAECD",
		"/entities?order=desc:Spec.V&limit=9":                                         "AEBCD",
		"/entities?order=asc:kind&order=desc:spec.v&order=asc:metadata.name&offset=1": "EBCD",
	} {
		a := s.get(path)
		if got := strings.Join(a.items(t), ""); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if p := readPage(t, s.get("/entities/by-query?orderField=spec.v,asc")); p.total != 3 {
		t.Errorf("total %v", p.total)
	}
}

// TestFullText is catalog.md 10, case 37.
func TestFullText(t *testing.T) {
	t.Parallel()
	s := serve(t, component("Alpha-One", "u1", `"title":"100% sure"`), component("beta", "u2", `"title":"Some Thing"`), component("gamma", "u3", `"title":"under_score"`))
	for query, want := range map[string]string{
		"fullTextFilterTerm=%20ALPHA%20&orderField=metadata.name,asc":                               "Alpha-One",
		"fullTextFilterTerm=me%20th&fullTextFilterFields=spec.title":                                "beta",
		"fullTextFilterTerm=a&fullTextFilterFields=metadata.name,spec.title&fullTextFilterFields=x": "Alpha-One beta gamma",
		"fullTextFilterTerm=U2":                                  "beta",
		"fullTextFilterTerm=%25&fullTextFilterFields=spec.title": "Alpha-One",
		"fullTextFilterTerm=_&fullTextFilterFields=spec.title":   "gamma",
		"fullTextFilterTerm=%20":                                 "Alpha-One beta gamma",
	} {
		if got := strings.Join(s.get("/entities/by-query?"+query).items(t), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	body := `{"fullTextFilter":{"term":" BETA ","fields":["metadata.name"]}}`
	if got := s.post("/entities/by-query", body).items(t); !slices.Equal(got, []string{"beta"}) {
		t.Errorf("by POST: %v", got)
	}
}
