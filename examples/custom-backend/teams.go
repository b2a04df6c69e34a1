package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/entity"
)

// teams is a provider: it hands the company's teams to the catalog, and owns them. A real one would ask a directory, again
// and again, in a Run of its own (catalog.ProviderRunner); what a full mutation does not name any more is removed.
type teams struct{}

// Name is what the catalog remembers the provider's entities under.
func (teams) Name() string { return "example-teams" }

// Connect hands the teams over.
func (teams) Connect(ctx context.Context, c catalog.Connection) error {
	mutation := catalog.Mutation{Full: true}
	for _, name := range []string{"payments", "search"} {
		o, err := entity.ParseObject(fmt.Appendf(nil, `{
			"apiVersion": "backstage.io/v1alpha1", "kind": "Group",
			"metadata": {"name": %q, "annotations": {
				"backstage.io/managed-by-location": "directory:teams", "backstage.io/managed-by-origin-location": "directory:teams"}},
			"spec": {"type": "team", "children": []}}`, name))
		if err != nil {
			return err
		}
		mutation.Entities = append(mutation.Entities, catalog.Deferred{Entity: entity.FromObject(o), LocationKey: "directory:teams"})
	}
	return c.Apply(ctx, mutation)
}

// email is a processor: it gives every group without an address the one that the company's rule says.
type email struct{}

// Name is what error texts show.
func (email) Name() string { return "EmailProcessor" }

// PreProcess changes the entity before it is validated.
func (email) PreProcess(_ context.Context, item catalog.Item, _ *catalog.Emitter) (entity.Entity, error) {
	e := item.Entity
	if !strings.EqualFold(e.Kind(), "Group") {
		return e, nil
	}
	if _, ok := e.Annotation("example.com/email"); !ok {
		e.SetAnnotation("example.com/email", e.Name()+"@example.com")
	}
	return e, nil
}

var (
	_ catalog.Provider     = teams{}
	_ catalog.PreProcessor = email{}
)
