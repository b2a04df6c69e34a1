// Package flight lets many who want the same thing at once share one question. The question belongs to none of them: it
// goes on when one leaves, and ends with the Group.
package flight

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// ErrSlow ends a question that takes longer than the Group allows.
var ErrSlow = errors.New("the question that was asked for all took too long")

// Group shares questions by their keys.
type Group struct {
	group   singleflight.Group
	timeout time.Duration
	life    context.Context //nolint:containedctx // the group's own life, not a request's
	end     context.CancelFunc
	waiting sync.WaitGroup
}

// New returns a group whose questions may take so long.
func New(timeout time.Duration) *Group {
	g := &Group{timeout: timeout}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// Close ends what goes on, and waits for it. Nobody asks any more.
func (g *Group) Close() {
	g.end()
	g.waiting.Wait()
}

// Do asks, or waits for the answer to the same question. The context that ask gets is not ctx, which ends only the wait.
func (g *Group) Do(ctx context.Context, key string, ask func(ctx context.Context) (any, error)) (any, error) {
	shared := g.group.DoChan(key, func() (any, error) {
		life, cancel := context.WithTimeoutCause(g.life, g.timeout, ErrSlow)
		defer cancel()
		return ask(life)
	})
	own := make(chan singleflight.Result, 1)
	// Somebody stays with the question when we leave, so that Close knows of it.
	g.waiting.Go(func() { own <- <-shared })
	select {
	case r := <-own:
		return r.Val, r.Err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
