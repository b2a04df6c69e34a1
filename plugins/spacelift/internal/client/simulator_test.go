package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

// dialed returns a client of the simulator, over HTTP, and what it logs.
func dialed(t *testing.T, sim *spacelifttest.Sim, edit func(*Options)) (*Client, *logged) {
	t.Helper()
	log := &logged{}
	o := Options{
		Endpoint: sim.URL + "/graphql", KeyID: spacelift.AdminKey,
		Secret:            func(context.Context) (config.Secret, error) { return config.NewSecret(spacelift.Secret), nil },
		Log:               slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics:           prometheus.NewRegistry(),
		RequestsPerSecond: 1e6, Burst: 1e6, RetryDelay: time.Millisecond, BreakerFailures: 1000,
	}
	if edit != nil {
		edit(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, log
}

func swept(t *testing.T, c *Client) ([]Stack, error) {
	t.Helper()
	var all []Stack
	err := c.Sweep(t.Context(), func(page []Stack) error {
		if len(page) == 0 || len(page) > pageSize {
			t.Errorf("a page of %d", len(page))
		}
		all = append(all, page...)
		return nil
	})
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.ID] {
			t.Errorf("%s came twice", s.ID)
		}
		seen[s.ID] = true
	}
	return all, err
}

func TestReadsTheDemo(t *testing.T) {
	t.Parallel()
	sim := spacelifttest.Start(t, spacelift.Options{Preset: spacelift.Demo})
	c, _ := dialed(t, sim, nil)
	all, err := swept(t, c)
	if ok(t, nil, err); len(all) != 40 {
		t.Fatalf("%d stacks", len(all))
	}
	spaces, states := map[string]bool{}, map[string]int{}
	for _, s := range all {
		if s.Name == "" || s.State == "" || s.Space.ID == "" || s.Vendor == "" || s.CreatedAt.IsZero() || !s.CanWrite {
			t.Errorf("%+v", s)
		}
		spaces[s.Space.ID] = true
		states[s.State]++
	}
	if len(spaces) < 3 {
		t.Errorf("spaces %v", spaces)
	}
	some, err := c.StacksIn(t.Context(), []string{"UNCONFIRMED", "FAILED"})
	if ok(t, nil, err); len(some) == 0 || len(some) != states["UNCONFIRMED"]+states["FAILED"] {
		t.Errorf("%d in two states, of %v", len(some), states)
	}
	none, err := c.StacksIn(t.Context(), nil)
	if ok(t, nil, err); len(none) != 0 {
		t.Errorf("%v", none)
	}
	for _, s := range all {
		detail, err := c.Stack(t.Context(), s.ID)
		if ok(t, nil, err); detail.ID != s.ID || detail.State != s.State {
			t.Errorf("%+v", detail)
		}
		seen := map[string]bool{}
		for before := ""; ; {
			runs, err := c.Runs(t.Context(), s.ID, Tracked, before)
			if ok(t, nil, err); len(runs) == 0 {
				break
			}
			for i, run := range runs {
				if seen[run.ID] || run.Type == "" || i > 0 && run.CreatedAt.After(runs[i-1].CreatedAt) {
					t.Errorf("run %+v", run)
				}
				seen[run.ID] = true
			}
			before = runs[len(runs)-1].ID
			one, err := c.Run(t.Context(), s.ID, before)
			if ok(t, nil, err); one.ID != before || one.State != runs[len(runs)-1].State {
				t.Errorf("%+v", one)
			}
		}
	}
	for _, kind := range []RunKind{Proposed, Task} {
		if _, err := c.Runs(t.Context(), all[0].ID, kind, ""); err != nil {
			t.Error(kind, err)
		}
	}
	user, err := c.Viewer(t.Context())
	if ok(t, nil, err); user.ID == "" || user.Name == "" {
		t.Errorf("%+v", user)
	}
	_, err = c.Stack(t.Context(), "no-such-stack")
	failed(t, err, CodeNotFound, 404)
	_, err = c.Run(t.Context(), all[0].ID, "01NOSUCHRUN000000000000000")
	failed(t, err, CodeNotFound, 404)
}

func TestSweepsTenThousand(t *testing.T) {
	t.Parallel()
	sim := spacelifttest.Start(t, spacelift.Options{Preset: spacelift.Large})
	c, _ := dialed(t, sim, nil)
	all, err := swept(t, c)
	if ok(t, nil, err); len(all) != 10_000 || sim.Asked("searchStacks") != 200 {
		t.Errorf("%d stacks in %d pages", len(all), sim.Asked("searchStacks"))
	}
}

func TestTriggersAndComments(t *testing.T) {
	t.Parallel()
	sim := spacelifttest.Start(t, spacelift.Options{})
	c, log := dialed(t, sim, nil)
	run, err := c.Trigger(t.Context(), spacelift.StackID, "understudy user:default/jane 42 because")
	ok(t, nil, err)
	ok(t, nil, c.Comment(t.Context(), spacelift.StackID, run.ID, "by jane"))
	runs := sim.Runs(spacelift.StackID)
	if len(runs) == 0 || runs[0].ID != run.ID || run.State != "QUEUED" || run.Type != "TRACKED" || runs[0].Metadata != "understudy user:default/jane 42 because" ||
		!slices.Equal(runs[0].Comments, []string{"by jane"}) {
		t.Errorf("%+v\n%+v", run, runs)
	}
	sim.Settle(spacelift.StackID)
	one, err := c.Run(t.Context(), spacelift.StackID, run.ID)
	if ok(t, nil, err); !one.Finished || one.Delta == nil {
		t.Errorf("%+v", one)
	}
	locked := "ada"
	sim.Patch(spacelift.StackID, spacelift.Patch{LockedBy: &locked})
	_, err = c.Trigger(t.Context(), spacelift.StackID, "")
	if e := failed(t, err, CodeRejected, 409); !strings.Contains(e.Message, "locked") || e.Ambiguous {
		t.Errorf("%+v", e)
	}
	hidden(t, log.String(), err)

	reader, _ := dialed(t, sim, func(o *Options) { o.KeyID = spacelift.ReaderKey })
	_, err = reader.Trigger(t.Context(), spacelift.StackID, "")
	failed(t, err, CodeForbidden, 403)
	stack, err := reader.Stack(t.Context(), spacelift.StackID)
	if ok(t, nil, err); stack.CanWrite {
		t.Error("a reader may write")
	}
}

// hidden searches texts for the secret, for a token and for our metadata.
func hidden(t *testing.T, log string, err error) {
	t.Helper()
	texts := log + fmt.Sprintf("%v %+v %#v", err, err, err)
	for e := err; e != nil; {
		texts += fmt.Sprintf("%v %+v", e, e)
		u, more := e.(interface{ Unwrap() error })
		if !more {
			break
		}
		e = u.Unwrap()
	}
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":`))
	for _, secret := range []string{spacelift.Secret, header[:8], "Bearer", "what-nobody-may-read"} {
		if strings.Contains(texts, secret) {
			t.Errorf("%q is told in:\n%s", secret, texts)
		}
	}
}

// A hundred callers at the moment when the token ends make one exchange (real time, real connections).
func TestHundredCallersAtExpiry(t *testing.T) {
	t.Parallel()
	clock := &movable{now: time.Now()}
	sim := spacelifttest.Start(t, spacelift.Options{Now: clock.Now})
	c, _ := dialed(t, sim, func(o *Options) { o.Now = clock.Now })
	_, err := c.Viewer(t.Context())
	ok(t, nil, err)
	for round := range 3 {
		clock.move(2 * time.Hour)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 100 {
			wg.Go(func() {
				<-start
				if _, err := c.Stack(t.Context(), spacelift.StackID); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		if n := sim.Asked("apiKeyUser"); n != round+2 {
			t.Fatalf("%d exchanges for 100 callers", n-round-1)
		}
	}
	if n := testutil.ToFloat64(c.metrics.exchanges.WithLabelValues("ok")); n != 4 {
		t.Errorf("counted %v exchanges", n)
	}
}

// movable is a clock that tests set.
type movable struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *movable) move(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(by)
}

func TestMetricsAndLogHoldNoSecret(t *testing.T) {
	t.Parallel()
	sim := spacelifttest.Start(t, spacelift.Options{})
	registry := prometheus.NewRegistry()
	c, log := dialed(t, sim, func(o *Options) { o.Metrics = registry })
	_, err := c.Trigger(t.Context(), spacelift.StackID, "what-nobody-may-read")
	ok(t, nil, err)
	families, err := registry.Gather()
	ok(t, nil, err)
	var text bytes.Buffer
	for _, family := range families {
		text.WriteString(family.String())
	}
	hidden(t, log.String()+text.String(), nil)
	for _, name := range []string{"requests_total", "request_seconds", "token_exchanges_total", "breaker_state"} {
		if !strings.Contains(text.String(), "understudy_spacelift_"+name) {
			t.Errorf("no metric %s in %s", name, &text)
		}
	}
	hidden(t, fmt.Sprintf("%v %+v %#v", c.options, c.options, c.tokens.current.text), nil)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	secret := func(context.Context) (config.Secret, error) { return config.NewSecret("s"), nil }
	for name, o := range map[string]Options{
		"no address": {KeyID: "k", Secret: secret}, "no key": {Host: "h", Secret: secret}, "no secret": {Host: "h", KeyID: "k"},
		"no url": {Endpoint: "http://[", KeyID: "k", Secret: secret}, "another scheme": {Endpoint: "ftp://h/graphql", KeyID: "k", Secret: secret},
		"credentials": {Endpoint: "https://a:what-nobody-may-read@h/", KeyID: "k", Secret: secret},
	} {
		_, err := New(o)
		if err == nil {
			t.Errorf("%s was taken", name)
		}
		hidden(t, "", err)
	}
	for given, want := range map[string]string{"": "https://h/graphql", "http://x:1": "http://x:1/graphql", "http://x/": "http://x/graphql", "http://x/api/graphql": "http://x/api/graphql"} {
		c, err := New(Options{Endpoint: given, Host: "h", KeyID: "k", Secret: secret})
		if ok(t, nil, err); c.options.Endpoint != want {
			t.Errorf("%q became %q", given, c.options.Endpoint)
		}
	}
}
