package spacelift_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// fixed is a clock that stands.
func fixed() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) }

func (c *client) trigger(stack string, more ...string) string {
	c.t.Helper()
	got := c.ask(trigger, map[string]any{"stack": stack}, more...)
	id, ok := got.at("runTrigger", "id").(string)
	if !ok {
		c.t.Fatalf("trigger: %+v", got)
	}
	return id
}

func TestLives(t *testing.T) {
	begin := []string{"QUEUED", "READY", "PREPARING", "INITIALIZING"}
	path := func(states ...string) []string { return append(slices.Clone(begin), states...) }
	for _, test := range []struct {
		name  string
		patch spacelift.Patch
		kind  string
		want  []string
		stack string
	}{
		{"deploys by itself", spacelift.Patch{}, "", path("PLANNING", "APPLYING", "FINISHED"), "FINISHED"},
		{"asks", spacelift.Patch{Autodeploy: new(false)}, "", path("PLANNING", "UNCONFIRMED"), "UNCONFIRMED"},
		{"no change", spacelift.Patch{Trait: new(spacelift.PlanNoop)}, "", path("PLANNING", "FINISHED"), "FINISHED"},
		{"bad plan", spacelift.Patch{Trait: new(spacelift.FailPlan)}, "", path("PLANNING", "FAILED"), "FAILED"},
		{"bad init", spacelift.Patch{Trait: new(spacelift.FailInit)}, "", path("FAILED"), "FAILED"},
		{"bad apply", spacelift.Patch{Trait: new(spacelift.FailApply)}, "", path("PLANNING", "APPLYING", "FAILED"), "FAILED"},
		{"proposed", spacelift.Patch{}, "PROPOSED", path("PLANNING", "FINISHED"), "FINISHED"},
		{"review", spacelift.Patch{Approval: new(true)}, "PROPOSED", path("PLANNING", "PENDING_REVIEW"), "FINISHED"},
		{"task", spacelift.Patch{}, "TASK", path("PERFORMING", "FINISHED"), "FINISHED"},
		{"destroy", spacelift.Patch{}, "DESTROY", path("DESTROYING", "FINISHED"), "FINISHED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, spacelift.Options{})
			c.sim.Patch(spacelift.StackID, test.patch)
			variables := map[string]any{"stack": spacelift.StackID}
			if test.kind != "" {
				variables["type"] = test.kind
			}
			got := c.ask(trigger, variables)
			if got.at("runTrigger", "state") != "QUEUED" || got.at("runTrigger", "triggeredBy") != "api::"+spacelift.AdminKey {
				t.Fatalf("got %+v", got)
			}
			run := c.sim.Settle(spacelift.StackID)
			if diff := cmp.Diff(test.want, run.States); diff != "" {
				t.Error(diff)
			}
			detail := c.ask(runDetail, map[string]any{"stack": spacelift.StackID, "run": run.ID})
			if detail.at("stack", "run", "history", 0, "stateVersion") != float64(len(test.want)) {
				t.Errorf("history %+v", detail)
			}
			stack := c.ask(`query($id: ID!) { stack(id: $id) { state blocker { id } } }`, map[string]any{"id": spacelift.StackID})
			if stack.at("stack", "state") != test.stack {
				t.Errorf("stack %+v", stack)
			}
		})
	}
}

func TestDecisions(t *testing.T) {
	for _, test := range []struct {
		verb, document, in string
		want               string
	}{
		{"runConfirm", confirm, "UNCONFIRMED", "CONFIRMED"},
		{"runDiscard", discard, "UNCONFIRMED", "DISCARDED"},
		{"runCancel", cancel, "READY", "CANCELED"},
		{"runStop", stop, "PLANNING", "PLANNING"},
		{"runRetry", retry, "FAILED", "QUEUED"},
	} {
		t.Run(test.verb, func(t *testing.T) {
			c := start(t, spacelift.Options{Now: fixed})
			ids := map[string]any{"stack": spacelift.StackID, "run": c.trigger(spacelift.StackID)}
			wrong := c.ask(retry, ids)
			if test.document != retry {
				wrong = c.ask(confirm, ids)
			}
			if !strings.Contains(wrong.message(), "QUEUED") {
				t.Errorf("wrong state: %+v", wrong)
			}
			if err := c.sim.ForceRun(ids["run"].(string), test.in); err != nil {
				t.Fatal(err)
			}
			got := c.ask(test.document, ids)
			if got.at(test.verb, "state") != test.want {
				t.Fatalf("got %+v", got)
			}
			if last := c.sim.Settle(spacelift.StackID); test.verb == "runStop" && last.State != "STOPPED" {
				t.Errorf("settled %+v", last)
			}
			if got := c.ask(`{ stack(id: "prod-network") { state } }`, nil); test.want == "CANCELED" && got.at("stack", "state") != "FINISHED" {
				t.Errorf("a canceled run left its stack in %+v", got)
			}
		})
	}
}

func TestOneBlockingRunAStack(t *testing.T) {
	c := start(t, spacelift.Options{})
	first, second := c.trigger(spacelift.StackID), c.trigger(spacelift.StackID)
	c.sim.Advance(20 * time.Second)
	got := c.ask(`{ stack(id: "prod-network") { blocker { id } runs { id state isMostRecent } } }`, nil)
	if got.at("stack", "blocker", "id") != first || got.at("stack", "runs", 0, "state") != "QUEUED" || got.at("stack", "runs", 0, "id") != second {
		t.Fatalf("got %+v", got)
	}
	if run := c.sim.Settle(spacelift.StackID); run.ID != second || run.State != "FINISHED" {
		t.Errorf("settled %+v", run)
	}
}

func TestWorkersAreFew(t *testing.T) {
	c := start(t, spacelift.Options{})
	const stacks = 12
	for n := range stacks {
		id := fmt.Sprintf("extra-%02d", n)
		c.sim.Patch(id, spacelift.Patch{})
		c.trigger(id)
	}
	c.sim.Advance(8 * time.Second)
	if state := c.sim.State(); state.Busy != 8 || state.Queued != stacks-8 {
		t.Errorf("%d busy, %d wait", state.Busy, state.Queued)
	}
	c.sim.Advance(10 * time.Minute)
	if state := c.sim.State(); state.Busy != 0 || state.Queued != 0 || state.States["UNCONFIRMED"] != stacks {
		t.Errorf("after all: %+v", state)
	}
}

func TestRefusals(t *testing.T) {
	for name, patch := range map[string]spacelift.Patch{
		"stack is locked":           {LockedBy: new("mina.park@acme.example.com")},
		"stack is disabled":         {Disabled: new(true)},
		"stack is being deleted":    {Deleting: new(true)},
		"not found":                 {Deleted: new(true)},
		"run needs approval":        {Approval: new(true), Autodeploy: new(false)},
		"cannot confirm a run in s": {},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, spacelift.Options{})
			c.sim.Patch(spacelift.StackID, patch)
			got := c.ask(trigger, map[string]any{"stack": spacelift.StackID})
			if id := got.at("runTrigger", "id"); id != nil {
				c.sim.Settle(spacelift.StackID)
				got = c.ask(confirm, map[string]any{"stack": spacelift.StackID, "run": id})
			}
			if !strings.HasPrefix(got.message(), name) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestMetadataCommentsAndLocks(t *testing.T) {
	c := start(t, spacelift.Options{})
	id := c.trigger(spacelift.StackID, "Spacelift-User-Provided-Run-Metadata", "understudy user:default/jane 42 because")
	got := c.ask(remark, map[string]any{"stack": spacelift.StackID, "run": id, "body": "because"})
	if got.at("runComment", "username") != "api::"+spacelift.AdminKey {
		t.Errorf("got %+v", got)
	}
	run := c.sim.Runs(spacelift.StackID)[0]
	if run.Metadata != "understudy user:default/jane 42 because" || !slices.Equal(run.Comments, []string{"because"}) {
		t.Errorf("run %+v", run)
	}
	if strings.Contains(spacelift.SDL, "etadata: String") {
		t.Error("the metadata of runs is not part of Spacelift's schema")
	}
	for _, step := range []struct{ field, key string }{{"stackLock", "lockedBy"}, {"stackUnlock", ""}, {"stackDisable", ""}, {"stackEnable", ""}} {
		got := c.ask(`mutation { `+step.field+`(id: "prod-network") { lockedBy isDisabled } }`, nil)
		if got.message() != "" || step.key != "" && got.at(step.field, step.key) != "api::"+spacelift.AdminKey {
			t.Errorf("%s: %+v", step.field, got)
		}
	}
}

func TestLogs(t *testing.T) {
	c := start(t, spacelift.Options{Now: fixed})
	ids := map[string]any{"stack": spacelift.StackID, "run": c.trigger(spacelift.StackID), "state": "PLANNING"}
	if got := c.ask(runLogs, ids); got.at("stack", "run", "logs", "exists") != false {
		t.Errorf("before: %+v", got)
	}
	lines, pages := 0, 0
	for range 1000 {
		got := c.ask(runLogs, ids)
		logs := got.at("stack", "run", "logs")
		messages, _ := dig(logs, "messages").([]any)
		lines += len(messages)
		if len(messages) > 0 {
			pages++
		}
		ids["token"] = dig(logs, "nextToken")
		if dig(logs, "exists") == true && dig(logs, "finished") == true {
			break
		}
		c.sim.Advance(time.Second)
	}
	if lines < 20 || pages < 2 || ids["token"] != nil {
		t.Errorf("%d lines in %d pages, token %v", lines, pages, ids["token"])
	}
	ids["token"] = nil
	c.sim.Advance(61 * 24 * time.Hour)
	c.login(spacelift.AdminKey)
	if got := c.ask(runLogs, ids); got.at("stack", "run", "logs", "expired") != true {
		t.Errorf("after two months: %+v", got)
	}
}

// TestDeterminism: the same options and questions give the same journals and runs, however the clock is moved.
func TestDeterminism(t *testing.T) {
	play := func(step time.Duration) (requests, runs string) {
		c := start(t, spacelift.Options{Preset: spacelift.Demo, Seed: 7, AmbientPerMinute: 6, Now: fixed, BaseURL: "https://acme.app.spacelift.io"})
		c.sim.Faults(spacelift.Fault{Name: "http_429", Probability: 0.5, Field: "viewer"})
		c.trigger("prod-dns")
		for passed := time.Duration(0); passed < 30*time.Minute; passed += step {
			c.sim.Advance(step)
		}
		for range 10 {
			if _, _, err := c.post(map[string]any{"query": viewerQuery}); err != nil {
				t.Fatal(err)
			}
		}
		c.ask(stacksPage, map[string]any{"input": map[string]any{"first": 50}})
		var all []any
		for _, stack := range c.sim.Stacks() {
			all = append(all, c.sim.Runs(stack))
		}
		text := func(v any) string {
			raw, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(raw)
		}
		return text(c.sim.Requests()), text(all)
	}
	requests, runs := play(time.Minute)
	again, runsAgain := play(time.Minute)
	if requests != again || runs != runsAgain {
		t.Error("two plays differ")
	}
	if _, long := play(30 * time.Minute); long != runs {
		t.Error("one long step differs from many short ones")
	}
}

func TestSpeed(t *testing.T) {
	now := fixed()
	c := start(t, spacelift.Options{Speed: 10, Now: func() time.Time { return now }})
	c.trigger(spacelift.StackID)
	now = now.Add(10 * time.Second)
	run := c.sim.Runs(spacelift.StackID)[0]
	if run.State != "FINISHED" {
		t.Errorf("after 100 s of its life: %+v", run)
	}
	got := c.ask(runDetail, map[string]any{"stack": spacelift.StackID, "run": run.ID})
	if at := got.at("stack", "run", "updatedAt").(float64); int64(at) > now.Unix() || int64(at) <= fixed().Unix() {
		t.Errorf("updated at %v, now is %d", at, now.Unix())
	}
}
