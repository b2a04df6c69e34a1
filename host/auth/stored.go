package auth

import (
	"context"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// staleTimeout is how long a store is waited for whose answer is known already, if perhaps not the latest.
const staleTimeout = 2 * time.Second

// storedKeys remembers the keys of a store of this process, so that neither every new token costs a query nor a store
// that does not answer keeps out whoever signed in before. A key that is not known is always asked for: this process may
// have made it a moment ago.
type storedKeys struct {
	read func(ctx context.Context) (keys.Set, error)

	mu    sync.Mutex // guards what follows
	set   keys.Set
	until time.Time // when set is to be read again
}

// keys returns the keys to verify a token of this header with.
func (k *storedKeys) keys(ctx context.Context, header token.Header, now time.Time) (keys.Set, error) {
	old, fresh := k.known(header, now)
	if fresh {
		return old, nil
	}
	if old != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, staleTimeout)
		defer cancel()
	}
	set, err := k.read(ctx)
	switch {
	case err == nil:
		k.remember(set, now.Add(keysFresh))
		return set, nil
	case old != nil: // tokens end soon, and so does what an old key is good for
		k.remember(old, now.Add(refetchPause))
		return old, nil
	default:
		return nil, err
	}
}

// known returns what is remembered if the token's key is in it, and whether that is good enough.
func (k *storedKeys) known(header token.Header, now time.Time) (set keys.Set, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.set.Find(header.KeyID, header.Algorithm)) == 0 {
		return nil, false
	}
	return k.set, now.Before(k.until)
}

func (k *storedKeys) remember(set keys.Set, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set, k.until = set, until
}
