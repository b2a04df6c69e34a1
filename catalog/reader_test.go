package catalog

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
)

// verdict is a checker that has made up its mind.
type verdict struct {
	permission.Decision
	err error
}

func (v verdict) Authorize(context.Context, auth.Credentials, permission.Permission, string) (permission.Decision, error) {
	return v.Decision, v.err
}

func conditional(t *testing.T, criteria string) verdict {
	t.Helper()
	v, err := entity.ParseJSON([]byte(criteria))
	if err != nil {
		t.Fatal(err)
	}
	return verdict{Decision: permission.Decision{Result: permission.Conditional, PluginID: ID, ResourceType: "catalog-entity", Conditions: v}}
}

// TestReaderAppliesDecisions reads in process what a policy leaves of three entities (catalog.md 6).
func TestReaderAppliesDecisions(t *testing.T) {
	t.Parallel()
	x := index.New(index.Options{})
	var changes []index.Change
	for _, name := range []string{"a", "b", "c"} {
		changes = append(changes, index.Change{
			Ref: "component:default/" + name, UID: name,
			Body: []byte(`{"kind":"Component","metadata":{"name":"` + name + `","namespace":"default","uid":"` + name + `","labels":{"is":"` + name + `"}}}`),
		})
	}
	if err := x.Apply(changes, 3); err != nil {
		t.Fatal(err)
	}
	const isA = `{"rule":"HAS_LABEL","resourceType":"catalog-entity","params":{"label":"is","value":"a"}}`
	unavailable := errors.New("not to be asked")
	for _, c := range []struct {
		name    string
		verdict verdict
		want    []string
		fails   bool
	}{
		{name: "allow", verdict: verdict{Decision: permission.Decision{Result: permission.Allow}}, want: []string{"a", "b", "c"}},
		{name: "deny", verdict: verdict{Decision: permission.Decision{Result: permission.Deny}}},
		{name: "no decision", verdict: verdict{}},
		{name: "one", verdict: conditional(t, isA), want: []string{"a"}},
		{name: "the others", verdict: conditional(t, `{"not":`+isA+`}`), want: []string{"b", "c"}},
		{name: "unknown rule", verdict: conditional(t, `{"rule":"NOPE","resourceType":"catalog-entity"}`), fails: true},
		{name: "about something else", verdict: conditional(t, `{"rule":"HAS_LABEL","resourceType":"x","params":{"label":"is"}}`), fails: true},
		{name: "unavailable", verdict: verdict{err: unavailable}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &reader{index: x, permissions: c.verdict}
			who := auth.UserCredentials("user:default/jane")
			refs := []string{"component:default/a", "component:default/nope", "component:default/b", "component:default/c"}
			found, err := r.ByRefs(t.Context(), who, refs)
			if (err != nil) != c.fails {
				t.Fatalf("by refs: %v", err)
			}
			var names []string
			for i, e := range found {
				if e != nil && e.Ref().String() != refs[i] {
					t.Errorf("%s in the place of %s", e.Ref(), refs[i])
				}
				if e != nil {
					names = append(names, e.Name())
				}
			}
			if !slices.Equal(names, c.want) {
				t.Errorf("by refs: %v, want %v", names, c.want)
			}
			if _, ok, err := r.ByRef(t.Context(), who, refs[0]); ok != slices.Contains(c.want, "a") || (err != nil) != c.fails {
				t.Errorf("by ref: %v %v", ok, err)
			}
			for _, filter := range []entity.Predicate{nil, entity.Equal{Key: "metadata.name", Values: []string{"a", "b"}}} {
				var got []string
				for e, err := range r.Entities(t.Context(), who, filter) {
					if (err != nil) != c.fails {
						t.Fatal(err)
					}
					if err == nil {
						got = append(got, e.Name())
					}
				}
				want := slices.DeleteFunc(slices.Clone(c.want), func(name string) bool { return filter != nil && name == "c" })
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("entities by %v: %v, want %v", filter, got, want)
				}
			}
		})
	}
}
