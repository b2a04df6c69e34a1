package mapping_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
)

const portal = "https://portal.acme.dev"

func read(t testing.TB, text string) entity.Entity {
	t.Helper()
	o, err := entity.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return entity.FromObject(o)
}

func compile(t testing.TB, o mapping.Options) *mapping.Mapping {
	t.Helper()
	m, err := mapping.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mapped(t testing.TB, m *mapping.Mapping, text string) export.Document {
	t.Helper()
	doc, err := m.Map(context.Background(), read(t, text))
	if err != nil {
		t.Fatalf("map %s: %v", text, err)
	}
	return doc
}

func sameJSON(t testing.TB, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The worked example of export.md 3.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	input, err := os.ReadFile("testdata/payments.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/payments.document.json")
	if err != nil {
		t.Fatal(err)
	}
	doc := mapped(t, compile(t, mapping.Options{AppBaseURL: portal}), string(input))
	sameJSON(t, doc.Body, string(want))
	if doc.ID != "component.default.payment_api.v2" || doc.EntityRef != "component:default/payment_api.v2" || doc.Stage != 6 {
		t.Errorf("id %q, ref %q, stage %d", doc.ID, doc.EntityRef, doc.Stage)
	}
	if len(doc.Warnings) != 1 || !strings.Contains(doc.Warnings[0], "mailto") {
		t.Errorf("warnings %q", doc.Warnings)
	}
	keys := []string{
		"properties.annotations", "properties.backstageUrl", "properties.entityRef", "properties.kind", "properties.labels",
		"properties.language", "properties.lifecycle", "properties.links", "properties.name", "properties.namespace",
		"properties.repoLink", "properties.sourceLocation", "properties.tags", "properties.type",
		"relations.dependsOnComponents", "relations.dependsOnResources", "relations.ownerTeam", "relations.system",
	}
	if !reflect.DeepEqual(doc.Keys, keys) {
		t.Errorf("keys %q", doc.Keys)
	}
	canonical, err := entity.ParseObject(doc.Body)
	if err != nil || string(entity.StableJSON(canonical)) != string(doc.Body) {
		t.Errorf("%v: the body is not canonical: %s", err, doc.Body)
	}
}

// The blueprint of export.md 3.
func TestServiceBlueprint(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/service.blueprint.json")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, b := range compile(t, mapping.Options{AppBaseURL: portal}).Blueprints("Widget", "component") {
		ids = append(ids, b.ID)
		if b.ID == "service" {
			got, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, string(want))
		}
	}
	all := []string{"api", "backstage.v1.template", "backstage.v1.widget", "domain", "resource", "service", "system", "team", "user"}
	if !reflect.DeepEqual(ids, all) {
		t.Errorf("blueprints %q", ids)
	}
}

func TestBareEntities(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{})
	for kind, want := range map[string]string{
		"API":    `{"blueprintId":"api","description":"","id":"api.default.a","properties":{"annotations":{},"entityRef":"api:default/a","kind":"API","labels":{},"links":[],"name":"a","namespace":"default","tags":[]},"relations":{},"title":"a"}`,
		"Widget": `{"blueprintId":"backstage.v1.widget","description":"","id":"widget.default.a","properties":{"annotations":{},"entityRef":"widget:default/a","kind":"Widget","labels":{},"links":[],"name":"a","namespace":"default","spec":"null","tags":[]},"relations":{},"title":"a"}`,
	} {
		doc := mapped(t, m, `{"kind":"`+kind+`","metadata":{"name":"a"}}`)
		if string(doc.Body) != want {
			t.Errorf("got  %s\nwant %s", doc.Body, want)
		}
	}
	if _, err := m.Map(context.Background(), read(t, `{"kind":"Location","metadata":{"name":"a"}}`)); !errors.Is(err, export.ErrSkipped) {
		t.Errorf("a location: %v", err)
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{})
	for i, kind := range []string{"User", "Group", "Domain", "System", "Resource", "API", "Component", "Template"} {
		if doc := mapped(t, m, `{"kind":"`+kind+`","metadata":{"name":"a"}}`); doc.Stage != i {
			t.Errorf("%s is written in stage %d", kind, doc.Stage)
		}
	}
}

// Names that differ by punctuation, kind or namespace alone stay apart (export.md 7.5, scenario 15).
func TestIDsAreInjective(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{})
	seen := map[string]string{}
	for _, kind := range []string{"Component", "Group", "API"} {
		for _, namespace := range []string{"default", "a", "a-b", "a_b"} {
			for _, name := range []string{"payment_api", "payment.api", "payment-api", "paymentapi"} {
				doc := mapped(t, m, `{"kind":"`+kind+`","metadata":{"name":"`+name+`","namespace":"`+namespace+`"}}`)
				if other, taken := seen[doc.ID]; taken {
					t.Errorf("%s and %s are both %s", doc.EntityRef, other, doc.ID)
				}
				seen[doc.ID] = doc.EntityRef
			}
		}
	}
}

func TestUnmappableIDs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"kind":"Component","metadata":{"name":"a","namespace":"b.c"}}`,
		`{"kind":"Com.ponent","metadata":{"name":"a"}}`,
		`{"kind":"Component","metadata":{"name":"größe"}}`,
		`{"kind":"Component","metadata":{"name":"a b"}}`,
	} {
		_, err := compile(t, mapping.Options{}).Map(context.Background(), read(t, text))
		bad, ok := errors.AsType[*export.MapError](err)
		if !ok || bad.Code != "unmappable_id" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestIDStrategies(t *testing.T) {
	t.Parallel()
	const text = `{"kind":"Component","metadata":{"name":"Pay","namespace":"x","annotations":{"id":"k-9"}},
		"relations":[{"type":"ownedBy","targetRef":"group:y/Guests"}]}`
	for strategy, want := range map[string][2]string{
		"":                              {"component.x.pay", "group.y.guests"},
		"ref":                           {"component.x.pay", "group.y.guests"},
		"name":                          {"pay", "guests"},
		`"bs-" + (ref|rid)`:             {"bs-component.x.pay", "bs-group.y.guests"},
		`.metadata.name|ascii_downcase`: {"pay", "guests"},
		`(.metadata.annotations.id // .metadata.name)|ascii_downcase # by annotation`: {"k-9", "guests"},
	} {
		doc := mapped(t, compile(t, mapping.Options{IDStrategy: strategy}), text)
		if doc.ID != want[0] || !strings.Contains(string(doc.Body), `"ownerTeam":{"value":"`+want[1]+`"}`) {
			t.Errorf("%q: %s", strategy, doc.Body)
		}
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	m := compile(t, mapping.Options{Source: mapping.Mirror})
	if doc := mapped(t, m, `{"kind":"Component","metadata":{"name":"a"}}`); !strings.HasPrefix(string(doc.Body), `{"blueprintId":"backstage.v1.component"`) {
		t.Errorf("got %s", doc.Body)
	}
	for _, b := range m.Blueprints() {
		if !mapping.Ours(b.ID) {
			t.Errorf("%s is not ours", b.ID)
		}
		for key, r := range b.Relations {
			if !mapping.Ours(r.Value) {
				t.Errorf("%s.%s leads to %s", b.ID, key, r.Value)
			}
		}
	}
}
