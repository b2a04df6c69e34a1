package export

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-portal/understudy/host/database"
)

type postgresqlEngine struct{ db *database.Database }

func (e *postgresqlEngine) reads() link { return postgresqlLink{e.db.Pool()} }

func (e *postgresqlEngine) inTx(ctx context.Context, f func(l link) error) error {
	return e.db.InPgTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error { return f(postgresqlLink{tx}) })
}

func (e *postgresqlEngine) clock() string {
	return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
}

func (e *postgresqlEngine) oneOf(column string) string { return column + " = ANY(?)" }

func (e *postgresqlEngine) list(values []string) any { return values }

func (e *postgresqlEngine) explain(err error) error { return e.db.Explain(err) }

// postgresqlLink is the pool, or a transaction.
type postgresqlLink struct {
	on interface {
		Exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error)
		CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	}
}

// numbered writes ? as $1, $2 and so on. Our statements have no ? elsewhere.
func numbered(statement string) string {
	var b strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(statement, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		statement = after
	}
}

func (l postgresqlLink) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := l.on.Exec(ctx, numbered(statement), args...)
	return tag.RowsAffected(), err
}

func (l postgresqlLink) query(ctx context.Context, statement string, args []any, each func(scan scanFunc) error) error {
	rows, err := l.on.Query(ctx, numbered(statement), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l postgresqlLink) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := l.on.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
	return err
}

func (l postgresqlLink) putLedger(ctx context.Context, destination string, entries []ledgerRow) error {
	if len(entries) == 0 {
		return nil
	}
	refs, ids, keys := make([]string, 0, len(entries)), make([]string, 0, len(entries)), make([]string, 0, len(entries))
	hashes, first := make([][]byte, 0, len(entries)), entries[0]
	for _, e := range entries {
		refs, ids, keys, hashes = append(refs, e.ref), append(ids, e.id), append(keys, e.keys), append(hashes, e.hash)
	}
	_, err := l.on.Exec(ctx, `INSERT INTO export_ledger
		(destination, entity_ref, dest_id, doc_hash, prop_keys, state, last_run, attempts, last_error, sent_at, changed_at)
		SELECT $1, ref, id, hash, keys, $2, $3, 0, '', $4, 0
		FROM unnest($5::text[], $6::text[], $7::bytea[], $8::text[]) AS sent (ref, id, hash, keys)`+onLedgerConflict,
		destination, stateSent, first.run, first.sentAt, refs, ids, hashes, keys)
	return err
}

func (l postgresqlLink) hold(ctx context.Context, destination, ticket string) error {
	var n int
	found, err := one(ctx, l, `SELECT 1 FROM export_destination WHERE id = ? AND ticket = ? FOR SHARE`, []any{destination, ticket}, &n)
	if err == nil && !found {
		err = errLeaseLost
	}
	return err
}
