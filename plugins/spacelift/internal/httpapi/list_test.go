package httpapi

import (
	"testing"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

// TestAHoldEndsWithItsTime asks for a stack whose trigger nobody could look after.
func TestAHoldEndsWithItsTime(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_795_320_000, 0)
	a := &API{Options: Options{Now: func() time.Time { return now }}}
	s := &mirror.Snapshot{Pending: map[string]store.Trigger{"s": {ID: "t", Person: "user:default/jane", Outcome: store.Unknown, CreatedAt: now}}}
	stack := client.Stack{ID: "s", CanWrite: true, State: "FINISHED"}
	now = now.Add(trigger.Hold - time.Second)
	if a.whyNot(stack, a.held(s, "s")) == "" {
		t.Error("it may be triggered too early")
	}
	now = now.Add(time.Second)
	if why := a.whyNot(stack, a.held(s, "s")); why != "" {
		t.Errorf("it may not be triggered: %s", why)
	}
}
