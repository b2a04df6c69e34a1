package entity_test

import (
	"fmt"

	"github.com/understudy-portal/understudy/entity"
)

// A filter selects entities by the rows that they are searched by.
func ExampleParseFilter() {
	o, err := entity.ParseObject([]byte(`{
		"kind": "Component",
		"metadata": {"name": "payments", "tags": ["go", "tier-1"]},
		"relations": [{"type": "ownedBy", "targetRef": "group:default/team-a"}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, _ := entity.SearchRows(entity.FromObject(o))
	for _, filter := range []string{
		"kind=component,metadata.tags=go",
		"relations.ownedBy=group:default/team-b",
		"metadata.tags.go,metadata.tags.tier-1",
	} {
		p, err := entity.ParseFilter([]string{filter})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entity.Match(p, rows), string(entity.AppendJSON(nil, entity.PredicateJSON(p))))
	}
	// Output:
	// true {"$all":[{"kind":"component"},{"metadata.tags":"go"}]}
	// false {"relations.ownedBy":"group:default/team-b"}
	// true {"$all":[{"metadata.tags.go":{"$exists":true}},{"metadata.tags.tier-1":{"$exists":true}}]}
}

// References leave out what their context knows.
func ExampleParseRef() {
	ref, err := entity.ParseRef("Team-A", entity.RefDefaults{Kind: "Group", Namespace: "payments"})
	fmt.Println(ref, err)
	_, err = entity.ParseRef("Team-A", entity.RefDefaults{})
	fmt.Println(err)
	// Output:
	// group:payments/team-a <nil>
	// Entity reference "Team-A" had missing or empty kind (e.g. did not start with "component:" or similar)
}
