package schedule

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations
var migrations embed.FS

// component names our tables' version in the plugin's store.
const component = "schedule"

// errNoRow is a task that the store does not know.
var errNoRow = errors.New("no such task")

// row is a task as all processes see it. Nil times and empty texts are absent.
type row struct {
	id, settings string
	next         *time.Time
	ticket       string
	started      *time.Time
	expires      *time.Time
	lastEnded    *time.Time
	lastError    string
	lease        *time.Time
	holder       string
	cancelled    bool
}

// claim is a run that is ours.
type claim struct {
	id, ticket string
	// start is when the run was due, now when it was claimed, by the store's clock.
	start, now time.Time
}

// store keeps the rows. Whatever changes a run names its ticket, and reports false when that is no longer the row's.
type store interface {
	now(ctx context.Context) (time.Time, error)
	// register adds a row that starts at first, or gives an existing one these settings and a start no later than next.
	register(ctx context.Context, id, settings string, first, next *time.Time) error
	rows(ctx context.Context) (map[string]row, time.Time, error)
	// claim takes a task that is due and nobody's.
	claim(ctx context.Context, id, ticket, holder string, timeout, lease time.Duration) (claim, bool, error)
	renew(ctx context.Context, id, ticket string, lease time.Duration) (held, cancelled bool, err error)
	// release ends a run. The next start is next, or now if that is past; nil is none.
	release(ctx context.Context, id, ticket string, next *time.Time, failure string) (bool, error)
	// handBack ends a run as if it had not been begun.
	handBack(ctx context.Context, id, ticket string) (bool, error)
	// expire ends another's run whose lease is over. The task stays due.
	expire(ctx context.Context, id, ticket, failure string) (bool, error)
	// trigger and requestCancel fail with errNoRow, or report false when the task runs, or does not.
	trigger(ctx context.Context, id string) (bool, error)
	requestCancel(ctx context.Context, id string) (bool, error)
}

func openStore(ctx context.Context, db *database.Database) (store, error) {
	files, err := migrationFiles()
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, component, files); err != nil {
		return nil, err
	}
	if db.Engine() == database.PostgreSQL {
		return newPostgreSQLStore(db), nil
	}
	return newSQLiteStore(db), nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// orNil is the reverse of text.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// changed tells apart a row that is not there and one that was not as the statement wanted.
func changed(ctx context.Context, n int64, exists func(context.Context) (bool, error)) (bool, error) {
	if n > 0 {
		return true, nil
	}
	there, err := exists(ctx)
	if err == nil && !there {
		err = errNoRow
	}
	return false, err
}
