package remote

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/entity"
)

// FuzzPage: whatever a peer answers, it is a page or an error, and each of its items an entity or an error.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"items":[{"kind":"Component","metadata":{"name":"a"}},null,7],"totalItems":3,"pageInfo":{"nextCursor":"eyJxdWVyeSI6e319"}}`))
	f.Add([]byte(`{"items":[],"totalItems":0,"pageInfo":{}}`))
	f.Add([]byte(`{"items":null,"totalItems":-1,"pageInfo":7}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePage(data)
		if err != nil {
			return
		}
		if p.total < 0 || p.items == nil {
			t.Errorf("%+v", p)
		}
		wantsPost(p.next)
		for _, raw := range p.items {
			if i := parseItem(raw); i.err == nil && (i.ref == "" || i.entity.Object == nil) {
				t.Errorf("%s is neither an entity nor an error", raw)
			}
		}
		if items, err := parseRefs(data, len(p.items)); err != nil || len(items) != len(p.items) {
			t.Errorf("%d items, %v", len(items), err)
		}
	})
}

var fuzzNow = time.Unix(1_800_000_000, 0)

// FuzzRefusal: whatever a peer refuses with, the error is one line of bounded length.
func FuzzRefusal(f *testing.F) {
	f.Add(401, []byte(`{"error":{"name":"AuthenticationError","message":"Illegal token"},"response":{}}`), "3")
	f.Add(503, []byte("<html>"), "Wed, 21 Oct 2099 07:28:00 GMT")
	f.Fuzz(func(t *testing.T, status int, body []byte, after string) {
		e := refusal(opRefs, status, map[string][]string{"Content-Type": {"application/json"}, "Retry-After": {after}}, body, fuzzNow)
		if text := e.Error(); len(text) > 2000 || e.kind == nil || e.RetryAfter < 0 {
			t.Errorf("%d bytes: %q", len(text), text)
		}
	})
}

// TestFiltersAreWiderThanPredicates: what a predicate selects, its filter selects too.
func TestFiltersAreWiderThanPredicates(t *testing.T) {
	t.Parallel()
	key := rapid.SampledFrom([]string{"kind", "metadata.name", "Kind", "spec.type", "a,b", "a=b", " x", ""})
	value := rapid.SampledFrom([]string{"component", "a", "b", "", "a, b", " a", "A"})
	var predicate func(depth int) *rapid.Generator[entity.Predicate]
	predicate = func(depth int) *rapid.Generator[entity.Predicate] {
		return rapid.Custom(func(t *rapid.T) entity.Predicate {
			n := 4
			if depth > 0 {
				n = 7
			}
			switch rapid.IntRange(0, n-1).Draw(t, "form") {
			case 0:
				return entity.Exists{Key: key.Draw(t, "key"), Absent: rapid.Bool().Draw(t, "absent")}
			case 1:
				return entity.HasPrefix{Key: key.Draw(t, "key"), Prefix: value.Draw(t, "prefix")}
			case 2:
				return entity.RelationContains{Type: "ownedBy", Targets: rapid.SliceOfN(value, 0, 2).Draw(t, "targets")}
			case 3:
				return entity.Equal{Key: key.Draw(t, "key"), Values: rapid.SliceOfN(value, 0, 3).Draw(t, "values")}
			case 4:
				return entity.Not{Of: predicate(depth-1).Draw(t, "not")}
			case 5:
				return entity.All{Of: rapid.SliceOfN(predicate(depth-1), 0, 3).Draw(t, "all")}
			default:
				return entity.Any{Of: rapid.SliceOfN(predicate(depth-1), 0, 3).Draw(t, "any")}
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		p := predicate(3).Draw(t, "predicate")
		wide, err := entity.ParseFilter(filterSets(p))
		if err != nil {
			t.Fatalf("%s is refused: %v", filterSets(p), err)
		}
		o := map[string]any{
			"kind": "Component", "metadata": map[string]any{"name": value.Draw(t, "name")}, "spec": map[string]any{"type": value.Draw(t, "type")},
			"a,b": "a", "relations": []any{map[string]any{"type": "ownedBy", "targetRef": value.Draw(t, "target")}},
		}
		data, _ := json.Marshal(o)
		object, err := entity.ParseObject(data)
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := entity.SearchRows(entity.FromObject(object))
		if entity.Match(p, rows) && !entity.Match(wide, rows) {
			t.Fatalf("%s is selected by %s, not by the filter %q", data, entity.AppendJSON(nil, entity.PredicateJSON(p)), filterSets(p))
		}
	})
}

// TestFilters: what the language of filters can say is said.
func TestFilters(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`{"kind":"component"}`: "kind=component",
		`{"kind":{"$in":["a","b"]},"metadata.annotations.x/y":{"$exists":true}}`:  "kind=a,kind=b,metadata.annotations.x/y",
		`{"$any":[{"kind":"user"},{"kind":"group","metadata.name":"g"}]}`:         "kind=user|kind=group,metadata.name=g",
		`{"$all":[{"kind":"user"},{"$not":{"metadata.name":"a"}}]}`:               "kind=user",
		`{"$all":[{"$any":[{"kind":"a"},{"kind":"b"}]},{"x":{"$exists":false}}]}`: "kind=a|kind=b",
		`{"$not":{"kind":"user"}}`:                                                     "",
		`{"$any":[{"kind":"user"},{"$not":{"kind":"b"}}]}`:                             "",
		`{"metadata.name":{"$hasPrefix":"x"}}`:                                         "metadata.name",
		`{"relations":{"$contains":{"type":"ownedBy","targetRef":"group:default/a"}}}`: "relations.ownedBy=group:default/a",
		`{"metadata.title":"one, two"}`:                                                "metadata.title",
	} {
		o, err := entity.ParseObject([]byte(query))
		if err != nil {
			t.Fatal(err)
		}
		p, err := entity.ParsePredicate(o)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i, set := range filterSets(p) {
			if i > 0 {
				got += "|"
			}
			got += set
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", query, got, want)
		}
	}
}
