package entity_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/entity"
)

// sample is an entity on which every filter below is tried.
const sample = `{"apiVersion":"backstage.io/v1alpha1","kind":"Component",
	"metadata":{"name":"Svc","namespace":"prod","uid":"1","description":"50% off, today","tags":["java","Rest"],
		"labels":{"Tier":"One"},"annotations":{"backstage.io/techdocs-ref":"dir:.","a=b":"c=d"}},
	"spec":{"type":"service","n":7,"flag":true,"none":null,"empty":"","obj":{"k":"v"}},
	"relations":[{"type":"ownedBy","targetRef":"group:default/team-a"},{"type":"dependsOn","targetRef":"resource:default/db"}],
	"status":{"items":[{"type":"x"}]}}`

func sampleRows(t testing.TB) []entity.Row {
	t.Helper()
	rows, conflict := entity.SearchRows(entity.FromObject(mustParse(t, sample)))
	if conflict != "" {
		t.Fatalf("conflict %s", conflict)
	}
	return rows
}

// Every row of catalog.md 4.1, and cases 18 to 21 of section 10.
func TestFilters(t *testing.T) {
	t.Parallel()
	rows := sampleRows(t)
	for _, c := range []struct {
		sets string // separated by &
		want bool
		json string
	}{
		{"", true, "null"},
		{",", true, "null"},
		{" , &,", true, "null"},
		{"kind=component", true, `{"kind":"component"}`},
		{"kind=user&kind=component", true, `{"$any":[{"kind":"user"},{"kind":"component"}]}`},
		{"kind=user,kind=Component", true, `{"kind":{"$in":["user","Component"]}}`},
		{"Kind=user,kind=component", false, `{"$all":[{"Kind":"user"},{"kind":"component"}]}`},
		{"KIND=COMPONENT", true, `{"KIND":"COMPONENT"}`},
		{"kind,kind=user", false, `{"kind":"user"}`},
		{"kind=component,kind", true, `{"kind":"component"}`},
		{"kind", true, `{"kind":{"$exists":true}}`},
		{"kind,spec.type=service", true, `{"$all":[{"kind":{"$exists":true}},{"spec.type":"service"}]}`},
		{"metadata.tags=java", true, `{"metadata.tags":"java"}`},
		{"metadata.tags.rest", true, `{"metadata.tags.rest":{"$exists":true}}`},
		{"metadata.tags.java=true", true, `{"metadata.tags.java":"true"}`},
		{"metadata.tags.java=java", false, `{"metadata.tags.java":"java"}`},
		{"metadata.tags=java,metadata.tags=go", true, `{"metadata.tags":{"$in":["java","go"]}}`},
		{"metadata.tags.java,metadata.tags.go", false, `{"$all":[{"metadata.tags.java":{"$exists":true}},{"metadata.tags.go":{"$exists":true}}]}`},
		{"metadata.labels.tier=one", true, `{"metadata.labels.tier":"one"}`},
		{"metadata.annotations.backstage.io/techdocs-ref", true, `{"metadata.annotations.backstage.io/techdocs-ref":{"$exists":true}}`},
		{"metadata.annotations.backstage.io/orphan=true", false, `{"metadata.annotations.backstage.io/orphan":"true"}`},
		{"relations.ownedBy=group:default/team-a", true, `{"relations.ownedBy":"group:default/team-a"}`},
		{"relations.ownedBy=team-a", false, `{"relations.ownedBy":"team-a"}`},
		{"relations.ownedBy", true, `{"relations.ownedBy":{"$exists":true}}`},
		{"relations", false, `{"relations":{"$exists":true}}`},
		{"spec", false, `{"spec":{"$exists":true}}`},
		{"spec.obj", false, `{"spec.obj":{"$exists":true}}`},
		{"status.items.type=x", false, `{"status.items.type":"x"}`},
		{"metadata.namespace=prod", true, `{"metadata.namespace":"prod"}`},
		{"  kind = component , spec.type ", true, `{"$all":[{"kind":"component"},{"spec.type":{"$exists":true}}]}`},
		{"metadata.annotations.a=b=c=d", false, `{"metadata.annotations.a":"b=c=d"}`},
		{"spec.empty=", true, `{"spec.empty":""}`},
		{"spec.type=", false, `{"spec.type":""}`},
		{"spec.none", true, `{"spec.none":{"$exists":true}}`},
		{"spec.none=", false, `{"spec.none":""}`},
		{"spec.none=null", false, `{"spec.none":"null"}`},
		{"spec.n=7", true, `{"spec.n":"7"}`},
		{"spec.flag=TRUE", true, `{"spec.flag":"TRUE"}`},
		{"metadata.description=50% off, today", false, `{"$all":[{"metadata.description":"50% off"},{"today":{"$exists":true}}]}`},
		{"metadata.name=s*", false, `{"metadata.name":"s*"}`},
		{"__proto__=x", false, `{"__proto__":"x"}`},
	} {
		p, err := entity.ParseFilter(strings.Split(c.sets, "&"))
		if err != nil {
			t.Errorf("%q: %v", c.sets, err)
			continue
		}
		if got := entity.Match(p, rows); got != c.want {
			t.Errorf("%q: %v", c.sets, got)
		}
		if got := stringify(entity.PredicateJSON(p)); got != c.json {
			t.Errorf("%q is stored as %s, want %s", c.sets, got, c.json)
		}
	}
	for _, statement := range []string{"=x", "=", " = y"} {
		_, err := entity.ParseFilter([]string{"kind=a", "kind=b," + statement})
		want := "Invalid filter, '" + strings.TrimSpace(statement) + "' is not a valid statement (expected a string on the form a=b or a= or a)"
		wantSyntaxError(t, statement, err, want)
	}
}

func wantSyntaxError(t *testing.T, what string, err error, message string) {
	t.Helper()
	var syntax *entity.SyntaxError
	if !errors.As(err, &syntax) || syntax.Name != "InputError" || syntax.Message != message {
		t.Errorf("%s:\n got %v\nwant %s", what, err, message)
	}
}

// Every row of catalog.md 4.2, and cases 22 to 24 of section 10.
func TestPredicates(t *testing.T) {
	t.Parallel()
	rows := sampleRows(t)
	for _, c := range []struct {
		query  string
		want   bool
		stored string // "" = as written
	}{
		{`{}`, true, ""},
		{`{"$all":[]}`, true, ""},
		{`{"$any":[]}`, false, ""},
		{`{"$not":{}}`, false, ""},
		{`{"kind":"COMPONENT"}`, true, ""},
		{`{"kind":"component","spec.type":"service"}`, true, ""},
		{`{"kind":"component","spec.type":"library"}`, false, ""},
		{`{"spec.n":7}`, true, ""},
		{`{"spec.n":"7"}`, true, ""},
		{`{"spec.flag":true}`, true, ""},
		{`{"spec.flag":"True"}`, true, ""},
		{`{"metadata.description":"50% off, today"}`, true, ""},
		{`{"spec.x":{"$exists":true}}`, false, ""},
		{`{"spec.x":{"$exists":false}}`, true, ""},
		{`{"spec.none":{"$exists":true}}`, true, ""},
		{`{"spec.obj":{"$exists":true}}`, false, ""},
		{`{"kind":{"$in":["user","Component"]}}`, true, ""},
		{`{"spec.n":{"$in":[7,true]}}`, true, ""},
		{`{"kind":{"$in":[]}}`, false, ""},
		{`{"metadata.name":{"$hasPrefix":"SV"}}`, true, ""},
		{`{"metadata.name":{"$hasPrefix":""}}`, true, ""},
		{`{"metadata.uid":{"$hasPrefix":"%"}}`, false, ""},
		{`{"metadata.description":{"$hasPrefix":"50%"}}`, true, ""},
		{`{"metadata.description":{"$hasPrefix":"%"}}`, false, ""},
		{`{"metadata.description":{"$hasPrefix":"5_"}}`, false, ""},
		{`{"spec.none":{"$hasPrefix":""}}`, false, ""},
		{`{"metadata.tags":{"$contains":"REST"}}`, true, ""},
		{`{"kind":{"$contains":"component"}}`, true, ""},
		{`{"relations":{"$contains":{"type":"ownedBy"}}}`, true, ""},
		{`{"relations":{"$contains":{"type":"OWNEDBY","targetRef":"group:default/TEAM-A"}}}`, true, ""},
		{`{"Relations":{"$contains":{"Type":"ownedBy","targetref":"group:default/team-b"}}}`, false, ""},
		{`{"relations":{"$contains":{"type":"dependsOn","targetRef":{"$in":["a","resource:default/db"]}}}}`, true, ""},
		{`{"relations":{"$contains":{"type":"dependsOn","targetRef":"group:default/team-a"}}}`, false, ""},
		{`{"relations":{"$contains":"ownedBy"}}`, false, ""},
		{`{"$not":{"$all":[{"kind":"component"},{"spec.type":"service"}]}}`, false, ""},
		{`{"$not":{"$all":[{"kind":"component"},{"spec.type":"library"}]}}`, true, ""},
		{`{"$any":[{"$not":{"kind":"component"}},{"$all":[{"kind":"component"},{"$any":[{"spec.type":"x"},{"spec.type":"service"}]}]}]}`, true, ""},
		{`{"kind":{"$exists":true,"$in":["x"]}}`, true, `{"kind":{"$exists":true}}`},
		{`{"kind":{"$exists":"yes","$in":["x"]}}`, false, `{"kind":{"$in":["x"]}}`},
		{`{"kind":{"$hasPrefix":"c","$nope":1}}`, true, `{"kind":{"$hasPrefix":"c"}}`},
		{`{"__proto__":"x"}`, false, ""},
	} {
		p, err := entity.ParsePredicate(mustParse(t, c.query))
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := entity.Match(p, rows); got != c.want {
			t.Errorf("%s: %v", c.query, got)
		}
		want := c.stored
		if want == "" {
			want = c.query
		}
		if got := stringify(entity.PredicateJSON(p)); got != want {
			t.Errorf("%s is stored as %s, want %s", c.query, got, want)
		}
	}
}

func TestPredicateErrors(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`"kind"`:                           "expected an object, received string",
		`5`:                                "expected an object, received number",
		`null`:                             "expected an object, received null",
		`[]`:                               "expected an object, received array",
		`{"kind":null}`:                    `a value cannot be null at "kind"`,
		`{"kind":["a"]}`:                   `a value cannot be array at "kind"`,
		`{"kind":{}}`:                      `expected one of $exists, $in, $contains and $hasPrefix with a value of its type at "kind"`,
		`{"kind":{"$like":"a"}}`:           `expected one of $exists, $in, $contains and $hasPrefix with a value of its type at "kind"`,
		`{"kind":{"$in":"a"}}`:             `expected one of $exists, $in, $contains and $hasPrefix with a value of its type at "kind"`,
		`{"kind":{"$in":[null]}}`:          `expected one of $exists, $in, $contains and $hasPrefix with a value of its type at "kind"`,
		`{"kind":{"$contains":null}}`:      `expected one of $exists, $in, $contains and $hasPrefix with a value of its type at "kind"`,
		`{"kind":{"$contains":{"a":"b"}}}`: `$contains with an object is only supported on relations, not at "kind"`,
		`{"$or":[]}`:                       `unknown operator "$or"`,
		`{"a":"b","$or":[]}`:               `unknown operator "$or"`,
		`{"$all":[],"kind":"a"}`:           "$all must be the only key of its object",
		`{"kind":"a","$not":{}}`:           "$not must be the only key of its object",
		`{"$all":{}}`:                      "$all expects an array, received object",
		`{"$any":[1]}`:                     "expected an object, received number",
		`{"$not":[]}`:                      "expected an object, received array",
		`{"relations":{"$contains":{}}}`:   "a relation must have a type",
		`{"relations":{"$contains":{"targetRef":"a:b/c"}}}`:                     "a relation must have a type",
		`{"relations":{"$contains":{"type":1}}}`:                                "type of a relation must be a string",
		`{"relations":{"$contains":{"type":"a","x":"y"}}}`:                      `a relation has type and targetRef, not "x"`,
		`{"relations":{"$contains":{"type":"a","targetRef":{"$in":[]}}}}`:       "targetRef of a relation must be a string, or $in with strings",
		`{"relations":{"$contains":{"type":"a","targetRef":{"$in":[1]}}}}`:      "targetRef of a relation must be a string, or $in with strings",
		`{"relations":{"$contains":{"type":"a","targetRef":{"$exists":true}}}}`: "targetRef of a relation must be a string, or $in with strings",
	} {
		v, err := entity.ParseJSON([]byte(query))
		if err != nil {
			t.Fatal(err)
		}
		_, err = entity.ParsePredicate(v)
		wantSyntaxError(t, query, err, "Invalid query: Validation error: "+want)
	}
}

func TestLegacyFilters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"key":"kind"}`:                                     `{"kind":{"$exists":true}}`,
		`{"key":"kind","values":["a"]}`:                      `{"kind":"a"}`,
		`{"key":"kind","values":["a","b"]}`:                  `{"kind":{"$in":["a","b"]}}`,
		`{"key":"kind","values":[]}`:                         `{"kind":{"$in":[]}}`,
		`{"not":{"key":"a"}}`:                                `{"$not":{"a":{"$exists":true}}}`,
		`{"anyOf":[{"allOf":[{"key":"a"},{"key":"b"}]}]}`:    `{"$any":[{"$all":[{"a":{"$exists":true}},{"b":{"$exists":true}}]}]}`,
		`{"allOf":[]}`:                                       `{"$all":[]}`,
		`{"allOf":[{"anyOf":[{"key":"a","values":["1"]}]}]}`: `{"$all":[{"$any":[{"a":"1"}]}]}`,
	} {
		p, err := entity.ParseLegacyFilter(mustParse(t, text))
		if err != nil || stringify(entity.PredicateJSON(p)) != want {
			t.Errorf("%s is %s, %v; want %s", text, stringify(entity.PredicateJSON(p)), err, want)
		}
	}
	for _, text := range []string{`{}`, `{"key":1}`, `{"key":"a","values":"b"}`, `{"allOf":{}}`, `{"anyOf":[1]}`, `{"not":[]}`, `7`} {
		v, err := entity.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entity.ParseLegacyFilter(v); err == nil || !strings.HasPrefix(err.Error(), "Invalid filter: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNilPredicateSelectsEverything(t *testing.T) {
	t.Parallel()
	if !entity.Match(nil, nil) || entity.Match(entity.Not{}, nil) || !entity.Match(entity.All{Of: []entity.Predicate{nil}}, nil) {
		t.Error("nil does not select everything")
	}
	if got := stringify(entity.PredicateJSON(entity.Not{})); got != `{"$not":{}}` {
		t.Errorf("nil inside is stored as %s", got)
	}
}

// predicates draws trees of nodes built by hand, as permission conditions are.
func predicates(depth int) *rapid.Generator[entity.Predicate] {
	key := rapid.SampledFrom([]string{"kind", "Kind", "spec.type", "spec.none", "metadata.tags", "relations.ownedBy", "nope"})
	value := rapid.SampledFrom([]string{"component", "service", "JAVA", "", "group:default/team-a", "7"})
	leaf := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) entity.Predicate {
			return entity.Exists{Key: key.Draw(t, "key"), Absent: rapid.Bool().Draw(t, "absent")}
		}),
		rapid.Custom(func(t *rapid.T) entity.Predicate {
			return entity.Equal{Key: key.Draw(t, "key"), Values: rapid.SliceOfN(value, 0, 3).Draw(t, "values")}
		}),
		rapid.Custom(func(t *rapid.T) entity.Predicate {
			return entity.HasPrefix{Key: key.Draw(t, "key"), Prefix: value.Draw(t, "prefix")}
		}),
		rapid.Custom(func(t *rapid.T) entity.Predicate {
			r := entity.RelationContains{Type: rapid.SampledFrom([]string{"ownedBy", "dependsOn", "x"}).Draw(t, "type")}
			if n := rapid.IntRange(0, 2).Draw(t, "targets"); n > 0 {
				r.Targets = rapid.SliceOfN(value, n, n).Draw(t, "targets")
			}
			return r
		}),
	)
	if depth == 0 {
		return leaf
	}
	inner := predicates(depth - 1)
	return rapid.OneOf(
		leaf,
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(of []entity.Predicate) entity.Predicate { return entity.All{Of: of} }),
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(of []entity.Predicate) entity.Predicate { return entity.Any{Of: of} }),
		rapid.Map(inner, func(of entity.Predicate) entity.Predicate { return entity.Not{Of: of} }),
	)
}

// TestPredicatesSurviveACursor stores predicates as cursors do and reads them back.
func TestPredicatesSurviveACursor(t *testing.T) {
	t.Parallel()
	rows := sampleRows(t)
	rapid.Check(t, func(t *rapid.T) {
		p := predicates(3).Draw(t, "predicate")
		stored := stringify(entity.PredicateJSON(p))
		v, err := entity.ParseJSON([]byte(stored))
		if err != nil {
			t.Fatal(err)
		}
		back, err := entity.ParsePredicate(v)
		if err != nil {
			t.Fatalf("%s: %v", stored, err)
		}
		if again := stringify(entity.PredicateJSON(back)); again != stored {
			t.Fatalf("%s became %s", stored, again)
		}
		if entity.Match(p, rows) != entity.Match(back, rows) {
			t.Fatalf("%s selects something else now", stored)
		}
	})
}
