package client

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// RunDetail is a run with what only its own page shows (spacelift.md 5.6).
type RunDetail struct {
	Run
	StackName string
	// CanConfirm tells what the key may do. Where Spacelift does not say it, it is true, and a confirmation shows.
	CanConfirm bool
	// History and Comments are oldest first.
	History  []Transition
	Comments []Comment
}

// Transition is a run's coming into a state. A state may come twice; Version, which grows with every transition, does not.
type Transition struct {
	State             string
	Version           int
	At                time.Time
	HasLogs, Terminal bool
	Username, Note    string
}

// Comment is a remark at a run.
type Comment struct {
	Body, Username string
	At             time.Time
}

// LogPlace is a place in the log of a run: where a page of one phase begins. The zero Token is the phase's beginning.
type LogPlace struct {
	State   string
	Version int
	Token   string
}

// LogPage is a part of the log of one phase.
type LogPage struct {
	// Exists is false where the phase has no log; Expired tells that it is deleted.
	Exists, Expired bool
	// Finished is the end of the phase; HasMore means that more can be read at once.
	Finished, HasMore bool
	// NextToken is where to go on; empty where Spacelift names no place.
	NextToken string
	Messages  []LogMessage
}

// LogMessage is what was said at once. It may end in a newline, hold several lines, and ANSI escapes.
type LogMessage struct {
	At   time.Time
	Text string
}

// Action is a way to move a run on.
type Action string

// The actions.
const (
	Confirm Action = "confirm"
	Discard Action = "discard"
	Cancel  Action = "cancel"
	Stop    Action = "stop"
)

// RunDetail returns one run of a stack. One that is absent and one that the key may not see are alike CodeNotFound.
func (c *Client) RunDetail(ctx context.Context, stack, run string) (RunDetail, error) {
	w, name, err := c.oneRun(ctx, &runDetail, map[string]any{"stack": stack, "run": run})
	if err != nil {
		return RunDetail{}, err
	}
	return w.detail(name), nil
}

// oneRun reads a run, and the name of its stack.
func (c *Client) oneRun(ctx context.Context, d *document, variables map[string]any) (wireRun, string, error) {
	a, failure := c.call(ctx, c.query(d, variables, absent))
	if failure != nil {
		return wireRun{}, "", failure
	}
	var stack wireStack
	var run wireRun
	switch {
	case absent(a.raw):
		return wireRun{}, "", missing("stack")
	case unmarshal(a.raw, &stack) != nil:
		return wireRun{}, "", nonsense(d, errNoID)
	case stack.Run == nil || absent(*stack.Run):
		return wireRun{}, "", orElse(a.partial, missing("run"))
	case unmarshal(*stack.Run, &run) != nil || run.ID == "":
		return wireRun{}, "", nonsense(d, errNoID)
	case d == &runLogs && absent(run.Logs) && a.partial != nil:
		return wireRun{}, "", a.partial
	}
	return run, cmp.Or(stack.Name, stack.ID), nil
}

// orElse prefers the error that Spacelift gave for what it left out.
func orElse(partial, otherwise *Error) *Error {
	if partial != nil {
		return partial
	}
	return otherwise
}

func (w *wireRun) detail(stackName string) RunDetail {
	d := RunDetail{Run: w.run(), StackName: stackName, CanConfirm: w.CanConfirm == nil || *w.CanConfirm}
	for i, t := range w.History {
		version := t.StateVersion
		if version <= 0 {
			version = len(w.History) - i // the newest comes first
		}
		d.History = append(d.History, Transition{
			State: t.State, Version: version, At: t.Timestamp.time(), HasLogs: t.HasLogs, Terminal: t.Terminal, Username: t.Username, Note: t.Note,
		})
	}
	slices.SortStableFunc(d.History, func(a, b Transition) int { return cmp.Compare(a.Version, b.Version) })
	for _, comment := range w.Comments {
		d.Comments = append(d.Comments, Comment{Body: comment.Body, Username: comment.Username, At: comment.CreatedAt.time()})
	}
	slices.SortStableFunc(d.Comments, func(a, b Comment) int { return a.At.Compare(b.At) })
	return d
}

// Logs returns a page of the log of one phase of a run.
func (c *Client) Logs(ctx context.Context, stack, run string, at LogPlace) (LogPage, error) {
	variables := map[string]any{"stack": stack, "run": run, "state": at.State}
	if at.Version > 0 {
		variables["version"] = at.Version
	}
	if at.Token != "" {
		variables["token"] = at.Token
	}
	run1, _, err := c.oneRun(ctx, &runLogs, variables)
	if err != nil {
		return LogPage{}, err
	}
	return decodeLogs(run1.Logs)
}

func decodeLogs(raw json.RawMessage) (LogPage, error) {
	var w struct {
		Exists    bool   `json:"exists"`
		Expired   bool   `json:"expired"`
		Finished  bool   `json:"finished"`
		HasMore   bool   `json:"hasMore"`
		NextToken string `json:"nextToken"`
		Messages  []struct {
			Timestamp seconds `json:"timestamp"`
			Message   string  `json:"message"`
		} `json:"messages"`
	}
	if absent(raw) {
		return LogPage{}, nil
	}
	if err := unmarshal(raw, &w); err != nil {
		return LogPage{}, nonsense(&runLogs, err)
	}
	page := LogPage{Exists: w.Exists, Expired: w.Expired, Finished: w.Finished, HasMore: w.HasMore, NextToken: w.NextToken}
	for _, m := range w.Messages {
		page.Messages = append(page.Messages, LogMessage{At: m.Timestamp.time(), Text: m.Message})
	}
	return page, nil
}

// Act moves a run on, and returns the state that it is in then. The note is what people read at Spacelift; metadata, which
// policies see, goes along with a confirmation (spacelift.md 5.7). It is sent again only if it is proven that nothing was
// executed. An error with Ambiguous leaves open what was done.
func (c *Client) Act(ctx context.Context, action Action, stack, run, note, metadata string) (state string, err error) {
	d := &confirm
	switch action {
	case Discard:
		d = &discard
	case Cancel:
		d = &cancel
	case Stop:
		d = &stop
	}
	if action != Confirm {
		metadata = ""
	}
	a, failure := c.call(ctx, c.mutation(d, map[string]any{"stack": stack, "run": run, "note": note}, metadata))
	if failure != nil {
		return "", failure
	}
	made, ok := decodeRun(a.raw)
	if !ok {
		return "", &Error{
			Code: CodeUnavailable, Status: http.StatusBadGateway, Ambiguous: true, Err: errNoID,
			Message: "Spacelift took the request and named no run",
		}
	}
	return made.State, nil
}
