package postgresql

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/postgresql/internal/sqlc"
	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations/postgresql/*.sql
var migrations embed.FS

// component names our tables' version among those that share the plugin's schema.
const component = "catalog"

// channel is where writers tell other replicas that the change log grew.
const channel = "understudy_catalog"

// Store is a ledger.Store in PostgreSQL.
type Store struct {
	db *database.Database
	q  *sqlc.Queries
}

// Open brings the tables up to date and returns the store. The database stays its opener's.
func Open(ctx context.Context, db *database.Database) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, component, files); err != nil {
		return nil, err
	}
	return &Store{db: db, q: sqlc.New(db.Pool())}, nil
}

// Write runs fn while no other replica writes.
func (s *Store) Write(ctx context.Context, fn func(tx ledger.Tx) error) error {
	return s.db.InPgTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		q := s.q.WithTx(tx)
		if err := q.Lock(ctx); err != nil {
			return fmt.Errorf("wait for the catalog's other writers: %w", err)
		}
		return fn(&transaction{q: q})
	})
}

// Claim hands out entities that are due and that no other replica is claiming.
func (s *Store) Claim(ctx context.Context, limit int, now, lease time.Time) ([]ledger.Work, error) {
	rows, err := s.q.Claim(ctx, sqlc.ClaimParams{Now: now.UnixMilli(), Most: int32(limit), Lease: lease.UnixMilli()}) //nolint:gosec // a small constant
	if err != nil {
		return nil, fmt.Errorf("claim work: %w", err)
	}
	work := make([]ledger.Work, len(rows))
	for i, r := range rows {
		work[i] = ledger.Work{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, Input: r.Input, InputHash: r.InputHash, ResultHash: r.ResultHash,
			State: r.State, Ticket: r.Ticket, Since: time.UnixMilli(r.Since),
		}
	}
	return work, nil
}

// NextDue returns when the next entity is due, or when a claim of one expires.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	at, err := s.q.NextDue(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read what is due: %w", err)
	}
	return time.UnixMilli(at), true, nil
}

// Listen calls wake at each notification of a writer, and once it listens, for what was written before. It takes one connection out of the pool for as long as it runs,
// and returns when that breaks; the caller may call it again.
func (s *Store) Listen(ctx context.Context, wake func()) error {
	conn, err := s.db.Pool().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen for changes: %w", err)
	}
	// The connection keeps its LISTEN, so it must not go back to the pool.
	raw := conn.Hijack()
	defer raw.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it may be broken already
	if _, err := raw.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen for changes: %w", err)
	}
	wake()
	for {
		if _, err := raw.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("listen for changes: %w", err)
		}
		wake()
	}
}

var _ ledger.Store = (*Store)(nil)
