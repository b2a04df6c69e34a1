package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations
var migrations embed.FS

// tombstoneLife is how long a replica may lag behind before it has to read everything again.
const tombstoneLife = 24 * time.Hour

// Store is the plugin's tables. It may be used by many at once, in many processes.
type Store struct{ engine engine }

// Open migrates the tables. The caller keeps the database, and closes it.
func Open(ctx context.Context, db *database.Database) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open the store of stacks: %w", err)
	}
	if err := db.Migrate(ctx, "spacelift", files); err != nil {
		return nil, fmt.Errorf("open the store of stacks: %w", err)
	}
	e, err := engineOf(db)
	if err != nil {
		return nil, fmt.Errorf("open the store of stacks: %w", err)
	}
	return &Store{engine: e}, nil
}

// Use makes the store one of this account: what is there of another one is forgotten, with its triggers, because ids mean
// nothing between accounts. It reports whether there was any.
func (s *Store) Use(ctx context.Context, account string) (forgot bool, err error) {
	err = s.change(ctx, func(q queries, next int64) (bool, error) {
		var have string
		if err := q.query(ctx, `SELECT account FROM spacelift_state`, scanInto(&have)); err != nil {
			return false, err
		}
		if have == account {
			forgot = false
			return false, nil
		}
		forgot = have != ""
		// Readers that know something read everything again.
		if _, err := q.exec(ctx, `UPDATE spacelift_state SET account = $1, purged = $2, key_name = '', swept_at = 0, sweep_started = 0,
			failures = 0, failure = '', failed_at = 0, next_at = 0`, account, next); err != nil {
			return false, err
		}
		if _, err := q.exec(ctx, `DELETE FROM spacelift_stacks`); err != nil {
			return false, err
		}
		_, err := q.exec(ctx, `DELETE FROM spacelift_triggers`)
		return true, err
	})
	return forgot, wrap("take the account", err)
}

// change runs f with the counter's next value, in a transaction that nobody else writes during. The counter moves when f
// says that it changed something.
func (s *Store) change(ctx context.Context, f func(q queries, next int64) (bool, error)) error {
	return s.engine.write(ctx, func(q queries) error {
		var now int64
		// The update takes the row, so that the next writer waits for us.
		if err := q.query(ctx, `UPDATE spacelift_state SET change = change RETURNING change`, scanInto(&now)); err != nil {
			return err
		}
		changed, err := f(q, now+1)
		if err != nil || !changed {
			return err
		}
		_, err = q.exec(ctx, `UPDATE spacelift_state SET change = $1`, now+1)
		return err
	})
}

func scanInto(dst ...any) func(row) error { return func(r row) error { return r.Scan(dst...) } }

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
