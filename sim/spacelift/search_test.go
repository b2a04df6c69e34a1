package spacelift_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// sweep reads all pages of a search.
func (c *client) sweep(input map[string]any) (ids []string, pages int) {
	c.t.Helper()
	for {
		got := c.ask(stacksPage, map[string]any{"input": input})
		if got.message() != "" {
			c.t.Fatalf("got %+v", got)
		}
		edges, _ := got.at("searchStacks", "edges").([]any)
		for _, edge := range edges {
			id, _ := dig(edge, "node", "id").(string)
			ids = append(ids, id)
		}
		pages++
		if got.at("searchStacks", "pageInfo", "hasNextPage") != true {
			return ids, pages
		}
		input["after"] = got.at("searchStacks", "pageInfo", "endCursor")
	}
}

func TestSearchStacks(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	predicate := func(field, kind string, values ...any) map[string]any {
		return map[string]any{"field": field, "constraint": map[string]any{kind: values}}
	}
	exclude := func(p map[string]any) map[string]any { p["exclude"] = true; return p }
	for _, test := range []struct {
		name       string
		text       any
		predicates []any
		count      int
		some       string
	}{
		{"all", nil, nil, 40, "prod-network"},
		{"state", nil, []any{predicate("state", "enumEquals", "UNCONFIRMED")}, 2, "prod-cluster-eu"},
		{"states", nil, []any{predicate("state", "enumEquals", "UNCONFIRMED", "NONE", "QUANTUM")}, 3, "prod-payments-topic"},
		{"not finished", nil, []any{exclude(predicate("state", "enumEquals", "FINISHED"))}, 17, "prod-cdn"},
		{"vendor", nil, []any{predicate("vendor", "enumEquals", "TERRAFORM")}, 6, "prod-dns"},
		{"label", nil, []any{predicate("label", "stringMatches", "component:tracking-api")}, 2, "staging-tracking-api"},
		{"label pattern", nil, []any{predicate("label", "stringMatches", "folder:prod/*")}, 31, "prod-vault"},
		{"two", nil, []any{predicate("label", "stringMatches", "env:prod"), predicate("vendor", "enumEquals", "KUBERNETES")}, 4, "prod-shop-bff"},
		{"locked", nil, []any{predicate("locked", "booleanEquals", true)}, 1, "prod-vault"},
		{"administrative", nil, []any{predicate("administrative", "booleanEquals", true)}, 1, "account-baseline"},
		{"pool", nil, []any{predicate("workerPool", "stringMatches", "eu-private")}, 2, "prod-routes-db"},
		{"name", nil, []any{predicate("name", "stringMatches", "PROD-DNS")}, 1, "prod-dns"},
		{"branch", nil, []any{predicate("branch", "stringMatches", "main")}, 40, "prod-dns"},
		{"repository", nil, []any{predicate("repository", "stringMatches", "infra-*")}, 40, "prod-dns"},
		{"root", nil, []any{predicate("projectRoot", "stringMatches", "prod/prod-dns")}, 1, "prod-dns"},
		{"commit", nil, []any{predicate("commit", "stringMatches", "0000")}, 0, ""},
		{"text", "parcels SCYLLA", nil, 1, "prod-parcels-db"},
		{"no text", "nowhere", nil, 0, ""},
	} {
		input := map[string]any{"first": 7, "fullTextSearch": test.text}
		if test.predicates != nil {
			input["predicates"] = test.predicates
		}
		ids, _ := c.sweep(input)
		sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
		if len(ids) != test.count || len(sorted) != len(ids) || test.some != "" && !slices.Contains(ids, test.some) {
			t.Errorf("%s: %d: %v", test.name, len(ids), ids)
		}
	}
	for _, input := range []map[string]any{
		{"predicates": []any{predicate("colour", "stringMatches", "red")}},
		{"orderBy": map[string]any{"field": "colour", "direction": "ASC"}},
		{"after": "nonsense"},
	} {
		if got := c.ask(stacksPage, map[string]any{"input": input}); got.message() == "" {
			t.Errorf("%v: %+v", input, got)
		}
	}
}

func TestOrders(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	for _, field := range []string{"name", "createdAt", "starred", "position"} {
		order := func(direction string) []string {
			ids, pages := c.sweep(map[string]any{"first": 9, "orderBy": map[string]any{"field": field, "direction": direction}})
			if len(ids) != 40 || pages != 5 {
				t.Errorf("%s: %d in %d pages", field, len(ids), pages)
			}
			return ids
		}
		up, down := order("ASC"), order("DESC")
		slices.Reverse(down)
		if !slices.Equal(up, down) {
			t.Errorf("%s: %v, but %v", field, up, down)
		}
	}
}

// TestPagesStayPut: a stack that comes or goes neither repeats nor hides another.
func TestPagesStayPut(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	before := c.sim.Stacks()
	input := map[string]any{"first": 10}
	got := c.ask(stacksPage, map[string]any{"input": input})
	c.sim.Patch("aaa", spacelift.Patch{})
	c.sim.Patch(before[9], spacelift.Patch{Deleted: new(true)}) // the one that the cursor names
	input["after"] = got.at("searchStacks", "pageInfo", "endCursor")
	rest, _ := c.sweep(input)
	if !slices.Equal(rest, before[10:]) {
		t.Errorf("got %v, want %v", rest, before[10:])
	}
}

func TestSearchRuns(t *testing.T) {
	for preset, want := range map[string]int{spacelift.Demo: 300, spacelift.Small: 3} {
		c := start(t, spacelift.Options{Preset: preset})
		c.trigger("prod-network")
		seen := map[string]bool{}
		last, input := "~", map[string]any{"first": 50}
		for more := true; more; {
			got := c.ask(runsPage, map[string]any{"input": input})
			edges, _ := got.at("searchRuns", "edges").([]any)
			for _, edge := range edges {
				id, _ := dig(edge, "node", "run", "id").(string)
				if id >= last || seen[id] {
					t.Errorf("%s after %s", id, last)
				}
				last, seen[id] = id, true
			}
			more = got.at("searchRuns", "pageInfo", "hasNextPage") == true
			input["after"] = got.at("searchRuns", "pageInfo", "endCursor")
		}
		if len(seen) != want+1 {
			t.Errorf("%s: %d runs", preset, len(seen))
		}
		got := c.ask(`query($id: ID!) { runStack(runId: $id) { id } }`, map[string]any{"id": last})
		if got.at("runStack", "id") == nil {
			t.Errorf("runStack: %+v", got)
		}
	}
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	got := c.ask(runsPage, map[string]any{"input": map[string]any{"predicates": []any{
		map[string]any{"field": "state", "constraint": map[string]any{"enumEquals": []any{"QUEUED", "PENDING_REVIEW"}}},
	}}})
	if edges, _ := got.at("searchRuns", "edges").([]any); len(edges) != 2 {
		t.Errorf("got %+v", got)
	}
	if got := c.ask(`{ runStack(runId: "01NONE") { id } }`, nil); got.message() != "not found" {
		t.Errorf("got %+v", got)
	}
}

// TestKeyset reads the runs of a stack as vendor clients do: the end is an empty page.
func TestKeyset(t *testing.T) {
	c := start(t, spacelift.Options{})
	for range 120 {
		c.trigger(spacelift.StackID)
	}
	var ids []string
	var sizes []int
	variables := map[string]any{"stack": spacelift.StackID}
	for {
		got := c.ask(stackRuns, variables)
		runs, _ := got.at("stack", "runs").([]any)
		sizes = append(sizes, len(runs))
		if len(runs) == 0 {
			break
		}
		for _, run := range runs {
			id, _ := dig(run, "id").(string)
			ids = append(ids, id)
		}
		variables["before"] = ids[len(ids)-1]
	}
	if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) || fmt.Sprint(sizes) != "[50 50 21 0]" {
		t.Errorf("%d ids in %v", len(ids), sizes)
	}
	if all := c.sim.Runs(spacelift.StackID); len(all) != 123 {
		t.Errorf("%d runs", len(all))
	}
}
