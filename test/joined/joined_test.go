package joined_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

const (
	jane     = "user:default/jane"
	platform = "group:default/platform"
)

// bench is a stage, with what tests do on it.
type bench struct{ *stage.Stage }

// prepare opens a stage that ends with the test. Nothing is started.
func prepare(t *testing.T, options stage.Options) *bench {
	t.Helper()
	if os.Getenv("UNDERSTUDY_JOINED") == "" {
		t.Skip("needs Node backends from npm: make test-joined")
	}
	options.Set, options.Folder = os.Getenv("UNDERSTUDY_JOINED_SET"), t.TempDir()
	s, err := stage.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, p := range append([]*stage.Process{s.Node}, s.Understudy...) {
				t.Logf("%s says:\n%s", p.Name, p.Tail())
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{s}
}

// oldest reports whether the Node side is that of the oldest release, which does some things otherwise
// (docs/compatibility.md).
func oldest() bool { return os.Getenv("UNDERSTUDY_JOINED_SET") == stage.Oldest }

// start prepares a stage and starts both sides.
func start(t *testing.T, options stage.Options) *bench {
	t.Helper()
	b := prepare(t, options)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func ask(t *testing.T, method, url, token string, body any, headers ...string) stage.Answer {
	t.Helper()
	answer, err := stage.Ask(t.Context(), method, url, token, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer
}

// get asks, wants status 200, and decodes what comes.
func get(t *testing.T, url, token string, into any) {
	t.Helper()
	answer := ask(t, http.MethodGet, url, token, nil)
	if answer.Status != http.StatusOK {
		t.Fatalf("GET %s: %s", url, answer)
	}
	if err := answer.JSON(into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
}

func (b *bench) signIn(t *testing.T, user string, groups ...string) string {
	t.Helper()
	token, err := b.SignIn(t.Context(), user, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ours is an address of the first replica, theirs one of Node.
func (b *bench) ours(path string) string   { return b.Understudy[0].URL + path }
func (b *bench) theirs(path string) string { return b.Node.URL + path }

// The ways in which Node's probe makes its tokens.
const (
	itself   = "self"
	onBehalf = "caller"
)

// relayed is what a call of Node's probe brought.
type relayed struct {
	URL     string
	Status  int
	Headers map[string]string
	Text    string
}

func (r relayed) answer() stage.Answer { return stage.Answer{Status: r.Status, Body: []byte(r.Text)} }

// through has Node's probe call a plugin, as itself or on behalf of the token's owner.
func (b *bench) through(t *testing.T, token, as, plugin, method, path string) relayed {
	t.Helper()
	answer := ask(t, http.MethodPost, b.theirs("/api/probe/call"), token,
		map[string]any{"plugin": plugin, "path": path, "as": as, "method": method})
	var r relayed
	if err := answer.JSON(&r); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("the probe's call of %s%s: %s", plugin, path, answer)
	}
	return r
}

// pluginToken is one of Node's probe for another plugin.
func (b *bench) pluginToken(t *testing.T, token, as, plugin string) string {
	t.Helper()
	answer := ask(t, http.MethodPost, b.theirs("/api/probe/token"), token, map[string]any{"plugin": plugin, "as": as})
	var body struct{ Token string }
	if err := answer.JSON(&body); err != nil || body.Token == "" {
		t.Fatalf("a token of the probe for %s: %s", plugin, answer)
	}
	return body.Token
}

// until polls until the condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("still waiting after two minutes: %s", what)
		}
	}
}

// swept waits until Understudy has seen the whole Spacelift account.
func (b *bench) swept(t *testing.T) {
	t.Helper()
	for _, replica := range b.Understudy {
		until(t, replica.Name+" lists stacks", func() bool {
			answer, err := stage.Ask(t.Context(), http.MethodGet, replica.URL+"/api/spacelift-io/stacks", stage.Token, nil)
			return err == nil && answer.Status == http.StatusOK
		})
	}
}

// run is an export as its owner tells of it.
type run struct {
	ID, Status, RequestedBy, Error string
	Counts                         struct{ Read, Sent, Create, Failed int }
}

// finished waits for the end of an export.
func (b *bench) finished(t *testing.T, id string) run {
	t.Helper()
	var r run
	until(t, "the export ends", func() bool {
		get(t, b.ours("/api/rely/runs/"+id), stage.Token, &r)
		return r.Status != "running" && r.Status != "pending" && r.Status != "queued"
	})
	return r
}

func with(base map[string]any, more map[string]any) map[string]any {
	all := maps.Clone(base)
	for key, value := range more {
		if value == nil {
			delete(all, key)
		} else {
			all[key] = value
		}
	}
	return all
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
}
