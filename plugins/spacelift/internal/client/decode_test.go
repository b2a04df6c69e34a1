package client

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeStack(t *testing.T) {
	t.Parallel()
	full := `{"id":"a","name":"A","description":"d","labels":["x","folder:y"],"state":"QUANTUM","stateSetAt":1700000000,"createdAt":1600000000.5,
		"branch":"main","repository":"infra","namespace":"acme","provider":"GITHUB","projectRoot":"net","autodeploy":true,"isDisabled":true,
		"deleted":false,"deleting":true,"canWrite":false,"lockedBy":"ada","lockNote":"busy","spaceDetails":{"id":"root","name":"Root","parentSpace":null},
		"trackedCommit":{"hash":"abc","message":"m","authorName":"Ada","timestamp":1600000001,"url":"https://x"},"blocker":{"id":"run"},
		"workerPool":{"id":"p","name":"private"},"managesStateFile":true,"terraformVersion":"1.9","attachedPolicies":[{"policyId":"p1","policyName":"P","policyType":"PLAN"},null],
		"attachedContexts":[{"contextId":"c","contextName":"C","priority":3}],"dependsOn":[{"dependsOnStack":{"id":"b","name":"B"}}],"isDependedOnBy":[{"stack":{"id":"c","name":"C"}}],
		"vendorConfig":{"__typename":"StackConfigVendorOpenTofu","version":"1.8","workspace":"w"}}`
	got, ok := decodeStack(json.RawMessage(full))
	if !ok {
		t.Fatal("not decoded")
	}
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	want := StackDetail{
		Stack: Stack{
			ID: "a", Name: "A", Description: "d", Labels: []string{"x", "folder:y"}, State: "QUANTUM", StateSetAt: at(1700000000), CreatedAt: at(1600000000),
			Branch: "main", Repository: "infra", Namespace: "acme", Provider: "GITHUB", ProjectRoot: "net", Autodeploy: true, Disabled: true, Deleting: true,
			LockedBy: "ada", LockNote: "busy", Space: Space{ID: "root", Name: "Root"},
			Commit:  &Commit{Hash: "abc", Message: "m", Author: "Ada", URL: "https://x", Time: at(1600000001)},
			Blocker: "run", WorkerPool: "private", Vendor: "OpenTofu",
		},
		ManagesStateFile: true, TerraformVersion: "1.9", VendorVersion: "1.8", Workspace: "w",
		Policies: []Attachment{{ID: "p1", Name: "P", Type: "PLAN"}, {}}, Contexts: []Attachment{{ID: "c", Name: "C", Priority: 3}},
		DependsOn: []StackRef{{"b", "B"}}, DependedOnBy: []StackRef{{"c", "C"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Any field of a stack but its id may be null, absent or of another type, and spoils nothing else.
func TestDecodeStackTolerates(t *testing.T) {
	t.Parallel()
	names := strings.FieldsFunc(stackDetail, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '{' || r == '}' })
	for _, name := range names {
		if name == "id" || strings.HasPrefix(name, ".") {
			continue
		}
		for _, value := range []string{"null", "7.5", `"text"`, "true", "[]", "[null]", "{}", `[{"x":1}]`, "1e300"} {
			raw := `{"` + name + `":` + value + `,"id":"a","state":"FINISHED"}`
			got, ok := decodeStack(json.RawMessage(raw))
			if !ok || got.ID != "a" || got.Name == "" {
				t.Errorf("%s: %+v", raw, got)
			}
			if name != "state" && got.State != "FINISHED" {
				t.Errorf("%s: the state was lost", raw)
			}
		}
	}
	for _, raw := range []string{"", "null", "{}", `{"id":null}`, `{"id":""}`, `{"id":3}`, "[]", `"a"`, "{"} {
		if _, ok := decodeStack(json.RawMessage(raw)); ok {
			t.Errorf("%q was taken for a stack", raw)
		}
	}
}

func TestDecodeRun(t *testing.T) {
	t.Parallel()
	got, ok := decodeRun(json.RawMessage(`{"id":"r","state":"FINISHED","type":"TRACKED","title":null,"branch":"main","createdAt":1600000000,"updatedAt":1600000009,
		"finished":true,"triggeredBy":null,"driftDetection":true,"expired":null,"isMostRecent":true,"needsApproval":false,"canRetry":true,
		"commit":{"hash":"abc","authorLogin":"ada"},"delta":{"addCount":1,"changeCount":2,"deleteCount":3,"importCount":4,"moveCount":5,"forgetCount":6,"resources":7}}`))
	want := Run{
		ID: "r", State: "FINISHED", Type: "TRACKED", Branch: "main", CreatedAt: time.Unix(1600000000, 0).UTC(), UpdatedAt: time.Unix(1600000009, 0).UTC(),
		Finished: true, Drift: true, MostRecent: true, CanRetry: true, Commit: &Commit{Hash: "abc", Login: "ada"}, Delta: &Delta{1, 2, 3, 4, 5, 6, 7},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Error(diff)
	}
}

// Whatever comes, decoding neither panics nor invents: a stack has an id, times can be written as JSON, an error is of
// one of our kinds and fits on a line.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"searchStacks":{"edges":[{"node":{"id":"a","labels":[],"createdAt":1}}],"pageInfo":{"endCursor":"x","hasNextPage":true}}}}`,
		`{"data":{"stack":{"id":"a","list":[{"id":"r","delta":{}}],"run":null}}}`,
		`{"data":null,"errors":[{"message":"unauthorized"}]}`, `{"errors":[{"message":"Cannot query field \"x\""}]}`,
		`{"data":{"runTrigger":{"id":"r"}}}`, `<html>`, `{"data":`, `{"data":{"stacks":[null,{"id":7},{"id":"b","state":1}]}}`,
		`{"data":{"apiKeyUser":{"jwt":"a.eyJleHAiOjEuNX0.c","validUntil":1e400}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := decodeEnvelope(body)
		if err != nil {
			return
		}
		if failure := e.failure(&trigger); failure != nil && (failure.Code == "" || failure.Status < 400 || failure.Message == "" || strings.ContainsAny(failure.Message, "\n\r\x00")) {
			t.Errorf("%+v", failure)
		}
		for _, raw := range e.Data {
			var nodes []json.RawMessage
			var p wirePage
			var w wireStack
			if unmarshal(raw, &p) == nil {
				for _, edge := range p.Edges {
					nodes = append(nodes, edge.Node)
				}
			}
			if unmarshal(raw, &w) == nil {
				for _, run := range w.List {
					decodeRun(run)
				}
			}
			for _, node := range append(nodes, raw) {
				if stack, ok := decodeStack(node); ok {
					if stack.ID == "" || stack.Name == "" {
						t.Errorf("%+v", stack)
					}
					if _, err := json.Marshal(stack); err != nil {
						t.Error(err)
					}
				}
				var jwt string
				if json.Unmarshal(node, &jwt) == nil {
					if life := lifetime(jwt, claimsOf(jwt).Exp, time.Time{}, time.Unix(1, 0)); life <= 0 {
						t.Errorf("a token lives %s", life)
					}
				}
			}
		}
	})
}
