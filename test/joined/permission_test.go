package joined_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// The permissions that a policy of Node's names (docs/permissions.md).
const (
	readStack = "spacelift.stack.read"
	trigger   = "spacelift.run.trigger"
	export    = "export.run.create"
	readItem  = "catalog.entity.read"
)

var deny = map[string]any{"result": "DENY"}

// provided is a decision that hangs on a condition about stacks.
func provided(criteria any) map[string]any {
	return map[string]any{"result": "CONDITIONAL", "pluginId": "spacelift-io", "resourceType": "spacelift-stack", "conditions": criteria}
}

func rule(name string, params map[string]any) map[string]any {
	return map[string]any{"rule": name, "resourceType": "spacelift-stack", "params": params}
}

// decide sets the policy on the Node side, for what is not named: allow.
func (b *bench) decide(t *testing.T, decisions map[string]any) {
	t.Helper()
	if answer := ask(t, http.MethodPut, b.theirs("/api/probe/policy"), stage.Token, decisions); answer.Status != http.StatusNoContent {
		t.Fatalf("set the policy: %s", answer)
	}
}

type stack struct {
	ID     string
	Labels []string
}

func (b *bench) stacks(t *testing.T, url, token string) []stack {
	t.Helper()
	var list []stack
	get(t, url, token, &list)
	return list
}

// TestPermissions has Node's policy decide about our stacks and exports (core.md 8).
func TestPermissions(t *testing.T) {
	b := start(t, stage.Options{Rely: unlimited(), Permissions: true})
	b.swept(t)
	user := b.signIn(t, jane, platform)
	direct, proxied := b.ours("/api/spacelift-io/stacks"), b.theirs("/api/proxy/understudy/spacelift-io/stacks")
	all := b.stacks(t, direct, stage.Token)
	label := ""
	for _, s := range all {
		if len(s.Labels) > 0 {
			label = s.Labels[0]
		}
	}
	labelled := slices.DeleteFunc(slices.Clone(all), func(s stack) bool { return !slices.Contains(s.Labels, label) })
	if len(labelled) == 0 || len(labelled) == len(all) {
		t.Fatalf("the label %q divides no account: %d of %d stacks", label, len(labelled), len(all))
	}
	outside := all[slices.IndexFunc(all, func(s stack) bool { return !slices.Contains(s.Labels, label) })]
	hasLabel := rule("HAS_LABEL", map[string]any{"labels": []string{label}})

	t.Run("allowed", func(t *testing.T) {
		b.decide(t, nil)
		if got := b.stacks(t, proxied, user); len(got) != len(all) {
			t.Errorf("%d stacks of %d", len(got), len(all))
		}
		var asked []struct{ Permission, User string }
		get(t, b.theirs("/api/probe/policy/asked"), stage.Token, &asked)
		if !slices.Contains(asked, struct{ Permission, User string }{readStack, jane}) {
			t.Errorf("the policy was asked %v", asked)
		}
	})
	t.Run("denied", func(t *testing.T) {
		b.decide(t, map[string]any{readStack: deny, trigger: deny, export: deny})
		for _, url := range []string{direct, proxied, b.ours("/api/spacelift-io/v1/stacks")} {
			if answer := ask(t, http.MethodGet, url, user, nil); answer.Status != http.StatusForbidden {
				t.Errorf("GET %s: %s", url, answer)
			}
		}
		// Not even that it is there.
		if answer := ask(t, http.MethodGet, b.ours("/api/spacelift-io/v1/stacks/"+all[0].ID), user, nil); answer.Status != http.StatusNotFound {
			t.Errorf("one stack: %s", answer)
		}
		for _, url := range []string{
			b.ours("/api/spacelift-io/stacks/" + all[0].ID + "/trigger"), b.ours("/api/rely/migrate"), b.theirs("/api/proxy/understudy/rely/migrate"),
		} {
			if answer := ask(t, http.MethodPost, url, user, nil); answer.Status != http.StatusForbidden {
				t.Errorf("POST %s: %s", url, answer)
			}
		}
		// On behalf of a user is as the user; a service is not asked about.
		if r := b.through(t, user, onBehalf, "spacelift-io", http.MethodGet, "/stacks"); r.Status != http.StatusForbidden {
			t.Errorf("on behalf of the user: %s", r.answer())
		}
		if r := b.through(t, user, itself, "spacelift-io", http.MethodGet, "/stacks"); r.Status != http.StatusOK {
			t.Errorf("the plugin as itself: %s", r.answer())
		}
	})
	t.Run("by label", func(t *testing.T) {
		b.decide(t, map[string]any{readStack: provided(hasLabel), trigger: provided(hasLabel)})
		for _, url := range []string{direct, proxied} {
			got := b.stacks(t, url, user)
			if len(got) != len(labelled) || slices.ContainsFunc(got, func(s stack) bool { return !slices.Contains(s.Labels, label) }) {
				t.Errorf("%s: %d stacks, want the %d with the label %s", url, len(got), len(labelled), label)
			}
		}
		if answer := ask(t, http.MethodGet, b.ours("/api/spacelift-io/v1/stacks/"+outside.ID), user, nil); answer.Status != http.StatusNotFound {
			t.Errorf("a stack without the label: %s", answer)
		}
		if answer := ask(t, http.MethodPost, b.ours("/api/spacelift-io/stacks/"+outside.ID+"/trigger"), user, nil); answer.Status/100 != 4 {
			t.Errorf("a run of a stack without the label: %s", answer)
		}
	})
	t.Run("by another condition", func(t *testing.T) {
		b.decide(t, map[string]any{readStack: provided(map[string]any{"not": hasLabel})})
		if got := b.stacks(t, direct, user); len(got) != len(all)-len(labelled) {
			t.Errorf("%d stacks, want the %d without the label", len(got), len(all)-len(labelled))
		}
	})
	t.Run("by owner", func(t *testing.T) {
		b.decide(t, map[string]any{readStack: provided(rule("IS_STACK_OWNER", map[string]any{"claims": []string{platform}}))})
		if got := b.stacks(t, direct, user); len(got) != 1 || got[0].ID != "prod-network" {
			t.Errorf("%v, want the stack that Node's catalog gives to %s", got, platform)
		}
	})
	t.Run("conditions that nobody knows", func(t *testing.T) {
		b.decide(t, map[string]any{readStack: provided(rule("IS_BLUE", nil))})
		if answer := ask(t, http.MethodGet, direct, user, nil); answer.Status/100 == 2 {
			t.Errorf("%s", answer)
		}
	})
	t.Run("asked back", func(t *testing.T) { b.askedBack(t, user, hasLabel, labelled[0].ID, outside.ID) })
	t.Run("their catalog", func(t *testing.T) {
		b.decide(t, map[string]any{readItem: deny})
		if got := b.linked(t, user, "component:default/edge"); got != 0 {
			t.Errorf("a user who may see no entities sees %d stacks of one", got)
		}
		if got := b.linked(t, stage.Token, "component:default/edge"); got != 1 {
			t.Errorf("a service sees %d stacks of the component", got)
		}
	})
	t.Run("nobody to ask", func(t *testing.T) {
		b.decide(t, nil)
		if err := b.Node.Kill(); err != nil {
			t.Fatal(err)
		}
		if answer := ask(t, http.MethodGet, direct, user, nil); answer.Status != http.StatusServiceUnavailable {
			t.Errorf("%s, want no decision and no stacks", answer)
		}
	})
}

// askedBack has Node's permission backend ask us about a stack, as a page of its own would have it do.
func (b *bench) askedBack(t *testing.T, user string, hasLabel any, inside, outside string) {
	b.decide(t, map[string]any{readStack: provided(hasLabel)})
	item := func(id, stack string) map[string]any {
		return map[string]any{"id": id, "resourceRef": stack, "permission": map[string]any{
			"type": "resource", "name": readStack, "attributes": map[string]any{"action": "read"}, "resourceType": "spacelift-stack",
		}}
	}
	answer := ask(t, http.MethodPost, b.theirs("/api/permission/authorize"), user, map[string]any{"items": []any{
		item("00000000-0000-4000-8000-000000000001", inside), item("00000000-0000-4000-8000-000000000002", outside),
		item("00000000-0000-4000-8000-000000000003", "no-such-stack"),
	}})
	var decided struct{ Items []struct{ ID, Result string } }
	if err := answer.JSON(&decided); err != nil || len(decided.Items) != 3 {
		t.Fatalf("%s", answer)
	}
	for i, want := range []string{"ALLOW", "DENY", "DENY"} {
		if decided.Items[i].Result != want {
			t.Errorf("stack %d: %s, want %s", i+1, decided.Items[i].Result, want)
		}
	}
}
