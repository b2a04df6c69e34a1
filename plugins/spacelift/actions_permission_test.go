package spacelift

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/fault"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

// TestAPolicyDecidesAboutRuns shows and does what each permission allows, for all stacks, for this one, and for others.
func TestAPolicyDecidesAboutRuns(t *testing.T) {
	t.Parallel()
	const logs, confirm, stop = "spacelift.run.logs", "spacelift.run.confirm", "spacelift.run.stop"
	this, other := rule("IS_STACK", "ids", sim.StackID), rule("IS_STACK", "ids", "other")
	p := &policy{}
	up, s := ready(t, setup{permissions: p})
	path := s.runIn(up, "UNCONFIRMED")
	for _, c := range []struct {
		name     string
		criteria map[string]string
		// page and log are the statuses of reads, allowed what the page offers; refused are actions with 403.
		page, log        int
		allowed, refused string
	}{
		{"everything", map[string]string{}, 200, 200, "[confirm discard]", ""},
		{"this stack", map[string]string{runRead: this, logs: this, confirm: this, stop: this}, 200, 200, "[confirm discard]", ""},
		{"no logs", map[string]string{logs: ""}, 200, 403, "[confirm discard]", ""},
		{"logs of others", map[string]string{logs: other}, 200, 403, "[confirm discard]", ""},
		{"no confirmation", map[string]string{confirm: ""}, 200, 200, "[discard]", "confirm"},
		{"nothing but confirmations", map[string]string{stop: other}, 200, 200, "[confirm]", "discard cancel stop"},
		{"runs of others", map[string]string{runRead: other}, 404, 404, "", "confirm discard cancel stop"},
		{"no runs", map[string]string{runRead: ""}, 404, 404, "", "confirm discard cancel stop"},
	} {
		p.set(t, c.criteria)
		before := p.count()
		a := s.get(path)
		if n := p.count() - before; a.status != c.page || n != 1 {
			t.Errorf("%s: the page %d, asked %d times", c.name, a.status, n)
		}
		if a.status == http.StatusOK {
			var d detail
			s.json(path, &d)
			if fmt.Sprint(d.AllowedActions) != c.allowed || (d.ActionsReason == "") != (len(d.AllowedActions) == 2) || d.LogsAllowed != (c.log == 200) {
				t.Errorf("%s: %+v", c.name, d)
			}
		}
		for _, query := range []string{"?state=PLANNING", "?follow=perhaps"} {
			want := c.log
			if want == 200 && query != "?state=PLANNING" {
				want = 400
			}
			if a := s.get(path + "/logs" + query); a.status != want {
				t.Errorf("%s: logs%s %d %s", c.name, query, a.status, a.body)
			}
		}
		for action := range strings.FieldsSeq(c.refused) {
			_, a := s.act(path, action, "")
			if _, code := errorOf(t, a); a.status != http.StatusForbidden || code != "NOT_ALLOWED" {
				t.Errorf("%s: %s %d %s", c.name, action, a.status, a.body)
			}
		}
	}
	if state := up.Runs(sim.StackID)[0].State; state != "UNCONFIRMED" {
		t.Fatalf("the run is in %s", state)
	}
	// Of a stack that is not there, nobody learns that.
	p.set(t, map[string]string{confirm: this})
	if a := s.post("/v1/stacks/nope/runs/x/confirm", `{}`); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
	p.fail(fault.Unavailable("The permission backend cannot be asked"))
	_, a := s.act(path, "confirm", "")
	if _, code := errorOf(t, a); a.status != http.StatusServiceUnavailable || code != "PERMISSION_UNAVAILABLE" {
		t.Errorf("%d %s", a.status, a.body)
	}
	p.fail(errors.New("broken"))
	if _, a := s.act(path, "confirm", ""); a.status != http.StatusInternalServerError {
		t.Errorf("%d %s", a.status, a.body)
	}
	p.set(t, map[string]string{confirm: this, stop: ""})
	if d, a := s.act(path, "confirm", ""); a.status != http.StatusOK || d.last() != "CONFIRMED" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
