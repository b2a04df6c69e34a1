package client

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// Every document that we send, in both sizes, is valid against the schema that the simulator serves.
func TestDocumentsAreValid(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "spacelift", Input: spacelift.SDL})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents() {
		for size, text := range map[string]string{"full": d.full, "minimal": d.minimal} {
			if text == "" && size == "minimal" {
				continue // there is nothing to leave out
			}
			t.Run(d.operation+"/"+size, func(t *testing.T) {
				t.Parallel()
				query, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
				if len(errs) > 0 {
					t.Fatal(errs)
				}
				operation := query.Operations.ForName(d.operation)
				if operation == nil {
					t.Fatalf("the operation is not named %s", d.operation)
				}
				if mutation := operation.Operation == ast.Mutation; mutation != d.mutation {
					t.Errorf("mutation is %v", d.mutation)
				}
				root, ok := operation.SelectionSet[0].(*ast.Field)
				if !ok || root.Alias != d.field {
					t.Errorf("the root field is not %s", d.field)
				}
			})
		}
	}
}

// What readers of stacks could see and nobody should be asked for (spacelift.md 5.5).
func TestDocumentsAskForNoSecrets(t *testing.T) {
	t.Parallel()
	for _, d := range documents() {
		for _, word := range []string{"config {", "webhooks", "outputs", "value"} {
			if strings.Contains(d.full, " "+word) {
				t.Errorf("%s asks for %s", d.operation, word)
			}
		}
	}
}
