package httpapi

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host"
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

// TestOwnersAreFresh: with a large catalog, links may be old; what decides may not. And where an entity could not be read,
// nobody is certainly no owner.
func TestOwnersAreFresh(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_795_320_000, 0)
	now := start
	d := &distant{position: 1}
	c := newEntities(d, "spacelift-io", func() time.Time { return now })
	t.Cleanup(c.sight.flight.Close)
	c.byStack, c.owners, c.began, c.due = map[string][]string{}, &ownership{}, start, start.Add(walkShare*10*time.Second)
	for _, tc := range []struct {
		after        time.Duration
		pages, walks int
	}{{ownersFresh - 1, 0, 0}, {ownersFresh, 0, 1}} {
		now = start.Add(tc.after)
		if _, err := c.links(t.Context(), forPages); err != nil || d.walks != tc.pages {
			t.Errorf("after %s: %d walks for a page, %v", tc.after, d.walks, err)
		}
		if _, err := c.owning(t.Context()); err != nil || d.walks != tc.walks {
			t.Errorf("after %s: %d walks for a decision, %v", tc.after, d.walks, err)
		}
	}
	claims := map[string]bool{"group:default/team": true}
	owners, err := c.owning(t.Context())
	if err != nil || owners.holds("prod", claims) != no {
		t.Errorf("%+v, %v", owners, err)
	}
	d.set(func() { d.bad, d.position = &host.EntityError{Err: errors.New("no kind")}, 7 })
	now = now.Add(ownersFresh)
	owners, err = c.owning(t.Context())
	if err != nil || owners.holds("prod", claims) != unknown {
		t.Errorf("%+v, %v", owners, err)
	}
	owners.of["prod"] = []string{"group:default/team"}
	if owners.holds("prod", claims) != yes {
		t.Error("who owns it does so all the same")
	}
}
