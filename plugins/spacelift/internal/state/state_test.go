package state_test

import (
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
)

// accepted are the states that the official plugin knows (spacelift.md 1).
var accepted = []string{
	"APPLYING", "CONFIRMED", "DESTROYING", "DISCARDED", "FAILED", "FINISHED", "INITIALIZING", "NONE", "PLANNING", "PREPARING",
	"PREPARING_APPLY", "PREPARING_REPLAN", "READY", "REPLAN_REQUESTED", "STOPPED", "UNCONFIRMED",
}

func TestStates(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		group, compat string
		moving        bool
	}{
		"QUEUED": {"progress", "READY", true}, "READY": {"progress", "READY", true}, "PENDING": {"progress", "READY", true},
		"PENDING_REVIEW": {"attention", "UNCONFIRMED", true}, "UNCONFIRMED": {"attention", "UNCONFIRMED", true},
		"PREPARING": {"progress", "PREPARING", true}, "INITIALIZING": {"progress", "INITIALIZING", true},
		"PLANNING": {"progress", "PLANNING", true}, "CONFIRMED": {"hold", "CONFIRMED", true},
		"REPLAN_REQUESTED": {"hold", "REPLAN_REQUESTED", true}, "PREPARING_REPLAN": {"progress", "PREPARING_REPLAN", true},
		"PREPARING_APPLY": {"progress", "PREPARING_APPLY", true}, "APPLYING": {"progress", "APPLYING", true},
		"PERFORMING": {"progress", "APPLYING", true}, "DESTROYING": {"progress", "DESTROYING", true},
		"NONE": {"hold", "NONE", false}, "FINISHED": {"finished", "FINISHED", false}, "FAILED": {"failed", "FAILED", false},
		"STOPPED": {"other", "STOPPED", false}, "DISCARDED": {"other", "DISCARDED", false},
		"CANCELED": {"other", "DISCARDED", false}, "SKIPPED": {"other", "DISCARDED", false},
		"QUANTUM": {"other", "NONE", false}, "": {"other", "NONE", false},
	} {
		if state.Group(name) != want.group || state.Compat(name) != want.compat || state.Moving(name) != want.moving {
			t.Errorf("%q: group %s, compat %s, moving %v", name, state.Group(name), state.Compat(name), state.Moving(name))
		}
		if !slices.Contains(accepted, state.Compat(name)) {
			t.Errorf("%q becomes %s, which the official plugin refuses", name, state.Compat(name))
		}
		if state.MayMove(name) != (name == "QUANTUM") {
			t.Errorf("%q: may move %v", name, state.MayMove(name))
		}
		if known := name != "QUANTUM" && name != ""; state.Known(name) != known {
			t.Errorf("%q: known %v", name, !known)
		}
	}
	for _, name := range accepted {
		if state.Compat(name) != name {
			t.Errorf("%s becomes %s", name, state.Compat(name))
		}
		if asked := slices.Contains(state.MovingStacks(), name); asked != state.Moving(name) {
			t.Errorf("%s: asked for %v", name, asked)
		}
	}
}
