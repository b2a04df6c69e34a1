package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/understudy-portal/understudy/host/database"
)

type sqliteEngine struct{ db *database.Database }

func (e *sqliteEngine) reads() link { return sqliteLink{e.db.Reader()} }

func (e *sqliteEngine) inTx(ctx context.Context, f func(l link) error) error {
	return e.db.InTx(ctx, func(tx *sql.Tx) error { return f(sqliteLink{tx}) })
}

func (e *sqliteEngine) clock() string { return "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }

func (e *sqliteEngine) oneOf(column string) string {
	return column + " IN (SELECT value FROM json_each(?))"
}

func (e *sqliteEngine) list(values []string) any {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // it is texts
	}
	return string(text)
}

func (e *sqliteEngine) explain(err error) error { return e.db.Explain(err) }

// sqliteLink is the writer's transaction, or the readers.
type sqliteLink struct {
	on interface {
		ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
		PrepareContext(ctx context.Context, statement string) (*sql.Stmt, error)
	}
}

func (l sqliteLink) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := l.on.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (l sqliteLink) query(ctx context.Context, statement string, args []any, each func(scan scanFunc) error) (err error) {
	rows, err := l.on.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l sqliteLink) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	return l.each(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES (?"+strings.Repeat(", ?", len(columns)-1)+")", rows)
}

// each runs one statement for many rows.
func (l sqliteLink) each(ctx context.Context, statement string, rows [][]any) (err error) {
	if len(rows) == 0 {
		return nil
	}
	prepared, err := l.on.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, prepared.Close()) }()
	for _, row := range rows {
		if _, err := prepared.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

func (l sqliteLink) putLedger(ctx context.Context, destination string, entries []ledgerRow) error {
	rows := make([][]any, 0, len(entries))
	for _, e := range entries {
		rows = append(rows, []any{destination, e.ref, e.id, e.hash, e.keys, stateSent, e.run, 0, "", e.sentAt, 0})
	}
	return l.each(ctx, `INSERT INTO export_ledger
		(destination, entity_ref, dest_id, doc_hash, prop_keys, state, last_run, attempts, last_error, sent_at, changed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`+onLedgerConflict, rows)
}

func (l sqliteLink) hold(ctx context.Context, destination, ticket string) error {
	// The transaction has the write lock already.
	var n int
	found, err := one(ctx, l, `SELECT 1 FROM export_destination WHERE id = ? AND ticket = ?`, []any{destination, ticket}, &n)
	if err == nil && !found {
		err = errLeaseLost
	}
	return err
}
