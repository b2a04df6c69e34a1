package mapping_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
)

// What people read of a mistake in a mapping file.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`{"kinds":{"component":{"properties":{"tier":".metadata.labels[\"tier\""}}}}`: `map.json: kinds.component.properties.tier: unexpected EOF (column 24)`,
		`{"kinds":{"component":{"properties":{"tier":".a | | .b"}}}}`:                 `map.json: kinds.component.properties.tier: unexpected token "|" (column 6)`,
		`{"kinds":{"component":{"properties":{"tier":".a | shout"}}}}`:                `map.json: kinds.component.properties.tier: function not defined: shout/0 (column 6)`,
		`{"kinds":{"component":{"properties":{"tier":"$base"}}}}`:                     `map.json: kinds.component.properties.tier: variable not defined: $base (column 1)`,
		`{"common":{"title":"."  ,"properties":{"a":"1 +"}}}`:                         `map.json: common.properties.a: unexpected EOF (column 4)`,
		`{"prelude":"def f: ;"}`:                   `map.json: prelude: unexpected token ";" (column 8)`,
		`{"kinds":{"component":{"propertys":{}}}}`: `map.json: kinds.component.propertys: unknown key; skip, blueprintId, blueprintIdExpr, blueprintTitle, id, title, description, properties and relations are known`,
		`{"kind":{}}`:                              `map.json: kind: unknown key; extends, prelude, common and kinds are known`,
		`{"extends":"us"}`:                         `map.json: extends: use native, mirror or none`,
		`{"kinds":`:                                `map.json: unexpected end in JSON at position 9`,
		"kinds:\n  a: [":                           `map.json: line 3, column 1: while parsing a flow node: did not find expected node content`,
		`{"extends":"none","kinds":{"component":{"id":".metadata.name","title":"."}}}`: `map.json: kinds.component: blueprintId is missing`,
		`{"kinds":{"component":{"blueprintId":"Service"}}}`:                            `map.json: kinds.component.blueprintId: an id has lower-case letters, digits and _ . - only`,
		`{"kinds":{"component":{"relations":{"a":"rel"}}}}`:                            `map.json: kinds.component.relations.a: an object is wanted here`,
	} {
		_, err := mapping.Compile(mapping.Options{File: "map.json", Content: []byte(content)})
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", content, err, want)
		}
		if _, ok := errors.AsType[*mapping.Error](err); !ok {
			t.Errorf("%s: %T", content, err)
		}
	}
	_, err := mapping.Compile(mapping.Options{IDStrategy: ".metadata |"})
	if want := "idStrategy: unexpected EOF (column 12)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestUserMapping(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{File: "map.yaml", Content: []byte(`
prelude: 'def owner: .spec.owner // "nobody";'
common:
  properties: {links: null}
kinds:
  Component:
    title: .metadata.name + "!"
    properties:
      language: null
      owner: owner
      first: .metadata.tags[]
      none: empty
      size: {value: '.metadata.tags|length', title: Tags in all}
    relations:
      system: null
      twice: {value: '["a","a","b"]', target: team}
  api: {skip: true}
`)})
	doc := mapped(t, m, `{"kind":"Component","metadata":{"name":"a","tags":["x","y"],"links":[{"url":"https://a"}],"labels":{"language":"go"}},"spec":{"owner":"me"},
		"relations":[{"type":"partOf","targetRef":"system:default/s"}]}`)
	want := `{"blueprintId":"service","description":"","id":"component.default.a","properties":{"annotations":{},"entityRef":"component:default/a","first":"x",` +
		`"kind":"Component","labels":{"language":"go"},"name":"a","namespace":"default","owner":"me","size":2,"tags":["x","y"]},"relations":{"twice":{"value":["a","b"]}},"title":"a!"}`
	if string(doc.Body) != want {
		t.Errorf("got  %s\nwant %s", doc.Body, want)
	}
	if _, err := m.Map(context.Background(), read(t, `{"kind":"API","metadata":{"name":"a"}}`)); !errors.Is(err, export.ErrSkipped) {
		t.Errorf("a skipped kind: %v", err)
	}
	for _, b := range m.Blueprints() {
		if b.ID != "service" {
			continue
		}
		if p := b.Schema.Properties["size"]; p.Type != "number" || p.Title != "Tags in all" {
			t.Errorf("size is %+v", p)
		}
		if r := b.Relations["twice"]; r.Value != "team" || !r.Array {
			t.Errorf("twice is %+v", r)
		}
	}
}

func TestAMappingInsteadOfTheNativeOne(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{File: "map.json", Content: []byte(
		`{"extends":"none","kinds":{"component":{"blueprintId":"thing","id":".metadata.name","title":".metadata.name","properties":{"on":"true"}}}}`)})
	if doc := mapped(t, m, `{"kind":"Component","metadata":{"name":"a"}}`); string(doc.Body) != `{"blueprintId":"thing","description":"","id":"a","properties":{"on":true},"relations":{},"title":"a"}` {
		t.Errorf("got %s", doc.Body)
	}
	if _, err := m.Map(context.Background(), read(t, `{"kind":"API","metadata":{"name":"a"}}`)); !errors.Is(err, export.ErrSkipped) {
		t.Errorf("a kind without rules: %v", err)
	}
}

func TestExpressionsThatFail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`.metadata.name.x`:         `kinds.component.properties.tier: expected an object but got: string ("a")`,
		`error("no tier")`:         `kinds.component.properties.tier: error: no tier`,
		`.metadata.tags | add + 1`: `kinds.component.properties.tier: cannot add: string ("x") and number (1)`,
	} {
		m := compile(t, mapping.Options{File: "m", Content: []byte(`{"kinds":{"component":{"properties":{"other":"now|type","tier":` + quoted(text) + `}}}}`)})
		_, err := m.Map(context.Background(), read(t, `{"kind":"Component","metadata":{"name":"a","tags":["x"]}}`))
		bad, ok := errors.AsType[*export.MapError](err)
		if !ok || bad.Code != "mapping" || bad.Message != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func TestAnEndedRunEndsAnEndlessExpression(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{File: "m", Content: []byte(`{"kinds":{"component":{"properties":{"tier":"[range(infinite)]|length"}}}}`)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Map(ctx, read(t, `{"kind":"Component","metadata":{"name":"a"}}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPrivacy(t *testing.T) {
	t.Parallel()
	const component = `{"kind":"Component","metadata":{"name":"a","annotations":{"acme/Token-id":"1","acme/id":"2","x-secret":"3"},"labels":{"db-password":"4"}},"spec":{"owner":"user:default/u"},
		"relations":[{"type":"ownedBy","targetRef":"user:default/u"}]}`
	const user = `{"kind":"User","metadata":{"name":"u","title":"Uma","annotations":{"mail":"u@acme.dev"}},"spec":{"profile":{"displayName":"Uma","email":"u@acme.dev"}},
		"relations":[{"type":"memberOf","targetRef":"group:default/g"}]}`
	doc := mapped(t, compile(t, mapping.Options{}), component)
	if body := string(doc.Body); !strings.Contains(body, `"annotations":{"acme/id":"2"},`) || !strings.Contains(body, `"labels":{}`) || !strings.Contains(body, `"ownerUser":{"value":"user.default.u"}`) {
		t.Errorf("got %s", body)
	}
	if len(doc.Warnings) != 3 || doc.Warnings[0] != "metadata.annotations.acme/Token-id is left out by fields.deny" {
		t.Errorf("warnings %q", doc.Warnings)
	}
	if doc := mapped(t, compile(t, mapping.Options{Deny: []string{}}), component); !strings.Contains(string(doc.Body), "Token-id") {
		t.Errorf("nothing is denied: %s", doc.Body)
	}
	if doc := mapped(t, compile(t, mapping.Options{Deny: []string{"metadata.annotations", "metadata.l*.db-*"}}), component); !strings.Contains(string(doc.Body), `"annotations":{}`) ||
		strings.Contains(string(doc.Body), "db-password") {
		t.Errorf("got %s", doc.Body)
	}

	hidden := compile(t, mapping.Options{Users: mapping.PseudonymousUsers})
	who := mapped(t, hidden, user)
	if strings.Contains(string(who.Body), "Uma") || strings.Contains(string(who.Body), "acme") || !strings.Contains(string(who.Body), `"teams":{"value":["group.default.g"]}`) {
		t.Errorf("got %s", who.Body)
	}
	if doc := mapped(t, hidden, component); !strings.Contains(string(doc.Body), `"ownerUser":{"value":"`+who.ID+`"}`) || strings.Contains(string(doc.Body), "user.default.u\"") {
		t.Errorf("got %s, and the user is %s", doc.Body, who.ID)
	}
	none := compile(t, mapping.Options{Users: mapping.OmittedUsers})
	if doc := mapped(t, none, component); strings.Contains(string(doc.Body), "ownerUser") {
		t.Errorf("got %s", doc.Body)
	}
	if _, err := none.Map(context.Background(), read(t, user)); !errors.Is(err, export.ErrSkipped) {
		t.Errorf("a user: %v", err)
	}
}

func TestValuesThatTheDestinationRefuses(t *testing.T) {
	t.Parallel()
	doc := mapped(t, compile(t, mapping.Options{}), `{"kind":"Group","metadata":{"name":"g","links":[{"url":"https://a b"},{"url":"https://ok"},{"url":"slack://x"}]},
		"spec":{"profile":{"picture":"data:image/png;base64,x","email":"nobody"}},"relations":[{"type":"childOf","targetRef":"group:a.b/c"},{"type":"hasMember","targetRef":"user:default/größe"}]}`)
	want := `{"blueprintId":"team","description":"","id":"group.default.g","properties":{"annotations":{},"entityRef":"group:default/g","kind":"Group","labels":{},"links":["https://ok"],"name":"g","namespace":"default","tags":[]},"relations":{},"title":"g"}`
	if string(doc.Body) != want {
		t.Errorf("got  %s\nwant %s", doc.Body, want)
	}
	if len(doc.Warnings) != 6 {
		t.Errorf("warnings %q", doc.Warnings)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	const api = `{"kind":"API","metadata":{"name":"a"},"spec":{"definition":"openapi"}}`
	doc := mapped(t, compile(t, mapping.Options{AppBaseURL: portal + "/"}), api)
	for _, part := range []string{
		`"definitionSha256":"`, `"definitionUrl":"https://portal.acme.dev/catalog/default/api/a/definition"`, `"backstageUrl":"https://portal.acme.dev/catalog/default/api/a"`,
	} {
		if !strings.Contains(string(doc.Body), part) {
			t.Errorf("%s is not in %s", part, doc.Body)
		}
	}
	if strings.Contains(string(doc.Body), `"definition":`) {
		t.Errorf("got %s", doc.Body)
	}
	doc = mapped(t, compile(t, mapping.Options{IncludeDefinitions: true}), api)
	if !strings.Contains(string(doc.Body), `"definition":"openapi"`) || strings.Contains(string(doc.Body), "Url") {
		t.Errorf("got %s", doc.Body)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, o := range []mapping.Options{
		{},
		{Source: mapping.Mirror},
		{IDStrategy: "name"},
		{Users: mapping.OmittedUsers},
		{Deny: []string{}},
		{AppBaseURL: portal},
		{IncludeDefinitions: true},
		{File: "a", Content: []byte("{}")},
	} {
		seen[compile(t, o).Fingerprint()] = true
	}
	if len(seen) != 8 || compile(t, mapping.Options{}).Fingerprint() != compile(t, mapping.Options{Source: "native"}).Fingerprint() {
		t.Errorf("%d different fingerprints", len(seen))
	}
}

// An account whose blueprints are spelled differently, lack parts or differ in type.
func TestFit(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{})
	fitted, warnings := m.Fit(mapping.Shape{"service": {
		Properties: map[string]mapping.AccountProperty{
			"repo-link": {Type: "string", Format: "url"}, "lifecycle": {Type: "string", Enum: []string{"production"}}, "tags": {Type: "string"}, "name": {},
		},
		Relations: map[string]mapping.Relation{"ownerTeam": {Value: "team", Array: true}, "system": {Value: "other"}},
	}}, "Widget")
	const text = `{"kind":"Component","metadata":{"name":"a","annotations":{"backstage.io/source-location":"url:https://x/"}},"spec":{"lifecycle":"odd"},
		"relations":[{"type":"ownedBy","targetRef":"group:default/g"},{"type":"partOf","targetRef":"system:default/s"}]}`
	want := `{"blueprintId":"service","description":"","id":"component.default.a","properties":{"name":"a","repo-link":"https://x/"},"relations":{"ownerTeam":{"value":["group.default.g"]}},"title":"a"}`
	if doc := mapped(t, fitted, text); string(doc.Body) != want {
		t.Errorf("got  %s\nwant %s", doc.Body, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], `"service" has no`) || !strings.Contains(warnings[0], "relations.system") {
		t.Errorf("warnings %q", warnings)
	}
	if doc := mapped(t, m, text); strings.Contains(string(doc.Body), "repo-link") {
		t.Error("the mapping itself has changed")
	}
}
