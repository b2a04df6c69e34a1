package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/schedule/internal/postgresql"
)

type postgresqlStore struct {
	db *database.Database
	q  *postgresql.Queries
}

func newPostgreSQLStore(db *database.Database) *postgresqlStore {
	return &postgresqlStore{db: db, q: postgresql.New(db.Pool())}
}

func (s *postgresqlStore) now(ctx context.Context) (time.Time, error) {
	now, err := s.q.Now(ctx)
	return now, s.db.Explain(err)
}

func (s *postgresqlStore) register(ctx context.Context, id, settings string, first, next *time.Time) error {
	err := s.q.Register(ctx, postgresql.RegisterParams{ID: id, SettingsJson: settings, FirstStart: first, NextStart: next})
	return s.db.Explain(err)
}

func (s *postgresqlStore) rows(ctx context.Context) (map[string]row, time.Time, error) {
	all, err := s.q.Tasks(ctx)
	if err != nil {
		return nil, time.Time{}, s.db.Explain(err)
	}
	rows, now := make(map[string]row, len(all)), time.Time{}
	for _, r := range all {
		now = r.Now
		rows[r.ID] = row{
			id: r.ID, settings: r.SettingsJson, next: r.NextRunStartAt, ticket: text(r.CurrentRunTicket),
			started: r.CurrentRunStartedAt, expires: r.CurrentRunExpiresAt, lastEnded: r.LastRunEndedAt,
			lastError: text(r.LastRunErrorJson), lease: r.LeaseExpiresAt, holder: text(r.LeaseHolder),
			cancelled: r.CancelRequestedAt != nil,
		}
	}
	return rows, now, nil
}

func (s *postgresqlStore) claim(ctx context.Context, id, ticket, holder string, timeout, lease time.Duration) (claim, bool, error) {
	r, err := s.q.Claim(ctx, postgresql.ClaimParams{
		ID: id, Ticket: ticket, Holder: holder, TimeoutMs: timeout.Milliseconds(), LeaseMs: lease.Milliseconds(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return claim{}, false, nil
	}
	if err != nil {
		return claim{}, false, s.db.Explain(err)
	}
	return claim{id: id, ticket: ticket, start: *r.NextRunStartAt, now: *r.CurrentRunStartedAt}, true, nil
}

func (s *postgresqlStore) renew(ctx context.Context, id, ticket string, lease time.Duration) (held, cancelled bool, err error) {
	at, err := s.q.Renew(ctx, postgresql.RenewParams{ID: id, Ticket: ticket, LeaseMs: lease.Milliseconds()})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, at != nil, s.db.Explain(err)
}

func (s *postgresqlStore) release(ctx context.Context, id, ticket string, next *time.Time, failure string) (bool, error) {
	n, err := s.q.Release(ctx, postgresql.ReleaseParams{ID: id, Ticket: ticket, NextStart: next, ErrorJson: orNil(failure)})
	return n > 0, s.db.Explain(err)
}

func (s *postgresqlStore) handBack(ctx context.Context, id, ticket string) (bool, error) {
	n, err := s.q.HandBack(ctx, postgresql.HandBackParams{ID: id, Ticket: ticket})
	return n > 0, s.db.Explain(err)
}

func (s *postgresqlStore) expire(ctx context.Context, id, ticket, failure string) (bool, error) {
	n, err := s.q.Expire(ctx, postgresql.ExpireParams{ID: id, Ticket: ticket, ErrorJson: failure})
	return n > 0, s.db.Explain(err)
}

func (s *postgresqlStore) trigger(ctx context.Context, id string) (bool, error) {
	n, err := s.q.Trigger(ctx, id)
	if err != nil {
		return false, s.db.Explain(err)
	}
	return changed(ctx, n, s.exists(id))
}

func (s *postgresqlStore) requestCancel(ctx context.Context, id string) (bool, error) {
	n, err := s.q.RequestCancel(ctx, id)
	if err != nil {
		return false, s.db.Explain(err)
	}
	return changed(ctx, n, s.exists(id))
}

func (s *postgresqlStore) exists(id string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		there, err := s.q.Exists(ctx, id)
		return there, s.db.Explain(err)
	}
}
