package schedule

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/host/schedule/internal/postgresql"
	"github.com/understudy-portal/understudy/host/schedule/internal/sqlite"
)

// renewMost is the longest wait between two looks at the row, within which a cancellation is noticed (core.md 9.2).
const renewMost = 5 * time.Second

// keeper holds the lease of one run.
type keeper struct {
	store store
	claim claim
	lease time.Duration
	abort context.CancelCauseFunc
	log   *slog.Logger
}

// start renews the lease until the returned function is called, which waits for its end. A run that is over its time is
// renewed no longer, so that another process can take over from one that hangs.
func (k *keeper) start(ctx context.Context, asked time.Time, timeout time.Duration) (stop func()) {
	// A run that was told to stop keeps its lease until it has stopped.
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), asked.Add(timeout))
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.keep(ctx, asked)
	}()
	return func() {
		cancel()
		<-done
	}
}

// keep renews at a third of the lease. A tenth before the store would give the run to somebody else, by our own clock, it
// ends the run: it must be over when another begins.
func (k *keeper) keep(ctx context.Context, asked time.Time) {
	every := min(k.lease/3, renewMost)
	good := asked.Add(k.lease - k.lease/10)
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		asked := time.Now()
		attempt, cancel := context.WithDeadline(ctx, good)
		held, cancelled, err := k.store.renew(attempt, k.claim.id, k.claim.ticket, k.lease)
		cancel()
		wait := every
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && !held, err != nil && !time.Now().Before(good):
			k.log.Warn("the lease on a task was lost", "err", err)
			k.abort(ErrLeaseLost)
			return
		case err != nil:
			k.log.Warn("the lease on a task could not be renewed yet", "err", err)
			wait = every / 4
		default:
			good = asked.Add(k.lease - k.lease/10)
			if cancelled {
				k.abort(ErrCancelled)
			}
		}
		timer.Reset(min(wait, max(0, time.Until(good))))
	}
}

// Lease is the claim on the run of a global task.
type Lease struct {
	id, ticket string
	due        time.Time
}

type leaseKey struct{}

func withLease(ctx context.Context, l Lease) context.Context {
	return context.WithValue(ctx, leaseKey{}, l)
}

// LeaseOf returns the lease of the run that ctx belongs to. Runs of local tasks have none.
func LeaseOf(ctx context.Context) (Lease, bool) {
	l, ok := ctx.Value(leaseKey{}).(Lease)
	return l, ok
}

// Ticket is unique to the run: a fencing token for stores that compare one.
func (l Lease) Ticket() string { return l.ticket }

// Due is when the run was to begin, by the store's clock. No two runs of a task that end by themselves have the same.
func (l Lease) Due() time.Time { return l.due }

// Hold fails with ErrLeaseLost unless the run is still ours. Called in a transaction on the plugin's own store, it keeps
// what the transaction writes from landing after somebody else has taken over.
func (l Lease) Hold(ctx context.Context, tx *sql.Tx) error {
	_, err := sqlite.New(tx).Hold(ctx, sqlite.HoldParams{ID: l.id, Ticket: l.ticket})
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLeaseLost
	}
	return err
}

// HoldPg is Hold on PostgreSQL: until the transaction ends, nobody can take the run over.
func (l Lease) HoldPg(ctx context.Context, tx pgx.Tx) error {
	_, err := postgresql.New(tx).Hold(ctx, postgresql.HoldParams{ID: l.id, Ticket: l.ticket})
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrLeaseLost
	}
	return err
}
