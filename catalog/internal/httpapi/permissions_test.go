package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/permission"
)

// metadata is what the permission routes describe.
func metadata(t testing.TB) *entity.Object {
	t.Helper()
	a := serve(t).get("/.well-known/backstage/permissions/metadata", callerHeader, "service")
	o, err := entity.ParseObject([]byte(a.body))
	if err != nil {
		t.Fatalf("%v in %d %s", err, a.StatusCode, a.body)
	}
	return o
}

var deny = permission.Decision{Result: permission.Deny}

func conditional(t testing.TB, criteria string) permission.Decision {
	t.Helper()
	v, err := entity.ParseJSON([]byte(criteria))
	if err != nil {
		t.Fatal(err)
	}
	return permission.Decision{Result: permission.Conditional, PluginID: "catalog", ResourceType: "catalog-entity", Conditions: v}
}

// TestDenied walks the column "on DENY" of catalog.md 6.
func TestDenied(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	s.policy["catalog.entity.read"], s.policy["catalog.location.read"], s.policy["catalog.entity.delete"] = deny, deny, deny
	const uid = "f3a804e2-a501-4a52-b310-e1e434535e40"
	cases := []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"GET", "/entities", "", 200, "[]"},
		{"GET", "/entities?limit=2", "", 200, "[]"},
		{"GET", "/entities/by-query", "", 200, `{"items":[],"totalItems":0,"pageInfo":{}}`},
		{"POST", "/entities/by-query", "{}", 200, `{"items":[],"totalItems":0,"pageInfo":{}}`},
		{"POST", "/entities/by-refs", `{"entityRefs":["component:default/svc-api","x"]}`, 200, `{"items":[null,null]}`},
		{"GET", "/entity-facets?facet=kind", "", 200, `{"facets":{"kind":[]}}`},
		{"GET", "/entities/by-uid/" + uid, "", 404, ""},
		{"GET", "/entities/by-name/component/default/svc-api", "", 404, ""},
		{"GET", "/entities/by-name/component/default/svc-api/ancestry", "", 403, ""},
		{"GET", "/entities/by-name/component/default/nope/ancestry", "", 403, ""},
		{"DELETE", "/entities/by-uid/" + uid, "", 403, ""},
		{"GET", "/locations", "", 200, "[]"},
		{"GET", "/locations/00000000-0000-0000-0000-000000000000", "", 404, ""},
		{"GET", "/locations/by-entity/component/default/svc-api", "", 404, ""},
		{"POST", "/locations/by-query", "{}", 200, `{"items":[],"totalItems":0,"pageInfo":{}}`},
	}
	for _, c := range cases {
		a := s.do(c.method, c.path, c.body)
		if a.StatusCode != c.status || (c.answer != "" && a.body != c.answer) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, a.StatusCode, a.body, c.status, c.answer)
		}
	}
	if len(s.ledger.deleted) > 0 {
		t.Error("a denied deletion reached the ledger")
	}
}

// TestConditions lets a policy show a part of the catalog, in every route that reads.
func TestConditions(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	criteria := func(rule, params string) string {
		return `{"rule":"` + rule + `","resourceType":"catalog-entity","params":` + params + `}`
	}
	cases := []struct {
		criteria string
		want     []string
	}{
		{criteria("IS_ENTITY_KIND", `{"kinds":["user"]}`), []string{"alice", "carol"}},
		{criteria("IS_ENTITY_KIND", `{"kinds":[]}`), []string{}},
		{criteria("HAS_LABEL", `{"label":"example.com/tier","value":"2"}`), []string{"worker"}},
		{criteria("HAS_ANNOTATION", `{"annotation":"example.com/login"}`), []string{"alice"}},
		{criteria("HAS_METADATA", `{"key":"title"}`), []string{"billing", "svc-api", "team-a"}},
		{criteria("HAS_SPEC", `{"key":"type","value":"Library"}`), []string{"lib-sub"}},
		{criteria("IS_ENTITY_OWNER", `{"claims":["user:default/alice","nobody"]}`), []string{"lib-sub"}},
		{criteria("IS_ENTITY_OWNER", `{"claims":["User:Default/Alice"]}`), []string{"lib-sub"}},
		{criteria("HAS_ANNOTATION", `{"annotation":"Example.com/LOGIN"}`), []string{"alice"}},
		{`{"allOf":[` + criteria("IS_ENTITY_KIND", `{"kinds":["Component"]}`) + `,{"not":` + criteria("HAS_SPEC", `{"key":"type","value":"service"}`) + `}]}`, []string{"Dangling_One.v2", "lib-sub"}},
		{`{"anyOf":[` + criteria("HAS_LABEL", `{"label":"example.com/floor"}`) + `,` + criteria("HAS_ANNOTATION", `{"annotation":"example.com/login"}`) + `]}`, []string{"alice", "team-a"}},
	}
	for _, c := range cases {
		s.policy["catalog.entity.read"] = conditional(t, c.criteria)
		got := s.get("/entities/by-query?orderField=metadata.name,asc").items(t)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.criteria, got, c.want)
		}
	}
	s.policy["catalog.entity.read"] = conditional(t, criteria("IS_ENTITY_KIND", `{"kinds":["user"]}`))
	if a := s.get("/entities/by-name/user/default/alice"); a.StatusCode != http.StatusOK {
		t.Errorf("permitted: %d", a.StatusCode)
	}
	if a := s.get("/entities/by-name/component/default/svc-api"); a.StatusCode != http.StatusNotFound {
		t.Errorf("hidden: %d", a.StatusCode)
	}
	if a := s.get("/entity-facets?facet=kind"); a.body != `{"facets":{"kind":[{"value":"User","count":2}]}}` {
		t.Errorf("facets: %s", a.body)
	}
	if a := s.post("/entities/by-refs", `{"entityRefs":["component:default/svc-api","user:default/carol"],"fields":["metadata.name"]}`); a.body != `{"items":[null,{"metadata":{"name":"carol"}}]}` {
		t.Errorf("by refs: %s", a.body)
	}
	if a := s.get("/entities?fields=metadata.name&order=desc:metadata.name"); a.body != `[{"metadata":{"name":"carol"}},{"metadata":{"name":"alice"}}]` {
		t.Errorf("entities: %s", a.body)
	}
}

// TestHidingIgnoresCase: what a policy forbids stays hidden however it writes keys and values, in lists, in facets and in single
// reads alike (CVE-2026-106497).
func TestHidingIgnoresCase(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	for _, hidden := range []string{
		`"HAS_METADATA","params":{"key":"name","value":"SVC-API"}`, `"HAS_METADATA","params":{"key":"NAME","value":"svc-api"}`,
		`"HAS_SPEC","params":{"key":"Type","value":"SERVICE"}`, `"HAS_SPEC","params":{"key":"type","value":"Service"}`,
		`"IS_ENTITY_KIND","params":{"kinds":["COMPONENT"]}`,
	} {
		name, params, _ := strings.Cut(hidden, ",")
		s.policy["catalog.entity.read"] = conditional(t, `{"not":{"resourceType":"catalog-entity","rule":`+name+","+params+`}}`)
		if got := s.get("/entities").items(t); len(got) == 0 || slices.Contains(got, "svc-api") {
			t.Errorf("%s: entities: %v", hidden, got)
		}
		if a := s.get("/entities/by-name/component/default/svc-api"); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: by name: %d", hidden, a.StatusCode)
		}
		if a := s.get("/entity-facets?facet=metadata.name"); strings.Contains(a.body, "svc-api") {
			t.Errorf("%s: facets: %s", hidden, a.body)
		}
	}
}

const applyPath = "/.well-known/backstage/permissions/apply-conditions"

// TestApplyConditions plays the permission backend that asks back (core.md 8.2).
func TestApplyConditions(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	owner := `{"rule":"IS_ENTITY_OWNER","resourceType":"catalog-entity","params":{"claims":["group:default/team-a"]}}`
	item := func(ref, conditions string) string {
		return `{"items":[{"id":"1","resourceRef":` + ref + `,"resourceType":"catalog-entity","conditions":` + conditions + `}]}`
	}
	for _, c := range []struct {
		name, caller, body string
		status             int
		answer             string
	}{
		{"one", "service", item(`"component:default/svc-api"`, owner), 200, `{"items":[{"id":"1","result":"ALLOW"}]}`},
		{"on a user's behalf", "actor", item(`"Component:default/SVC-api"`, owner), 200, `{"items":[{"id":"1","result":"ALLOW"}]}`},
		{"a list", "service", item(`["user:default/alice","component:default/svc-api","x"]`, owner), 200, `{"items":[{"id":"1","result":["DENY","ALLOW","DENY"]}]}`},
		{"unknown, not", "service", item(`"component:default/nope"`, `{"not":`+owner+`}`), 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"nothing", "service", `{"items":[]}`, 200, `{"items":[]}`},
		{"a user", "user", item(`"component:default/svc-api"`, owner), 403, ""},
		{"nobody", "", item(`"component:default/svc-api"`, owner), 401, ""},
		{"an unknown rule", "service", item(`"component:default/svc-api"`, `{"rule":"NOPE","resourceType":"catalog-entity"}`), 400, ""},
		{"wrong parameters", "service", item(`"component:default/svc-api"`, `{"rule":"HAS_LABEL","resourceType":"catalog-entity","params":{"label":"a","value":7}}`), 400, ""},
	} {
		a := s.do("POST", applyPath, c.body, callerHeader, c.caller)
		if a.StatusCode != c.status || c.answer != "" && a.body != c.answer {
			t.Errorf("%s: %d %s, want %d %s", c.name, a.StatusCode, a.body, c.status, c.answer)
		}
	}
}

// TestConditionsOfAnotherPageApply: a cursor holds no trace of what its first page was permitted (catalog.md 10, 41).
func TestConditionsOfAnotherPageApply(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	first := s.get("/entities/by-query?limit=1&orderField=metadata.name,asc&fields=metadata.name")
	cursor, _ := first.json(t).Path("pageInfo", "nextCursor").(string)
	s.policy["catalog.entity.read"] = conditional(t, `{"rule":"IS_ENTITY_KIND","resourceType":"catalog-entity","params":{"kinds":["user"]}}`)
	if got := s.get("/entities/by-query?cursor=" + cursor).items(t); !slices.Equal(got, []string{"alice", "carol"}) {
		t.Errorf("page 2: %v", got)
	}
}

// TestUnknownCriteria: a policy that says what we do not understand must not open anything.
func TestUnknownCriteria(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	for _, criteria := range []string{
		`{"rule":"NOPE","resourceType":"catalog-entity"}`, `"x"`, `{"allOf":[]}`, `{"anyOf":{}}`, `{"not":5}`,
		`{"rule":"HAS_LABEL","resourceType":"catalog-entity","params":{}}`, `{"rule":"HAS_LABEL","resourceType":"catalog-entity"}`,
		`{"rule":"IS_ENTITY_KIND","resourceType":"catalog-entity","params":{"kinds":[1]}}`,
		`{"rule":"HAS_LABEL","resourceType":"catalog-entity","params":{"label":"a","value":7}}`, // not: any value
		`{"rule":"IS_ENTITY_KIND","resourceType":"scaffolder-task","params":{"kinds":["user"]}}`,
	} {
		s.policy["catalog.entity.read"] = conditional(t, criteria)
		if a := s.get("/entities"); a.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d", criteria, a.StatusCode)
		}
	}
}

// TestConditionalDelete: what the condition does not cover is refused (catalog.md 6).
func TestConditionalDelete(t *testing.T) {
	t.Parallel()
	s := serve(t, goldenCatalog(t)...)
	s.policy["catalog.entity.delete"] = conditional(t, `{"rule":"IS_ENTITY_KIND","resourceType":"catalog-entity","params":{"kinds":["component"]}}`)
	uidOf := func(ref string) string {
		d, _ := s.index.Snapshot().ByRef(ref)
		return d.UID
	}
	if a := s.do("DELETE", "/entities/by-uid/"+uidOf("user:default/alice"), ""); a.StatusCode != http.StatusForbidden {
		t.Errorf("a user: %d", a.StatusCode)
	}
	if a := s.do("DELETE", "/entities/by-uid/unknown", ""); a.StatusCode != http.StatusForbidden {
		t.Errorf("an unknown uid: %d", a.StatusCode)
	}
	if a := s.do("DELETE", "/entities/by-uid/"+uidOf("component:default/svc-api"), ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("a component: %d", a.StatusCode)
	}
}

// TestAncestryHidesWhatIsAbove a denied entity, shared ancestors included (catalog.md 10, 44).
func TestAncestryHidesWhatIsAbove(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("leaf", "left", "right", "top", "cycle")...)
	s.ledger.parents = map[string][]string{
		"component:default/leaf":  {"component:default/left", "component:default/right"},
		"component:default/left":  {"component:default/top", "component:default/unseen"},
		"component:default/right": {"component:default/top"},
		"component:default/top":   {"component:default/cycle"},
		"component:default/cycle": {"component:default/top"},
	}
	names := func() []string {
		items, _ := s.get("/entities/by-name/Component/default/Leaf/ancestry").json(t).Path("items").([]any)
		var names []string
		for _, item := range items {
			name, _ := item.(*entity.Object).Path("entity", "metadata", "name").(string)
			names = append(names, name)
		}
		return names
	}
	if got, want := names(), []string{"leaf", "right", "top", "cycle", "left"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	s.policy["catalog.entity.read"] = conditional(t, `{"not":{"rule":"HAS_METADATA","resourceType":"catalog-entity","params":{"key":"name","value":"left"}}}`)
	if got, want := names(), []string{"leaf", "right"}; !slices.Equal(got, want) {
		t.Errorf("without left: got %v, want %v", got, want)
	}
	s.policy["catalog.entity.read"] = conditional(t, `{"rule":"HAS_METADATA","resourceType":"catalog-entity","params":{"key":"name","value":"top"}}`)
	if a := s.get("/entities/by-name/component/default/leaf/ancestry"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a hidden root: %d", a.StatusCode)
	}
}
