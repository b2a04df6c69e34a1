package act

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Spacelift with one run, which waits to be confirmed.
type fake struct {
	mu      sync.Mutex
	detail  client.RunDetail
	sent    []string // notes
	meta    string
	err     error  // of Act
	does    bool   // what it was told, though it answers with err
	forgets bool   // notes
	by      string // whose key it is
	between func(*fake)
	broken  error // of reads
	reads   int
}

func (f *fake) RunDetail(context.Context, string, string) (client.RunDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	d := f.detail
	d.History = append([]client.Transition(nil), d.History...)
	return d, f.broken
}

func (f *fake) enter(state, by, note string) {
	f.detail.State = state
	f.detail.History = append(f.detail.History, client.Transition{State: state, Version: len(f.detail.History) + 1, Username: by, Note: note})
}

func (f *fake) Act(ctx context.Context, action client.Action, _, _, note, metadata string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent, f.meta = append(f.sent, note), metadata
	if f.between != nil {
		f.between(f)
	}
	if f.err == nil || f.does {
		if f.forgets {
			note = ""
		}
		f.enter(end(action), f.by, note)
	}
	return f.detail.State, errors.Join(f.err, ctx.Err())
}

func newFake() *fake {
	f := &fake{by: "api::KEY", detail: client.RunDetail{Run: client.Run{ID: "run"}, CanConfirm: true}}
	f.enter("PLANNING", "", "")
	f.enter("UNCONFIRMED", "", "")
	return f
}

func newEngine(f *fake) *Engine {
	return New(Options{Upstream: f, Log: slog.New(slog.DiscardHandler), Now: time.Now, KeyID: "KEY", After: func(context.Context, string) {}})
}

var (
	errLost     = &client.Error{Code: client.CodeUnavailable, Status: 504, Message: "no answer", Ambiguous: true}
	errRejected = &client.Error{Code: client.CodeRejected, Status: 409, Message: "no"}
)

// TestOutcomes confirms in each way that it can end.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(*fake)
		outcome Outcome
		sent    int
		err     string
	}{
		{name: "done", outcome: Completed, sent: 1},
		{name: "lost, and done", prepare: func(f *fake) { f.err, f.does = errLost, true }, outcome: Completed, sent: 1},
		{name: "lost, done, and no note is kept", prepare: func(f *fake) { f.err, f.does, f.forgets = errLost, true, true }, outcome: Completed, sent: 1},
		{name: "lost, done, and Spacelift does not say by whom", prepare: func(f *fake) {
			f.err, f.does, f.forgets, f.by = errLost, true, true, ""
		}, outcome: Unknown, sent: 1, err: "last seen in the state CONFIRMED"},
		{name: "lost, and somebody confirmed of whom Spacelift does not say who", prepare: func(f *fake) {
			f.err, f.between = errLost, func(f *fake) { f.enter("CONFIRMED", "", "") }
		}, outcome: Unknown, sent: 1, err: "it is not known"},
		{name: "lost, and not done", prepare: func(f *fake) { f.err = errLost }, outcome: Unknown, sent: 1, err: "it is not known"},
		{name: "lost, and the run cannot be read", prepare: func(f *fake) {
			f.err, f.between = errLost, func(f *fake) { f.broken = errLost }
		}, outcome: Unknown, sent: 1, err: "last seen in the state UNCONFIRMED"},
		{name: "lost, and somebody at Spacelift confirmed", prepare: func(f *fake) {
			f.err, f.between = errLost, func(f *fake) { f.enter("CONFIRMED", "joe@acme", "") }
		}, outcome: Conflict, sent: 1, err: "in the state CONFIRMED"},
		{name: "lost, and somebody discarded", prepare: func(f *fake) {
			f.err, f.between = errLost, func(f *fake) { f.enter("DISCARDED", "joe@acme", "") }
		}, outcome: Conflict, sent: 1, err: "in the state DISCARDED"},
		{name: "refused", prepare: func(f *fake) { f.err = errRejected }, outcome: Refused, sent: 1, err: "no"},
		{name: "refused, because jane was faster elsewhere", prepare: func(f *fake) {
			f.err = errRejected
			f.between = func(f *fake) { f.enter("CONFIRMED", f.by, Mark{client.Confirm, "user:default/jane", "", id}.String()) }
		}, outcome: Already, sent: 1},
		{name: "refused, because joe was faster", prepare: func(f *fake) {
			f.err = errRejected
			f.between = func(f *fake) { f.enter("CONFIRMED", f.by, Mark{client.Confirm, "user:default/joe", "", id}.String()) }
		}, outcome: Conflict, sent: 1, err: "user:default/joe has already done this"},
		{name: "a mark that somebody made up", prepare: func(f *fake) {
			f.enter("CONFIRMED", "mallory@acme", Mark{client.Confirm, "user:default/jane", "", id}.String())
		}, outcome: Conflict, err: "in the state CONFIRMED"},
		{name: "planned again", prepare: func(f *fake) {
			f.enter("CONFIRMED", f.by, Mark{client.Confirm, "user:default/jane", "", id}.String())
			f.enter("UNCONFIRMED", "", "")
		}, outcome: Completed, sent: 1},
		{name: "it cannot be read", prepare: func(f *fake) { f.broken = errLost }, outcome: Failed, err: "no answer"},
		{name: "a state that nobody knows", prepare: func(f *fake) { f.enter("QUANTUM", "", "") }, outcome: Conflict, err: "in the state QUANTUM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if c.prepare != nil {
					c.prepare(f)
				}
				e := newEngine(f)
				defer e.Close()
				result, err := e.Do(t.Context(), Request{Action: client.Confirm, Stack: "s", Run: "run", Person: "user:default/jane", Note: "fine"})
				if result.Outcome != c.outcome || len(f.sent) != c.sent || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("%s, sent %d times: %v", result.Outcome, len(f.sent), err)
				}
				if (result.ID != "") != (c.sent > 0) {
					t.Errorf("id %q", result.ID)
				}
			})
		})
	}
}

const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

// TestADoubleClick is one request, also if the first caller has gone.
func TestADoubleClick(t *testing.T) {
	t.Parallel()
	f := newFake()
	e := newEngine(f)
	defer e.Close()
	gone, leave := context.WithCancel(t.Context())
	leave()
	var both sync.WaitGroup
	for _, ctx := range []context.Context{gone, t.Context(), t.Context()} {
		both.Go(func() {
			if _, err := e.Do(ctx, Request{Action: client.Confirm, Stack: "s", Run: "run", Person: "user:default/jane"}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if len(f.sent) != 1 || !strings.HasPrefix(f.meta, "understudy user:default/jane 01") {
		t.Errorf("sent %v, %q", f.sent, f.meta)
	}
}

// TestMarks reads what was written, whatever people write.
func TestMarks(t *testing.T) {
	t.Parallel()
	marks := Marks{KeyID: "KEY"}
	for _, note := range []string{"", "fine", "two\r\nX-Evil: lines", "turned \u202eround", "bad \xff", strings.Repeat("☃", 5000), "Confirmed from the portal by x (y)."} {
		for _, action := range []client.Action{client.Confirm, client.Discard, client.Cancel, client.Stop} {
			m := Mark{Action: action, Person: word("user:default/jane \n"), Note: tidy(note, maxNote), ID: id}
			text := m.String()
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > maxNote+maxPerson+100 || len(m.metadata()) > maxMetadata {
				t.Errorf("%q", text)
			}
			if got, ok := marks.Of(client.Transition{Username: "api::KEY", Note: text}); !ok || got != m {
				t.Errorf("%+v is read as %+v", m, got)
			}
			for _, other := range []client.Transition{{Username: "joe", Note: text}, {Username: "api::OTHER", Note: text}, {Note: text}, {Username: "api::KEY", Note: "x" + text}} {
				if got, ok := marks.Of(other); ok {
					t.Errorf("%+v is believed: %+v", other, got)
				}
			}
		}
	}
}

// TestLegal pins which states allow what.
func TestLegal(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{
		"QUEUED": "[cancel]", "READY": "[cancel]", "PENDING": "[cancel]", "PREPARING": "[stop]", "INITIALIZING": "[stop]", "PLANNING": "[stop]",
		"UNCONFIRMED": "[confirm discard]", "PENDING_REVIEW": "[discard]",
		"CONFIRMED": "[]", "APPLYING": "[]", "PERFORMING": "[]", "PREPARING_APPLY": "[]", "FINISHED": "[]", "FAILED": "[]", "QUANTUM": "[]", "": "[]",
	} {
		if got := fmt.Sprint(In(state)); got != want {
			t.Errorf("%s allows %s", state, got)
		}
	}
	reader := client.RunDetail{Run: client.Run{Type: "PROPOSED", State: "UNCONFIRMED", NeedsApproval: true}}
	if !KeyMay(client.Stop, reader, false) || KeyMay(client.Discard, reader, false) || KeyMay(client.Confirm, reader, true) ||
		KeyMay(client.Cancel, client.RunDetail{Run: client.Run{Type: "TRACKED"}}, false) {
		t.Error("what the key may")
	}
	if got := fmt.Sprint(Ready(reader)); got != "[discard]" {
		t.Errorf("ready: %s", got)
	}
}
