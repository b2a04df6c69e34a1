package spacelift

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

func TestListAndTrigger(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url})
	a := s.get("/stacks")
	if a.status != http.StatusOK || !strings.HasPrefix(a.body, `[{"id":"prod-network","name":`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	before := len(up.Runs(sim.StackID))
	a = s.send(http.MethodPost, "/stacks/prod-network/trigger", "")
	var run struct{ ID, State string }
	if err := json.Unmarshal([]byte(a.body), &run); err != nil || a.status != http.StatusOK || run.State != "QUEUED" || run.ID == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if runs := up.Runs(sim.StackID); len(runs) != before+1 || runs[0].ID != run.ID {
		t.Errorf("%d runs, had %d", len(runs), before)
	}
}
