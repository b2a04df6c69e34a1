package httpapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// distant is a catalog on another machine that counts what it is asked.
type distant struct {
	mu       sync.Mutex // guards what follows
	position int64
	walks    int
	refs     int
	err      error
	hidden   map[string]bool // by user
	// bad is an entity that a walk meets and that cannot be read.
	bad *host.EntityError
}

func (d *distant) Consistent() bool { return false }

func (d *distant) Position() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.position
}

func (d *distant) Changed(ctx context.Context, after int64) (int64, error) {
	<-ctx.Done()
	return after, context.Cause(ctx)
}

func (d *distant) ByRef(context.Context, auth.Credentials, string) (entity.Entity, bool, error) {
	return entity.Entity{}, false, errors.New("one at a time")
}

func (d *distant) ByRefs(_ context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refs++
	if d.err != nil {
		return nil, d.err
	}
	found := make([]*entity.Entity, len(refs))
	for i := range refs {
		if !d.hidden[who.UserRef] {
			e := tied(i)
			found[i] = &e
		}
	}
	return found, nil
}

func tied(i int) entity.Entity {
	o, err := entity.ParseObject([]byte(fmt.Sprintf(`{"kind":"Component","metadata":{"name":"c%d","annotations":{"spacelift.io/stack-id":"prod"}}}`, i)))
	if err != nil {
		panic(err)
	}
	return entity.FromObject(o)
}

func (d *distant) Entities(context.Context, auth.Credentials, entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		d.mu.Lock()
		d.walks++
		err, bad := d.err, d.bad
		d.mu.Unlock()
		if bad != nil && !yield(entity.Entity{}, bad) {
			return
		}
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		for i := range 3 {
			if !yield(tied(i), nil) {
				return
			}
		}
	}
}

func (d *distant) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// TestViewersDoNotMultiplyQuestions: what the catalog is asked depends on time and on who looks, not on how often.
func TestViewersDoNotMultiplyQuestions(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := &distant{hidden: map[string]bool{"user:default/mallory": true}}
	c := newEntities(d, "spacelift-io", func() time.Time { return now })
	defer c.sight.flight.Close()
	jane, mallory := auth.UserCredentials("user:default/jane"), auth.UserCredentials("user:default/mallory")
	look := func(who auth.Credentials, want int) {
		t.Helper()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if refs, err := c.naming(t.Context(), who, "prod"); err != nil || len(refs) != want {
					t.Errorf("%q, %v", refs, err)
				}
			})
		}
		group.Wait()
	}
	look(jane, 3)
	look(mallory, 0)
	if d.walks != 1 || d.refs != 2 {
		t.Errorf("%d walks and %d questions for two users", d.walks, d.refs)
	}
	// The position moves; then there is one walk more, and after a while what a user may see is asked again.
	now = now.Add(sightFresh)
	d.set(func() { d.position++ })
	look(jane, 3)
	if d.walks != 2 || d.refs != 3 {
		t.Errorf("%d walks and %d questions", d.walks, d.refs)
	}
}

// TestCatalogThatFails is asked no more often for many viewers; links that were known serve, and one user's trouble is
// nobody else's.
func TestCatalogThatFails(t *testing.T) {
	t.Parallel()
	now := time.Now()
	down := fault.Unavailable("the catalog cannot be read just now")
	d := &distant{err: down}
	c := newEntities(d, "spacelift-io", func() time.Time { return now })
	defer c.sight.flight.Close()
	jane, joe := auth.UserCredentials("user:default/jane"), auth.UserCredentials("user:default/joe")
	for range 20 {
		if _, err := c.naming(t.Context(), jane, "prod"); !errors.Is(err, down) {
			t.Fatalf("got %v", err)
		}
	}
	if d.walks != 1 {
		t.Errorf("%d walks of a catalog that is down", d.walks)
	}
	now = now.Add(walkPause)
	d.set(func() { d.err = nil })
	if refs, err := c.naming(t.Context(), jane, "prod"); err != nil || !slices.Equal(refs, []string{"component:default/c0", "component:default/c1", "component:default/c2"}) {
		t.Fatalf("%q, %v", refs, err)
	}
	// It goes down again: the links are known, and what users may see is not asked for each of them.
	now = now.Add(sightFresh)
	d.set(func() { d.err, d.refs = down, 0; d.position++ })
	for range 20 {
		if _, err := c.naming(t.Context(), joe, "prod"); !errors.Is(err, down) {
			t.Fatalf("got %v", err)
		}
		if _, err := c.stacksOf(t.Context(), jane, "component:default/c0"); !errors.Is(err, down) {
			t.Fatalf("got %v", err)
		}
	}
	if d.refs != 1 || d.walks != 3 {
		t.Errorf("%d questions and %d walks of a catalog that is down", d.refs, d.walks)
	}
	now = now.Add(sightPause)
	d.set(func() { d.err = fault.Authentication("the token has ended") })
	if _, err := c.stacksOf(t.Context(), jane, "component:default/c0"); fault.Status(err) != 401 {
		t.Errorf("got %v", err)
	}
	d.set(func() { d.err = nil })
	if ids, err := c.stacksOf(t.Context(), joe, "component:default/c0"); err != nil || !slices.Equal(ids, []string{"prod"}) {
		t.Errorf("%q, %v", ids, err)
	}
}
