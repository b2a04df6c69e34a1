package ingest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
)

// testContext spells context.Context where the parameter is named ctx and the test's t is in scope.
type testContext = context.Context

func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// urls is a URLReader over a map.
type urls map[string]string

func (u urls) ReadURL(_ context.Context, url string) ([]byte, error) {
	if s, ok := u[url]; ok {
		return []byte(s), nil
	}
	return nil, errUnreachable
}

func process(t *testing.T, o *ingest.Orchestrator, annotations, rest string) *ingest.Result {
	t.Helper()
	if annotations == "" {
		annotations = `"backstage.io/managed-by-location":"url:https://github.com/acme/repo/blob/main/catalog-info.yaml","backstage.io/managed-by-origin-location":"url:https://github.com/acme/repo/blob/main/catalog-info.yaml"`
	}
	body, err := entity.ParseObject([]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"API","metadata":{"name":"a","annotations":{` + annotations + `}` + rest + `}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.Process(t.Context(), entity.FromObject(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func messages(r *ingest.Result) string {
	var all []string
	for _, err := range r.Errors {
		all = append(all, err.Error())
	}
	return strings.Join(all, "\n")
}

const apiSpec = `"type":"openapi","lifecycle":"l","owner":"o"`

// TestPlaceholders is conformance case 64.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	base := "https://github.com/acme/repo/blob/main/"
	reader := urls{
		base + "def.txt": "plain text ☃\n", base + "x/def.json": `{"a":[1,"two"]}`, base + "def.yaml": "a: [1, 2]\n",
		base + "two.yaml": "a: 1\n---\nb: 2\n", base + "bad.json": "{", "https://github.com/acme/other/blob/main/x": "secret",
		"https://example.com/x": "outside",
	}
	o := ingest.NewOrchestrator(ingest.OrchestratorOptions{Processors: []ingest.Processor{
		ingest.Placeholders{Reader: reader}, ingest.BuiltinKinds{}, ingest.Annotate{},
	}})
	r := process(t, o, "", `},"spec":{`+apiSpec+`,"definition":{"$text":"./def.txt"},"deep":[{"x":{"$json":"x/def.json"}},{"$yaml":"def.yaml"}],"unknown":{"$nope":"x"},"two":{"$text":"./def.txt","b":1}}`)
	if !r.OK {
		t.Fatal(messages(r))
	}
	want := `{` + apiSpec + `,"definition":"plain text ☃\n","deep":[{"x":{"a":[1,"two"]}},{"a":[1,2]}],"unknown":{"$nope":"x"},"two":{"$text":"./def.txt","b":1}}`
	if got := string(entity.AppendJSON(nil, r.Entity.Path("spec"))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for value, want := range map[string]string{
		`{"$text":"./missing.txt"}`: "could not read location " + base + "missing.txt, unreachable",
		`{"$text":7}`:               "Placeholder $text expected a string parameter",
		`{"$json":"bad.json"}`:      "failed to parse JSON data",
		`{"$yaml":"two.yaml"}`:      "expected exactly one document, got 2",
		`{"$text":"https://github.com/acme/other/blob/main/x"}`:      "it leaves the entity's own repository",
		`{"$text":"../../../other/blob/main/x"}`:                     "it leaves the entity's own repository",
		`{"$text":"/acme/other/blob/main/x"}`:                        "it leaves the entity's own repository",
		`{"$text":"https://example.com/x"}`:                          "it leaves the entity's own repository",
		`{"$text":"%2e%2e/%2e%2e/%2e%2e/other/blob/main/x"}`:         "escaped dots or separators",
		`{"$text":"..%2f..%2f..%2fother/x"}`:                         "escaped dots or separators",
		`{"$text":"https://user:pass@github.com/acme/repo/x"}`:       "without credentials",
		`{"$text":"file:///etc/passwd"}`:                             "only http and https",
		`{"$text":"//raw.example.com/acme/repo/x"}`:                  "it leaves the entity's own repository",
		`{"$text":"https://GITHUB.com.evil.example/acme/repo/main"}`: "it leaves the entity's own repository",
	} {
		r := process(t, o, "", `},"spec":{`+apiSpec+`,"definition":`+value+`}`)
		if r.OK || !strings.Contains(messages(r), want) || !strings.Contains(messages(r), "Processor PlaceholderProcessor threw an error while preprocessing") {
			t.Errorf("%s: %q, want %q", value, messages(r), want)
		}
	}
	file := `"backstage.io/managed-by-location":"file:/x/a.yaml","backstage.io/managed-by-origin-location":"file:/x/a.yaml"`
	if r := process(t, o, file, `},"spec":{`+apiSpec+`,"definition":{"$text":"./def.txt"}}`); r.OK || !strings.Contains(messages(r), "Placeholder $text could not form a URL out of file:/x/a.yaml and ./def.txt") {
		t.Errorf("relative to a file: %q", messages(r))
	}
	o = ingest.NewOrchestrator(ingest.OrchestratorOptions{Processors: []ingest.Processor{ingest.Placeholders{}, ingest.BuiltinKinds{}}})
	if r := process(t, o, "", `},"spec":{`+apiSpec+`,"definition":{"$text":"./def.txt"}}`); r.OK || !strings.Contains(messages(r), "reading of urls is not part of this build yet") {
		t.Errorf("without a reader: %q", messages(r))
	}
}

// TestErrors holds the texts of catalog.md 1.3 and 7.5.
func TestErrors(t *testing.T) {
	t.Parallel()
	o := ingest.NewOrchestrator(ingest.OrchestratorOptions{Processors: []ingest.Processor{ingest.BuiltinKinds{}, ingest.Annotate{}, picky{}}})
	spec := `},"spec":{` + apiSpec + `,"definition":"x"}`
	for rest, want := range map[string]string{
		`,"tags":["A_b"]` + spec:                       `Policy check failed for api:default/a; caused by Error: "tags.0" is not valid;`,
		spec + `,"nope":1`:                             `Policy check failed for api:default/a; caused by Error: `,
		spec + `,"relations":[]`:                       `Unknown field relations`,
		`},"spec":{"type":"x"}`:                        `Processor BuiltinKindsEntityProcessor threw an error while validating the entity api:default/a; caused by TypeError: /spec must have required property 'lifecycle'`,
		`,"labels":{"rename":"1"}` + spec:              "Fatal: The entity kind, namespace, or name changed during processing",
		`,"labels":{"panic":"1"}` + spec:               "a processor panicked: on purpose",
		`,"labels":{"fail":"1"}` + spec:                "Processor picky threw an error while postprocessing; caused by Error: unreachable",
		`},"spec":{` + apiSpec + `,"definition":7}`:    "/spec/definition must be string",
		`},"spec":{` + apiSpec + `,"definition":null}`: "definition",
	} {
		if r := process(t, o, "", rest); r.OK || !strings.Contains(messages(r), want) {
			t.Errorf("%s: %q, want %q", rest, messages(r), want)
		}
	}
	if r := process(t, o, `"x":"y"`, spec); r.OK || !strings.Contains(messages(r), "does not have the annotation backstage.io/managed-by-location") {
		t.Errorf("without annotations: %q", messages(r))
	}
	if r := process(t, o, `"backstage.io/managed-by-location":"url:javascript:alert(1)"`, spec); r.OK || !strings.Contains(messages(r), "javascript") {
		t.Errorf("a script as location: %q", messages(r))
	}
	foreign, err := entity.ParseObject([]byte(`{"apiVersion":"x/v1","kind":"Spaceship","metadata":{"name":"a","annotations":{"backstage.io/managed-by-location":"url:https://x/y","backstage.io/managed-by-origin-location":"url:https://x/y"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := o.Process(t.Context(), entity.FromObject(foreign)); err != nil || r.OK || messages(r) != "No processor recognized the entity spaceship:default/a as valid, possibly caused by a foreign kind or apiVersion" {
		t.Errorf("a foreign kind: %v %v", r, err)
	}
}

// TestCasingConflict: Backstage hides such entities; we show them with an error (catalog.md 11).
func TestCasingConflict(t *testing.T) {
	t.Parallel()
	o := ingest.NewOrchestrator(ingest.OrchestratorOptions{Processors: []ingest.Processor{ingest.BuiltinKinds{}}})
	r := process(t, o, "", `,"labels":{"Foo":"1","foo":"2"}},"spec":{`+apiSpec+`,"definition":"x"}`)
	if !r.OK || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Error(), "Entity has duplicate keys that vary only in casing, 'metadata.labels.foo'") {
		t.Errorf("ok %v, warnings %v", r.OK, r.Warnings)
	}
}

// picky misbehaves on demand.
type picky struct{}

func (picky) Name() string { return "picky" }

func (picky) PreProcess(_ context.Context, item ingest.Item, _ *ingest.Emitter) (entity.Entity, error) {
	if item.Entity.Path("metadata", "labels", "rename") != nil {
		item.Entity.Metadata().Set("name", "other")
	}
	if item.Entity.Path("metadata", "labels", "panic") != nil {
		panic("on purpose")
	}
	return item.Entity, nil
}

func (picky) PostProcess(_ context.Context, item ingest.Item, _ *ingest.Emitter) (entity.Entity, error) {
	if item.Entity.Path("metadata", "labels", "fail") != nil {
		return item.Entity, errUnreachable
	}
	return item.Entity, nil
}

// TestRules is conformance case 63.
func TestRules(t *testing.T) {
	t.Parallel()
	file := entity.LocationRef{Type: "file", Target: "/catalog/org.yaml"}
	url := entity.LocationRef{Type: "url", Target: "https://github.com/Acme/repo/.hidden/all.yaml"}
	for _, c := range []struct {
		rules          []ingest.Rule
		kind, specType string
		origin         entity.LocationRef
		want           bool
	}{
		{ingest.DefaultRules(), "component", "", file, true},
		{ingest.DefaultRules(), "Group", "", file, false},
		{nil, "Component", "", file, false},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{{Type: "file", Exact: "/catalog/org.yaml"}}}}, "Group", "", file, true},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{{Type: "file", Exact: "/catalog/ORG.yaml"}}}}, "Group", "", file, false},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{{Type: "url"}}}}, "Group", "", file, false},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{}}}, "Group", "", file, false},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{{Type: "url", Pattern: "https://github.com/acme/**/*.yaml"}}}}, "Group", "", url, true},
		{[]ingest.Rule{{Allow: kinds("Group"), Locations: []ingest.LocationRule{{Type: "url", Pattern: "https://github.com/*.yaml"}}}}, "Group", "", url, false},
		{[]ingest.Rule{{Allow: []ingest.KindRule{{Kind: "component", SpecType: "Website"}}}}, "Component", "website", file, true},
		{[]ingest.Rule{{Allow: []ingest.KindRule{{Kind: "component", SpecType: "website"}}}}, "Component", "service", file, false},
	} {
		if got := ingest.Rules(c.rules).Allows(c.kind, c.specType, c.origin); got != c.want {
			t.Errorf("%+v allows %s of %s: %v", c.rules, c.kind, c.origin, got)
		}
	}
}
