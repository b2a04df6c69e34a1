package entity_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

// FuzzParseJSON holds the parser against encoding/json, and what it writes against what it reads.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{
		sample, `{"a":[1,-0.5e+10,true,null,"\u00e9\ud83d\ude00\ud83d"],"a":2,"7":{}}`, `[[[[]]]]`, `"\`, `{"a":}`, "\"\xff\"", `1e999`, "\ufeff0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := entity.ParseJSON(data)
		if valid := json.Valid(data); valid && err != nil && strings.Count(string(data), "[")+strings.Count(string(data), "{") <= 1000 {
			t.Fatalf("%q is JSON, but: %v", data, err)
		} else if !valid && err == nil && !strings.HasPrefix(string(data), "\ufeff") {
			t.Fatalf("%q is no JSON", data)
		}
		if err != nil {
			return
		}
		text := entity.AppendJSON(nil, v)
		back, err := entity.ParseJSON(text)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, text, err)
		}
		if again := entity.AppendJSON(nil, back); string(again) != string(text) {
			t.Fatalf("%q became %q", text, again)
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{"a:b/c", "b/c", "c", "a:c", ":b/c", "a:/c", "a:b/", "", "b/c:d", "User:Other/Bob", "Σ:İ/\xed\xa0\x80"} {
		f.Add(seed, "kind", "ns")
	}
	f.Fuzz(func(t *testing.T, text, kind, namespace string) {
		ref, err := entity.ParseRef(text, entity.RefDefaults{Kind: kind, Namespace: namespace})
		if err != nil {
			return
		}
		if ref.Kind == "" || ref.Namespace == "" || ref.Name == "" {
			t.Fatalf("%q gave %+v", text, ref)
		}
		// The canonical form names the same entity again, unless a default slipped separators into its parts.
		if strings.ContainsAny(ref.Kind, ":/") || strings.ContainsAny(ref.Namespace, "/") {
			return
		}
		back, err := entity.ParseRef(ref.String(), entity.RefDefaults{})
		if err != nil || back.String() != ref.String() {
			t.Fatalf("%q: %s became %s, %v", text, ref, back, err)
		}
	})
}

func FuzzParseLocationRef(f *testing.F) {
	for _, seed := range []string{"url:https://host/path", "file:/a", "http://x", "url:javascript:x", " a : b ", ":", "a:", "url:\x01j\navascript:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := entity.ParseLocationRef(text)
		if err != nil {
			return
		}
		back, err := entity.ParseLocationRef(ref.String())
		if err != nil || back != ref || entity.IsScriptURL(ref.Target) {
			t.Fatalf("%q: %+v became %+v, %v", text, ref, back, err)
		}
	})
}

// FuzzParseFilter checks that a filter means the same before and after it went through a cursor.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"kind=component", "kind,kind=a", "a=b, c", "=x", "key=", " , ", "Kind=a,kind=b", "relations.ownedBy=group:default/team-a"} {
		f.Add(seed, "kind=user")
	}
	rows := sampleRows(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		p, err := entity.ParseFilter([]string{first, second})
		if err != nil || p == nil {
			return
		}
		if strings.Contains(first+second, "$") {
			return // no predicate has keys with a dollar in front
		}
		throughCursor(t, p, rows)
	})
}

func throughCursor(t *testing.T, p entity.Predicate, rows []entity.Row) {
	stored := entity.AppendJSON(nil, entity.PredicateJSON(p))
	v, err := entity.ParseJSON(stored)
	if err != nil {
		t.Fatalf("%s: %v", stored, err)
	}
	back, err := entity.ParsePredicate(v)
	if err != nil {
		t.Fatalf("%s: %v", stored, err)
	}
	if entity.Match(p, rows) != entity.Match(back, rows) {
		t.Fatalf("%s selects something else now", stored)
	}
}

func FuzzParsePredicate(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"component","spec.n":7}`, `{"$all":[{"$any":[]},{"$not":{}}]}`, `{"a":{"$exists":true,"$in":["x"]}}`,
		`{"relations":{"$contains":{"type":"ownedBy","targetRef":{"$in":["a"]}}}}`, `{"a":{"$hasPrefix":"%"}}`, `{"a":null}`,
	} {
		f.Add([]byte(seed))
	}
	rows := sampleRows(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := entity.ParseJSON(data)
		if err != nil {
			return
		}
		if p, err := entity.ParsePredicate(v); err == nil {
			throughCursor(t, p, rows)
		}
		if p, err := entity.ParseLegacyFilter(v); err == nil {
			entity.Match(p, rows)
			entity.PredicateJSON(p)
		}
		sets, err := entity.ParseFilterQuery(v)
		if err != nil {
			return
		}
		if p, err := entity.ParseFilter(sets); err == nil {
			entity.Match(p, rows)
		}
	})
}

func FuzzProjection(f *testing.F) {
	for _, seed := range []string{"kind", "metadata.annotations.a.b/c,metadata", "spec..x", "a[0]", ",", "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, fields string) {
		p, err := entity.ParseProjection([]string{fields})
		if err != nil {
			return
		}
		v := mustParse(t, sample)
		p.Apply(v)
		if stringify(v) != stringify(mustParse(t, sample)) {
			t.Fatalf("%q changed the entity", fields)
		}
	})
}

// FuzzValidate runs everything that ingestion does to an entity over whatever JSON there is.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{
		sample, `{"apiVersion":"backstage.io/v1alpha1","kind":"Group","metadata":{"name":"n","links":[{"url":"https://[::1]:80/"}]},"spec":{"type":"t","children":["a"]}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n","tags":["a"],"labels":{"a/b":""}}}`, `{"metadata":[],"spec":7}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := entity.ParseObject(data)
		if err != nil {
			return
		}
		e := entity.FromObject(o)
		envelope := entity.ValidateEnvelope(e)
		ref := e.Ref().String()
		if err := entity.Policy(e); err == nil && envelope != nil {
			t.Fatalf("the policy passes what the envelope fails: %v", envelope)
		}
		if e.Ref().String() != ref {
			t.Fatalf("the policy renamed %s to %s", ref, e.Ref())
		}
		if _, err := entity.ValidateKind(e); err == nil {
			entity.SortRefs(e)
		}
		if relations, err := entity.Relations(e); err == nil && len(relations)%2 != 0 {
			t.Fatalf("a relation without its reverse: %v", relations)
		}
		rows, _ := entity.SearchRows(e)
		seen := map[entity.Row]bool{}
		for _, r := range rows {
			key := entity.Row{Key: r.Key, Value: r.Value, Null: r.Null}
			if seen[key] || entity.UTF16Len(r.Key) > 200 || entity.UTF16Len(r.Value) > 200 {
				t.Fatalf("row %+v is repeated or too long", r)
			}
			seen[key] = true
		}
	})
}
