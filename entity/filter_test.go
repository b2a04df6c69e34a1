package entity_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
)

// The table of catalog.md 9.3.
func TestParseFilterQuery(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"kind":["API","Component"]}`: "kind=API,kind=Component",
		`[{"kind":["API","Component"]},{"metadata.name":"a","metadata.namespace":"b"}]`: "kind=API,kind=Component&metadata.name=a,metadata.namespace=b",
		`{}`:                           "",
		`[]`:                           "",
		`[{}]`:                         "",
		`null`:                         "",
		`[{},{"kind":"a"}]`:            "kind=a",
		`{"kind":[]}`:                  "",
		`{"x":5}`:                      "",
		`{"x":true,"y":"z"}`:           "y=z",
		`{"x":["a",5,null,["b"],"c"]}`: "x=a,x=c",
		`{"x":"a, b"}`:                 "x=a, b",
		`{"metadata":{"name":"a"}}`:    "",
		`{"Kind":"a","kind":"b"}`:      "Kind=a,kind=b",
		`{"x":""}`:                     "x=",
	} {
		v, err := entity.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := entity.ParseFilterQuery(v)
		if err != nil || strings.Join(got, "&") != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`"kind=a"`:   "expected an object of keys and values, or a list of such objects, got string",
		`7`:          "expected an object of keys and values, or a list of such objects, got number",
		`["kind=a"]`: "expected an object of keys and values, or a list of such objects, got string",
	} {
		v, err := entity.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = entity.ParseFilterQuery(v)
		wantSyntaxError(t, text, err, want)
	}
}

// Case 40 of catalog.md 10.
func TestProjection(t *testing.T) {
	t.Parallel()
	const text = `{"kind":"K","metadata":{"name":"n","annotations":{"a.b/c":"1","a":{"b/c":"shorter"},"x.y":"2"},"tags":["t","u"]},"spec":{"n":null,"o":{"p":{"q":1}}}}`
	for fields, want := range map[string]string{
		"kind":                           `{"kind":"K"}`,
		" metadata.name , kind ,,kind":   `{"metadata":{"name":"n"},"kind":"K"}`,
		"metadata.annotations.x.y":       `{"metadata":{"annotations":{"x.y":"2"}}}`,
		"metadata.annotations.a.b/c":     `{"metadata":{"annotations":{"a":{"b/c":"shorter"}}}}`,
		"metadata.tags":                  `{"metadata":{"tags":["t","u"]}}`,
		"metadata.tags.t":                `{}`,
		"Kind":                           `{}`,
		"nope,metadata.nope,kind.x":      `{}`,
		"spec.n":                         `{"spec":{"n":null}}`,
		"spec.o.p,spec.o,spec.o.p.q":     `{"spec":{"o":{"p":{"q":1}}}}`,
		"spec.o,spec.o.p.q,spec.n":       `{"spec":{"o":{"p":{"q":1}},"n":null}}`,
		"metadata,metadata.name,spec..o": `{"metadata":{"name":"n","annotations":{"a.b/c":"1","a":{"b/c":"shorter"},"x.y":"2"},"tags":["t","u"]}}`,
		"__proto__.x,kind":               `{"kind":"K"}`,
		"":                               text,
		",":                              text,
	} {
		p, err := entity.ParseProjection([]string{fields})
		if err != nil {
			t.Errorf("%q: %v", fields, err)
			continue
		}
		v := mustParse(t, text)
		if diff := cmp.Diff(want, stringify(p.Apply(v))); diff != "" {
			t.Errorf("%q: %s", fields, diff)
		}
		if stringify(v) != text {
			t.Errorf("%q changed the entity to %s", fields, stringify(v))
		}
		if p.Apply(nil) != nil {
			t.Errorf("%q makes something of nothing", fields)
		}
	}
	_, err := entity.ParseProjection([]string{"kind", "metadata.name,metadata.tags[0]"})
	wantSyntaxError(t, "array field", err, `Invalid field "metadata.tags[0]", array type fields are not supported`)
}
