package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

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
	check := func(t *testing.T, sim *spacelifttest.Sim, log *logged, field string, w want, err error) Error {
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
			return Error{}
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
			fault := test.fault // both run at once
			sim, c, log := start(t, fault)
			fault.Field = "stack"
			sim.Faults(fault)
			stack, err := c.Stack(t.Context(), spacelift.StackID)
			check(t, sim, log, "stack", test.query, err)
			if name == "unknown_state" && stack.State != "QUANTUM" {
				t.Errorf("state %q", stack.State)
			}
		})
		t.Run(name+"/trigger", func(t *testing.T) {
			fault := test.fault
			sim, c, log := start(t, fault)
			before := len(sim.Runs(spacelift.StackID))
			fault.Field = "runTrigger"
			sim.Faults(fault)
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
		"a page of nulls":              {[]spacelift.Fault{{Name: "null_field", Null: []string{"node"}, Page: 7, Count: 1}}, CodeUnavailable, 450},
		"ids that are null":            {[]spacelift.Fault{{Name: "null_field", Null: []string{"id"}, Page: 7, Count: 1}}, CodeUnavailable, 450},
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
			gaps := name == "a page of nulls" || name == "ids that are null" || name == "errors and data"
			if failure, is := errors.AsType[*Error](err); gaps != (is && failure.Gaps) {
				t.Errorf("gaps %v: %v", !gaps, err)
			}
			if name == "no search" {
				n := sim.Asked("searchStacks")
				some, err := c.StacksIn(t.Context(), []string{"FAILED"})
				if ok(t, nil, err); len(some) != 50 || sim.Asked("searchStacks") != n || !c.Status().WholeLists {
					t.Errorf("%d failed stacks, and the search was asked for again", len(some))
				}
			}
		})
	}
}
