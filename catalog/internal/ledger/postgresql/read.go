package postgresql

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/postgresql/internal/sqlc"
)

// snapshot runs fn over one state of the database.
func (s *Store) snapshot(ctx context.Context, fn func(q *sqlc.Queries) error) error {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return s.db.InPgTx(ctx, opts, func(tx pgx.Tx) error { return fn(s.q.WithTx(tx)) })
}

// Position is that of the last change.
func (s *Store) Position(ctx context.Context) (int64, error) {
	return s.q.Position(ctx)
}

// Changes returns what changed after a position.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]ledger.Change, int64, error) {
	var changes []ledger.Change
	upTo := after
	err := s.snapshot(ctx, func(q *sqlc.Queries) error {
		changes, upTo = nil, after
		position, err := q.Position(ctx)
		if err != nil || position <= after {
			return err
		}
		first, err := q.FirstPosition(ctx)
		if err != nil {
			return err
		}
		if first == 0 || first > after+1 {
			return ledger.ErrTrimmed
		}
		upTo = min(position, after+int64(limit))
		rows, err := q.Changes(ctx, sqlc.ChangesParams{After: after, UpTo: upTo})
		if err != nil {
			return err
		}
		for _, r := range rows {
			changes = append(changes, ledger.Change{Position: r.Position, Ref: r.Ref, UID: r.Uid, Body: r.Body})
		}
		return nil
	})
	return changes, upTo, err
}

// Finals yields all finished entities from one snapshot.
func (s *Store) Finals(ctx context.Context, chunk int, yield func([]ledger.Change) error) (int64, error) {
	var position int64
	begun := false
	err := s.snapshot(ctx, func(q *sqlc.Queries) error {
		if begun { // the transaction is tried again, and yield must not see anything twice
			return errors.New("the database ended the reading of the catalog half-way")
		}
		var err error
		if position, err = q.Position(ctx); err != nil {
			return err
		}
		last := int64(0)
		for {
			rows, err := q.Finals(ctx, sqlc.FinalsParams{EntityID: last, Limit: int32(chunk)})
			if err != nil || len(rows) == 0 {
				return err
			}
			changes := make([]ledger.Change, len(rows))
			for i, r := range rows {
				changes[i] = ledger.Change{Position: position, Ref: r.Ref, UID: r.Uid, Body: r.Body}
			}
			last = rows[len(rows)-1].EntityID
			begun = true
			if err := yield(changes); err != nil {
				return err
			}
		}
	})
	return position, err
}

// Parents returns the refs of the entities that emitted these.
func (s *Store) Parents(ctx context.Context, refs []string) (map[string][]string, error) {
	rows, err := s.q.Parents(ctx, refs)
	if err != nil {
		return nil, err
	}
	parents := make(map[string][]string, len(refs))
	for _, r := range rows {
		parents[r.TargetRef] = append(parents[r.TargetRef], r.SourceRef)
	}
	return parents, nil
}

// Watched returns every entity whose processing read the outside.
func (s *Store) Watched(ctx context.Context) ([]ledger.Watch, error) {
	rows, err := s.q.Watched(ctx)
	if err != nil {
		return nil, err
	}
	watches := make([]ledger.Watch, len(rows))
	for i, r := range rows {
		watches[i] = ledger.Watch{ID: r.ID, Ref: r.Ref, State: r.State}
	}
	return watches, nil
}

// Failed returns entities whose processing never succeeded.
func (s *Store) Failed(ctx context.Context, after int64, limit int) ([]ledger.Unfinished, error) {
	rows, err := s.q.Failed(ctx, sqlc.FailedParams{EntityID: after, Limit: int32(limit)}) //nolint:gosec // callers ask for some hundred
	if err != nil {
		return nil, err
	}
	all := make([]ledger.Unfinished, len(rows))
	for i, r := range rows {
		all[i] = ledger.Unfinished{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, LocationKey: r.LocationKey, Input: r.Input, InputHash: r.InputHash,
			ResultHash: r.Hash, Errors: r.Errors, Given: moment(r.GivenAt), Due: moment(r.At.Int64),
		}
	}
	return all, nil
}

// Pending returns entities that wait for their first processing.
func (s *Store) Pending(ctx context.Context, after int64, limit int) ([]ledger.Unfinished, error) {
	rows, err := s.q.Pending(ctx, sqlc.PendingParams{EntityID: after, Limit: int32(limit)}) //nolint:gosec // callers ask for some hundred
	if err != nil {
		return nil, err
	}
	all := make([]ledger.Unfinished, len(rows))
	for i, r := range rows {
		all[i] = ledger.Unfinished{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, LocationKey: r.LocationKey, Input: r.Input, InputHash: r.InputHash,
			Given: moment(r.GivenAt), Due: moment(r.At),
		}
	}
	return all, nil
}

// moment reads a stored time; 0 stands for none.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Providers returns the names of all providers that own something.
func (s *Store) Providers(ctx context.Context) ([]string, error) { return s.q.Providers(ctx) }

// Counts returns the sizes that metrics show.
func (s *Store) Counts(ctx context.Context) (ledger.Counts, error) {
	var c ledger.Counts
	err := s.snapshot(ctx, func(q *sqlc.Queries) error {
		var err error
		if c.Relations, err = q.CountRelations(ctx); err != nil {
			return err
		}
		if c.Locations, err = q.CountLocations(ctx); err != nil {
			return err
		}
		c.Due, err = q.CountDue(ctx)
		return err
	})
	return c, err
}

// Locations returns all registered locations.
func (s *Store) Locations(ctx context.Context) ([]ledger.Location, error) {
	return locations(s.q.Locations(ctx))
}

// Setting returns a remembered value.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	value, err := s.q.Setting(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func locations(rows []sqlc.Location, err error) ([]ledger.Location, error) {
	all := make([]ledger.Location, len(rows))
	for i, r := range rows {
		all[i] = ledger.Location{ID: r.ID, Type: r.Type, Target: r.Target, EntityRef: r.EntityRef}
	}
	return all, err
}
