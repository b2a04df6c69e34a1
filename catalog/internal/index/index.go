package index

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Change is the final state of one entity after a change, as the ledger's change log has it.
type Change struct {
	// Position is the change's place in the change log.
	Position int64
	// Ref is the entity's canonical ref.
	Ref string
	// UID is the entity's uid, lower case.
	UID string
	// Body is the entity's final wire JSON; nil says that the entity is gone. The index keeps the slice: nobody may
	// write to it afterwards.
	Body []byte
}

// Doc is one final entity.
type Doc struct {
	// Ref is the canonical ref.
	Ref string
	// UID is metadata.uid.
	UID string
	// Body is the wire JSON, shared with the index: it must not be written to.
	Body []byte
}

// Options are what an Index needs of its surroundings.
type Options struct {
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
	// Metrics takes the index's collectors; nil leaves them unregistered.
	Metrics prometheus.Registerer
}

// Index is the in-memory catalog. Apply belongs to one writer at a time; everything else is safe for concurrent use.
type Index struct {
	log     *slog.Logger
	metrics *metrics

	writer  sync.Mutex // held by Apply, so that two writers cannot lose each other's batch
	current atomic.Pointer[Snapshot]

	mu      sync.Mutex
	changed chan struct{} // guarded by mu; closed and replaced when a snapshot is published
}

// New returns an empty index at position 0.
func New(opts Options) *Index {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ix := &Index{log: opts.Log, changed: make(chan struct{})}
	ix.current.Store(&Snapshot{seed: maphash.MakeSeed()})
	ix.metrics = newMetrics(opts.Metrics, ix)
	return ix
}

// Apply makes a batch of changes visible, all at once, as the state at the given position of the change log. Where a
// batch names a ref more than once, the last change counts. The batch is refused whole, and nothing changes, if a body
// is not a JSON object or the position lies before the current one.
func (ix *Index) Apply(changes []Change, position int64) error {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	start := time.Now()
	old := ix.current.Load()
	if position < old.position {
		return fmt.Errorf("apply changes up to %d: the index is at %d already", position, old.position)
	}
	next, err := old.apply(changes, position)
	if err != nil {
		return fmt.Errorf("apply changes up to %d: %w", position, err)
	}
	ix.publish(next, len(changes), start)
	return nil
}

// publish makes a snapshot the current one, and wakes those who wait. The caller holds writer.
func (ix *Index) publish(next *Snapshot, changes int, start time.Time) {
	ix.current.Store(next)
	ix.mu.Lock()
	close(ix.changed)
	ix.changed = make(chan struct{})
	ix.mu.Unlock()
	ix.metrics.applied(changes, time.Since(start))
}

// Snapshot returns the current state. It costs nothing and stays as it is for as long as it is held.
func (ix *Index) Snapshot() *Snapshot { return ix.current.Load() }

// Wait returns when the index has reached the position, or with the context's cause when that ends first.
func (ix *Index) Wait(ctx context.Context, position int64) error {
	for {
		ix.mu.Lock()
		changed := ix.changed
		ix.mu.Unlock()
		if ix.current.Load().position >= position {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for position %d: %w", position, context.Cause(ctx))
		}
	}
}
