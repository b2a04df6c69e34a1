package auth

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/understudy-portal/understudy/host/database"
)

//go:embed migrations
var migrations embed.FS

// userInfoStore keeps what each user owned when they last signed in, for all replicas (core.md 6.2).
type userInfoStore interface {
	// put records the answer of /v1/userinfo for a user, replacing what was there.
	put(ctx context.Context, userRef, info string, now int64) error
	// find returns the recorded answer; false when the user never signed in.
	find(ctx context.Context, userRef string) (info string, found bool, err error)
}

// openStore migrates the table. The caller keeps the database, and closes it.
func openStore(ctx context.Context, db *database.Database) (userInfoStore, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open user info: %w", err)
	}
	if err := db.Migrate(ctx, "auth", files); err != nil {
		return nil, fmt.Errorf("open user info: %w", err)
	}
	switch db.Engine() {
	case database.SQLite:
		return sqliteStore{reader: db.Reader(), writer: db.Writer()}, nil
	case database.PostgreSQL:
		return postgresqlStore{pool: db.Pool()}, nil
	default:
		return nil, fmt.Errorf("open user info: unknown database engine %q", db.Engine())
	}
}

type sqliteStore struct{ reader, writer *sql.DB }

func (s sqliteStore) put(ctx context.Context, userRef, info string, now int64) error {
	_, err := s.writer.ExecContext(ctx, `
		INSERT INTO user_info (user_entity_ref, user_info, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
		ON CONFLICT (user_entity_ref) DO UPDATE SET user_info = excluded.user_info, updated_at = excluded.updated_at`,
		userRef, info, now)
	return err
}

func (s sqliteStore) find(ctx context.Context, userRef string) (info string, found bool, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT user_info FROM user_info WHERE user_entity_ref = ?`, userRef).Scan(&info)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return info, err == nil, err
}

type postgresqlStore struct{ pool *pgxpool.Pool }

func (s postgresqlStore) put(ctx context.Context, userRef, info string, now int64) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO user_info (user_entity_ref, user_info, created_at, updated_at) VALUES ($1, $2, $3, $3)
		ON CONFLICT (user_entity_ref) DO UPDATE SET user_info = excluded.user_info, updated_at = excluded.updated_at`,
		userRef, info, now)
	return err
}

func (s postgresqlStore) find(ctx context.Context, userRef string) (info string, found bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT user_info FROM user_info WHERE user_entity_ref = $1`, userRef).Scan(&info)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return info, err == nil, err
}
