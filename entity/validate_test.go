package entity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

const learnMore = ". To learn more about catalog file format, visit: https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md"

func component(t testing.TB, metadata, spec string) entity.Entity {
	t.Helper()
	return entity.FromObject(mustParse(t, `{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":`+metadata+`,"spec":`+spec+`}`))
}

func wantError(t *testing.T, what string, err error, name, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	var invalid *entity.ValidationError
	if !errors.As(err, &invalid) || invalid.Name != name || invalid.Message != message {
		t.Errorf("%s:\n got %v\nwant %s: %s", what, err, name, message)
	}
}

func TestValidateEnvelope(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"apiVersion":"a","kind":"k","metadata":{"name":"n","x":1},"foo":2}`: "",
		`{}`:                 "<root> must have required property 'apiVersion' - missingProperty: apiVersion",
		`{"apiVersion":"a"}`: "<root> must have required property 'kind' - missingProperty: kind",
		`{"apiVersion":1,"kind":"k","metadata":{}}`:                                      "/apiVersion must be string - type: string",
		`{"apiVersion":"","kind":"k","metadata":{"name":"n"}}`:                           "/apiVersion must NOT have fewer than 1 characters - limit: 1",
		`{"apiVersion":"a","kind":null,"metadata":{"name":"n"}}`:                         "/kind must be string - type: string",
		`{"apiVersion":"a","kind":"k","metadata":[]}`:                                    "/metadata must be object - type: object",
		`{"apiVersion":"a","kind":"k","metadata":{}}`:                                    "/metadata must have required property 'name' - missingProperty: name",
		`{"apiVersion":"a","kind":"k","metadata":{"name":"n","namespace":""}}`:           "/metadata/namespace must NOT have fewer than 1 characters - limit: 1",
		`{"apiVersion":"a","kind":"k","metadata":{"name":"n","annotations":{"a":true}}}`: "",
	} {
		wantError(t, text, entity.ValidateEnvelope(entity.FromObject(mustParse(t, text))), "TypeError", want)
	}
	wantError(t, "no object", entity.ValidateEnvelope(entity.Entity{}), "TypeError", "<root> must be object - type: object")
}

// Cases 2 to 4 and 7 of catalog.md 10.
func TestPolicy(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	name := func(found string) string {
		return `"metadata.name" is not valid; expected a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total but found "` + found + `"` + learnMore
	}
	namespace := func(found string) string {
		return `"metadata.namespace" is not valid; expected a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total but found "` + found + `"` + learnMore
	}
	tag := func(i, found string) string {
		return `"tags.` + i + `" is not valid; expected a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total but found "` + found + `"` + learnMore
	}
	for metadata, want := range map[string]string{
		`{"name":"` + long[:63] + `"}`:                                 "",
		`{"name":"` + long + `"}`:                                      name(long),
		`{"name":"-a"}`:                                                name("-a"),
		`{"name":"a-"}`:                                                name("a-"),
		`{"name":"a.b_c-d"}`:                                           "",
		`{"name":"A"}`:                                                 "",
		`{"name":"bad name!"}`:                                         name("bad name!"),
		`{"name":"n","namespace":"Upper"}`:                             namespace("Upper"),
		`{"name":"n","namespace":"a--b"}`:                              "",
		`{"name":"n","namespace":"a.b"}`:                               namespace("a.b"),
		`{"name":"n","namespace":"-a"}`:                                namespace("-a"),
		`{"name":"n","tags":["java","c++","c#","a:b"]}`:                "",
		`{"name":"n","tags":["java","Java"]}`:                          tag("1", "Java"),
		`{"name":"n","tags":["a_b"]}`:                                  tag("0", "a_b"),
		`{"name":"n","tags":["a--b"]}`:                                 tag("0", "a--b"),
		`{"name":"n","tags":["a","a"]}`:                                "",
		`{"name":"n","tags":[""]}`:                                     "Malformed envelope, /metadata/tags/0 must NOT have fewer than 1 characters",
		`{"name":"n","labels":{"a":"","e.x/b":"c"}}`:                   "",
		`{"name":"n","labels":{"a":"b c"}}`:                            `"labels.a" is not valid; expected a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total but found "b c"` + learnMore,
		`{"name":"n","labels":{"":"b"}}`:                               `"labels." is not valid; expected a valid prefix and/or suffix but found ""` + learnMore,
		`{"name":"n","labels":{"a":1}}`:                                "Malformed envelope, /metadata/labels/a must be string",
		`{"name":"n","annotations":{"a":"any thing ☃"}}`:               "",
		`{"name":"n","annotations":{"x.y/a":null}}`:                    "Malformed envelope, /metadata/annotations/x.y~1a must be string",
		`{"name":"n","annotations":{"a/b/c":"x"}}`:                     `"annotations.a/b/c" is not valid; expected a valid prefix and/or suffix but found "a/b/c"` + learnMore,
		`{"name":"n","annotations":{"A.b/c":"x"}}`:                     `"annotations.A.b/c" is not valid; expected a valid prefix and/or suffix but found "A.b/c"` + learnMore,
		`{"name":"n","uid":"","etag":"x"}`:                             "Malformed envelope, /metadata/uid must NOT have fewer than 1 characters",
		`{"name":"n","title":""}`:                                      "Malformed envelope, /metadata/title must NOT have fewer than 1 characters",
		`{"name":"n","description":""}`:                                "",
		`{"name":"n","description":7}`:                                 "Malformed envelope, /metadata/description must be string",
		`{"name":"n","links":[{"url":"https://a","x":[]}]}`:            "",
		`{"name":"n","links":[{}]}`:                                    "Malformed envelope, /metadata/links/0 must have required property 'url'",
		`{"name":"n","links":[{"url":"/relative"}]}`:                   `"links.0.url" is not valid; expected a string that is a valid url but found "/relative"` + learnMore,
		`{"name":"n","links":[{"url":"mailto:a@b","title":" "}]}`:      `"links.0.title" is not valid; expected a non empty string but found " "` + learnMore,
		`{"name":"n","links":[{"url":"mailto:a@b","icon":"\t"}]}`:      `"links.0.icon" is not valid; expected a non empty string but found "` + "\t" + `"` + learnMore,
		`{"name":"n","links":[{"url":"a:b"},{"url":"c:d","type":""}]}`: "Malformed envelope, /metadata/links/1/type must NOT have fewer than 1 characters",
		// CVE-2023-25571
		`{"name":"n","links":[{"url":"javascript:alert(1)"}]}`:         `"links.0.url" is not valid; expected a url that does not run a script but found "javascript:alert(1)"` + learnMore,
		`{"name":"n","links":[{"url":"\u0001Java\nScript:alert(1)"}]}`: `"links.0.url" is not valid; expected a url that does not run a script but found "` + "\x01Java\nScript:alert(1)" + `"` + learnMore,
	} {
		wantError(t, metadata, entity.Policy(component(t, metadata, `{}`)), "Error", want)
	}
}

func TestPolicyOnTheEnvelope(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"apiVersion":"backstage.io/v1alpha1","kind":"K"}`:                                       "Malformed envelope, <root> must have required property 'metadata'",
		`{"apiVersion":"a/b/c","kind":"K","metadata":{"name":"n"}}`:                               `"apiVersion" is not valid; expected a valid prefix and/or suffix but found "a/b/c"` + learnMore,
		`{"apiVersion":"v1","kind":"K-1","metadata":{"name":"n"}}`:                                `"kind" is not valid; expected a string that is a sequence of [a-zA-Z][a-z0-9A-Z], at most 63 characters in total but found "K-1"` + learnMore,
		`{"apiVersion":"1.0","kind":"K","metadata":{"name":"n"}}`:                                 `"apiVersion" is not valid; expected a valid prefix and/or suffix but found "1.0"` + learnMore,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"relations":[]}`:                   "Unknown field relations",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"status":{}}`:                      "Unknown field status",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"foo":1}`:                          "Malformed envelope, <root> must NOT have additional properties",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"spec":[]}`:                        "Malformed envelope, /spec must be object",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"spec":null}`:                      "Malformed envelope, /spec must be object",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"}}`:                                  "",
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"relations":[{"type":"ownedBy"}]}`: "Malformed envelope, /relations/0 must have required property 'targetRef'",
	} {
		wantError(t, text, entity.Policy(entity.FromObject(mustParse(t, text))), "Error", want)
	}
}

// The order is that of the wire: see by-name in test/golden/entities.json.
func TestPolicyWritesTheDefaultNamespaceInFront(t *testing.T) {
	t.Parallel()
	e := component(t, `{"name":"n","title":"t"}`, `{}`)
	if err := entity.Policy(e); err != nil {
		t.Fatal(err)
	}
	want := `{"metadata":{"namespace":"default","name":"n","title":"t"},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{}}`
	if got := stringify(e); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e = component(t, `{"name":"n","namespace":"x"}`, `{}`)
	before := stringify(e)
	if err := entity.Policy(e); err != nil || stringify(e) != before {
		t.Errorf("an entity with a namespace was changed: %s, %v", stringify(e), err)
	}
}

// Cases 5 and 6 of catalog.md 10, and every kind of 1.6.
func TestValidateKind(t *testing.T) {
	t.Parallel()
	const missing = "/spec must have required property "
	for _, c := range []struct{ kind, apiVersion, spec, want string }{
		{"Component", "", `{"type":"t","lifecycle":"l","owner":"o"}`, ""},
		{"Component", "backstage.io/v1beta1", `{"type":"t","lifecycle":"l","owner":"o","x":{},"dependencyOf":7}`, ""},
		{"Component", "", `{"lifecycle":"l","owner":"o"}`, missing + "'type' - missingProperty: type"},
		{"Component", "", `{"type":"t","lifecycle":"l"}`, missing + "'owner' - missingProperty: owner"},
		{"Component", "", `{"type":"","lifecycle":"l","owner":"o"}`, "/spec/type must NOT have fewer than 1 characters - limit: 1"},
		{"Component", "", `{"type":"t","lifecycle":null,"owner":"o"}`, "/spec/lifecycle must be string - type: string"},
		{"Component", "", `{"type":"t","lifecycle":"l","owner":"o","dependsOn":"x"}`, "/spec/dependsOn must be array - type: array"},
		{"Component", "", `{"type":"t","lifecycle":"l","owner":"o","providesApis":["a",7]}`, "/spec/providesApis/1 must be string - type: string"},
		{"Component", "", `{"type":"t","lifecycle":"l","owner":"o","providesApis":[7],"system":{}}`, "/spec/system must be string - type: string"},
		{"API", "", `{"type":"t","lifecycle":"l","owner":"o","definition":"d"}`, ""},
		{"API", "", `{"type":"t","lifecycle":"l","owner":"o","definition":{"$text":"x"}}`, "/spec/definition must be string - type: string"},
		{"API", "", `{"type":"t","lifecycle":"l","owner":"o"}`, missing + "'definition' - missingProperty: definition"},
		{"Resource", "", `{"type":"t","owner":"o","dependsOn":[]}`, ""},
		{"Resource", "", `{"type":"t"}`, missing + "'owner' - missingProperty: owner"},
		{"System", "", `{"owner":"o","domain":"d","type":"t"}`, ""},
		{"System", "", `{}`, missing + "'owner' - missingProperty: owner"},
		{"Domain", "", `{"owner":"o","subdomainOf":"d"}`, ""},
		{"Domain", "", `{"owner":"o","subdomainOf":[]}`, "/spec/subdomainOf must be string - type: string"},
		{"Group", "", `{"type":"t","children":[],"profile":{"displayName":"d","x":1}}`, ""},
		{"Group", "", `{"type":"t"}`, missing + "'children' - missingProperty: children"},
		{"Group", "", `{"type":"t","children":[],"profile":{"email":""}}`, "/spec/profile/email must NOT have fewer than 1 characters - limit: 1"},
		{"User", "", `{"memberOf":[]}`, ""},
		{"User", "", `{}`, missing + "'memberOf' - missingProperty: memberOf"},
		{"Location", "", `{}`, ""},
		{"Location", "", `{"type":"url","target":"t","targets":["a"],"presence":"optional"}`, ""},
		{"Location", "", `{"presence":"maybe"}`, "/spec/presence must be equal to one of the allowed values - allowedValues: required,optional"},
		{"Template", "scaffolder.backstage.io/v1beta3", `{"type":"t","steps":[{"action":"a"}],"parameters":[{}]}`, ""},
		{"Template", "scaffolder.backstage.io/v1beta3", `{"type":"t","steps":[],"parameters":{}}`, ""},
		{"Template", "scaffolder.backstage.io/v1beta3", `{"type":"t","steps":[],"parameters":"x"}`, "/spec/parameters must be object - type: object"},
		{"Template", "scaffolder.backstage.io/v1beta3", `{"type":"t","steps":[{}]}`, "/spec/steps/0 must have required property 'action' - missingProperty: action"},
		{"AiResource", "", `{"type":"skill","lifecycle":"l","owner":"o","agents":["a"]}`, ""},
		{"AiResource", "", `{"type":"skill","lifecycle":"l","owner":"o","compatibility":"` + strings.Repeat("a", 501) + `"}`, "/spec/compatibility must NOT have more than 500 characters - limit: 500"},
		{"AiResource", "", `{"type":"rule","lifecycle":"l","owner":"o","category":"c"}`, missing + "'rationale' - missingProperty: rationale"},
		{"AiResource", "", `{"type":"plugin","lifecycle":"l","owner":"o","skills":[]}`, ""},
		{"AiResource", "", `{"type":"marketplace","lifecycle":"l","owner":"o"}`, missing + "'plugins' - missingProperty: plugins"},
		{"AiResource", "", `{"type":"else","lifecycle":"l","owner":"o"}`, ""},
		{"Component", "", "", "<root> must have required property 'spec' - missingProperty: spec"},
	} {
		e := component(t, `{"name":"n"}`, `{}`)
		e.Set("kind", c.kind)
		if c.apiVersion != "" {
			e.Set("apiVersion", c.apiVersion)
		}
		if c.spec == "" {
			e.Delete("spec")
		} else {
			e.Set("spec", mustParse(t, c.spec))
		}
		known, err := entity.ValidateKind(e)
		if !known {
			t.Errorf("%s is unknown", c.kind)
		}
		wantError(t, c.kind+" "+c.spec, err, "TypeError", c.want)
	}
}

func TestValidateKindLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"component", "backstage.io/v1alpha1"},
		{"Component", "backstage.io/v1"},
		{"Spaceship", "backstage.io/v1alpha1"},
		{"Template", "backstage.io/v1alpha1"},
		{"AiResource", "backstage.io/v1beta1"},
		{"__proto__", "backstage.io/v1alpha1"},
	} {
		e := component(t, `{"name":"n"}`, `{}`)
		e.Set("kind", c[0])
		e.Set("apiVersion", c[1])
		if known, err := entity.ValidateKind(e); known || err != nil {
			t.Errorf("%v: known %v, %v", c, known, err)
		}
	}
}

func TestValidateSchemaTakesAFinalEntity(t *testing.T) {
	t.Parallel()
	e := component(t, `{"name":"n","uid":"u","etag":"e"}`, `{"type":"t","lifecycle":"l","owner":"o"}`)
	e.Set("relations", []any{mustParse(t, `{"type":"ownedBy","targetRef":"group:default/o"}`)})
	e.Set("status", mustParse(t, `{"items":[]}`))
	wantError(t, "final", entity.ValidateSchema(e), "", "")
	e.Set("extra", true)
	wantError(t, "extra", entity.ValidateSchema(e), "TypeError", "<root> must NOT have additional properties - additionalProperty: extra")
}
