package mirror

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// readTimeout bounds the read of a stack that somebody looks at, whoever began it.
const readTimeout = 15 * time.Second

// Read returns one stack, read again if it was read more than five seconds ago. However many look at it, one request is
// made; and where too many are looked at, the stored one is the answer. Stale tells that Spacelift could not be asked.
func (m *Mirror) Read(ctx context.Context, id string) (d store.Detail, stale bool, err error) {
	d, ok, err := m.opts.Store.Detail(ctx, id)
	if err != nil {
		return store.Detail{}, false, err
	}
	if ok && m.opts.Now().Sub(d.DetailAt) < readEvery {
		return d, false, nil
	}
	if ok && !m.allowed.Allow() {
		return d, true, nil
	}
	read := m.Renew
	if !ok {
		read = m.Discover
	}
	if err := read(ctx, id); err != nil {
		_, upstream := errors.AsType[*client.Error](err)
		switch {
		case ctx.Err() != nil, !upstream:
			return store.Detail{}, false, err
		case isNotFound(err) && !ok:
			return store.Detail{}, false, err
		case ok:
			// It stays until two complete sweeps have not seen it.
			return d, true, nil
		default:
			return store.Detail{}, false, err
		}
	}
	d, ok, err = m.opts.Store.Detail(ctx, id)
	if err == nil && !ok {
		err = &client.Error{Code: client.CodeNotFound, Status: http.StatusNotFound, Message: "there is no stack with this id, or the API key may not see it"}
	}
	return d, false, err
}

// Discover is Renew for a stack that is not known: whoever asks for many of them, which may not even exist, has to wait.
func (m *Mirror) Discover(ctx context.Context, id string) error {
	_, err := m.reads.Do(ctx, "unknown\x00"+id, func(shared context.Context) (any, error) {
		if err := m.Turn(shared); err != nil {
			return nil, err
		}
		return nil, m.Renew(shared, id)
	})
	return err
}

// turnWait is how long a reader's question waits for its turn.
const turnWait = 5 * time.Second

// Turn waits until readers may make us ask Spacelift once more. Where too many want that it is an *client.Error.
func (m *Mirror) Turn(ctx context.Context) error {
	wait, cancel := context.WithTimeoutCause(ctx, turnWait, errors.New("no turn came"))
	defer cancel()
	if m.allowed.Wait(wait) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &client.Error{
		Code: client.CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: turnWait,
		Message: "too many people look at single stacks and their runs; ask again in a moment",
	}
}

// Renew reads one stack from Spacelift into the store, together with whoever else wants that now.
func (m *Mirror) Renew(ctx context.Context, id string) error {
	// Others may wait for this, so it does not end with the one who began it.
	_, err := m.reads.Do(ctx, id, func(shared context.Context) (any, error) {
		if err := m.readOne(shared, id); err != nil {
			return nil, err
		}
		return nil, m.Refresh(shared)
	})
	return err
}
