package mapping

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"testing"

	"github.com/itchyny/gojq"
	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/entity"
)

// nativeExpressions are all of the native mapping, by their place.
func nativeExpressions(t testing.TB) map[string]string {
	t.Helper()
	var file struct {
		Common struct {
			ID, Title, Description string
			Properties             map[string]string
			Relations              map[string]struct{ Value string }
		}
		Kinds map[string]struct {
			BlueprintIDExpr string `json:"blueprintIdExpr"`
			Title           string
			Properties      map[string]*string
			Relations       map[string]*struct{ Value string }
		}
	}
	if err := json.Unmarshal(nativeJSON, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"id": file.Common.ID, "title": file.Common.Title, "description": file.Common.Description}
	for name, text := range file.Common.Properties {
		all["properties."+name] = text
	}
	for name, r := range file.Common.Relations {
		all["relations."+name] = r.Value
	}
	for kind, k := range file.Kinds {
		if k.BlueprintIDExpr != "" {
			all[kind+".blueprintIdExpr"] = k.BlueprintIDExpr
		}
		if k.Title != "" {
			all[kind+".title"] = k.Title
		}
		for name, text := range k.Properties {
			if text != nil {
				all[kind+".properties."+name] = *text
			}
		}
		for name, r := range k.Relations {
			if r != nil {
				all[kind+".relations."+name] = r.Value
			}
		}
	}
	return all
}

func nativePrelude(t testing.TB) string {
	t.Helper()
	var file struct{ Prelude string }
	if err := json.Unmarshal(nativeJSON, &file); err != nil {
		t.Fatal(err)
	}
	return file.Prelude
}

// plainJQ runs an expression under the prelude exactly as it is written in export.md, with nothing of ours.
func plainJQ(t testing.TB, prelude, text string, in *input) (string, bool) {
	t.Helper()
	q, err := gojq.Parse(prelude + " " + text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(q, gojq.WithVariables(variables()))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := code.Run(toJQ(in.entity.Object), in.values()...).Next()
	if !ok {
		return "null", true
	}
	if err, failed := v.(error); failed {
		return err.Error(), false
	}
	return string(appendJSON(nil, v)), true
}

func sampleInputs(t testing.TB, m *Mapping) []*input {
	t.Helper()
	full, err := os.ReadFile("testdata/payments.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []*input
	for _, text := range []string{
		string(full),
		`{"kind":"Component","metadata":{"name":"Bare"}}`,
		`{"kind":"API","metadata":{"name":"a","namespace":"N"},"spec":{"definition":"openapi: 3.0.0","type":"openapi"},"relations":[{"type":"apiProvidedBy","targetRef":"Component:Default/B"}]}`,
		`{"kind":"Group","metadata":{"name":"g","links":[]},"spec":{"profile":{"email":"g@acme.dev","displayName":"G"}},"relations":[{"type":"hasMember","targetRef":"user:default/u"},null]}`,
		`{"kind":"Component","metadata":{"name":"odd","labels":null,"tags":"x","links":"none"},"spec":"text","relations":{"a":{"type":"ownedBy","targetRef":"group:a/b"}}}`,
		`{"kind":"Component","metadata":{"name":"broken","links":[{}]},"spec":[1],"relations":[{"type":"ownedBy"}]}`,
	} {
		o, err := entity.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &input{m: m, entity: entity.FromObject(o)})
	}
	return all
}

// All 44 expressions of export.md 3 yield what plain jq yields, on full, bare and broken entities.
func TestNativeExpressionsAreThoseOfJQ(t *testing.T) {
	t.Parallel()
	m, err := Compile(Options{AppBaseURL: "https://portal.acme.dev"})
	if err != nil {
		t.Fatal(err)
	}
	all, prelude := nativeExpressions(t), nativePrelude(t)
	if len(all) != 44 {
		t.Errorf("there are %d expressions", len(all))
	}
	fast := 0
	for place, text := range all {
		e, err := m.c.compile(place, text)
		if err != nil {
			t.Fatal(err)
		}
		if e.fast != nil {
			fast++
		}
		for _, in := range sampleInputs(t, m) {
			want, ok := plainJQ(t, prelude, text, in)
			v, err := e.eval(context.Background(), in)
			if (err == nil) != ok || err == nil && string(appendJSON(nil, v)) != want {
				t.Errorf("%s of %s: got %s, %v; jq says %s", place, in.entity.Name(), appendJSON(nil, v), err, want)
			}
		}
	}
	if fast != len(all) {
		t.Errorf("only %d of %d have a fast way", fast, len(all))
	}
}

// anyValue makes values of the kinds that a broken entity may have anywhere.
func anyValue(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Float64Range(-5, 5), func(f float64) any { return f }),
		rapid.Map(rapid.SampledFrom([]string{
			"", "a", "Component", "Group:Default/G.1", "user:default/u", "group:a.b/c", "api:x", "ownedBy", "partOf", "hasMember", "system:d/S",
			"https://acme.dev/x", "http://", "mailto:a@b", "url:https://acme.dev/", "url:dir:/x", "Größe", "a\nb",
		}), func(s string) any { return s }))
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf, leaf,
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 3), func(items []any) any { return items }),
		rapid.Custom(func(t *rapid.T) any { return anyObject(depth-1).Draw(t, "object") }))
}

func anyObject(depth int) *rapid.Generator[*entity.Object] {
	keys := rapid.SampledFrom([]string{
		"kind", "metadata", "name", "namespace", "title", "annotations", "labels", "language", "tags", "links", "url", "relations", "type", "targetRef",
		"spec", "profile", "displayName", "email", "backstage.io/source-location",
	})
	return rapid.Custom(func(t *rapid.T) *entity.Object {
		o := entity.NewObject()
		for _, key := range rapid.SliceOfN(keys, 0, 6).Draw(t, "keys") {
			o.Set(key, anyValue(depth).Draw(t, key))
		}
		return o
	})
}

// anEntity is often well formed and sometimes not at all.
func anEntity(t *rapid.T) entity.Entity {
	o := anyObject(3).Draw(t, "entity")
	if rapid.Bool().Draw(t, "formed") {
		metadata := anyObject(2).Draw(t, "metadata")
		metadata.Set("name", "Name")
		metadata.Set("links", []any{anyObject(1).Draw(t, "link"), anyObject(1).Draw(t, "link")})
		metadata.Set("annotations", anyObject(1).Draw(t, "annotations"))
		o.Set("kind", "Component")
		o.Set("metadata", metadata)
		o.Set("relations", []any{anyObject(1).Draw(t, "relation"), anyObject(1).Draw(t, "relation"), anyObject(1).Draw(t, "relation")})
	}
	return entity.FromObject(o)
}

func TestFastWaysEqualJQ(t *testing.T) {
	t.Parallel()
	m, err := Compile(Options{AppBaseURL: "https://portal.acme.dev"})
	if err != nil {
		t.Fatal(err)
	}
	texts := nativeExpressions(t)
	maps.Copy(texts, map[string]string{
		"add": `.kind + .metadata.name`, "alt": `.spec.a.b // null // false`, "pipe": `.metadata | .name | ascii_downcase`, "string": `.["metadata"]["name"]`,
		"constants": `null // {} // []`, "dots": `."metadata"."name"`, "paren": `(.metadata // {}).name`, "deep": `.metadata.labels.language.x`,
	})
	type pair struct {
		e     *expression
		plain *gojq.Code
	}
	pairs := map[string]pair{}
	for place, text := range texts {
		e, err := m.c.compile(place, text)
		if err != nil || e.fast == nil {
			t.Fatalf("%s: %v, or no fast way", place, err)
		}
		q, err := gojq.Parse(nativePrelude(t) + " " + text)
		if err != nil {
			t.Fatal(err)
		}
		code, err := gojq.Compile(q, gojq.WithVariables(variables()))
		if err != nil {
			t.Fatal(err)
		}
		pairs[place] = pair{e, code}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := &input{m: m, entity: anEntity(t)}
		for place, p := range pairs {
			v, ok := p.e.fast(in, in.entity.Object)
			if !ok {
				continue // jq is asked
			}
			want, yields := p.plain.Run(toJQ(in.entity.Object), in.values()...).Next()
			if err, failed := want.(error); failed {
				t.Fatalf("%s: got %s, jq fails: %v; entity %s", place, appendJSON(nil, v), err, appendJSON(nil, in.entity.Object))
			}
			if got, want := string(appendJSON(nil, v)), string(appendJSON(nil, want)); !yields || got != want {
				t.Fatalf("%s: got %s, jq says %s; entity %s", place, got, want, appendJSON(nil, in.entity.Object))
			}
		}
	})
}

// A mapping without fast ways gives the same documents: the batch is held against them.
func TestBatchEqualsFastWays(t *testing.T) {
	t.Parallel()
	o := Options{AppBaseURL: "https://portal.acme.dev"}
	quick, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range slow.kinds {
		for _, e := range k.expressions() {
			e.fast = nil
		}
		if err := k.prepare(slow.c); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		e := anEntity(t)
		a, err1 := quick.Map(context.Background(), e)
		b, err2 := slow.Map(context.Background(), e)
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() || string(a.Body) != string(b.Body) {
			t.Fatalf("%s\nfast %s %v\nslow %s %v", appendJSON(nil, e.Object), a.Body, err1, b.Body, err2)
		}
	})
}

func BenchmarkMap(b *testing.B) {
	m, err := Compile(Options{AppBaseURL: "https://portal.acme.dev"})
	if err != nil {
		b.Fatal(err)
	}
	slow, err := Compile(Options{AppBaseURL: "https://portal.acme.dev"})
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range slow.kinds {
		for _, e := range k.expressions() {
			e.fast = nil
		}
		if err := k.prepare(slow.c); err != nil {
			b.Fatal(err)
		}
	}
	e := sampleInputs(b, m)[0].entity
	for name, m := range map[string]*Mapping{"fast": m, "jq": slow} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Map(context.Background(), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
