package permission_test

import (
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/permission"
)

// TestCriteriaUse tells which rules criteria ask for, however deep.
func TestCriteriaUse(t *testing.T) {
	t.Parallel()
	v, err := entity.ParseJSON([]byte(`{"anyOf":[{"rule":"A","resourceType":"x"},{"allOf":[{"not":{"rule":"B","resourceType":"x"}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := permission.ParseCriteria(v)
	if err != nil || !c.Uses("B") || !c.Uses("C", "A") || c.Uses("C") {
		t.Errorf("%v: %v %v %v", err, c.Uses("B"), c.Uses("C", "A"), c.Uses("C"))
	}
	if _, err := compileNames(permission.Criteria{}); err == nil {
		t.Error("no criteria can be compiled")
	}
	resources := widgets()
	for _, d := range []permission.Decision{{}, {Result: permission.Allow}, {Result: permission.Conditional, ResourceType: "x", Conditions: v}} {
		if _, err := resources.Criteria(d); err == nil {
			t.Errorf("%+v has criteria", d)
		}
	}
}

// FuzzCriteria: whatever is read can be compiled and asked, and whatever is not is an error.
func FuzzCriteria(f *testing.F) {
	for _, seed := range []string{
		`{"rule":"IS_NAMED","resourceType":"widget","params":{"names":["a"]}}`, `{"not":{"not":{"rule":"IS_NAMED","resourceType":"widget","params":{"names":[]}}}}`,
		`{"allOf":[{"anyOf":[{"rule":"IS_NAMED","resourceType":"widget","params":{"names":["a","b"]}}]}]}`, `{"allOf":[]}`, `{"anyOf":{},"not":1}`, `{}`, `[]`, `null`,
		`{"rule":"IS_NAMED","resourceType":"widget","params":{"names":[1]}}`, `{"__proto__":{"rule":"x"}}`,
	} {
		f.Add([]byte(seed))
	}
	resources := widgets()
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := entity.ParseJSON(data)
		if err != nil {
			return
		}
		criteria, err := resources.Criteria(permission.Decision{Result: permission.Conditional, PluginID: "widgets", ResourceType: "widget", Conditions: v})
		if err != nil {
			return
		}
		holds, err := compileNames(criteria)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		// The opposite of what it says is the opposite.
		wrapped := entity.NewObject()
		wrapped.Set("not", v)
		opposite, err := permission.ParseCriteria(wrapped)
		if err != nil {
			return // one level too many
		}
		not, err := compileNames(opposite)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b", ""} {
			if holds(name) == not(name) {
				t.Errorf("%s holds of %q, and does not", data, name)
			}
		}
	})
}
