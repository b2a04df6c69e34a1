package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// fake is an account that counts how often it is asked.
type fake struct {
	stacks  []client.Stack
	fail    error
	limited time.Time
	whole   bool // has no search
	gone    map[string]bool
	gaps    bool
	sweeps  int
	looks   int
	singles []string
}

func (f *fake) Viewer(context.Context) (client.User, error) { return client.User{Name: "key"}, f.fail }

func (f *fake) Status() client.Status {
	return client.Status{RateLimitedUntil: f.limited, WholeLists: f.whole}
}

func (f *fake) Sweep(_ context.Context, page func([]client.Stack) error) error {
	f.sweeps++
	var there []client.Stack
	for _, s := range f.stacks {
		if !f.gone[s.ID] {
			there = append(there, s)
		}
	}
	if err := page(there); err != nil {
		return err
	}
	if f.gaps {
		return &client.Error{Code: client.CodeUnavailable, Status: 502, Gaps: true, Message: "gaps"}
	}
	return nil
}

func (f *fake) StacksIn(_ context.Context, states []string) ([]client.Stack, error) {
	f.looks++
	var list []client.Stack
	for _, s := range f.stacks {
		if slices.Contains(states, s.State) && !f.gone[s.ID] {
			list = append(list, s)
		}
	}
	return list, f.fail
}

func (f *fake) Stack(_ context.Context, id string) (client.StackDetail, error) {
	f.singles = append(f.singles, id)
	for _, s := range f.stacks {
		if s.ID == id && !f.gone[id] {
			return client.StackDetail{Stack: s}, f.fail
		}
	}
	return client.StackDetail{}, &client.Error{Code: client.CodeNotFound, Status: 404}
}

type bench struct {
	*Mirror
	t      *testing.T
	up     *fake
	now    time.Time
	kicked int
}

func open(t *testing.T, states ...string) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), databasetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, up: &fake{}, now: time.Unix(1_795_320_000, 0).UTC()}
	for i, state := range states {
		b.up.stacks = append(b.up.stacks, client.Stack{ID: fmt.Sprintf("s%03d", i), Name: "S", State: state})
	}
	b.Mirror = New(Options{
		Upstream: b.up, Store: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now },
		Sweep: func(context.Context) error { b.kicked++; return nil }, Interval: 10 * time.Minute, Active: 5 * time.Second,
		Idle: 30 * time.Second, Follow: time.Second, RequestsPerSecond: 5,
	})
	t.Cleanup(b.Close)
	return b
}

func (b *bench) sweep() {
	b.t.Helper()
	if err := b.Sweep(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// looks runs Live every five seconds for a minute, and returns how often it asked.
func (b *bench) looks() int {
	b.t.Helper()
	before := b.up.looks
	for range 12 {
		if err := b.Live(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
		b.now = b.now.Add(5 * time.Second)
	}
	return b.up.looks - before
}

func TestHowOftenIsLooked(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED", "FAILED")
	if n := b.looks(); n != 0 {
		t.Errorf("before the first sweep: %d looks", n)
	}
	b.sweep()
	if n := b.looks(); n != 2 {
		t.Errorf("nothing moves: %d looks a minute", n)
	}
	b.up.stacks[0].State = "PLANNING"
	b.now = b.now.Add(time.Minute)
	b.looks() // which finds it
	if n := b.looks(); n != 12 {
		t.Errorf("one moves: %d looks a minute", n)
	}
	b.up.stacks[0].State = "FINISHED"
	if n := b.looks(); n > 4 || b.Snapshot().Stack("s000").State != "FINISHED" || !slices.Equal(b.up.singles, []string{"s000"}) {
		t.Errorf("it has ended: %d looks, single reads %q", n, b.up.singles)
	}
	b.up.fail = &client.Error{Code: client.CodeUnavailable, Status: 502}
	b.now = b.now.Add(time.Minute)
	if n := b.looks(); n == 0 || n > 2 {
		t.Errorf("an outage: %d looks a minute", n)
	}
}

// A state that this release does not know may be one of work; one that a stack has been in for long is rather none.
func TestStatesThatAreNotKnownAreFollowed(t *testing.T) {
	t.Parallel()
	b := open(t, "QUANTUM", "FINISHED")
	b.up.stacks[0].StateSetAt = b.now
	b.sweep()
	b.looks()
	if n := b.looks(); n != 12 {
		t.Errorf("%d looks a minute", n)
	}
	b.now = b.now.Add(time.Hour)
	b.looks()
	if n := b.looks(); n != 2 {
		t.Errorf("after an hour: %d looks a minute", n)
	}
	b.up.stacks[0].State = "FINISHED"
	if b.looks(); b.Snapshot().Stack("s000").State != "FINISHED" {
		t.Error("its end was not seen")
	}
}

func TestMuchThatMovesIsLookedAtLessOften(t *testing.T) {
	t.Parallel()
	b := open(t, slices.Repeat([]string{"APPLYING"}, 1200)...)
	b.sweep()
	b.looks()
	// 25 pages a look, half of 5 requests a second: every ten seconds.
	if n := b.looks(); n < 5 || n > 7 {
		t.Errorf("%d looks a minute", n)
	}
}

func TestWholeListsAreReadLessOften(t *testing.T) {
	t.Parallel()
	b := open(t, slices.Repeat([]string{"FINISHED"}, 1200)...)
	b.up.stacks[0].State, b.up.whole = "APPLYING", true
	b.sweep()
	b.looks()
	// As much as 25 pages a look.
	if n := b.looks(); n < 5 || n > 7 {
		t.Errorf("%d looks a minute", n)
	}
}

func TestGapsProveNothing(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED", "FINISHED")
	b.up.gaps = true
	b.sweep()
	if s, err := b.Await(t.Context()); err != nil || len(s.Stacks) != 2 {
		t.Errorf("the first sweep: %v", err)
	}
	b.up.gone = map[string]bool{"s001": true}
	for _, step := range []struct {
		gaps bool
		want int
	}{{true, 2}, {true, 2}, {false, 2}, {true, 2}, {false, 1}} {
		b.now = b.now.Add(time.Minute)
		b.up.gaps = step.gaps
		b.sweep()
		if got := len(b.Snapshot().Stacks); got != step.want {
			t.Errorf("gaps %v: %d stacks, want %d", step.gaps, got, step.want)
		}
	}
}

func TestWhatIsGoneKeepsNobodyFromBeingRead(t *testing.T) {
	t.Parallel()
	b := open(t, slices.Repeat([]string{"APPLYING"}, 2*singlesAtOnce+5)...)
	b.sweep()
	b.up.gone = map[string]bool{}
	for i := range 2 * singlesAtOnce {
		b.up.gone[b.up.stacks[i].ID] = true
	}
	last := len(b.up.stacks) - 1
	b.up.stacks[last].State = "FINISHED"
	b.looks()
	if got := b.Snapshot().Stack(b.up.stacks[last].ID).State; got != "FINISHED" {
		t.Errorf("the last one is still %s; read were %q", got, b.up.singles)
	}
}

func TestASweepThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	b.up.fail = &client.Error{Code: client.CodeUnavailable, Status: 502, Message: "down"}
	for _, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		b.now = b.now.Add(time.Second)
		if err := b.Sweep(t.Context()); !errors.Is(err, b.up.fail) {
			t.Fatal(err)
		}
		if got := b.Snapshot().State.NextAt.Sub(b.now); got != wait {
			t.Errorf("again after %s, want %s", got, wait)
		}
	}
	if _, err := b.Await(t.Context()); err == nil || err.Error() != "down" {
		t.Errorf("a reader gets %v", err)
	}
	k := &kicker{m: b.Mirror, started: true}
	k.look(t.Context())
	if b.kicked != 0 {
		t.Error("too early")
	}
	b.now = b.now.Add(40 * time.Second)
	k.look(t.Context())
	k.look(t.Context())
	if b.kicked != 1 {
		t.Errorf("%d sweeps were begun", b.kicked)
	}
	b.up.fail = nil
	b.sweep()
	if s, err := b.Await(t.Context()); err != nil || len(s.Stacks) != 1 || !s.State.NextAt.IsZero() {
		t.Errorf("%v %+v", err, s.State)
	}
}

func TestAStartSweepsWhatIsOld(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	b.sweep()
	(&kicker{m: b.Mirror}).look(t.Context())
	if b.kicked != 0 {
		t.Error("what is new was swept")
	}
	b.now = b.now.Add(2 * time.Minute)
	k := &kicker{m: b.Mirror}
	k.look(t.Context())
	b.now = b.now.Add(time.Hour)
	k.look(t.Context())
	if b.kicked != 1 {
		t.Errorf("%d sweeps were begun", b.kicked)
	}
}

// Whoever restarts the server has perhaps put right what made the last sweep fail, and looks whether that was it.
func TestAStartTriesAgainWhatFailedBefore(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	b.sweep()
	b.up.fail = &client.Error{Code: client.CodeAuth, Status: 503, Message: "refused", RetryAfter: 5 * time.Minute}
	if err := b.Sweep(t.Context()); err == nil {
		t.Fatal("no error")
	}
	b.now = b.now.Add(time.Second)
	b.began = b.now
	k := &kicker{m: b.Mirror}
	for range 3 {
		k.look(t.Context())
		b.now = b.now.Add(kickEvery)
	}
	if b.kicked != 1 {
		t.Errorf("%d sweeps were begun", b.kicked)
	}
}

func TestWhoWaitsIsToldOfARateLimit(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	b.up.limited = b.now.Add(time.Minute)
	_, err := b.Await(t.Context())
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Code != client.CodeRateLimited || e.RetryAfter != time.Minute || e.Status != 503 {
		t.Errorf("%v", err)
	}
}

func TestSubscriptionsGather(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	s := b.Subscribe()
	defer s.Close()
	b.publish(Change{IDs: []string{"a", "b"}})
	b.publish(Change{IDs: []string{"b"}, Status: true})
	<-s.Ready()
	if c := s.Take(); !slices.Equal(c.IDs, []string{"a", "b"}) || !c.Status || c.All {
		t.Errorf("%+v", c)
	}
	for i := range changesKept + 1 {
		b.publish(Change{IDs: []string{fmt.Sprint(i)}})
	}
	if c := s.Take(); !c.All || c.IDs != nil {
		t.Errorf("%+v", c)
	}
}

func TestSpacesBelowOthers(t *testing.T) {
	t.Parallel()
	stack := func(id, space, parent string) *Stack {
		return newStack(client.Stack{ID: id, Space: client.Space{ID: space, Name: space, Parent: parent}})
	}
	s := build(store.State{}, map[string]*Stack{
		"1": stack("1", "a", "root"), "2": stack("2", "b", "a"), "3": stack("3", "c", "unseen"), "4": stack("4", "x", "y"), "5": stack("5", "y", "x"),
	}, nil)
	for _, c := range []struct {
		space, above string
		want         bool
	}{
		{"a", "a", true},
		{"b", "a", true},
		{"b", "root", true},
		{"a", "b", false},
		{"c", "unseen", true},
		{"c", "root", true},
		{"c", "a", false},
		{"x", "y", true},
		{"x", "nowhere", false},
	} {
		if s.Within(c.space, c.above) != c.want {
			t.Errorf("%s within %s: %v", c.space, c.above, !c.want)
		}
	}
	if !slices.ContainsFunc(s.Spaces, func(sp client.Space) bool { return sp.ID == "unseen" }) {
		t.Errorf("%+v", s.Spaces)
	}
}

func TestReadersLeaveTurnsForOthers(t *testing.T) {
	t.Parallel()
	b := open(t, "FINISHED")
	b.sweep()
	b.allowed.SetLimit(0.001) // no other turn comes while the test runs
	refused := 0
	for i := range 3 * readBurst {
		_, _, err := b.Read(t.Context(), fmt.Sprintf("nope-%d", i))
		switch e, _ := errors.AsType[*client.Error](err); {
		case e == nil:
			t.Fatalf("%d: %v", i, err)
		case e.Code == client.CodeRateLimited && e.Status == 503 && e.RetryAfter > 0:
			refused++
		case e.Code != client.CodeNotFound:
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(b.up.singles) != readBurst || refused != 2*readBurst {
		t.Errorf("%d questions, %d refusals", len(b.up.singles), refused)
	}
	if d, stale, err := b.Read(t.Context(), "s000"); err != nil || !stale || d.ID != "s000" {
		t.Errorf("one that is stored: %v, stale %v", err, stale)
	}
	// What a trigger wants does not wait for readers.
	if err := b.Renew(t.Context(), "s000"); err != nil {
		t.Error(err)
	}
}
