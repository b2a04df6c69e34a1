package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// TestOneViewersTroubleIsNobodyElses: a question that fails is remembered for who asks it again, and for nobody else, unless
// the whole catalog is down.
func TestOneViewersTroubleIsNobodyElses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := &distant{}
	c := newSight(d, func() time.Time { return now })
	defer c.flight.Close()
	alice, bob := auth.UserCredentials("user:default/alice"), auth.UserCredentials("user:default/bob")
	hers, his := []string{"component:default/hers"}, []string{"component:default/his"}
	for _, tc := range []struct {
		name      string
		err       error
		everybody bool
	}{
		{name: "without a kind", err: errors.New("no idea")},
		{name: "too long", err: fault.TooLarge("too long")},
		{name: "about another entity", err: &host.EntityError{Ref: "component:default/other", Err: errors.New("no kind")}},
		{name: "down", err: fault.Unavailable("the catalog cannot be read just now"), everybody: true},
	} {
		now = now.Add(sightFresh)
		d.set(func() { d.err, d.refs = tc.err, 0 })
		for range 5 {
			if _, _, err := c.read(t.Context(), alice, hers); !errors.Is(err, tc.err) {
				t.Errorf("%s: she gets %v", tc.name, err)
			}
		}
		if d.refs != 1 {
			t.Errorf("%s: asked %d times", tc.name, d.refs)
		}
		d.set(func() { d.err = nil })
		if _, _, err := c.read(t.Context(), bob, his); (err != nil) != tc.everybody {
			t.Errorf("%s: he gets %v", tc.name, err)
		}
		now = now.Add(sightPause)
		if found, _, err := c.read(t.Context(), alice, hers); err != nil || len(found) != 1 {
			t.Errorf("%s: later she gets %v, %v", tc.name, found, err)
		}
	}
}

// TestADamagedEntity is the trouble of who asks for it, by its name.
func TestADamagedEntity(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := &distant{}
	c := newEntities(d, "spacelift-io", func() time.Time { return now })
	defer c.sight.flight.Close()
	jane := auth.UserCredentials("user:default/jane")
	if refs, err := c.naming(t.Context(), jane, "prod"); err != nil || len(refs) != 3 {
		t.Fatalf("%q, %v", refs, err)
	}
	now = now.Add(sightFresh)
	damaged := errors.Join(&host.EntityError{Ref: "component:default/c1", Err: errors.New("nested too deeply")})
	c.sight.catalog = &partly{distant: d, err: damaged}
	if refs, err := c.naming(t.Context(), jane, "prod"); err != nil || fmt.Sprint(refs) != "[component:default/c0 component:default/c2]" {
		t.Errorf("%q, %v", refs, err)
	}
	p := problemOf(errorOf(c.stacksOf(t.Context(), jane, "component:default/c1")))
	if p == nil || p.status != http.StatusBadRequest || !strings.Contains(p.message, "component:default/c1 cannot be read: nested too deeply") {
		t.Errorf("%+v", p)
	}
	p = problemOf(errorOf(c.stacksOf(t.Context(), jane, "component:default/"+strings.Repeat("<", 20<<10))))
	if p == nil || p.status != http.StatusBadRequest || len(p.message) > 200 {
		t.Errorf("%+v", p)
	}
}

func errorOf(_ []string, err error) error { return err }

// partly is a catalog of which a single entity cannot be read.
type partly struct {
	*distant
	err error
}

func (p *partly) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found, err := p.distant.ByRefs(ctx, who, refs)
	if err != nil {
		return nil, err
	}
	bad, _ := host.Damaged(refs, p.err)
	for i, ref := range refs {
		if bad[ref] != nil {
			found[i] = nil
		}
	}
	if len(bad) > 0 {
		err = p.err
	}
	return found, err
}

// slow is a catalog that never answers.
type slow struct{ *distant }

func (slow) ByRefs(ctx context.Context, _ auth.Credentials, _ []string) ([]*entity.Entity, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("read the catalog: %w", context.Cause(ctx))
}

// TestASlowCatalogIsDown for everybody for a moment.
func TestASlowCatalogIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newSight(slow{&distant{}}, time.Now)
		defer c.flight.Close()
		for _, user := range []string{"user:default/alice", "user:default/bob"} {
			if _, _, err := c.read(t.Context(), auth.UserCredentials(user), []string{"component:default/a"}); fault.Status(err) != http.StatusServiceUnavailable {
				t.Errorf("%s gets %v", user, err)
			}
		}
		if took := time.Since(c.retryAt.Add(-sightPause)); took != 0 {
			t.Errorf("the second waited for %s", took)
		}
	})
}
