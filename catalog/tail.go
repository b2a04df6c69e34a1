package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

const (
	// tailEvery is how often the change log is looked at when nothing hastens it, so that replicas see each other's writes
	// within a second where nothing ever does.
	tailEvery = 500 * time.Millisecond
	// tailMost is how many rows of the change log are read at once.
	tailMost = 5000
	// listenAgain is the pause before listening again after the connection broke.
	listenAgain = 5 * time.Second
	// tailPatience is how long one read of the change log may take, and how long a mutation waits for its own change. A
	// database that neither answers nor breaks the connection must hold up nobody for longer.
	tailPatience = 10 * time.Second
	// loadPatience is how long a load may go without another part of the catalog. The first one is the database's to plan.
	loadPatience = time.Minute
)

var (
	errSlowChanges = errors.New("the database does not answer")
	errSlowReach   = errors.New("the change is made, but the catalog's index did not get there in time")
)

// tail carries the ledger's changes into the index.
type tail struct {
	ledger *ledger.Ledger
	index  *index.Index
	log    *slog.Logger
	// every is how often the change log is looked at when nothing hastens it.
	every time.Duration
	// patience and loadPatience are as the constants say.
	patience, loadPatience time.Duration

	// turn makes one goroutine at a time read and apply: who puts a token in has it. It is no mutex, because those who
	// wait for it must be able to leave.
	turn chan struct{}
	// behind is true after a failure, so that it is logged once and health tells.
	behind atomic.Bool
	// applied counts the changes that the index has taken.
	applied atomic.Int64
}

func newTail(l *ledger.Ledger, ix *index.Index, log *slog.Logger, every time.Duration) *tail {
	return &tail{
		ledger: l, index: ix, log: log, every: every, patience: tailPatience, loadPatience: loadPatience,
		turn: make(chan struct{}, 1),
	}
}

// load fills the index from the finished entities. It is also what a replica does that was away for longer than the
// change log reaches back. The caller has the turn, or nobody else runs yet.
func (t *tail) load(ctx context.Context) error {
	start := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(t.loadPatience, func() { cancel(errSlowChanges) })
	defer late.Stop()
	err := t.index.Load(func(add func([]index.Doc)) (int64, error) {
		return t.ledger.Finals(ctx, index.LoadPart, func(chunk []ledger.Change) error {
			late.Stop() // what we do with it is not the database's time
			defer late.Reset(t.loadPatience)
			part := make([]index.Doc, len(chunk))
			for i, c := range chunk {
				part[i] = index.Doc{Ref: c.Ref, UID: c.UID, Body: c.Body}
			}
			add(part)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("load the catalog: %w", because(ctx, err))
	}
	loaded := t.index.Snapshot()
	t.applied.Add(int64(loaded.Len()))
	t.log.Info("catalog loaded", "entities", loaded.Len(), "position", loaded.Position(), "took", time.Since(start))
	return nil
}

// catchUp applies everything up to the present end of the change log.
func (t *tail) catchUp(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-t.turn }()
	for {
		at := t.index.Snapshot().Position()
		changes, position, err := t.changes(ctx, at)
		switch {
		case errors.Is(err, ledger.ErrTrimmed):
			t.log.Warn("the change log no longer reaches back to this replica, the catalog is loaded again", "position", at)
			if err := t.load(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("read the catalog's changes: %w", err)
		case position == at:
			return nil
		}
		batch := make([]index.Change, len(changes))
		for i, c := range changes {
			batch[i] = index.Change{Position: c.Position, Ref: c.Ref, UID: c.UID, Body: c.Body}
		}
		if err := t.index.Apply(batch, position); err != nil {
			return err
		}
		t.applied.Add(int64(len(batch)))
		if len(changes) < tailMost {
			return nil
		}
	}
}

// changes reads a part of the change log.
func (t *tail) changes(ctx context.Context, after int64) ([]ledger.Change, int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.patience, errSlowChanges)
	defer cancel()
	changes, position, err := t.ledger.Changes(ctx, after, tailMost)
	if err != nil {
		return nil, 0, because(ctx, err)
	}
	return changes, position, nil
}

// because puts the reason before an error when the error is that ctx has ended.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// reach returns when the index has passed a position.
func (t *tail) reach(ctx context.Context, position int64) error {
	if t.index.Snapshot().Position() >= position {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.patience, errSlowReach)
	defer cancel()
	if err := t.catchUp(ctx); err != nil {
		return because(ctx, err)
	}
	return t.index.Wait(ctx, position)
}

// run tails the change log until ctx ends. Writes of this process and notifications hasten it; polling carries it.
func (t *tail) run(ctx context.Context) error {
	woken, stop := t.ledger.Subscribe()
	defer stop()
	notified := make(chan struct{}, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.listen(ctx, notified) })
	g.Go(func() error { return t.release(ctx) })
	g.Go(func() error {
		tick := time.NewTicker(t.every)
		defer tick.Stop()
		for {
			select {
			case <-woken:
			case <-notified:
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			t.once(ctx)
		}
	})
	return g.Wait()
}

func (t *tail) once(ctx context.Context) {
	err := t.catchUp(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && !t.behind.Swap(true):
		t.log.Warn("the catalog's changes cannot be read, what is served may be old", "err", err)
	case err == nil && t.behind.Swap(false):
		t.log.Info("the catalog is up to date again")
	}
}

func (t *tail) listen(ctx context.Context, notified chan<- struct{}) error {
	for {
		err := t.ledger.Listen(ctx, func() {
			select {
			case notified <- struct{}{}:
			default: // a signal already waits
			}
		})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		t.log.Debug("listening for changes broke, polling goes on", "err", err)
		timer := time.NewTimer(listenAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// mutations is the ledger as the routes use it: a mutation returns after this replica's reads see it, unless the database
// falls silent after it.
type mutations struct {
	*ledger.Ledger
	tail *tail
}

// DeleteByUID deletes an entity and waits until reads no longer have it, for tailPatience at most.
func (m mutations) DeleteByUID(ctx context.Context, uid string) (int64, error) {
	position, err := m.Ledger.DeleteByUID(ctx, uid)
	if err != nil {
		return 0, err
	}
	m.show(ctx, position)
	return position, nil
}

// DeleteUnfinished does so with an entity that reads do not have; what depended on it may change.
func (m mutations) DeleteUnfinished(ctx context.Context, uid string) (int64, error) {
	position, err := m.Ledger.DeleteUnfinished(ctx, uid)
	if err != nil {
		return 0, err
	}
	m.show(ctx, position)
	return position, nil
}

// show lets reads catch up. The mutation stands even if they do not: the routes wait on, log it and tell the position.
func (m mutations) show(ctx context.Context, position int64) {
	if err := m.tail.reach(ctx, position); err != nil {
		m.tail.log.DebugContext(ctx, "a mutation is not in the index yet", "err", err, "position", position)
	}
}

// awaited is a provider's connection whose removals are seen by reads when Apply returns.
type awaited struct {
	Connection
	tail    *tail
	started *atomic.Bool
}

// Apply carries out the mutation. While the plugin starts, nobody reads yet, and Start catches up once for all.
func (a *awaited) Apply(ctx context.Context, m Mutation) error {
	if err := a.Connection.Apply(ctx, m); err != nil || !a.started.Load() {
		return err
	}
	return a.tail.catchUp(ctx)
}
