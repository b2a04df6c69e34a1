package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/schedule"
)

// row is one result, or the place of one.
type row interface{ Scan(dst ...any) error }

// queries run statements whose parameters are $1, $2 and so on.
type queries interface {
	exec(ctx context.Context, statement string, args ...any) (affected int64, err error)
	// query calls scan for each row of the result.
	query(ctx context.Context, statement string, scan func(row) error, args ...any) error
}

// engine is one of the databases.
type engine interface {
	read() queries
	// write runs f in a transaction. Within a task it fails when the task's lease is lost.
	write(ctx context.Context, f func(q queries) error) error
}

func engineOf(db *database.Database) (engine, error) {
	switch db.Engine() {
	case database.SQLite:
		return sqlite{db}, nil
	case database.PostgreSQL:
		return postgresql{db}, nil
	default:
		return nil, fmt.Errorf("unknown database engine %q", db.Engine())
	}
}

type sqlite struct{ db *database.Database }

func (e sqlite) read() queries { return sqliteQueries{e.db.Reader()} }

func (e sqlite) write(ctx context.Context, f func(q queries) error) error {
	return e.db.InTx(ctx, func(tx *sql.Tx) error {
		if lease, ok := schedule.LeaseOf(ctx); ok {
			if err := lease.Hold(ctx, tx); err != nil {
				return err
			}
		}
		return f(sqliteQueries{tx})
	})
}

// sqliteQueries speaks to *sql.DB and *sql.Tx.
type sqliteQueries struct {
	to interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

// numbered writes $1 as ?1: SQLite takes the former for a name.
func numbered(statement string) string { return strings.ReplaceAll(statement, "$", "?") }

func (q sqliteQueries) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := q.to.ExecContext(ctx, numbered(statement), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (q sqliteQueries) query(ctx context.Context, statement string, scan func(row) error, args ...any) error {
	rows, err := q.to.QueryContext(ctx, numbered(statement), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

type postgresql struct{ db *database.Database }

func (e postgresql) read() queries { return poolQueries{e.db.Pool()} }

func (e postgresql) write(ctx context.Context, f func(q queries) error) error {
	return e.db.InPgTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if lease, ok := schedule.LeaseOf(ctx); ok {
			if err := lease.HoldPg(ctx, tx); err != nil {
				return err
			}
		}
		return f(txQueries{tx})
	})
}

type poolQueries struct{ pool *pgxpool.Pool }

func (q poolQueries) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := q.pool.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}

func (q poolQueries) query(ctx context.Context, statement string, scan func(row) error, args ...any) error {
	rows, err := q.pool.Query(ctx, statement, args...)
	return eachRow(rows, err, scan)
}

type txQueries struct{ tx pgx.Tx }

func (q txQueries) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := q.tx.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}

func (q txQueries) query(ctx context.Context, statement string, scan func(row) error, args ...any) error {
	rows, err := q.tx.Query(ctx, statement, args...)
	return eachRow(rows, err, scan)
}

func eachRow(rows pgx.Rows, err error, scan func(row) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
