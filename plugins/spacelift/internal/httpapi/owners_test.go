package httpapi

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/fault"
)

// TestOldOwnersDecideNothing: while the catalog cannot be read, who owned a stack decides for some minutes, and then nobody knows.
func TestOldOwnersDecideNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_795_320_000, 0)
	d := &distant{position: 1}
	c := newEntities(d, "spacelift-io", func() time.Time { return now })
	t.Cleanup(c.sight.flight.Close)
	broken := errors.New("the catalog's trouble")
	for i, step := range []struct {
		after time.Duration
		err   error
		fails bool
	}{
		{},
		{after: entitiesFresh, err: broken},
		{after: ownersKept, err: broken},
		{after: entitiesFresh, err: broken, fails: true},
		{after: walkPause, err: nil},
	} {
		now = now.Add(step.after)
		d.mu.Lock()
		d.err = step.err
		d.position++ // there is something new to read
		d.mu.Unlock()
		owners, err := c.owning(t.Context())
		if (err != nil) != step.fails || err == nil && owners == nil {
			t.Errorf("step %d: %v %v", i, owners, err)
		}
		if step.fails && (fault.Status(err) != http.StatusServiceUnavailable || !errors.Is(err, broken)) {
			t.Errorf("step %d: %v", i, err)
		}
	}
	// A catalog that was never read knows no owners, which is not the same as that there are none.
	never := newEntities(&distant{err: broken}, "spacelift-io", func() time.Time { return now })
	t.Cleanup(never.sight.flight.Close)
	if owners, err := never.owning(t.Context()); fault.Status(err) != http.StatusServiceUnavailable || owners != nil {
		t.Errorf("%v %v", owners, err)
	}
}
