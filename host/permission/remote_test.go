package permission_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
)

var (
	readWidget   = permission.Permission{Name: "widget.read", Action: "read", ResourceType: "widget"}
	createWidget = permission.Permission{Name: "widget.create", Action: "create"}
	sneeze       = permission.Permission{Name: "sneeze"}
)

func named(names string) map[string]any {
	return map[string]any{"rule": "IS_NAMED", "resourceType": "widget", "params": map[string]any{"names": strings.Split(names, ",")}}
}

func conditional(conditions any) map[string]any {
	return map[string]any{"result": "CONDITIONAL", "pluginId": "widgets", "resourceType": "widget", "conditions": conditions}
}

// TestAsksOnBehalfOfTheUser walks the ways of core.md 8.1: the peer sees the user, and this plugin as the actor.
func TestAsksOnBehalfOfTheUser(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	p.decide(func(who auth.Credentials, item asked) any {
		switch {
		case item.Permission.Name == "widget.create":
			return map[string]any{"result": "DENY"}
		case item.Permission.Name == "widget.read" && who.UserRef == "user:default/jane":
			return conditional(named("a,b"))
		}
		return map[string]any{"result": "ALLOW"}
	})
	jane := p.user(t, "user:default/jane")
	check := func(p2 permission.Permission, ref string, want permission.Result) permission.Decision {
		t.Helper()
		d, err := p.checker.Authorize(t.Context(), jane, p2, ref)
		if err != nil || d.Result != want {
			t.Errorf("%s %q: %+v %v", p2.Name, ref, d, err)
		}
		return d
	}
	d := check(readWidget, "", permission.Conditional)
	resources := widgets()
	criteria, err := resources.Criteria(d)
	if err != nil || d.PluginID != "widgets" || d.ResourceType != "widget" {
		t.Fatalf("%+v %v", d, err)
	}
	if holds, err := compileNames(criteria); err != nil || !holds("a") || holds("c") {
		t.Errorf("the conditions do not hold: %v", err)
	}
	check(readWidget, "a", permission.Allow) // after the peer asked back
	check(readWidget, "c", permission.Deny)
	check(readWidget, "longer", permission.Deny) // there is none
	check(createWidget, "", permission.Deny)
	check(sneeze, "", permission.Allow)
	for _, who := range p.who {
		if who.UserRef != "user:default/jane" || who.Actor != "plugin:widgets" {
			t.Errorf("the peer saw %s by way of %q", who, who.Actor)
		}
	}
	first := p.requests[0][0]
	if first.Permission.Type != "resource" || first.Permission.ResourceType != "widget" || first.Permission.Attributes["action"] != "read" || first.ResourceRef != nil {
		t.Errorf("%+v", first)
	}
	if last := p.requests[5][0]; last.Permission.Type != "basic" || len(last.Permission.Attributes) != 0 {
		t.Errorf("%+v", last)
	}
	// Nothing is kept: a policy that changes counts at once.
	p.decide(func(auth.Credentials, asked) any { return map[string]any{"result": "DENY"} })
	check(sneeze, "", permission.Deny)
	if n, _ := p.count(); n != 7 {
		t.Errorf("%d requests for 7 questions", n)
	}
	if err := testutil.GatherAndCompare(p.metrics, strings.NewReader(`# HELP understudy_permission_decisions_total Decisions of the permission backend, by the plugin that asked and result: allow, deny, conditional.
# TYPE understudy_permission_decisions_total counter
understudy_permission_decisions_total{plugin="widgets",result="allow"} 2
understudy_permission_decisions_total{plugin="widgets",result="conditional"} 1
understudy_permission_decisions_total{plugin="widgets",result="deny"} 4
`), "understudy_permission_decisions_total"); err != nil {
		t.Error(err)
	}
}

// TestServicesAreDecidedHere: nobody is asked about them (core.md 8.4), and their restrictions hold.
func TestServicesAreDecidedHere(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	p.decide(func(auth.Credentials, asked) any { return map[string]any{"result": "DENY"} })
	free, bound := auth.PluginCredentials("x"), auth.PluginCredentials("x")
	bound.Restrictions = &auth.Restrictions{Permissions: []string{"widget.read"}, Actions: []string{"read"}}
	for _, c := range []struct {
		who  auth.Credentials
		what permission.Permission
		want bool
	}{{free, createWidget, true}, {bound, readWidget, true}, {bound, createWidget, false}, {bound, sneeze, false}} {
		if d, err := p.checker.Authorize(t.Context(), c.who, c.what, ""); err != nil || d.Allowed() != c.want {
			t.Errorf("%s: %+v %v", c.what.Name, d, err)
		}
	}
	if _, tries := p.count(); tries != 0 {
		t.Errorf("the peer was asked %d times", tries)
	}
}

// TestNobody: who has no credentials is asked about without a token, as upstream does; a peer that wants one is a 401 here too.
func TestNobody(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	_, err := p.checker.Authorize(t.Context(), auth.Credentials{}, sneeze, "")
	if fault.Status(err) != http.StatusUnauthorized || err.Error() != "Missing credentials" {
		t.Errorf("%v", err)
	}
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("Authorization") != "" {
			t.Error("a token for nobody")
		}
		http.Error(w, `{"items":[]}`, http.StatusOK)
		return true
	})
	if _, err := p.checker.Authorize(t.Context(), auth.Credentials{}, sneeze, ""); fault.Status(err) != http.StatusServiceUnavailable {
		t.Errorf("%v", err)
	}
	// A user whose credentials have no token cannot be asked about either.
	if _, err := p.checker.Authorize(t.Context(), auth.UserCredentials("user:default/jane"), sneeze, ""); fault.Status(err) != http.StatusUnauthorized {
		t.Errorf("%v", err)
	}
}

// TestManyAtOnce: one request for a list, few for a very long one; batched by permission if the configuration says so.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", ", EXPERIMENTAL_enableBatchedRequests: true"} {
		p := start(t, more)
		p.decide(func(_ auth.Credentials, item asked) any {
			if item.Permission.Name == "widget.read" {
				return conditional(map[string]any{"not": named("b")})
			}
			return map[string]any{"result": "ALLOW"}
		})
		jane := p.user(t, "user:default/jane")
		var queries []permission.Query
		for _, ref := range []string{"a", "b", "", "c", "none"} {
			queries = append(queries, permission.Query{Permission: readWidget, ResourceRef: ref}, permission.Query{Permission: sneeze})
		}
		got, err := permission.AuthorizeAll(t.Context(), p.checker, jane, queries)
		if err != nil {
			t.Fatal(err)
		}
		var results []string
		for _, d := range got {
			results = append(results, string(d.Result[0]))
		}
		if text := strings.Join(results, ""); text != "AADACAAADA" {
			t.Errorf("%q: %s", more, text)
		}
		items := len(p.requests[0])
		if want := map[bool]int{true: 7, false: 10}[more != ""]; len(p.requests) != 1 || items != want {
			t.Errorf("%q: %d requests, the first of %d items", more, len(p.requests), items)
		}
		if more == "" {
			continue
		}
		p.decide(func(auth.Credentials, asked) any { return map[string]any{"result": "DENY"} })
		long := make([]permission.Query, 600)
		for i := range long {
			long[i] = permission.Query{Permission: readWidget, ResourceRef: fmt.Sprint("component:default/", i)}
		}
		got, err = permission.AuthorizeAll(t.Context(), p.checker, jane, long)
		if err != nil || len(got) != 600 || slices.ContainsFunc(got, permission.Decision.Allowed) || len(p.requests) != 4 {
			t.Errorf("%d decisions in %d requests: %v", len(got), len(p.requests)-1, err)
		}
	}
}

// TestAnswersThatCannotBeUsed: whatever the peer sends, nobody is allowed anything by it.
func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	jane := p.user(t, "user:default/jane")
	for name, item := range map[string]any{
		"no object":          "ALLOW",
		"other id":           map[string]any{"id": "x", "result": "ALLOW"},
		"no result":          map[string]any{},
		"unknown result":     map[string]any{"result": "allow"},
		"number":             map[string]any{"result": 1},
		"list for one":       map[string]any{"result": []string{"ALLOW"}},
		"other plugin":       map[string]any{"result": "CONDITIONAL", "pluginId": "catalog", "resourceType": "widget", "conditions": named("a")},
		"other type":         map[string]any{"result": "CONDITIONAL", "pluginId": "widgets", "resourceType": "x", "conditions": named("a")},
		"no conditions":      conditional(nil),
		"empty list":         conditional(map[string]any{"anyOf": []any{}}),
		"two ways to read":   conditional(map[string]any{"anyOf": []any{named("a")}, "allOf": []any{named("a")}}),
		"rule without type":  conditional(map[string]any{"rule": "IS_NAMED"}),
		"params are no such": conditional(map[string]any{"rule": "IS_NAMED", "resourceType": "widget", "params": 7}),
	} {
		p.decide(func(auth.Credentials, asked) any { return item })
		d, err := p.checker.Authorize(t.Context(), jane, readWidget, "")
		unusable(t, p, name, d, err)
	}
	p.decide(func(auth.Credentials, asked) any { return conditional(named("a")) })
	d, err := p.checker.Authorize(t.Context(), jane, createWidget, "")
	unusable(t, p, "conditions for what has no resource", d, err)

	for name, body := range map[string]string{
		"nothing": "", "no JSON": "<html>", "a list": "[]", "no items": "{}", "too few": `{"items":[]}`, "too deep": strings.Repeat(`{"items":`, 2000),
		"too long": `{"items":"` + strings.Repeat("x", 8<<20) + `"}`,
	} {
		p.intercept(func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			_, _ = w.Write([]byte(body))
			return true
		})
		d, err := p.checker.Authorize(t.Context(), jane, readWidget, "a")
		unusable(t, p, name, d, err)
	}
	// Twice the same id, and the right number of items.
	p.intercept(nil)
	var id string
	p.decide(func(_ auth.Credentials, item asked) any {
		if id == "" {
			id = item.ID
		}
		return map[string]any{"id": id, "result": "ALLOW"}
	})
	got, err := permission.AuthorizeAll(t.Context(), p.checker, jane, []permission.Query{{Permission: sneeze}, {Permission: createWidget}})
	unusable(t, p, "one id twice", append(got, permission.Decision{})[0], err)
}

func unusable(t *testing.T, p *pair, name string, d permission.Decision, err error) {
	t.Helper()
	said, ok := errors.AsType[*fault.Error](err)
	const want = "The permission backend gave an answer that cannot be used; the log of this server says why"
	if !ok || said.Status != http.StatusServiceUnavailable || said.Message != want || d.Result != "" || !strings.Contains(err.Error(), p.theirs.URL) {
		t.Errorf("%s: %+v %v", name, d, err)
	}
}

// TestFailures: every way of not getting an answer is a 503, which says nothing of where the peer is or what it said. The log has both,
// and the fix.
func TestFailures(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	jane := p.user(t, "user:default/jane")
	const policyText = "the policy of the hidden project"
	for _, c := range []struct {
		status, tries int
		outcome, text string
		fix           string
	}{
		{400, 1, "refused", "does not take the question (400)", "its release may be one"},
		{413, 1, "refused", "does not take the question (413)", "its release may be one"},
		{401, 2, "unauthorized", "does not accept this server's tokens (401)", `its discovery.endpoints must say where the plugin "widgets" is`},
		{403, 1, "forbidden", "refuses to decide for this caller (403)", ""},
		{404, 1, "missing", "is not where it should be (404)", "discovery.endpoints must say where it is"},
		{302, 1, "refused", "does not take the question (302)", "its release may be one"},
		{204, 1, "refused", "does not take the question (204)", "its release may be one"},
		{500, 1, "failed", "failed (500)", "its own log"},
		{502, 2, "failed", "failed (502)", "its own log"},
		{503, 2, "failed", "failed (503)", "its own log"},
	} {
		p.intercept(func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Location", "http://elsewhere.invalid/")
			w.WriteHeader(c.status)
			if c.status != http.StatusNoContent {
				_, _ = fmt.Fprintf(w, `{"error":{"name":"Error","message":%q}}`, policyText)
			}
			return true
		})
		before := counted(t, p, c.outcome)
		d, err := p.checker.Authorize(t.Context(), jane, sneeze, "")
		said, ok := errors.AsType[*fault.Error](err)
		if !ok || said.Status != http.StatusServiceUnavailable || d.Result != "" {
			t.Errorf("%d: %+v %v", c.status, d, err)
			continue
		}
		host := strings.TrimPrefix(p.theirs.URL, "http://")
		if !strings.Contains(said.Message, c.text) || strings.Contains(said.Message, host) || strings.Contains(said.Message, "discovery") || strings.Contains(said.Message, policyText) {
			t.Errorf("%d: %s", c.status, said.Message)
		}
		if !strings.Contains(err.Error(), p.theirs.URL+"/api/permission") || !strings.Contains(err.Error(), c.fix) {
			t.Errorf("%d: the log would not tell where and what to do: %v", c.status, err)
		}
		if c.status != http.StatusNoContent && !strings.Contains(err.Error(), policyText) {
			t.Errorf("%d: the log would not tell why: %v", c.status, err)
		}
		if strings.Contains(err.Error(), jane.Token()) {
			t.Errorf("%d: a token is in the error", c.status)
		}
		if _, tries := p.count(); tries != c.tries {
			t.Errorf("%d: asked %d times, want %d", c.status, tries, c.tries)
		}
		if got := counted(t, p, c.outcome) - before; got != 1 {
			t.Errorf("%d: counted %v times as %s", c.status, got, c.outcome)
		}
	}
}

func counted(t *testing.T, p *pair, outcome string) float64 {
	t.Helper()
	families, err := p.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "understudy_permission_requests_total" && l.GetName() == "outcome" && l.GetValue() == outcome {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

// TestASecondAttemptHelps while the peer starts, and where it let go of a connection.
func TestASecondAttemptHelps(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	jane := p.user(t, "user:default/jane")
	for name, first := range map[string]func(w http.ResponseWriter){
		"401":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
		"503":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"cut off": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		p.intercept(func(w http.ResponseWriter, _ *http.Request, attempt int) bool {
			if attempt == 1 {
				first(w)
			}
			return attempt == 1
		})
		d, err := p.checker.Authorize(t.Context(), jane, sneeze, "")
		if _, tries := p.count(); err != nil || !d.Allowed() || tries != 2 {
			t.Errorf("%s: %+v %v after %d attempts", name, d, err, tries)
		}
	}
}

func TestNoPeer(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	jane := p.user(t, "user:default/jane")
	// A peer that hangs costs a deadline, once.
	permission.SetTimes(p.service, 50*time.Millisecond, time.Millisecond)
	release := make(chan struct{})
	p.intercept(func(http.ResponseWriter, *http.Request, int) bool {
		<-release
		return true
	})
	_, err := p.checker.Authorize(t.Context(), jane, sneeze, "")
	if _, tries := p.count(); fault.Status(err) != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "gave no answer in time") || tries != 1 {
		t.Errorf("%v after %d attempts", err, tries)
	}
	// A caller who leaves ends the question, and hears no excuse.
	permission.SetTimes(p.service, time.Minute, time.Minute)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the caller is gone")
	p.intercept(func(http.ResponseWriter, *http.Request, int) bool {
		cancel(gone)
		<-release
		return true
	})
	if _, err := p.checker.Authorize(ctx, jane, sneeze, ""); !errors.Is(err, gone) || fault.Status(err) == http.StatusServiceUnavailable {
		t.Errorf("%v", err)
	}
	// Nor does one who leaves between two attempts wait for the second.
	ctx, cancel = context.WithCancelCause(t.Context())
	p.intercept(func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		time.AfterFunc(20*time.Millisecond, func() { cancel(gone) })
		return true
	})
	if _, err := p.checker.Authorize(ctx, jane, sneeze, ""); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	close(release)
	// Nobody listens.
	permission.SetTimes(p.service, time.Second, time.Millisecond)
	p.theirs.CloseClientConnections()
	p.theirs.Close()
	_, err = p.checker.Authorize(t.Context(), jane, sneeze, "")
	if fault.Status(err) != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "see that it runs") {
		t.Errorf("%v", err)
	}
	if _, ok := errors.AsType[*net.OpError](err); !ok {
		t.Errorf("the log would not tell why: %v", err)
	}
}

// TestTheUsersTokenIsRefused: that is no mistake of ours, and signing in again mends it. What may be ours stays a 503.
func TestTheUsersTokenIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	jane := p.user(t, "user:default/jane")
	text := "Failed user token verification"
	p.intercept(func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":{"name":"AuthenticationError","message":%q}}`, text)
		return true
	})
	check := func(name string, status, tries int) {
		t.Helper()
		p.intercept(p.before)
		d, err := p.checker.Authorize(t.Context(), jane, sneeze, "")
		if _, tried := p.count(); fault.Status(err) != status || d.Result != "" || tried != tries {
			t.Errorf("%s: %+v %v after %d attempts", name, d, err, tried)
		}
		if said, ok := errors.AsType[*fault.Error](err); ok && (strings.Contains(said.Message, "http") || status == http.StatusUnauthorized && strings.Contains(said.Message, "this server")) {
			t.Errorf("%s: %s", name, said.Message)
		}
		if !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), p.theirs.URL) {
			t.Errorf("%s: the log would not tell why: %v", name, err)
		}
	}
	check("the peer says that it is the user's", http.StatusUnauthorized, 2)
	text = "Failed plugin token verification"
	check("the peer says that it is ours", http.StatusServiceUnavailable, 2)
	permission.SetNow(p.service, func() time.Time { return jane.ExpiresAt.Add(-time.Millisecond) })
	check("just before its end", http.StatusServiceUnavailable, 2)
	permission.SetNow(p.service, func() time.Time { return jane.ExpiresAt })
	check("after its end", http.StatusUnauthorized, 1)
}
