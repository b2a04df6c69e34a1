package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/understudy-portal/understudy/host/fault"
)

func TestErrorNamesItsCauseAsBackstageDoes(t *testing.T) {
	t.Parallel()
	err := fault.Input("Policy check failed for %s", "component:default/a").CausedBy(fault.NotFound("no file"))
	if got, want := err.Error(), "Policy check failed for component:default/a; caused by NotFoundError: no file"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	plain := fault.Input("boom").CausedBy(errors.New("inner"))
	if got, want := plain.Error(), "boom; caused by Error: inner"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKindSurvivesWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read location: %w", fault.Conflict("taken").With("code", "TAKEN"))
	if fault.Name(err) != fault.NameConflict || fault.Status(err) != 409 || !fault.Is(err, fault.NameConflict) {
		t.Errorf("kind lost: %s %d", fault.Name(err), fault.Status(err))
	}
	if other := errors.New("x"); fault.Status(other) != 500 || fault.Name(other) != "Error" || fault.Is(other, "Error") {
		t.Errorf("an error without a kind must be internal")
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	base := fault.Input("x").With("a", 1)
	if second := base.With("b", 2); len(base.Fields) != 1 || len(second.Fields) != 2 {
		t.Errorf("fields shared: %v %v", base.Fields, second.Fields)
	}
}
