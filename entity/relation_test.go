package entity_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
)

func of(t testing.TB, kind, namespace, spec string) entity.Entity {
	t.Helper()
	return entity.FromObject(mustParse(t, `{"kind":"`+kind+`","metadata":{"name":"Me","namespace":"`+namespace+`"},"spec":`+spec+`}`))
}

// Every row of catalog.md 1.7, and cases 9, 10 and 12 of section 10.
func TestRelations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, spec, forward, target, reverse string }{
		{"Component", `{"owner":"team"}`, "ownedBy", "group:n/team", "ownerOf"},
		{"Component", `{"owner":"user:Other/Bob"}`, "ownedBy", "user:other/bob", "ownerOf"},
		{"API", `{"owner":"group:default/team"}`, "ownedBy", "group:default/team", "ownerOf"},
		{"Resource", `{"owner":"team"}`, "ownedBy", "group:n/team", "ownerOf"},
		{"System", `{"owner":"team"}`, "ownedBy", "group:n/team", "ownerOf"},
		{"Domain", `{"owner":"team"}`, "ownedBy", "group:n/team", "ownerOf"},
		{"Template", `{"owner":"team"}`, "ownedBy", "group:n/team", "ownerOf"},
		{"Component", `{"subcomponentOf":"c"}`, "partOf", "component:n/c", "hasPart"},
		{"Component", `{"providesApis":["a"]}`, "providesApi", "api:n/a", "apiProvidedBy"},
		{"Component", `{"consumesApis":["prod/a"]}`, "consumesApi", "api:prod/a", "apiConsumedBy"},
		{"Component", `{"dependsOn":["component:x"]}`, "dependsOn", "component:n/x", "dependencyOf"},
		{"Resource", `{"dependsOn":["component:x"]}`, "dependsOn", "component:n/x", "dependencyOf"},
		{"Component", `{"dependencyOf":["component:x"]}`, "dependencyOf", "component:n/x", "dependsOn"},
		{"Resource", `{"dependencyOf":"component:x"}`, "dependencyOf", "component:n/x", "dependsOn"},
		{"Resource", `{"dependencyOf":[{"kind":"Component","name":"X"}]}`, "dependencyOf", "component:n/x", "dependsOn"},
		{"Component", `{"system":"s"}`, "partOf", "system:n/s", "hasPart"},
		{"API", `{"system":"s"}`, "partOf", "system:n/s", "hasPart"},
		{"Resource", `{"system":"s"}`, "partOf", "system:n/s", "hasPart"},
		{"System", `{"domain":"d"}`, "partOf", "domain:n/d", "hasPart"},
		{"Domain", `{"subdomainOf":"d"}`, "partOf", "domain:n/d", "hasPart"},
		{"User", `{"memberOf":["g"]}`, "memberOf", "group:n/g", "hasMember"},
		{"Group", `{"parent":"p"}`, "childOf", "group:n/p", "parentOf"},
		{"Group", `{"children":["c"]}`, "parentOf", "group:n/c", "childOf"},
		{"Group", `{"members":["m"]}`, "hasMember", "user:n/m", "memberOf"},
	} {
		e := of(t, c.kind, "n", c.spec)
		got, err := entity.Relations(e)
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.spec, err)
			continue
		}
		self := e.Ref().String()
		want := []entity.Relation{{Type: c.forward, Source: self, Target: c.target}, {Type: c.reverse, Source: c.target, Target: self}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s: %s", c.kind, c.spec, diff)
		}
	}
}

func TestEntitiesWithoutRelations(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"Group", `{"owner":"x"}`},
		{"Location", `{"owner":"x","targets":["a"]}`},
		{"Spaceship", `{"owner":"x"}`},
		{"component", `{"owner":"x"}`},
		{"Component", `{"owner":"","system":null,"dependsOn":[]}`},
	} {
		if got, err := entity.Relations(of(t, c[0], "n", c[1])); err != nil || len(got) != 0 {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
}

// Case 11 of catalog.md 10.
func TestOneBadReferenceFailsTheEntity(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		`{"owner":"o","dependsOn":["component:a","x"]}`: `Entity reference "x" had missing or empty kind (e.g. did not start with "component:" or similar)`,
		`{"owner":":x"}`:               `Entity reference ":x" was not on the form [<kind>:][<namespace>/]<name>`,
		`{"dependencyOf":[7]}`:         `Entity reference 7 had missing or empty kind (e.g. did not start with "component:" or similar)`,
		`{"dependencyOf":[""]}`:        `Entity reference must not be empty`,
		`{"system":{"namespace":"a"}}`: `Entity reference {"namespace":"a"} had missing or empty name`,
		`{"dependencyOf":[["a:b/c"]]}`: `Entity reference ["a:b/c"] had missing or empty kind (e.g. did not start with "component:" or similar)`,
	} {
		got, err := entity.Relations(of(t, "Component", "n", spec))
		var syntax *entity.SyntaxError
		if !errors.As(err, &syntax) || syntax.Message != want || got != nil {
			t.Errorf("%s: %v, %v", spec, got, err)
		}
	}
}

func TestSortRefs(t *testing.T) {
	t.Parallel()
	e := of(t, "Component", "n", `{"dependsOn":["b","a","B","é","\ue000","😀"],"providesApis":["z","a"],"members":["b",1,"a"],"targets":["z","a"]}`)
	shared := e.Spec().Path("dependsOn")
	entity.SortRefs(e)
	want := `{"dependsOn":["B","a","b","é","😀",""],"providesApis":["a","z"],"members":["b",1,"a"],"targets":["z","a"]}`
	if got := stringify(e.Spec()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := stringify(shared); got != `["b","a","B","é","","😀"]` {
		t.Errorf("the list that others may hold was sorted: %s", got)
	}
	entity.SortRefs(entity.Entity{}) // nothing to sort, nothing to break
}
