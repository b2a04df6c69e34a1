package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
		u, more := e.(interface{ Unwrap() error }) //nolint:errorlint // walks the chain itself
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

func seconds1() *int { n := 1; return &n }

// Each way in which the simulator fails, and what a query and a trigger make of it (spacelift.md 5.3): the code, how often
// it was asked, whether the trigger is said to be ambiguous, and whether there is a run.
func TestFaults(t *testing.T) {
	t.Parallel()
	type want struct {
		code  Code
		tries int
	}
	tests := map[string]struct {
		fault          spacelift.Fault
		query, trigger want
		ambiguous, run bool
	}{
		"http_429":              {spacelift.Fault{Name: "http_429"}, want{CodeRateLimited, 1}, want{CodeRateLimited, 1}, false, false},
		"http_429, soon over":   {spacelift.Fault{Name: "http_429", Count: 1, RetryAfter: seconds1()}, want{"", 2}, want{CodeRateLimited, 1}, false, false},
		"http_429 in text":      {spacelift.Fault{Name: "http_429", Body: "text"}, want{CodeRateLimited, 1}, want{CodeRateLimited, 1}, false, false},
		"500":                   {spacelift.Fault{Name: "http_5xx"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"502 html":              {spacelift.Fault{Name: "http_5xx", Status: 502, Body: "html"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"503 empty":             {spacelift.Fault{Name: "http_5xx", Status: 503, Body: "empty"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"504 twice":             {spacelift.Fault{Name: "http_5xx", Status: 504, Count: 2}, want{"", 3}, want{CodeUnavailable, 1}, true, false},
		"500 after":             {spacelift.Fault{Name: "http_5xx", After: true}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, true},
		"slow":                  {spacelift.Fault{Name: "slow", Delay: 50}, want{"", 1}, want{"", 1}, false, true},
		"hang":                  {spacelift.Fault{Name: "hang"}, want{CodeUnavailable, 1}, want{CodeUnavailable, 1}, true, false},
		"trickle":               {spacelift.Fault{Name: "trickle"}, want{CodeUnavailable, 1}, want{CodeUnavailable, 1}, true, true},
		"reset_before":          {spacelift.Fault{Name: "reset_before"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"reset_after":           {spacelift.Fault{Name: "reset_after"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, true},
		"jwt_expired":           {spacelift.Fault{Name: "jwt_expired", Count: 1}, want{"", 2}, want{"", 2}, false, true},
		"jwt_expired for good":  {spacelift.Fault{Name: "jwt_expired"}, want{CodeAuth, 2}, want{CodeAuth, 2}, false, false},
		"gql_error":             {spacelift.Fault{Name: "gql_error", Message: "the run is in state FINISHED"}, want{CodeRejected, 1}, want{CodeRejected, 1}, false, false},
		"gql_error, not found":  {spacelift.Fault{Name: "gql_error", Message: "not found"}, want{CodeNotFound, 1}, want{CodeNotFound, 1}, false, false},
		"gql_error, its fault":  {spacelift.Fault{Name: "gql_error", Message: "Internal Server Error"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"gql_error, partial":    {spacelift.Fault{Name: "gql_error", Partial: true}, want{"", 1}, want{"", 1}, false, true},
		"gql_error, denied":     {spacelift.Fault{Name: "gql_error", Message: "unauthorized"}, want{CodeForbidden, 1}, want{CodeForbidden, 1}, false, false},
		"schema_old":            {spacelift.Fault{Name: "schema_old", Hide: []string{"Stack.runnerImage", "Run.triggeredBy"}}, want{"", 2}, want{"", 2}, false, true},
		"schema_old, too old":   {spacelift.Fault{Name: "schema_old", Hide: []string{"Query.stack", "Mutation.runTrigger"}}, want{CodeSchema, 2}, want{CodeSchema, 2}, false, false},
		"unknown_state":         {spacelift.Fault{Name: "unknown_state"}, want{"", 1}, want{"", 1}, false, true},
		"null_field":            {spacelift.Fault{Name: "null_field", Null: []string{"spaceDetails", "trackedCommit", "labels", "vendorConfig", "createdAt"}}, want{"", 1}, want{"", 1}, false, true},
		"null_field, the thing": {spacelift.Fault{Name: "null_field", Null: []string{"stack", "runTrigger"}}, want{CodeNotFound, 1}, want{CodeUnavailable, 1}, true, true},
		"null_field, the id":    {spacelift.Fault{Name: "null_field", Null: []string{"id"}}, want{CodeUnavailable, 1}, want{CodeUnavailable, 1}, true, true},
		"html_200":              {spacelift.Fault{Name: "html_200"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
		"truncated":             {spacelift.Fault{Name: "truncated"}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, true},
		"huge":                  {spacelift.Fault{Name: "huge", Bytes: 2 << 20}, want{CodeUnavailable, 3}, want{CodeUnavailable, 1}, true, false},
	}
	check := func(t *testing.T, sim *spacelifttest.Sim, log *logged, field string, w want, err error) *Error {
		t.Helper()
		hidden(t, log.String(), err)
		// What was cut off is in the journal when the simulator has noticed it.
		for end := time.After(5 * time.Second); sim.Asked(field) < w.tries; {
			select {
			case <-end:
				t.Fatalf("%s was asked %d times, want %d", field, sim.Asked(field), w.tries)
			case <-time.After(time.Millisecond):
			}
		}
		if n := sim.Asked(field); n != w.tries {
			t.Errorf("%s was asked %d times, want %d", field, n, w.tries)
		}
		if w.code == "" {
			ok(t, nil, err)
			return &Error{}
		}
		status := map[Code]int{CodeForbidden: 403, CodeAuth: 503, CodeSchema: 502, CodeRejected: 409, CodeRateLimited: 503, CodeUnavailable: 502, CodeNotFound: 404}[w.code]
		if strings.Contains(t.Name(), "hang") || strings.Contains(t.Name(), "trickle") || strings.Contains(t.Name(), "504") {
			status = 504
		}
		e := failed(t, err, w.code, status)
		if (e.RetryAfter > 0) != (w.code == CodeRateLimited || w.code == CodeAuth) {
			t.Errorf("retry after %s", e.RetryAfter)
		}
		return e
	}
	start := func(t *testing.T, f spacelift.Fault) (*spacelifttest.Sim, *Client, *logged) {
		t.Parallel()
		sim := spacelifttest.Start(t, spacelift.Options{})
		c, log := dialed(t, sim, func(o *Options) {
			o.MaxBody = 1 << 20
			if f.Name == "hang" || f.Name == "trickle" {
				o.QueryTimeout, o.MutationTimeout = 300*time.Millisecond, 300*time.Millisecond
			}
		})
		_, err := c.Viewer(t.Context())
		ok(t, nil, err)
		return sim, c, log
	}
	for name, test := range tests {
		t.Run(name+"/query", func(t *testing.T) {
			sim, c, log := start(t, test.fault)
			test.fault.Field = "stack"
			sim.Faults(test.fault)
			stack, err := c.Stack(t.Context(), spacelift.StackID)
			check(t, sim, log, "stack", test.query, err)
			if name == "unknown_state" && stack.State != "QUANTUM" {
				t.Errorf("state %q", stack.State)
			}
		})
		t.Run(name+"/trigger", func(t *testing.T) {
			sim, c, log := start(t, test.fault)
			before := len(sim.Runs(spacelift.StackID))
			test.fault.Field = "runTrigger"
			sim.Faults(test.fault)
			_, err := c.Trigger(t.Context(), spacelift.StackID, "what-nobody-may-read")
			e := check(t, sim, log, "runTrigger", test.trigger, err)
			if e.Ambiguous != test.ambiguous {
				t.Errorf("ambiguous is %v", e.Ambiguous)
			}
			runs := len(sim.Runs(spacelift.StackID)) - before
			if (runs == 1) != test.run || runs > 1 {
				t.Errorf("%d runs", runs)
			}
			if runs > 0 && err != nil && !e.Ambiguous {
				t.Error("a run was made and is denied")
			}
		})
	}
}

// A fault of the exchange is never an ambiguous trigger.
func TestFaultsOfTheExchange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault spacelift.Fault
		code  Code
		tries int
	}{
		"key_revoked": {spacelift.Fault{Name: "key_revoked"}, CodeAuth, 1},
		"500":         {spacelift.Fault{Name: "http_5xx"}, CodeUnavailable, 3},
		"reset_after": {spacelift.Fault{Name: "reset_after", Count: 2}, "", 3},
		"html_200":    {spacelift.Fault{Name: "html_200"}, CodeUnavailable, 3},
		"gql_error":   {spacelift.Fault{Name: "gql_error", Message: "bad secret " + spacelift.Secret}, CodeAuth, 1},
		"its fault":   {spacelift.Fault{Name: "gql_error", Message: "panic occurred: " + spacelift.Secret}, CodeUnavailable, 3},
		"schema":      {spacelift.Fault{Name: "schema_old", Hide: []string{"User.validUntil"}}, "", 2},
		"429":         {spacelift.Fault{Name: "http_429"}, CodeRateLimited, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := spacelifttest.Start(t, spacelift.Options{})
			c, log := dialed(t, sim, nil)
			test.fault.Field = "apiKeyUser"
			sim.Faults(test.fault)
			_, err := c.Trigger(t.Context(), spacelift.StackID, "what-nobody-may-read")
			hidden(t, log.String(), err)
			if n := sim.Asked("apiKeyUser"); n != test.tries {
				t.Errorf("%d exchanges, want %d", n, test.tries)
			}
			if test.code == "" {
				ok(t, nil, err)
				return
			}
			status := 503
			if test.code == CodeUnavailable {
				status = 502
			}
			if e := failed(t, err, test.code, status); e.Ambiguous || sim.Asked("runTrigger") != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		sim := spacelifttest.Start(t, spacelift.Options{})
		c, log := dialed(t, sim, func(o *Options) {
			o.Secret = func(context.Context) (config.Secret, error) { return config.NewSecret("what-nobody-may-read"), nil }
		})
		_, err := c.Viewer(t.Context())
		failed(t, err, CodeAuth, 503)
		hidden(t, log.String(), err)
	})
}

// Ways in which lists lie (spacelift.md 5.3, 8.4).
func TestFaultsOfLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []spacelift.Fault
		code   Code
		stacks int
	}{
		"empty page in between":        {[]spacelift.Fault{{Name: "empty_page", Page: 1, Count: 1}}, "", -1},
		"page twice":                   {[]spacelift.Fault{{Name: "dup_page", Page: 3, Count: 1}}, "", 500},
		"the same page without end":    {[]spacelift.Fault{{Name: "dup_page"}}, CodeUnavailable, -1},
		"empty pages without end":      {[]spacelift.Fault{{Name: "empty_page"}}, CodeUnavailable, -1},
		"cursor lost once":             {[]spacelift.Fault{{Name: "cursor_lost", Page: 6, Count: 1}}, "", 500},
		"cursor lost always":           {[]spacelift.Fault{{Name: "cursor_lost"}}, CodeRejected, -1},
		"token expires on the way":     {[]spacelift.Fault{{Name: "jwt_expired", Page: 6, Count: 1}}, "", 500},
		"token expires on page one":    {[]spacelift.Fault{{Name: "jwt_expired", Page: 1, Count: 1}}, "", 500},
		"outage on the way":            {[]spacelift.Fault{{Name: "http_5xx", Page: 6, Count: 2}}, "", 500},
		"outage":                       {[]spacelift.Fault{{Name: "http_5xx", Skip: 5}}, CodeUnavailable, 250},
		"a list that is null":          {[]spacelift.Fault{{Name: "null_field", Null: []string{"searchStacks"}, Page: 7}}, CodeUnavailable, 300},
		"edges that are null":          {[]spacelift.Fault{{Name: "null_field", Null: []string{"edges"}, Page: 7}}, CodeUnavailable, 300},
		"a page of nulls":              {[]spacelift.Fault{{Name: "null_field", Null: []string{"node"}, Page: 7, Count: 1}}, "", 450},
		"ids that are null":            {[]spacelift.Fault{{Name: "null_field", Null: []string{"id"}, Page: 7, Count: 1}}, "", 450},
		"errors and data":              {[]spacelift.Fault{{Name: "gql_error", Partial: true, Page: 7, Count: 1}}, CodeUnavailable, 500},
		"an unknown state":             {[]spacelift.Fault{{Name: "unknown_state"}}, "", 500},
		"shift":                        {[]spacelift.Fault{{Name: "shift", Page: 5}}, "", -1},
		"an old schema":                {[]spacelift.Fault{{Name: "schema_old"}}, "", 500},
		"no search":                    {[]spacelift.Fault{{Name: "schema_old", Hide: []string{"Query.searchStacks"}}}, "", 500},
		"no search, and an old schema": {[]spacelift.Fault{{Name: "schema_old", Hide: []string{"Query.searchStacks", "Stack.blocker"}}}, "", 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := spacelifttest.Start(t, spacelift.Options{})
			failedState := "FAILED"
			for n := range 499 {
				patch := spacelift.Patch{}
				if n%10 == 0 {
					patch.State = &failedState
				}
				sim.Patch(fmt.Sprintf("stack-%03d", n), patch)
			}
			c, log := dialed(t, sim, nil)
			for _, f := range test.faults {
				f.Field = "searchStacks"
				if f.Name == "schema_old" {
					f.Field = ""
				}
				sim.Faults(f)
			}
			all, err := swept(t, c)
			hidden(t, log.String(), err)
			if test.stacks >= 0 && len(all) != test.stacks {
				t.Errorf("%d stacks, want %d", len(all), test.stacks)
			}
			switch status := 502; test.code {
			case "":
				ok(t, nil, err)
			case CodeRejected:
				failed(t, err, test.code, 409)
			default:
				failed(t, err, test.code, status)
			}
			if name == "no search" {
				n := sim.Asked("searchStacks")
				some, err := c.StacksIn(t.Context(), []string{"FAILED"})
				if ok(t, nil, err); len(some) != 50 || sim.Asked("searchStacks") != n {
					t.Errorf("%d failed stacks, and the search was asked for again", len(some))
				}
			}
		})
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

// What never left us did nothing; what may have arrived may have done something.
func TestAmbiguityOnTheWire(t *testing.T) {
	t.Parallel()
	text := jwt(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(time.Hour).Unix()))
	for name, test := range map[string]struct {
		serve     func(net.Conn)
		ambiguous bool
	}{
		"refused": {nil, false},
		"closed after it was read": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1<<16))
			_ = c.Close()
		}, true},
		"garbage": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1<<16))
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH " + text + "\r\n"))
			_ = c.Close()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			ok(t, nil, err)
			if test.serve == nil {
				ok(t, nil, listener.Close())
			} else {
				defer func() { _ = listener.Close() }()
				go func() {
					for {
						conn, err := listener.Accept()
						if err != nil {
							return
						}
						test.serve(conn)
					}
				}()
			}
			log := &logged{}
			c, err := New(Options{
				Endpoint: "http://" + listener.Addr().String(), KeyID: "k", Log: slog.New(slog.NewTextHandler(log, nil)),
				Secret: func(context.Context) (config.Secret, error) { return config.NewSecret(spacelift.Secret), nil },
			})
			ok(t, nil, err)
			defer c.Close()
			now := time.Now()
			c.tokens.current = &token{text: config.NewSecret(text), refresh: now.Add(time.Hour), expires: now.Add(time.Hour)}
			_, err = c.Trigger(t.Context(), "a", "what-nobody-may-read")
			if e := failed(t, err, CodeUnavailable, 502); e.Ambiguous != test.ambiguous || strings.Contains(fmt.Sprint(e, e.Err, log), text) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A mutation goes nowhere but to the endpoint.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(seen, int) reply { return reply{status: http.StatusTemporaryRedirect} }}}
	c, _ := a.client(t, nil)
	_, err := c.Trigger(t.Context(), "a", "")
	if e := failed(t, err, CodeUnavailable, 502); e.Ambiguous || a.count("Trigger") != 1 {
		t.Errorf("%+v", e)
	}
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
