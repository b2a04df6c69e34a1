package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// fake is a Spacelift with one stack, whose runs are newest first.
type fake struct {
	mu     sync.Mutex
	runs   []client.Run
	fail   error // of the next trigger, whose run is made if creates says so
	makes  bool
	broken error  // of reads
	sent   func() // called while Spacelift is asked
	read   func() // called when runs are read
	asked  int
}

func (f *fake) add(by, state string) client.Run {
	r := client.Run{ID: fmt.Sprintf("run-%d", len(f.runs)+1), State: state, TriggeredBy: by}
	f.runs = append([]client.Run{r}, f.runs...)
	return r
}

func (f *fake) Runs(_ context.Context, _ string, _ client.RunKind, before string) ([]client.Run, error) {
	if f.read != nil {
		f.read()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil || before == "" {
		return append([]client.Run(nil), f.runs[:min(len(f.runs), 3)]...), f.broken
	}
	for i, r := range f.runs {
		if r.ID == before {
			return append([]client.Run(nil), f.runs[i+1:min(len(f.runs), i+4)]...), nil
		}
	}
	return nil, nil
}

func (f *fake) Run(_ context.Context, _, id string) (client.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runs {
		if r.ID == id {
			return r, f.broken
		}
	}
	return client.Run{}, &client.Error{Code: client.CodeNotFound, Status: 404}
}

func (f *fake) Trigger(context.Context, string, string) (client.Run, error) {
	if f.sent != nil {
		defer f.sent() // runs last, without the lock, which reads take too
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.fail == nil || f.makes {
		r := f.add("api::KEY", "QUEUED")
		if f.fail == nil {
			return r, nil
		}
	}
	return client.Run{}, f.fail
}

func (f *fake) Comment(context.Context, string, string, string) error { return nil }

var (
	errLost = &client.Error{Code: client.CodeUnavailable, Status: 502, Message: "lost", Ambiguous: true}
	errNo   = &client.Error{Code: client.CodeRejected, Status: 409, Message: "stack is locked"}
	errDown = &client.Error{Code: client.CodeUnavailable, Status: 502, Message: "down"}
)

// bench is an engine on a clock of its own.
type bench struct {
	*Engine
	t     *testing.T
	up    *fake
	store *store.Store
	now   time.Time
}

func engines(t *testing.T, test func(b *bench)) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		s, err := store.Open(t.Context(), open())
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, up: &fake{}, store: s, now: time.Unix(1_795_320_000, 0).UTC()}
		b.up.add("jane@example.com", "FINISHED")
		b.Engine = New(Options{
			Upstream: b.up, Store: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }, KeyID: "KEY",
			LookPauses: []time.Duration{0},
		})
		t.Cleanup(b.Close)
		test(b)
	})
}

func (b *bench) trigger() (store.Trigger, error) {
	return b.Trigger(b.t.Context(), Request{Stack: "s", Person: "user:default/jane", Reason: "why"})
}

// later lets time pass, and settles.
func (b *bench) later(d time.Duration) store.Trigger {
	b.t.Helper()
	b.now = b.now.Add(d)
	if err := b.Settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	list, err := b.store.TriggersOf(b.t.Context(), "s", 1)
	if err != nil || len(list) == 0 {
		b.t.Fatal(err, list)
	}
	return list[0]
}

func (b *bench) want(got store.Trigger, outcome store.Outcome, run string, pending bool) {
	b.t.Helper()
	if got.Outcome != outcome || got.RunID != run || got.Pending != pending {
		b.t.Errorf("%s %q pending %v, want %s %q %v", got.Outcome, got.RunID, got.Pending, outcome, run, pending)
	}
}

func TestARunHoldsItsStackUntilItLeavesTheQueue(t *testing.T) {
	engines(t, func(b *bench) {
		got, err := b.trigger()
		if err != nil {
			b.t.Fatal(err)
		}
		b.want(got, store.Triggered, "run-2", true)
		var held *PendingError
		if _, err := b.trigger(); !errors.As(err, &held) || held.Holder.ID != got.ID {
			b.t.Errorf("a second one: %v", err)
		}
		b.want(b.later(5*time.Second), store.Triggered, "run-2", true)
		b.up.runs[0].State = "READY"
		b.want(b.later(5*time.Second), store.Triggered, "run-2", false)
		if _, err := b.trigger(); err != nil || b.up.asked != 2 {
			b.t.Errorf("afterwards: %v, asked %d times", err, b.up.asked)
		}
	})
}

func TestARunHoldsItsStackForTwoMinutesAtMost(t *testing.T) {
	engines(t, func(b *bench) {
		if _, err := b.trigger(); err != nil {
			b.t.Fatal(err)
		}
		b.up.broken = errDown
		b.want(b.later(Hold-time.Second), store.Triggered, "run-2", true)
		b.want(b.later(time.Second), store.Triggered, "run-2", false)
	})
}

func TestARefusalHoldsNothing(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errNo
		got, err := b.trigger()
		if !errors.Is(err, errNo) {
			b.t.Error(err)
		}
		b.want(got, store.Refused, "", false)
		b.up.fail, b.up.broken = nil, errDown
		got, err = b.trigger()
		if !errors.Is(err, errDown) || b.up.asked != 1 {
			b.t.Errorf("without a baseline: %v, asked %d times", err, b.up.asked)
		}
		b.want(got, store.NotCreated, "", false)
	})
}

func TestALostAnswerIsFound(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail, b.up.makes = errLost, true
		got, err := b.trigger()
		if err != nil || b.up.asked != 1 {
			b.t.Errorf("%v, asked %d times", err, b.up.asked)
		}
		b.want(got, store.Triggered, "run-2", true)
	})
}

func TestALostAnswerIsFoundLater(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		got, err := b.trigger()
		if err != nil {
			b.t.Error(err)
		}
		b.want(got, store.Unknown, "", true)
		// Runs of people, and for commits, are not ours.
		b.up.add("jane@example.com", "QUEUED")
		b.up.add("", "QUEUED")
		b.want(b.later(5*time.Second), store.Unknown, "", true)
		ours := b.up.add("api::KEY", "QUEUED")
		b.want(b.later(5*time.Second), store.Triggered, ours.ID, true)
	})
}

func TestALostAnswerIsNeverGuessed(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.up.add("api::KEY", "QUEUED")
		b.up.add("api::KEY", "QUEUED") // two could be ours
		b.want(b.later(5*time.Second), store.Unknown, "", true)
		b.want(b.later(Hold), store.Unknown, "", false)
		if b.up.asked != 1 {
			b.t.Errorf("asked %d times", b.up.asked)
		}
	})
}

func TestARunThatIsAccountedForIsNotOurs(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.want(b.later(Hold), store.Unknown, "", false)
		b.up.fail = nil
		second, err := b.trigger()
		if err != nil {
			b.t.Fatal(err)
		}
		b.want(second, store.Triggered, "run-2", true)
		b.up.runs[0].State = "FINISHED"
		b.want(b.later(5*time.Second), store.Triggered, "run-2", false)
		// The next one's answer is lost; the run of the second lies before its baseline.
		b.up.fail = errLost
		third, err := b.trigger()
		if err != nil {
			b.t.Fatal(err)
		}
		b.want(third, store.Unknown, "", true)
	})
}

func TestABaselineFarAwayIsNoGround(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.up.add("api::KEY", "QUEUED")
		for range 4 {
			b.up.add("jane@example.com", "QUEUED")
		}
		b.want(b.later(time.Second), store.Triggered, "run-2", true) // on the second page
	})
	t.Run("too far", func(t *testing.T) {
		engines(t, func(b *bench) {
			b.up.fail = errLost
			if _, err := b.trigger(); err != nil {
				b.t.Error(err)
			}
			b.up.add("api::KEY", "QUEUED")
			for range 20 {
				b.up.add("jane@example.com", "QUEUED")
			}
			b.want(b.later(time.Second), store.Unknown, "", true)
		})
	})
}

func TestALostAnswerIsFoundAfterTheHold(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.want(b.later(Hold), store.Unknown, "", false)
		b.up.broken = &client.Error{Code: client.CodeNotFound, Status: 404}
		b.want(b.later(lateEvery), store.Unknown, "", false)
		b.up.broken = nil
		b.up.add("jane@example.com", "QUEUED")
		b.want(b.later(lateEvery), store.Unknown, "", false)
		ours := b.up.add("api::KEY", "QUEUED")
		b.want(b.later(time.Second), store.Unknown, "", false) // it is not looked for all the time
		b.want(b.later(lateEvery), store.Triggered, ours.ID, false)
	})
	t.Run("after an hour", func(t *testing.T) {
		engines(t, func(b *bench) {
			b.up.fail = errLost
			if _, err := b.trigger(); err != nil {
				b.t.Error(err)
			}
			b.later(Hold)
			b.up.add("api::KEY", "QUEUED")
			b.want(b.later(lateLife), store.Unknown, "", false)
		})
	})
}

// The run of a later trigger, of which nobody knows yet that it is that one's, is not the earlier one's.
func TestALateRunIsNotAnotherTriggers(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		first, err := b.trigger()
		if err != nil {
			b.t.Error(err)
		}
		b.want(b.later(Hold), store.Unknown, "", false)
		b.up.fail = nil
		b.up.sent = func() { b.later(lateEvery) } // Spacelift has made the run, and we do not know its id yet
		second, err := b.trigger()
		if err != nil {
			b.t.Error(err)
		}
		b.later(lateEvery)
		list, err := b.store.TriggersOf(b.t.Context(), "s", 2)
		if err != nil || len(list) != 2 {
			b.t.Fatal(err, list)
		}
		b.want(list[0], store.Triggered, second.RunID, false)
		b.want(list[1], store.Unknown, "", false)
		if list[1].ID != first.ID {
			b.t.Errorf("the older one is %s", list[1].ID)
		}
	})
}

// What is read before Spacelift is asked takes its time; the two minutes are those after the question.
func TestTheHoldIsCountedFromTheQuestion(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		b.up.read = func() { b.now = b.now.Add(30 * time.Second); b.up.read = nil }
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.want(b.later(Hold-time.Second), store.Unknown, "", true)
		var held *PendingError
		if _, err := b.trigger(); !errors.As(err, &held) {
			b.t.Errorf("a second one: %v", err)
		}
		b.want(b.later(time.Second), store.Unknown, "", false)
	})
}

func TestReadsThatFailSettleNothing(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.up.broken = errDown
		b.want(b.later(Hold), store.Unknown, "", true) // nobody could look; the next one who asks may begin all the same
		b.up.broken = nil
		b.want(b.later(time.Second), store.Unknown, "", false)
	})
}

func TestAStackThatIsGoneIsNotHeldForEver(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail = errLost
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.up.broken = &client.Error{Code: client.CodeNotFound, Status: 404, Message: "stack not found"}
		b.want(b.later(Hold-time.Second), store.Unknown, "", true)
		b.want(b.later(time.Second), store.Unknown, "", false)
	})
}

func TestWhatSettleFoundIsNotForgotten(t *testing.T) {
	engines(t, func(b *bench) {
		b.up.fail, b.up.makes = errLost, true
		b.up.sent = func() {
			// The answer takes so long that the task finds the run first; then the run leaves the queue, and reads fail.
			b.later(underWay)
			b.up.runs[0].State = "READY"
			b.later(5 * time.Second)
			b.up.broken = errDown
		}
		if _, err := b.trigger(); err != nil {
			b.t.Error(err)
		}
		b.want(b.later(0), store.Triggered, "run-2", false)
	})
}
