package keystore

import (
	"context"
	"database/sql"
)

// sqlite answers the queries from a SQLite file.
type sqlite struct{ reader, writer *sql.DB }

func (q sqlite) insert(ctx context.Context, r row) error {
	_, err := q.writer.ExecContext(ctx,
		`INSERT INTO public_keys (kid, purpose, jwk, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
		r.kid, r.purpose, r.jwk, r.createdAt, r.expires)
	return err
}

func (q sqlite) live(ctx context.Context, purpose string, now int64) (jwks []string, stale bool, err error) {
	rows, err := q.reader.QueryContext(ctx,
		`SELECT jwk, expires_at FROM public_keys WHERE purpose = ? ORDER BY created_at, kid`, purpose)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	for rows.Next() {
		var jwk string
		var expires int64
		if err := rows.Scan(&jwk, &expires); err != nil {
			return nil, false, err
		}
		if expires <= now {
			stale = true
			continue
		}
		jwks = append(jwks, jwk)
	}
	return jwks, stale, rows.Err()
}

func (q sqlite) prune(ctx context.Context, now int64) error {
	_, err := q.writer.ExecContext(ctx, `DELETE FROM public_keys WHERE expires_at <= ?`, now)
	return err
}
