package spacelift_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// The documents of spacelift.md 5.6, with the fragments written out.
const (
	stackRow = `id name description labels state stateSetAt branch repository namespace provider projectRoot autodeploy isDisabled
		deleted deleting canWrite lockedBy lockNote createdAt spaceDetails { id name parentSpace }
		trackedCommit { hash message authorName timestamp url } blocker { id } workerPool { id name } vendorConfig { __typename }`
	runRow = `id state type title branch createdAt updatedAt finished triggeredBy driftDetection expired isMostRecent needsApproval
		canRetry commit { hash message authorName authorLogin timestamp url }
		delta { addCount changeCount deleteCount importCount moveCount forgetCount resources }`
	viewerQuery = `query Viewer { viewer { id name } }`
	stacksPage  = `query StacksPage($input: SearchInput!) { searchStacks(input: $input) { edges { node { ` + stackRow + ` } }
		pageInfo { endCursor hasNextPage } } }`
	stackDetail = `query StackDetail($id: ID!) { stack(id: $id) { ` + stackRow + ` managesStateFile localPreviewEnabled
		protectFromDeletion terraformVersion runnerImage repositoryURL lockedAt trackedCommitSetBy
		attachedPolicies { policyId policyName policyType } attachedContexts { contextId contextName priority }
		dependsOn { dependsOnStack { id name } } isDependedOnBy { stack { id name } }
		integrations { driftDetection { reconcile ignoreState schedule timezone } }
		vendorConfig { __typename ... on StackConfigVendorTerraform { version workspace tf: workflowTool }
		... on StackConfigVendorOpenTofu { version workspace tofu: workflowTool }
		... on StackConfigVendorPulumi { loginURL stackName }
		... on StackConfigVendorTerragrunt { terraformVersion terragruntVersion useRunAll } } } }`
	stackRuns = `query StackRuns($stack: ID!, $before: ID) { stack(id: $stack) { id runs(before: $before) { ` + runRow + ` }
		proposedRuns(before: $before) { ` + runRow + ` } tasks(before: $before) { ` + runRow + ` } } }`
	runsPage = `query RunsPage($input: SearchInput!) { searchRuns(input: $input) { edges { node { isModule run { ` + runRow + ` canConfirm }
		stack { id name labels spaceDetails { id name } } } } pageInfo { endCursor hasNextPage } } }`
	runDetail = `query RunDetail($stack: ID!, $run: ID!) { stack(id: $stack) { id name run(id: $run) { ` + runRow + ` canConfirm
		comments { body createdAt username } history { state stateVersion timestamp hasLogs terminal username note } } } }`
	runChanges = `query RunChanges($stack: ID!, $run: ID!) { stack(id: $stack) { run(id: $run) {
		changesV3(input: {}) { resources { address previousAddress metadata { type } } } } } }`
	runLogs = `query RunLogs($stack: ID!, $run: ID!, $state: RunState!, $version: Int, $token: String) { stack(id: $stack) { run(id: $run) {
		logs(state: $state, stateVersion: $version, token: $token) { exists expired finished hasMore nextToken messages { timestamp message } } } } }`
	trigger = `mutation Trigger($stack: ID!, $sha: String, $type: RunType, $rc: RuntimeConfigInput) {
		runTrigger(stack: $stack, commitSha: $sha, runType: $type, runtimeConfig: $rc) { id state type createdAt triggeredBy } }`
	confirm = `mutation Confirm($stack: ID!, $run: ID!, $note: String) { runConfirm(stack: $stack, run: $run, note: $note) { id state } }`
	discard = `mutation Discard($stack: ID!, $run: ID!, $note: String) { runDiscard(stack: $stack, run: $run, note: $note) { id state } }`
	cancel  = `mutation Cancel($stack: ID!, $run: ID!, $note: String) { runCancel(stack: $stack, run: $run, note: $note) { id state } }`
	stop    = `mutation Stop($stack: ID!, $run: ID!, $note: String) { runStop(stack: $stack, run: $run, note: $note) { id state } }`
	retry   = `mutation Retry($stack: ID!, $run: ID!) { runRetry(stack: $stack, run: $run) { id state } }`
	review  = `mutation Review($stack: ID!, $run: ID!, $d: RunReviewDecision!, $note: String) {
		runReview(stack: $stack, run: $run, decision: $d, note: $note) { id decision author timestamp } }`
	remark = `mutation Comment($stack: ID!, $run: ID!, $body: String!) {
		runComment(stack: $stack, run: $run, body: $body) { body createdAt username } }`
)

// TestDocumentsValidate asks a second engine: what it accepts, other tools accept.
func TestDocumentsValidate(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: spacelift.SDL})
	for _, document := range []string{
		exchange, viewerQuery, stacksPage, stackDetail, stackRuns, runsPage, runDetail, runChanges, runLogs, trigger, confirm, discard,
		cancel, stop, retry, review, remark,
	} {
		if _, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s\n%v", document, errs)
		}
	}
}

func TestDocumentsAreAnswered(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	for _, row := range c.sim.Stacks() {
		got := c.ask(stackDetail, map[string]any{"id": row})
		if got.message() != "" || got.at("stack", "id") != row {
			t.Fatalf("%s: %+v", row, got)
		}
		got = c.ask(stackRuns, map[string]any{"stack": row})
		if got.message() != "" {
			t.Fatalf("%s: %+v", row, got)
		}
		for _, run := range c.sim.Runs(row) {
			ids := map[string]any{"stack": row, "run": run.ID}
			if got := c.ask(runDetail, ids); got.message() != "" || got.at("stack", "run", "state") != run.State {
				t.Fatalf("%s: %+v", run.ID, got)
			}
			if got := c.ask(runChanges, ids); got.message() != "" {
				t.Fatalf("%s: %+v", run.ID, got)
			}
		}
	}
	got := c.ask(`{ spaces { id name parentSpace accessLevel } space(id: "root") { name } workerPools { id name }
		publicWorkerPool { parallelism busyWorkers pendingRuns } stack(id: "prod-routes-db") { entities { id type drifted stackName } } }`, nil)
	if got.message() != "" || len(got.at("spaces").([]any)) != 6 || got.at("stack", "entities", 0, "drifted") == nil {
		t.Errorf("got %+v", got)
	}
}

// TestGoldenRequests sends what the official plugin was seen to send, byte for byte but for the key.
func TestGoldenRequests(t *testing.T) {
	raw, err := os.ReadFile("testdata/official-plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct {
		Headers map[string]string
		Body    json.RawMessage
	}
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded) != 3 {
		t.Fatalf("%d requests", len(recorded))
	}
	c := start(t, spacelift.Options{Keys: []spacelift.Key{
		{ID: "KEY", Secret: "SECRET", Name: "golden", Spaces: map[string]spacelift.Role{"root": spacelift.Admin}},
	}})
	for _, request := range recorded {
		var headers []string
		for name, value := range request.Headers {
			if name != "content-length" && name != "accept-encoding" && name != "authorization" {
				headers = append(headers, name, value)
			}
		}
		body := strings.ReplaceAll(string(request.Body), "prod-net\"", spacelift.StackID+"\"")
		response, answered, err := c.post(json.RawMessage(body), headers...)
		if err != nil || response.StatusCode != 200 || strings.Contains(string(answered), `"errors"`) {
			t.Errorf("%s\n%v %s", body, err, answered)
		}
		var got answer
		if json.Unmarshal(answered, &got) == nil {
			if token, ok := got.at("apiKeyUser", "jwt").(string); ok {
				c.token = token
			}
		}
	}
	requests := c.sim.Requests()[1:]
	if len(requests) != 3 || requests[0].Key != "KEY" || !requests[1].Has("stacks") || requests[2].Stack != spacelift.StackID {
		t.Errorf("journal %+v", requests)
	}
	if runs := c.sim.Runs(spacelift.StackID); len(runs) != 4 || runs[0].TriggeredBy != "api::KEY" || runs[0].State != "QUEUED" {
		t.Errorf("runs %+v", runs)
	}
}
