package schedule

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/schedule/internal/sqlite"
)

// sqliteStore keeps times as milliseconds since 1970.
type sqliteStore struct {
	db            *database.Database
	reads, writes *sqlite.Queries
}

func newSQLiteStore(db *database.Database) *sqliteStore {
	return &sqliteStore{db: db, reads: sqlite.New(db.Reader()), writes: sqlite.New(db.Writer())}
}

func migrationFiles() (fs.FS, error) { return fs.Sub(migrations, "migrations") }

func fromMillis(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	t := time.UnixMilli(*ms)
	return &t
}

// toMillis rounds up, so that a start is never before its time.
func toMillis(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	ms := t.Add(time.Millisecond - 1).UnixMilli()
	return &ms
}

func (s *sqliteStore) now(ctx context.Context) (time.Time, error) {
	ms, err := s.reads.Now(ctx)
	return time.UnixMilli(ms), s.db.Explain(err)
}

func (s *sqliteStore) register(ctx context.Context, id, settings string, first, next *time.Time) error {
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		q := s.writes.WithTx(tx)
		n, err := q.Insert(ctx, sqlite.InsertParams{ID: id, SettingsJson: settings, FirstStart: toMillis(first)})
		if err != nil || n > 0 {
			return err
		}
		return q.Update(ctx, sqlite.UpdateParams{ID: id, SettingsJson: settings, NextStart: toMillis(next)})
	})
	return s.db.Explain(err)
}

func (s *sqliteStore) rows(ctx context.Context) (map[string]row, time.Time, error) {
	all, err := s.reads.Tasks(ctx)
	if err != nil {
		return nil, time.Time{}, s.db.Explain(err)
	}
	rows, now := make(map[string]row, len(all)), time.Time{}
	for _, r := range all {
		now = time.UnixMilli(r.Now)
		rows[r.ID] = row{
			id: r.ID, settings: r.SettingsJson, next: fromMillis(r.NextRunStartAt), ticket: text(r.CurrentRunTicket),
			started: fromMillis(r.CurrentRunStartedAt), expires: fromMillis(r.CurrentRunExpiresAt),
			lastEnded: fromMillis(r.LastRunEndedAt), lastError: text(r.LastRunErrorJson), lease: fromMillis(r.LeaseExpiresAt),
			holder: text(r.LeaseHolder), cancelled: r.CancelRequestedAt != nil,
		}
	}
	return rows, now, nil
}

func (s *sqliteStore) claim(ctx context.Context, id, ticket, holder string, timeout, lease time.Duration) (claim, bool, error) {
	r, err := s.writes.Claim(ctx, sqlite.ClaimParams{
		ID: id, Ticket: ticket, Holder: holder, TimeoutMs: timeout.Milliseconds(), LeaseMs: lease.Milliseconds(),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return claim{}, false, nil
	}
	if err != nil {
		return claim{}, false, s.db.Explain(err)
	}
	return claim{id: id, ticket: ticket, start: *fromMillis(r.NextRunStartAt), now: *fromMillis(r.CurrentRunStartedAt)}, true, nil
}

func (s *sqliteStore) renew(ctx context.Context, id, ticket string, lease time.Duration) (held, cancelled bool, err error) {
	at, err := s.writes.Renew(ctx, sqlite.RenewParams{ID: id, Ticket: ticket, LeaseMs: lease.Milliseconds()})
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, at != nil, s.db.Explain(err)
}

func (s *sqliteStore) release(ctx context.Context, id, ticket string, next *time.Time, failure string) (bool, error) {
	n, err := s.writes.Release(ctx, sqlite.ReleaseParams{ID: id, Ticket: ticket, NextStart: toMillis(next), ErrorJson: orNil(failure)})
	return n > 0, s.db.Explain(err)
}

func (s *sqliteStore) handBack(ctx context.Context, id, ticket string) (bool, error) {
	n, err := s.writes.HandBack(ctx, sqlite.HandBackParams{ID: id, Ticket: ticket})
	return n > 0, s.db.Explain(err)
}

func (s *sqliteStore) expire(ctx context.Context, id, ticket, failure string) (bool, error) {
	n, err := s.writes.Expire(ctx, sqlite.ExpireParams{ID: id, Ticket: ticket, ErrorJson: failure})
	return n > 0, s.db.Explain(err)
}

func (s *sqliteStore) trigger(ctx context.Context, id string) (bool, error) {
	n, err := s.writes.Trigger(ctx, id)
	if err != nil {
		return false, s.db.Explain(err)
	}
	return changed(ctx, n, s.exists(id))
}

func (s *sqliteStore) requestCancel(ctx context.Context, id string) (bool, error) {
	n, err := s.writes.RequestCancel(ctx, id)
	if err != nil {
		return false, s.db.Explain(err)
	}
	return changed(ctx, n, s.exists(id))
}

func (s *sqliteStore) exists(id string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		n, err := s.reads.Exists(ctx, id)
		return n > 0, s.db.Explain(err)
	}
}
