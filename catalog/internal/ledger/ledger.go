package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-portal/understudy/host/fault"
)

// keptChanges is how many rows of the change log stay for replicas that lag behind.
const keptChanges = 100_000

// Options configure a ledger.
type Options struct {
	// Log takes what operators should see, such as refused writes.
	Log *slog.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// NewUID makes the uid of a new entity; nil for random ones.
	NewUID func() string
	// KeepChanges is how many rows of the change log stay; 0 for 100,000.
	KeepChanges int64
}

// Ledger applies the rules of the catalog to a store. It is safe for concurrent use.
type Ledger struct {
	Store
	opts Options

	// mu guards subscribers and position.
	mu          sync.Mutex
	subscribers map[chan struct{}]struct{}
	// position is that of the last change that this process wrote.
	position int64
}

// New returns a ledger over an open store.
func New(store Store, opts Options) *Ledger {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewUID == nil {
		opts.NewUID = uuid.NewString
	}
	if opts.KeepChanges == 0 {
		opts.KeepChanges = keptChanges
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Ledger{Store: store, opts: opts, subscribers: make(map[chan struct{}]struct{})}
}

// Subscribe returns a channel that receives after this process has written. A slow receiver misses nothing but the count:
// the channel holds one signal. Call the function to end it.
func (l *Ledger) Subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers[c] = struct{}{}
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, c)
	}
}

// write runs one unit of work and returns the position after which readers see it.
func (l *Ledger) write(ctx context.Context, work func(u *unit) error) (int64, error) {
	var position int64
	err := l.Write(ctx, func(tx Tx) error {
		u := newUnit(ctx, tx, l)
		if err := work(u); err != nil {
			return err
		}
		var err error
		position, err = u.finish()
		return err
	})
	if _, known := errors.AsType[*fault.Error](err); known {
		return 0, err // its text is for the caller as it is
	}
	if err != nil {
		return 0, fmt.Errorf("write to the catalog's ledger: %w", err)
	}
	l.wrote(position)
	return position, nil
}

func (l *Ledger) wrote(position int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position = max(l.position, position)
	for c := range l.subscribers {
		select {
		case c <- struct{}{}:
		default: // a signal already waits
		}
	}
}

// Written is the position of the last change that this process wrote; 0 before the first.
func (l *Ledger) Written() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position
}
