package httpapi

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/flight"
)

const (
	// sharedFresh is how long what was read serves all who ask for it, as long as nothing happens to the stack; sharedStale
	// how long where there is no turn to ask again.
	sharedFresh   = 3 * time.Second
	sharedStale   = time.Minute
	sharedTimeout = 15 * time.Second
)

// shared keeps what was read of Spacelift for a moment, so that what Spacelift sees does not depend on how many look.
type shared[T any] struct {
	// turn waits until readers may make us ask once more.
	turn   func(ctx context.Context) error
	now    func() time.Time
	most   int
	flight *flight.Group

	mu   sync.Mutex // guards what follows
	kept map[sharedKey]reading[T]
	// forgotten is when what is known of a stack was last forgotten. What was asked before that is old.
	forgotten map[string]time.Time
}

type sharedKey struct{ stack, what string }

type reading[T any] struct {
	value   T
	version string
	at      time.Time
}

func newShared[T any](turn func(ctx context.Context) error, now func() time.Time, most int) *shared[T] {
	return &shared[T]{
		turn: turn, now: now, most: most, flight: flight.New(sharedTimeout), kept: map[sharedKey]reading[T]{}, forgotten: map[string]time.Time{},
	}
}

// Close ends questions that go on for nobody.
func (c *shared[T]) Close() { c.flight.Close() }

// read returns what ask returns, or returned a moment ago. The version is anything that changes when the stack does.
func (c *shared[T]) read(ctx context.Context, stack, what, version string, ask func(ctx context.Context) (T, error)) (T, error) {
	key := sharedKey{stack, what}
	r, age, since := c.last(key)
	if r.version == version && age < sharedFresh {
		return r.value, nil
	}
	v, err := c.flight.Do(ctx, stack+"\x00"+what+"\x00"+version+"\x00"+since, func(life context.Context) (any, error) {
		if err := c.turn(life); err != nil {
			if age < sharedStale {
				return r.value, nil
			}
			return nil, err
		}
		at := c.now()
		value, err := ask(life)
		if err == nil {
			c.keep(key, reading[T]{value, version, at})
		}
		return value, err
	})
	value, _ := v.(T)
	return value, err
}

// has reports whether anything is kept that was read, however old.
func (c *shared[T]) has(stack, what string) bool {
	_, age, _ := c.last(sharedKey{stack, what})
	return age < math.MaxInt64
}

// last returns what was read last, and its age; what was never read is older than anything.
func (c *shared[T]) last(key sharedKey) (r reading[T], age time.Duration, since string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.forgotten[key.stack]; ok {
		since = at.String()
	}
	r, ok := c.kept[key]
	if !ok {
		return r, math.MaxInt64, since
	}
	return r, c.now().Sub(r.at), since
}

func (c *shared[T]) keep(key sharedKey, r reading[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.at.Before(c.forgotten[key.stack]) {
		return
	}
	if len(c.kept) >= c.most {
		for k, old := range c.kept {
			if r.at.Sub(old.at) >= sharedFresh || len(c.kept) >= 2*c.most {
				delete(c.kept, k)
			}
		}
	}
	c.kept[key] = r
}

// forget drops what is known of a stack, because something was done to it.
func (c *shared[T]) forget(stack string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for other, at := range c.forgotten {
		if now.Sub(at) > sharedTimeout {
			delete(c.forgotten, other) // nobody who asked before that still asks
		}
	}
	c.forgotten[stack] = now
	for key := range c.kept {
		if key.stack == stack {
			delete(c.kept, key)
		}
	}
}
