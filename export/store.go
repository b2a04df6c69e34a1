package export

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations
var migrations embed.FS

// component names our tables' version in the plugin's store.
const component = "export"

// errLeaseLost is a write, or a renewal, by a runner whose destination another replica has taken over.
var errLeaseLost = errors.New("another replica has taken the export over")

// link is one engine's way of running statements: on its own, or in a transaction. Statements have ? for their arguments
// and keep to what both engines understand; what they do not share is behind the other methods.
type link interface {
	exec(ctx context.Context, statement string, args ...any) (int64, error)
	query(ctx context.Context, statement string, args []any, each func(scan scanFunc) error) error
	// insert adds many rows at once.
	insert(ctx context.Context, table string, columns []string, rows [][]any) error
	// putLedger writes many entries of what was sent.
	putLedger(ctx context.Context, destination string, entries []ledgerRow) error
	// hold fails with errLeaseLost unless the ticket holds the destination, and keeps it so until the transaction ends.
	hold(ctx context.Context, destination, ticket string) error
}

type scanFunc func(dest ...any) error

// engine is one of the two databases.
type engine interface {
	// reads runs statements that only read, each on its own.
	reads() link
	// inTx runs f in a transaction. It may run twice, so it has no other effects.
	inTx(ctx context.Context, f func(l link) error) error
	// clock is the store's time in milliseconds, as SQL.
	clock() string
	// oneOf is a condition on a column that holds for the elements of one argument, which is what list returns.
	oneOf(column string) string
	list(values []string) any
	explain(err error) error
}

// store keeps what one destination's runs need to know.
type store struct {
	engine
	dest string
}

// openStore migrates the tables. The caller keeps the database.
func openStore(ctx context.Context, db *database.Database, destination string) (*store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, component, files); err != nil {
		return nil, err
	}
	s := &store{dest: destination}
	switch db.Engine() {
	case database.SQLite:
		s.engine = &sqliteEngine{db: db}
	case database.PostgreSQL:
		s.engine = &postgresqlEngine{db: db}
	default:
		return nil, fmt.Errorf("unknown database engine %q", db.Engine())
	}
	err = s.inTx(ctx, func(l link) error {
		_, err := l.exec(ctx, `INSERT INTO export_destination (id) VALUES (?) ON CONFLICT (id) DO NOTHING`, destination)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the tables: %w", s.explain(err))
	}
	return s, nil
}

// fenced runs f in a transaction that fails with errLeaseLost once another replica has the destination.
func (s *store) fenced(ctx context.Context, ticket string, f func(l link) error) error {
	return s.explain(s.inTx(ctx, func(l link) error {
		if err := l.hold(ctx, s.dest, ticket); err != nil {
			return err
		}
		return f(l)
	}))
}

// one runs a query of at most one row.
func one(ctx context.Context, l link, statement string, args []any, dest ...any) (bool, error) {
	found := false
	err := l.query(ctx, statement, args, func(scan scanFunc) error {
		found = true
		return scan(dest...)
	})
	return found, err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// legible is a text from outside as both engines store it: PostgreSQL refuses NUL and what is not UTF-8, and with them the
// transaction, as often as it is tried.
func legible(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
