package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/sqlite/internal/sqlc"
	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// component names our tables' version among those that share the plugin's file.
const component = "catalog"

// Store is a ledger.Store in a SQLite file.
type Store struct {
	db      *database.Database
	writer  *sqlc.Queries
	reader  *sqlc.Queries
	prepped []*sqlc.Queries

	// mu guards leases: what is in flight, until when, and under which ticket.
	mu     sync.Mutex
	leases map[int64]lease
}

type lease struct {
	until  time.Time
	ticket int64
}

// Open brings the tables up to date and returns the store. Close it when done; the database stays its opener's.
func Open(ctx context.Context, db *database.Database) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, component, files); err != nil {
		return nil, err
	}
	s := &Store{db: db, leases: make(map[int64]lease)}
	for _, side := range []struct {
		pool *sql.DB
		into **sqlc.Queries
	}{{db.Writer(), &s.writer}, {db.Reader(), &s.reader}} {
		q, err := sqlc.Prepare(ctx, side.pool)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare the ledger's statements: %w", err), s.Close())
		}
		*side.into = q
		s.prepped = append(s.prepped, q)
	}
	return s, nil
}

// Close releases the prepared statements.
func (s *Store) Close() error {
	var errs []error
	for _, q := range s.prepped {
		errs = append(errs, q.Close())
	}
	return errors.Join(errs...)
}

// Write runs fn with the file's one write lock.
func (s *Store) Write(ctx context.Context, fn func(tx ledger.Tx) error) error {
	var done []ledger.Completion
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		t := &transaction{q: s.writer.WithTx(tx)}
		err := fn(t)
		done = t.done
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range done {
		delete(s.leases, c.ID)
	}
	return nil
}

// Claim hands out entities that are due and not in flight.
func (s *Store) Claim(ctx context.Context, limit int, now, until time.Time) ([]ledger.Work, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.reader.Claimable(ctx, sqlc.ClaimableParams{At: now.UnixMilli(), Limit: int64(limit + len(s.leases))})
	if err != nil {
		return nil, fmt.Errorf("claim work: %w", err)
	}
	var work []ledger.Work
	for _, r := range rows {
		if held, ok := s.leases[r.ID]; ok && held.ticket == r.Ticket && held.until.After(now) {
			continue
		}
		s.leases[r.ID] = lease{until: until, ticket: r.Ticket}
		work = append(work, ledger.Work{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, Input: r.Input, InputHash: r.InputHash, ResultHash: r.ResultHash,
			State: r.State, Ticket: r.Ticket, Since: time.UnixMilli(r.At),
		})
		if len(work) == limit {
			break
		}
	}
	return work, nil
}

// NextDue returns when the next entity that is not in flight is due, or when its lease ends.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.reader.DueTimes(ctx, int64(len(s.leases)+1))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read what is due: %w", err)
	}
	var next time.Time
	for _, r := range rows {
		at := time.UnixMilli(r.At)
		if held, ok := s.leases[r.EntityID]; ok && held.ticket == r.Ticket {
			at = held.until
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, !next.IsZero(), nil
}

// Listen waits for ctx to end: nobody else writes to the file.
func (*Store) Listen(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

// list is a set of strings as the JSON that json_each reads.
func list(values []string) string {
	data, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(data)
}

var _ ledger.Store = (*Store)(nil)
