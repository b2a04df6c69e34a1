package spacelift

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

type logMessage struct{ Message, Timestamp string }

type logEvent struct {
	Type, Token, State, Error, Code string
	StateVersion                    int
	HasLogs                         *bool
	Messages                        []logMessage
}

// follower is an open stream of a log.
type follower struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
	// text is what was said, with the phases between brackets; token is the last one.
	text, token string
	events      int
}

func (s *server) follow(t *testing.T, path, token string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path+"/logs?follow=true&token="+url.QueryEscape(token), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer user")
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{t: t, lines: bufio.NewScanner(res.Body), close: func() { cancel(); _ = res.Body.Close() }}
	f.lines.Buffer(nil, 16<<20)
	t.Cleanup(f.close)
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/x-ndjson") {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return f
}

// next reads an event; false is the end of the stream.
func (f *follower) next() (logEvent, bool) {
	f.t.Helper()
	if !f.lines.Scan() {
		return logEvent{}, false
	}
	var e logEvent
	if err := json.Unmarshal(f.lines.Bytes(), &e); err != nil {
		f.t.Fatalf("%v in %s", err, f.lines.Text())
	}
	if e.Token != "" {
		f.token = e.Token
	}
	switch e.Type {
	case "phase":
		f.text += fmt.Sprintf("[%d %s %v]\n", e.StateVersion, e.State, *e.HasLogs)
	case "log":
		for _, m := range e.Messages {
			f.text += m.Message
		}
	case "expired", "skipped":
		f.text += "(" + e.Type + ")\n"
	}
	f.events++
	return e, e.Type != "end"
}

// until reads events up to one of a type.
func (f *follower) until(kind string) logEvent {
	f.t.Helper()
	for {
		e, ok := f.next()
		if e.Type == kind {
			return e
		}
		if !ok {
			f.t.Fatalf("the stream ended with %+v", e)
		}
	}
}

// whole reads the log page by page, as spacelift.md 5.6 says.
func (s *server) whole(path string) string {
	s.t.Helper()
	var d detail
	s.json(path, &d)
	text := ""
	for _, phase := range d.History {
		text += fmt.Sprintf("[%d %s %v]\n", phase.StateVersion, phase.State, phase.HasLogs)
		token := ""
		for range 100 {
			if !phase.HasLogs {
				break
			}
			var page struct {
				Messages  []logMessage
				NextToken string
				Finished  bool
			}
			s.json(fmt.Sprintf("%s/logs?state=%s&version=%d&token=%s", path, phase.State, phase.StateVersion, url.QueryEscape(token)), &page)
			for _, m := range page.Messages {
				text += m.Message
			}
			if token = page.NextToken; page.Finished {
				break
			}
		}
	}
	return text
}

// drive lets time pass until the run waits for nothing.
func drive(up *spacelifttest.Sim, s *server, path string) {
	confirmed := false
	for range 300 {
		run := up.Runs(sim.StackID)[0]
		if run.State == "UNCONFIRMED" && !confirmed {
			confirmed = true
			if _, a := s.act(path, "confirm", "go"); a.status != http.StatusOK {
				s.t.Errorf("%d %s", a.status, a.body)
			}
		}
		if run.State == "FINISHED" {
			return
		}
		up.Advance(time.Second)
	}
	s.t.Error("the run does not end")
}

// TestALogIsFollowed follows a run from its queue to its end, with many viewers: all see the same, which is what the pages
// hold, and Spacelift is asked as if there was one.
func TestALogIsFollowed(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	path := s.runIn(up, "QUEUED")
	const viewers = 12
	texts := make([]string, viewers)
	opened := make(chan struct{}, viewers)
	var all sync.WaitGroup
	for i := range viewers {
		all.Go(func() {
			f := s.follow(t, path, "")
			if e, _ := f.next(); e.Type != "phase" || e.State != "QUEUED" {
				t.Errorf("first %+v", e)
			}
			opened <- struct{}{}
			if e := f.until("done"); e.State != "FINISHED" {
				t.Errorf("done %+v", e)
			}
			if e, ok := f.next(); ok || e.Type != "end" {
				t.Errorf("after done: %+v", e)
			}
			texts[i] = f.text
		})
	}
	for range viewers {
		<-opened
	}
	up.Settle(sim.StackID)
	planned := s.follow(t, path, "")
	for e := (logEvent{}); e.State != "UNCONFIRMED"; { // the plan is read before the run goes on
		e = planned.until("phase")
	}
	planned.close()
	drive(up, s, path)
	all.Wait()
	asked := up.Asked("stack")
	late := s.follow(t, path, "")
	late.until("done")
	if n := up.Asked("stack"); n != asked {
		t.Errorf("one who comes late made %d requests", n-asked)
	}
	want := s.whole(path)
	if !strings.Contains(want, "\x1b[1mPlan:\x1b[0m") || !strings.Contains(want, "Modifications complete") || !strings.Contains(want, "[10 FINISHED false]") {
		t.Fatalf("the pages hold %s", want)
	}
	for i, text := range append(texts, late.text) {
		if text != want {
			t.Errorf("viewer %d saw %s\nnot %s", i, text, want)
		}
	}
	if n := testutil.ToFloat64(must(t, s, "understudy_spacelift_log_messages_total")); int(n) != strings.Count(want, "\n")-strings.Count(want, "\n[")-1 {
		t.Errorf("%v messages counted for all, of %d lines", n, strings.Count(want, "\n"))
	}
	noSecrets(t, s.log.String(), want)
}

// TestAFollowerComesBack leaves in the middle, and goes on elsewhere: nothing is missing, nothing comes twice.
func TestAFollowerComesBack(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	other := start(t, setup{upstream: up.URL + "/graphql"})
	other.until("the first sweep", func() bool { return other.plugin.mirror.Snapshot().Synced() })
	path := s.runIn(up, "PLANNING")
	up.Advance(5 * time.Second)
	first := s.follow(t, path, "")
	for !strings.Contains(first.text, "Refreshing") {
		if _, ok := first.next(); !ok {
			t.Fatal(first.text)
		}
	}
	first.close()
	drive(up, s, path)
	second := other.follow(t, path, first.token)
	second.until("done")
	if want := s.whole(path); first.text+second.text != want {
		t.Errorf("%s\n---\n%s\n---not\n%s", first.text, second.text, want)
	}
	third := s.follow(t, path, second.token)
	third.until("done")
	if third.text != "" {
		t.Errorf("from the end: %s", third.text)
	}
	s.until("nobody follows", func() bool { return testutil.ToFloat64(must(t, s, "understudy_spacelift_log_viewers")) <= 1 })
}

// TestALogSurvivesTrouble lets Spacelift fail in each way for a while; the log is whole in the end.
func TestALogSurvivesTrouble(t *testing.T) {
	t.Parallel()
	cases := down("stack")
	cases = append(cases,
		failure{name: "429", faults: []sim.Fault{{Name: "http_429", Field: "stack", RetryAfter: new(1)}}},
		failure{name: "every token is anonymous", faults: []sim.Fault{{Name: "jwt_expired"}}},
		failure{name: "401", faults: []sim.Fault{{Name: "jwt_401"}, {Name: "jwt_expired"}}},
		failure{name: "an unknown state", faults: []sim.Fault{{Name: "unknown_state", Field: "stack"}}},
		failure{name: "no history", faults: []sim.Fault{{Name: "null_field", Field: "stack", Null: []string{"history", "messages", "delta", "commit"}}}},
		failure{name: "slow", faults: []sim.Fault{{Name: "slow", Field: "stack", Delay: 20}}},
		failure{name: "an older schema", faults: []sim.Fault{{Name: "schema_old", Field: "stack"}}},
	)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up, s := ready(t, setup{})
			path := s.runIn(up, "INITIALIZING")
			up.Patch(sim.StackID, sim.Patch{Autodeploy: new(true)})
			f := s.follow(t, path, "")
			f.until("phase")
			for _, fault := range c.faults {
				fault.Count = 4 // too few for the breaker
				up.Faults(fault)
			}
			var reader sync.WaitGroup
			reader.Go(func() { f.until("done") })
			drive(up, s, path)
			up.ClearFaults()
			reader.Wait()
			if want := s.whole(path); f.text != want {
				t.Errorf("%s\nnot\n%s", f.text, want)
			}
			noSecrets(t, s.log.String())
		})
	}
}

// TestALogThatCannotBeRead answers with the error instead of a stream, and as a page.
func TestALogThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, c := range append(outages("stack"), down("stack")...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up, s := ready(t, setup{})
			path := s.runIn(up, "UNCONFIRMED")
			up.Faults(c.faults...)
			for _, query := range []string{"/logs?follow=true", "/logs?state=PLANNING", ""} {
				a := s.get(path + query)
				_, code := errorOf(t, a)
				if a.status != c.status || code != string(c.code) {
					t.Errorf("%s: %d %s, want %d %s", query, a.status, a.body, c.status, c.code)
				}
				noSecrets(t, a.body)
			}
			noSecrets(t, s.log.String())
		})
	}
}

// TestALogThatHasExpired says so, phase by phase.
func TestALogThatHasExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	up, at := account(t, sim.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	s := start(t, setup{upstream: at})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	path := s.runIn(up, "UNCONFIRMED")
	if _, a := s.act(path, "discard", ""); a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	up.Advance(61 * 24 * time.Hour)
	f := s.follow(t, path, "")
	f.until("done")
	if strings.Count(f.text, "(expired)") != 3 || strings.Contains(f.text, "Worker") {
		t.Error(f.text)
	}
	var page struct{ Exists, Expired bool }
	s.json(path+"/logs?state=PLANNING", &page)
	if !page.Expired || !page.Exists {
		t.Errorf("%+v", page)
	}
}

// TestBadLogRequests are refused before Spacelift is asked.
func TestBadLogRequests(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	path := s.runIn(up, "UNCONFIRMED")
	asked := logPages(up)
	for _, query := range []string{
		"", "?state=planning", "?state=" + strings.Repeat("X", 100), "?state=PLANNING&version=-1", "?state=PLANNING&version=x", "?follow=perhaps",
		"?follow=true&state=PLANNING", "?follow=true&version=1", "?follow=true&token=x", "?follow=true&token=0.1", "?follow=true&token=1.-1",
		"?state=PLANNING&token=" + strings.Repeat("x", 5000),
	} {
		a := s.get(path + "/logs" + query)
		if _, code := errorOf(t, a); a.status != http.StatusBadRequest || code != "INVALID" {
			t.Errorf("%.60s: %d %s", query, a.status, a.body)
		}
	}
	if n := logPages(up); n != asked {
		t.Errorf("%d requests", n-asked)
	}
	a := s.get(path + "/logs?state=PLANNING&token=!")
	if _, code := errorOf(t, a); a.status != http.StatusConflict || code != string(client.CodeRejected) {
		t.Errorf("a token that is none of Spacelift's: %d %s", a.status, a.body)
	}
	if a := s.get(runsPath + "/nope/logs?follow=true"); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// logPages is how many pages of logs Spacelift was asked for; other questions about the stack are the background's.
func logPages(up *spacelifttest.Sim) int {
	n := 0
	for _, request := range up.Requests() {
		if strings.Contains(request.Operation, "RunLogs") {
			n++
		}
	}
	return n
}

// TestOneCallerLeavesLogsToOthers has all the streams that one may have: another run is refused before
// it takes a place of those that are followed.
func TestOneCallerLeavesLogsToOthers(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	path := s.runIn(up, "UNCONFIRMED")
	tails := func() float64 { return testutil.ToFloat64(must(t, s, "understudy_spacelift_log_tails")) }
	for range 20 {
		f := s.follow(t, path, "")
		f.until("log")
		defer f.close()
	}
	if a := s.get(runsPath + "/another/logs?follow=true"); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "30" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n := tails(); n != 1 {
		t.Errorf("%v runs are followed", n)
	}
}

// TestAStopEndsStreams ends what follows when the server stops.
func TestAStopEndsStreams(t *testing.T) {
	t.Parallel()
	up, s := ready(t, setup{})
	f := s.follow(t, s.runIn(up, "UNCONFIRMED"), "")
	f.until("log")
	stopped := make(chan struct{})
	go func() { defer close(stopped); s.stop() }()
	f.until("end")
	f.close()
	<-stopped
}

// TestAnswersAboutRunsAreAsDescribed compares them with openapi.yaml, for runs in every state.
func TestAnswersAboutRunsAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	doc := document(t, s)
	states := map[string]bool{}
	for _, stack := range stackIDs(s, "/v1/stacks?limit=200") {
		at := "/v1/stacks/" + url.PathEscape(stack) + "/runs"
		var runs struct{ Items []struct{ ID string } }
		if s.json(at, &runs); len(runs.Items) == 0 {
			continue
		}
		at += "/" + runs.Items[0].ID
		conform(t, doc, http.MethodGet, "/stacks/{id}/runs/{run}", s.get(at))
		var d detail
		s.json(at, &d)
		if d.State != d.last() || states[d.State] {
			continue
		}
		states[d.State] = true
		for _, query := range []string{"", "?state=PLANNING", "?state=" + d.State} {
			conform(t, doc, http.MethodGet, "/stacks/{id}/runs/{run}/logs", s.get(at+"/logs"+query))
		}
		f := s.follow(t, at, "")
		for range d.History {
			if _, ok := f.next(); !ok {
				break
			}
			var v any
			if err := json.Unmarshal(f.lines.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			if err := doc.Components.Schemas["RunLogEvent"].Value.VisitJSON(v); err != nil {
				t.Errorf("%v in %s", err, f.lines.Text())
			}
		}
		f.close()
		for action := range legal {
			_, a := s.act(at, action, "x")
			conform(t, doc, http.MethodPost, "/stacks/{id}/runs/{run}/"+action, a)
		}
	}
	if len(states) < 12 {
		t.Errorf("only runs in %v", states)
	}
}
