package keystore

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresql answers the queries from a PostgreSQL schema.
type postgresql struct{ pool *pgxpool.Pool }

func (q postgresql) insert(ctx context.Context, r row) error {
	_, err := q.pool.Exec(ctx,
		`INSERT INTO public_keys (kid, purpose, jwk, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		r.kid, r.purpose, r.jwk, r.createdAt, r.expires)
	return err
}

func (q postgresql) live(ctx context.Context, purpose string, now int64) (jwks []string, stale bool, err error) {
	rows, err := q.pool.Query(ctx,
		`SELECT jwk, expires_at FROM public_keys WHERE purpose = $1 ORDER BY created_at, kid`, purpose)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
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

func (q postgresql) prune(ctx context.Context, now int64) error {
	_, err := q.pool.Exec(ctx, `DELETE FROM public_keys WHERE expires_at <= $1`, now)
	return err
}
