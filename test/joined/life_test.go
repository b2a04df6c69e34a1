package joined_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// A peer that is starting answers 401, 404, 502, 503 or 504, or not at all (core.md 4.6, 10, 18): callers try again, so often
// at most.
const (
	retries = 40
	pause   = 250 * time.Millisecond
)

// attempt is one call of either kind.
type attempt struct {
	name string
	make func(ctx context.Context) (stage.Answer, error)
}

// attempts are what a join is for: a user's browser through Node's proxy, a plugin of Node's as itself and on behalf of a
// user, and our read of Node's catalog on behalf of a user.
func (b *bench) attempts(user string) []attempt {
	call := func(as string) func(ctx context.Context) (stage.Answer, error) {
		return func(ctx context.Context) (stage.Answer, error) {
			answer, err := stage.Ask(ctx, http.MethodPost, b.theirs("/api/probe/call"), user,
				map[string]any{"plugin": "spacelift-io", "path": "/v1/stacks?limit=1", "as": as})
			var r relayed
			if err == nil && answer.Status == http.StatusOK {
				if err = answer.JSON(&r); err == nil {
					answer = r.answer()
				}
			}
			return answer, err
		}
	}
	return []attempt{
		{"browser, through Node's proxy", func(ctx context.Context) (stage.Answer, error) {
			return stage.Ask(ctx, http.MethodGet, b.theirs("/api/proxy/understudy/spacelift-io/stacks"), user, nil)
		}},
		{"their plugin, as itself", call(itself)},
		{"their plugin, on behalf", call(onBehalf)},
		{"ours, reading their catalog on behalf", func(ctx context.Context) (stage.Answer, error) {
			return stage.Ask(ctx, http.MethodGet, b.UnderstudyURL+"/api/spacelift-io/v1/stacks?entityRef=component:default/edge", user, nil)
		}},
	}
}

// succeed makes a call until it succeeds, and returns how often that took.
func (a attempt) succeed(ctx context.Context) (tries int, err error) {
	var last string
	for tries = 1; tries <= retries; tries++ {
		answer, err := a.make(ctx)
		switch {
		case err != nil:
			last = err.Error()
		case answer.Status == http.StatusOK:
			return tries, nil
		case !transient(answer.Status):
			return tries, fmt.Errorf("%s: %s", a.name, answer)
		default:
			last = answer.String()
		}
		select {
		case <-ctx.Done():
			return tries, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
	return retries, fmt.Errorf("%s: after %d tries still %s", a.name, retries, last)
}

func transient(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout, http.StatusInternalServerError:
		return true
	}
	return false
}

// works wants every kind of call to succeed after so many tries.
func (b *bench) works(t *testing.T, when, user string) {
	t.Helper()
	for _, a := range b.attempts(user) {
		tries, err := a.succeed(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if tries > 1 {
			t.Logf("%s: %s: %d tries", when, a.name, tries)
		}
	}
}

// TestRestarts restarts either side, kills it, and starts one before the other.
func TestRestarts(t *testing.T) {
	b := prepare(t, stage.Options{Rely: unlimited()})
	node, ours := b.Node, b.Understudy[0]
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// Understudy first: it is ready without Node, which is not needed for serving our own.
	do("start Understudy alone", ours.Start(t.Context()))
	b.swept(t)
	if answer := ask(t, http.MethodPost, b.ours("/api/rely/migrate"), stage.Token, nil); answer.Status != http.StatusAccepted {
		t.Errorf("an export without Node is accepted, and fails with its reason: %s", answer)
	}
	do("start Node", node.Start(t.Context()))
	do("fill", b.Filled(t.Context()))
	user := b.signIn(t, jane, platform)
	b.works(t, "Node started second", user)

	do("restart Understudy", ours.Restart(t.Context()))
	b.works(t, "Understudy restarted", user)
	do("restart Node", node.Restart(t.Context()))
	b.works(t, "Node restarted, with the user's old token", user)
	b.works(t, "Node restarted, with a new token", b.signIn(t, jane, platform))

	do("kill Understudy", ours.Kill())
	t.Run("down", func(t *testing.T) { b.down(t, user) })
	do("start Understudy", ours.Start(t.Context()))
	b.works(t, "Understudy killed and started", user)

	do("kill Node", node.Kill())
	refused := ask(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), user, nil)
	if refused.Status != http.StatusOK {
		t.Errorf("a user whose token was seen before, while Node is down: %s", refused)
	}
	do("start Node", node.Start(t.Context()))
	b.works(t, "Node killed and started", user)

	// Both down, Node first.
	do("stop Understudy", ours.Stop())
	do("stop Node", node.Stop())
	do("start Node alone", node.Start(t.Context()))
	do("start Understudy", ours.Start(t.Context()))
	b.works(t, "Understudy started second", user)
}

// down is what a browser gets while Understudy is: the text of Node's proxy, which the official page shows as an error
// (core.md 10).
func (b *bench) down(t *testing.T, user string) {
	answer := ask(t, http.MethodGet, b.theirs("/api/proxy/understudy/spacelift-io/stacks"), user, nil)
	if want := "Error occurred while trying to proxy: "; answer.Status != http.StatusGatewayTimeout || !strings.HasPrefix(string(answer.Body), want) {
		t.Errorf("%s, want 504 and %q", answer, want)
	}
	call := ask(t, http.MethodPost, b.theirs("/api/probe/call"), user, map[string]any{"plugin": "spacelift-io", "path": "/stacks", "as": onBehalf})
	if call.Status != http.StatusInternalServerError {
		t.Errorf("the call of a plugin: %s", call)
	}
	// What is Node's own goes on.
	get(t, b.theirs("/api/catalog/entities?limit=1"), user, &[]any{})
}

// TestReplicas has two replicas behind one address, whose keys Node reads from whichever it gets (core.md 18, 4), and gives
// each a new key under load, by restarting it.
func TestReplicas(t *testing.T) {
	b := start(t, stage.Options{Rely: unlimited(), Replicas: 2})
	b.swept(t)
	user := b.signIn(t, jane, platform)

	// Both sign: each has a key, both publish both.
	for _, replica := range b.Understudy {
		get(t, replica.URL+"/api/spacelift-io/v1/stacks?entityRef=component:default/edge", user, &struct{}{})
	}
	before := b.keys(t, "spacelift-io")
	if len(before) < 2 {
		t.Errorf("%d keys are published after both replicas signed", len(before))
	}
	for _, replica := range b.Understudy {
		if got := keysAt(t, replica.URL+"/api/spacelift-io"); len(got) != len(before) {
			t.Errorf("%s publishes %v, want all of %v", replica.Name, got, before)
		}
	}

	load := b.load(t, user)
	for _, replica := range b.Understudy {
		if err := replica.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		load.passed(t, 100)
	}
	// Asked to end, Node waits for connections that a load keeps busy for ever; what runs it would kill it in the end.
	if err := b.Node.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := b.Node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	load.passed(t, 100)
	load.stop()
	t.Logf("%d calls while both replicas and Node were restarted: %d tried again, %d failed", load.calls.Load(), load.again.Load(), load.failed.Load())
	if n := load.failed.Load(); n > 0 {
		t.Errorf("%d calls failed; the first: %s", n, load.first)
	}
	after := b.keys(t, "spacelift-io")
	if len(after) < len(before)+2 {
		t.Errorf("%d keys are published after both replicas were restarted, %d before", len(after), len(before))
	}
	b.works(t, "with new keys", user)
}

func (b *bench) keys(t *testing.T, plugin string) []string {
	t.Helper()
	return keysAt(t, b.UnderstudyURL+"/api/"+plugin)
}

func keysAt(t *testing.T, url string) []string {
	t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	get(t, url+"/.backstage/auth/v1/jwks.json", "", &set)
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// load calls all the time, each kind on its own.
type load struct {
	calls, again, failed atomic.Int64

	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu    sync.Mutex // guards first
	first string
}

func (b *bench) load(t *testing.T, user string) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel}
	t.Cleanup(l.stop)
	for _, a := range b.attempts(user) {
		l.ended.Go(func() {
			for ctx.Err() == nil {
				tries, err := a.succeed(ctx)
				if ctx.Err() != nil {
					return
				}
				l.calls.Add(1)
				l.again.Add(int64(tries - 1))
				if err != nil {
					l.failed.Add(1)
					l.mu.Lock()
					if l.first == "" {
						l.first = err.Error()
					}
					l.mu.Unlock()
				}
			}
		})
	}
	return l
}

// passed waits for so many more calls.
func (l *load) passed(t *testing.T, n int64) {
	t.Helper()
	target := l.calls.Load() + n
	until(t, "calls under load", func() bool { return l.calls.Load() >= target })
}

func (l *load) stop() {
	l.cancel()
	l.ended.Wait()
}
