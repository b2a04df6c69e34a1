package entity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
)

// lines writes rows as "key=value", with "(Original)" where the casing differs, and "key NULL".
func lines(rows []entity.Row) []string {
	var out []string
	for _, r := range rows {
		switch {
		case r.Null:
			out = append(out, r.Key+" NULL")
		case r.Original != r.Value:
			out = append(out, fmt.Sprintf("%s=%s (%s)", r.Key, r.Value, r.Original))
		default:
			out = append(out, r.Key+"="+r.Value)
		}
	}
	return out
}

// Cases 15 to 18 of catalog.md 10.
func TestSearchRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	emoji := strings.Repeat("😀", 100) // 200 code units, 400 bytes
	for _, c := range []struct {
		name, text, conflict string
		want                 []string
	}{
		{
			"what every entity has",
			`{"kind":"Component","metadata":{"name":"Me","uid":"U","etag":"e"},"relations":[{"type":"ownedBy","targetRef":"group:n/a"},{"type":"ownedBy","targetRef":"group:n/b"}],"status":{"items":[]},"attachments":{"a":1}}`, "",
			[]string{"kind=component (Component)", "metadata.name=me (Me)", "metadata.namespace=default", "metadata.uid=u (U)", "relations.ownedby=group:n/a", "relations.ownedby=group:n/b"},
		},
		{
			"scalars and objects",
			`{"metadata":{"name":"n","namespace":"x","annotations":{"example.com/Foo":"Bar","a.b":"c"}},"spec":{"n":7,"f":1e21,"b":true,"z":null,"o":{},"":{"k":"v"}}}`, "",
			[]string{"metadata.annotations.example.com/foo=bar (Bar)", "metadata.annotations.a.b=c", "spec.n=7", "spec.f=1e+21", "spec.b=true", "spec.z NULL", "spec..k=v", "metadata.name=n", "metadata.namespace=x", "metadata.uid NULL"},
		},
		{
			"arrays",
			`{"metadata":{"tags":["java","Go",7,null,false,["in","Go"],{"k":"v"}]}}`, "",
			[]string{"metadata.tags=java", "metadata.tags.java=true", "metadata.tags=go (Go)", "metadata.tags.go=true", "metadata.tags=7", "metadata.tags NULL", "metadata.tags=false", "metadata.tags=in", "metadata.tags.in=true", "metadata.tags.k=v", "metadata.name NULL", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"items that differ by case",
			`{"a":["Aa","aA","AA"]}`, "",
			[]string{"a=aa (Aa)", "a.aa=true", "metadata.name NULL", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"too long",
			`{"v":"` + long + `","` + long + `":1,"ok":"` + long[:200] + `","e":"` + emoji + `","e1":"` + emoji + `x","a":["` + long[:199] + `"]}`, "",
			[]string{"v NULL", "ok=" + long[:200], "e=" + emoji, "e1 NULL", "a=" + long[:199], "metadata.name NULL", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"keys that differ by case: the first casing counts",
			`{"metadata":{"labels":{"Foo":"1","foo":"2","BAR":"3","bar":"4","Bar":"5"}}}`, "metadata.labels.foo', 'metadata.labels.bar",
			[]string{"metadata.labels.foo=1", "metadata.labels.bar=3", "metadata.name NULL", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"excluded by exact path only",
			`{"Status":"s","metadata":{"Name":"x","etags":"e"},"spec":{"status":"y","relations":"z"}}`, "metadata.name",
			[]string{"status=s", "metadata.name=x", "metadata.etags=e", "spec.status=y", "spec.relations=z", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"repeated rows keep the first casing",
			`{"a":["X","x","X"],"b":[null,null]}`, "",
			[]string{"a=x (X)", "a.x=true", "b NULL", "metadata.name NULL", "metadata.namespace=default", "metadata.uid NULL"},
		},
		{
			"hostile keys",
			`{"__proto__":{"constructor":"c"},"metadata":{"name":"__proto__"}}`, "",
			[]string{"__proto__.constructor=c", "metadata.name=__proto__", "metadata.namespace=default", "metadata.uid NULL"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows, conflict := entity.SearchRows(entity.FromObject(mustParse(t, c.text)))
			if diff := cmp.Diff(c.want, lines(rows)); diff != "" {
				t.Error(diff)
			}
			if conflict != c.conflict {
				t.Errorf("conflict %q, want %q", conflict, c.conflict)
			}
		})
	}
}

// What a Flattener keeps from one entity must not show in the next.
func TestFlattenerForgets(t *testing.T) {
	t.Parallel()
	var shared entity.Flattener
	many := entity.NewObject()
	for i := range 5000 {
		many.Set(fmt.Sprintf("k%d", i), "v")
	}
	for _, text := range []string{
		`{"kind":"Component","metadata":{"name":"a","tags":["x","y","x"],"Name":"b"},"spec":{"n":null}}`,
		`{"kind":"API","metadata":{"name":"b","tags":["y"]}}`,
		string(entity.AppendJSON(nil, many)),
		`{"kind":"Component","metadata":{"Tags":["x"],"name":"c","namespace":"n"},"relations":[{"type":"ownedBy","targetRef":"group:n/a"}]}`,
		`{}`,
	} {
		o, err := entity.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want, wantConflict := entity.SearchRows(entity.FromObject(o))
		got, conflict := shared.SearchRows(entity.FromObject(o))
		if diff := cmp.Diff(want, got); diff != "" || conflict != wantConflict {
			t.Errorf("%.60s: conflict %q, want %q; rows (-want +got):\n%s", text, conflict, wantConflict, diff)
		}
	}
}
