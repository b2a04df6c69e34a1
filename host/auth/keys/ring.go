package keys

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Source is where a signer gets its keys: a Ring, or configured files.
type Source interface {
	// Signer returns the key pair to sign the next token with.
	Signer(ctx context.Context) (*Signer, error)
	// Keys returns the public keys to publish. They include those of the other replicas.
	Keys(ctx context.Context) (Set, error)
}

// Store holds public keys for as long as they are to be published. Replicas may share it.
type Store interface {
	// Add stores a key until the given time.
	Add(ctx context.Context, key Public, expires time.Time) error
	// List returns the keys that have not expired, oldest first, and removes the others.
	List(ctx context.Context, now time.Time) (Set, error)
}

// RingOptions say how a Ring works.
type RingOptions struct {
	// Store takes the public keys.
	Store Store
	// Algorithm of new keys; empty means DefaultAlgorithm.
	Algorithm string
	// Rotate is how long a key signs. Keep is how long it is published, since it was made; it must be at least Rotate
	// and the lifetime of a token together.
	Rotate, Keep time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Ring signs with keys that it makes itself. It is safe for concurrent use.
type Ring struct {
	options RingOptions

	// making guards the fields below. It is held while a key is made, so that a burst of callers makes one, and whoever
	// waits for it meanwhile gives up with its context.
	making  *semaphore.Weighted
	current *Signer
	until   time.Time
}

// NewRing returns a ring. It makes no key before the first one is asked for.
func NewRing(options RingOptions) *Ring {
	if options.Algorithm == "" {
		options.Algorithm = DefaultAlgorithm
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Ring{options: options, making: semaphore.NewWeighted(1)}
}

// Signer returns the current key pair. A new one is stored before it is returned, so that nobody sees a token whose key
// is not published yet.
func (r *Ring) Signer(ctx context.Context) (*Signer, error) {
	if err := r.making.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait for a signing key: %w", err)
	}
	defer r.making.Release(1)
	now := r.options.Now()
	if r.current != nil && now.Before(r.until) {
		return r.current, nil
	}
	signer, err := Generate(r.options.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := r.options.Store.Add(ctx, signer.Public(), now.Add(r.options.Keep)); err != nil {
		return nil, fmt.Errorf("store public key: %w", err)
	}
	r.current, r.until = signer, now.Add(r.options.Rotate)
	return signer, nil
}

// Keys returns what is in the store.
func (r *Ring) Keys(ctx context.Context) (Set, error) {
	set, err := r.options.Store.List(ctx, r.options.Now())
	if err != nil {
		return nil, fmt.Errorf("list public keys: %w", err)
	}
	return set, nil
}

var _ Source = (*Ring)(nil)

// memory is a Store that ends with the process.
type memory struct {
	mu   sync.Mutex // guards keys
	keys []memoryKey
}

type memoryKey struct {
	key     Public
	expires time.Time
}

// Memory returns a store that ends with the process; tokens signed by its keys end with it.
func Memory() Store { return &memory{} }

// Add stores the key.
func (m *memory) Add(_ context.Context, key Public, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append(m.keys, memoryKey{key: key, expires: expires})
	return nil
}

// List returns the keys that have not expired.
func (m *memory) List(_ context.Context, now time.Time) (Set, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var set Set
	live := m.keys[:0]
	for _, k := range m.keys {
		if k.expires.After(now) {
			live = append(live, k)
			set = append(set, k.key)
		}
	}
	m.keys = live
	return set, nil
}
