package client

// document is a GraphQL document that we send, with the smaller one that an older Spacelift understands.
type document struct {
	// operation is its name, the label of its metrics, and what Spacelift is told in a header.
	operation string
	// field is the root field whose value is the answer.
	field    string
	mutation bool
	// harmless is a mutation that changes nothing when it is repeated.
	harmless bool
	full     string
	// minimal selects only what the first releases have; empty where there is nothing to leave out.
	minimal string
}

// once tells whether the document must not be sent again unless it is known that nothing was executed.
func (d *document) once() bool { return d.mutation && !d.harmless }

// Selections. They are written into the documents, not sent as fragments: no public client names the types Stack and Run
// in a type condition, so that the names may differ (spacelift.md 5.6).
const (
	commitFields = `{ hash message authorName timestamp url }`

	stackRow = `id name description labels state stateSetAt branch repository namespace provider projectRoot
		autodeploy isDisabled deleted deleting canWrite lockedBy lockNote createdAt
		spaceDetails { id name parentSpace } trackedCommit ` + commitFields + `
		blocker { id } workerPool { id name } `
	stackVendor = `vendorConfig { __typename }`
	// stackMinimal is what the official plugin reads.
	stackMinimal = `id name description labels state branch spaceDetails { id name }`

	stackDetail = stackRow + `managesStateFile localPreviewEnabled protectFromDeletion terraformVersion runnerImage
		repositoryURL lockedAt
		attachedPolicies { policyId policyName policyType }
		attachedContexts { contextId contextName priority }
		dependsOn { dependsOnStack { id name } } isDependedOnBy { stack { id name } }
		vendorConfig { __typename
			... on StackConfigVendorTerraform { version workspace }
			... on StackConfigVendorOpenTofu { version workspace }
			... on StackConfigVendorTerragrunt { terraformVersion terragruntVersion } }`

	runRow = `id state type title branch createdAt updatedAt finished triggeredBy driftDetection expired isMostRecent
		needsApproval canRetry
		commit { hash message authorName authorLogin timestamp url }
		delta { addCount changeCount deleteCount importCount moveCount forgetCount resources }`
	runMinimal = `id state type branch createdAt triggeredBy`

	runHistory = `history { state stateVersion timestamp hasLogs terminal username note }`

	searchTail = ` } } pageInfo { endCursor hasNextPage } } }`
)

var (
	exchange = document{
		operation: "Exchange", field: "apiKeyUser", mutation: true, harmless: true,
		full:    `mutation Exchange($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { id jwt validUntil } }`,
		minimal: `mutation Exchange($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { id jwt } }`,
	}
	viewer = document{
		operation: "Viewer", field: "viewer",
		full:    `query Viewer { viewer { id name } }`,
		minimal: `query Viewer { viewer { id } }`,
	}
	stacksPage = document{
		operation: "StacksPage", field: "searchStacks",
		full: `query StacksPage($input: SearchInput!) { searchStacks(input: $input) { edges { node { ` +
			stackRow + stackVendor + searchTail,
		minimal: `query StacksPage($input: SearchInput!) { searchStacks(input: $input) { edges { node { ` +
			stackMinimal + searchTail,
	}
	allStacks = document{
		operation: "Stacks", field: "stacks",
		full:    `query Stacks { stacks { ` + stackRow + stackVendor + ` } }`,
		minimal: `query Stacks { stacks { ` + stackMinimal + ` } }`,
	}
	oneStack = document{
		operation: "StackDetail", field: "stack",
		full:    `query StackDetail($id: ID!) { stack(id: $id) { ` + stackDetail + ` } }`,
		minimal: `query StackDetail($id: ID!) { stack(id: $id) { ` + stackMinimal + ` } }`,
	}
	oneRun = document{
		operation: "StackRun", field: "stack",
		full:    `query StackRun($stack: ID!, $run: ID!) { stack(id: $stack) { id run(id: $run) { ` + runRow + ` } } }`,
		minimal: `query StackRun($stack: ID!, $run: ID!) { stack(id: $stack) { id run(id: $run) { ` + runMinimal + ` } } }`,
	}
	trackedRuns  = runsDocument("StackRuns", "runs")
	proposedRuns = runsDocument("StackProposedRuns", "proposedRuns")
	tasks        = runsDocument("StackTasks", "tasks")

	runDetail = document{
		operation: "RunDetail", field: "stack",
		full: `query RunDetail($stack: ID!, $run: ID!) { stack(id: $stack) { id name run(id: $run) { ` + runRow +
			` canConfirm comments { body createdAt username } ` + runHistory + ` } } }`,
		minimal: `query RunDetail($stack: ID!, $run: ID!) { stack(id: $stack) { id name run(id: $run) { ` + runMinimal +
			` ` + runHistory + ` } } }`,
	}
	runLogs = document{
		operation: "RunLogs", field: "stack",
		full: `query RunLogs($stack: ID!, $run: ID!, $state: RunState!, $version: Int, $token: String) { stack(id: $stack) { id run(id: $run) { id
			logs(state: $state, stateVersion: $version, token: $token) {
				exists expired finished hasMore nextToken messages { timestamp message } } } } }`,
	}
	confirm = actDocument("Confirm", "runConfirm")
	discard = actDocument("Discard", "runDiscard")
	cancel  = actDocument("Cancel", "runCancel")
	stop    = actDocument("Stop", "runStop")

	trigger = document{
		operation: "Trigger", field: "runTrigger", mutation: true,
		full:    `mutation Trigger($stack: ID!) { runTrigger(stack: $stack) { id state type createdAt triggeredBy } }`,
		minimal: `mutation Trigger($stack: ID!) { runTrigger(stack: $stack) { id state } }`,
	}
	comment = document{
		operation: "Comment", field: "runComment", mutation: true,
		full: `mutation Comment($stack: ID!, $run: ID!, $body: String!) {
			runComment(stack: $stack, run: $run, body: $body) { body createdAt username } }`,
		minimal: `mutation Comment($stack: ID!, $run: ID!, $body: String!) {
			runComment(stack: $stack, run: $run, body: $body) { body } }`,
	}
)

// runsDocument reads one of the lists of runs that a stack has; all have the same shape. The alias makes the answers alike.
func runsDocument(operation, list string) document {
	head := `query ` + operation + `($stack: ID!, $before: ID) { stack(id: $stack) { id list: ` + list + `(before: $before) { `
	return document{operation: operation, field: "stack", full: head + runRow + ` } } }`, minimal: head + runMinimal + ` } } }`}
}

// actDocument is one of the mutations that move a run on. The run is always named: without it Spacelift takes whichever one
// others wait for (spacelift.md 5.6).
func actDocument(operation, field string) document {
	return document{operation: operation, field: field, mutation: true, full: `mutation ` + operation +
		`($stack: ID!, $run: ID!, $note: String) { ` + field + `(stack: $stack, run: $run, note: $note) { id state } }`}
}

// documents are all of them, for the tests that check them against a schema.
func documents() []document {
	return []document{
		exchange, viewer, stacksPage, allStacks, oneStack, oneRun, trackedRuns, proposedRuns, tasks, trigger, comment,
		runDetail, runLogs, confirm, discard, cancel, stop,
	}
}
