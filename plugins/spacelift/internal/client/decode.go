package client

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// The wire types below mirror the selections. Null and absent are the zero value everywhere, since the nullability of
// Spacelift's schema is not published (spacelift.md 5.5).

type wireStack struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Labels      []string `json:"labels"`
	State       string   `json:"state"`
	StateSetAt  seconds  `json:"stateSetAt"`
	CreatedAt   seconds  `json:"createdAt"`
	Branch      string   `json:"branch"`
	Repository  string   `json:"repository"`
	Namespace   string   `json:"namespace"`
	Provider    string   `json:"provider"`
	ProjectRoot string   `json:"projectRoot"`
	Autodeploy  bool     `json:"autodeploy"`
	IsDisabled  bool     `json:"isDisabled"`
	Deleted     bool     `json:"deleted"`
	Deleting    bool     `json:"deleting"`
	CanWrite    *bool    `json:"canWrite"`
	LockedBy    string   `json:"lockedBy"`
	LockNote    string   `json:"lockNote"`
	Space       struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Parent string `json:"parentSpace"`
	} `json:"spaceDetails"`
	TrackedCommit *wireCommit `json:"trackedCommit"`
	Blocker       struct {
		ID string `json:"id"`
	} `json:"blocker"`
	WorkerPool struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"workerPool"`
	Vendor wireVendor `json:"vendorConfig"`

	ManagesStateFile bool    `json:"managesStateFile"`
	LocalPreview     bool    `json:"localPreviewEnabled"`
	Protected        bool    `json:"protectFromDeletion"`
	TerraformVersion string  `json:"terraformVersion"`
	RunnerImage      string  `json:"runnerImage"`
	RepositoryURL    string  `json:"repositoryURL"`
	LockedAt         seconds `json:"lockedAt"`
	Policies         []struct {
		ID   string `json:"policyId"`
		Name string `json:"policyName"`
		Type string `json:"policyType"`
	} `json:"attachedPolicies"`
	Contexts []struct {
		ID       string  `json:"contextId"`
		Name     string  `json:"contextName"`
		Priority float64 `json:"priority"`
	} `json:"attachedContexts"`
	DependsOn []struct {
		Stack wireRef `json:"dependsOnStack"`
	} `json:"dependsOn"`
	DependedOnBy []struct {
		Stack wireRef `json:"stack"`
	} `json:"isDependedOnBy"`

	Run  *json.RawMessage  `json:"run"`
	List []json.RawMessage `json:"list"`
}

type wireVendor struct {
	Type              string `json:"__typename"`
	Version           string `json:"version"`
	Workspace         string `json:"workspace"`
	TerraformVersion  string `json:"terraformVersion"`
	TerragruntVersion string `json:"terragruntVersion"`
}

type wireRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wireCommit struct {
	Hash        string  `json:"hash"`
	Message     string  `json:"message"`
	AuthorName  string  `json:"authorName"`
	AuthorLogin string  `json:"authorLogin"`
	Timestamp   seconds `json:"timestamp"`
	URL         string  `json:"url"`
}

type wireRun struct {
	ID            string      `json:"id"`
	State         string      `json:"state"`
	Type          string      `json:"type"`
	Title         string      `json:"title"`
	Branch        string      `json:"branch"`
	CreatedAt     seconds     `json:"createdAt"`
	UpdatedAt     seconds     `json:"updatedAt"`
	Finished      bool        `json:"finished"`
	TriggeredBy   string      `json:"triggeredBy"`
	Drift         bool        `json:"driftDetection"`
	Expired       bool        `json:"expired"`
	MostRecent    bool        `json:"isMostRecent"`
	NeedsApproval bool        `json:"needsApproval"`
	CanRetry      bool        `json:"canRetry"`
	Commit        *wireCommit `json:"commit"`
	CanConfirm    *bool       `json:"canConfirm"`
	Comments      []struct {
		Body      string  `json:"body"`
		CreatedAt seconds `json:"createdAt"`
		Username  string  `json:"username"`
	} `json:"comments"`
	History []struct {
		State        string  `json:"state"`
		StateVersion int     `json:"stateVersion"`
		Timestamp    seconds `json:"timestamp"`
		HasLogs      bool    `json:"hasLogs"`
		Terminal     bool    `json:"terminal"`
		Username     string  `json:"username"`
		Note         string  `json:"note"`
	} `json:"history"`
	Logs  json.RawMessage `json:"logs"`
	Delta *struct {
		Add       int `json:"addCount"`
		Change    int `json:"changeCount"`
		Delete    int `json:"deleteCount"`
		Import    int `json:"importCount"`
		Move      int `json:"moveCount"`
		Forget    int `json:"forgetCount"`
		Resources int `json:"resources"`
	} `json:"delta"`
}

type wirePage struct {
	Edges []struct {
		Node json.RawMessage `json:"node"`
	} `json:"edges"`
	Info struct {
		EndCursor   string `json:"endCursor"`
		HasNextPage bool   `json:"hasNextPage"`
	} `json:"pageInfo"`
}

// seconds is a Unix time. A fraction is allowed, since the JWT's are (spacelift.md 5.2).
type seconds float64

// time is zero for what is absent, and for what no calendar has: JSON cannot write a year of five digits.
func (s seconds) time() time.Time {
	if s <= 0 || s >= 253402300800 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

// unmarshal decodes what it can: a field of an unexpected type keeps its zero value and spoils nothing else.
func unmarshal(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); odd {
		return nil
	}
	return err
}

// absent tells whether a value is missing or null.
func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// decodeStack returns the stack, and false if there is none with an id.
func decodeStack(raw json.RawMessage) (StackDetail, bool) {
	var w wireStack
	if absent(raw) || unmarshal(raw, &w) != nil || w.ID == "" {
		return StackDetail{}, false
	}
	return w.detail(), true
}

func (w *wireStack) row() Stack {
	s := Stack{
		ID: w.ID, Name: w.Name, Description: w.Description, Labels: w.Labels, State: w.State,
		StateSetAt: w.StateSetAt.time(), CreatedAt: w.CreatedAt.time(),
		Branch: w.Branch, Repository: w.Repository, Namespace: w.Namespace, Provider: w.Provider, ProjectRoot: w.ProjectRoot,
		Autodeploy: w.Autodeploy, Disabled: w.IsDisabled, Deleted: w.Deleted, Deleting: w.Deleting,
		CanWrite: w.CanWrite == nil || *w.CanWrite, LockedBy: w.LockedBy, LockNote: w.LockNote,
		Space:  Space{ID: w.Space.ID, Name: w.Space.Name, Parent: w.Space.Parent},
		Commit: w.TrackedCommit.commit(), Blocker: w.Blocker.ID, WorkerPool: w.WorkerPool.Name,
		Vendor: strings.TrimPrefix(w.Vendor.Type, "StackConfigVendor"),
	}
	if s.Name == "" {
		s.Name = s.ID
	}
	if s.WorkerPool == "" {
		s.WorkerPool = w.WorkerPool.ID
	}
	return s
}

func (w *wireStack) detail() StackDetail {
	d := StackDetail{
		Stack: w.row(), ManagesStateFile: w.ManagesStateFile, LocalPreview: w.LocalPreview, ProtectFromDeletion: w.Protected,
		TerraformVersion: w.TerraformVersion, RunnerImage: w.RunnerImage, RepositoryURL: w.RepositoryURL, LockedAt: w.LockedAt.time(),
		VendorVersion: w.Vendor.Version, Workspace: w.Vendor.Workspace,
	}
	if d.VendorVersion == "" {
		d.VendorVersion = w.Vendor.TerragruntVersion
	}
	if d.TerraformVersion == "" {
		d.TerraformVersion = w.Vendor.TerraformVersion
	}
	for _, p := range w.Policies {
		d.Policies = append(d.Policies, Attachment{ID: p.ID, Name: p.Name, Type: p.Type})
	}
	for _, c := range w.Contexts {
		d.Contexts = append(d.Contexts, Attachment{ID: c.ID, Name: c.Name, Priority: int(c.Priority)})
	}
	for _, s := range w.DependsOn {
		d.DependsOn = append(d.DependsOn, StackRef(s.Stack))
	}
	for _, s := range w.DependedOnBy {
		d.DependedOnBy = append(d.DependedOnBy, StackRef(s.Stack))
	}
	return d
}

func (w *wireCommit) commit() *Commit {
	if w == nil || w.Hash == "" {
		return nil
	}
	return &Commit{Hash: w.Hash, Message: w.Message, Author: w.AuthorName, Login: w.AuthorLogin, URL: w.URL, Time: w.Timestamp.time()}
}

// decodeRun returns the run, and false if there is none with an id.
func decodeRun(raw json.RawMessage) (Run, bool) {
	var w wireRun
	if absent(raw) || unmarshal(raw, &w) != nil || w.ID == "" {
		return Run{}, false
	}
	return w.run(), true
}

func (w *wireRun) run() Run {
	r := Run{
		ID: w.ID, State: w.State, Type: w.Type, Title: w.Title, Branch: w.Branch,
		CreatedAt: w.CreatedAt.time(), UpdatedAt: w.UpdatedAt.time(), Finished: w.Finished, TriggeredBy: w.TriggeredBy,
		Drift: w.Drift, Expired: w.Expired, MostRecent: w.MostRecent, NeedsApproval: w.NeedsApproval, CanRetry: w.CanRetry,
		Commit: w.Commit.commit(),
	}
	if d := w.Delta; d != nil {
		r.Delta = &Delta{d.Add, d.Change, d.Delete, d.Import, d.Move, d.Forget, d.Resources}
	}
	return r
}
