package stage

import (
	"encoding/json"
	"fmt"
	"os"

	"go.yaml.in/yaml/v4"

	"github.com/understudy-portal/understudy/test/fixture"
)

// Base is how many entities every stage's catalog has besides the generated ones.
const Base = 7

// base are people and what they own, one of them with a stack of the simulated account.
var base = []string{
	"kind: User\nmetadata: {name: guest}\nspec: {memberOf: [guests]}",
	"kind: User\nmetadata: {name: jane}\nspec: {profile: {displayName: Jane, email: jane@example.com}, memberOf: [platform]}",
	"kind: Group\nmetadata: {name: guests}\nspec: {type: team, children: []}",
	"kind: Group\nmetadata: {name: platform}\nspec: {type: team, children: []}",
	"kind: System\nmetadata: {name: network}\nspec: {owner: platform}",
	"kind: Component\nmetadata: {name: edge, title: Edge, tags: [go], annotations: {spacelift.io/stack-id: prod-network}}\nspec: {type: service, lifecycle: production, owner: platform, system: network, providesApis: [edge-api]}",
	"kind: API\nmetadata: {name: edge-api}\nspec: {type: openapi, lifecycle: production, owner: platform, system: network, definition: 'openapi: 3.0.3'}",
}

// writeEntities writes the catalog for the provider of the Node side.
func writeEntities(file string, generated int) error {
	list := make([]map[string]any, 0, Base+generated)
	add := func(text string) error {
		entity := map[string]any{"apiVersion": "backstage.io/v1alpha1"}
		if err := yaml.Unmarshal([]byte(text), &entity); err != nil {
			return fmt.Errorf("an entity of the stage: %w", err)
		}
		list = append(list, entity)
		return nil
	}
	for _, text := range base {
		if err := add(text); err != nil {
			return err
		}
	}
	for i := range generated {
		if err := add(fixture.Entity(i, generated)); err != nil {
			return err
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
