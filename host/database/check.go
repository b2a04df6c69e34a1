package database

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Report is what Check found of a store that works.
type Report struct {
	// Version is the engine's, such as "PostgreSQL 15.4".
	Version string
	// Components are the parts of the program that keep tables there, with their versions, such as "schedule 2".
	Components []string
	// Doubts are settings by which what was written may get lost, in words for people.
	Doubts []string
}

// Check writes to the store, commits, and leaves nothing behind: on PostgreSQL a table that is dropped in the transaction
// that made it, on SQLite the file's header as it was. It may be called beside anything else.
func (d *Database) Check(ctx context.Context) (Report, error) {
	var r Report
	var err error
	if d.engine == PostgreSQL {
		r, err = d.checkServer(ctx)
	} else {
		r, err = d.checkFile(ctx)
	}
	if err != nil {
		return r, d.opening(err)
	}
	return r, nil
}

func (d *Database) checkServer(ctx context.Context) (Report, error) {
	var r Report
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		return r, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	var recovering bool
	var version, fsync, commit string
	const facts = `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery()`
	if err := tx.QueryRow(ctx, facts).Scan(&version, &fsync, &commit, &recovering); err != nil {
		return r, err
	}
	number, _, _ := strings.Cut(version, " ")
	r.Version = "PostgreSQL " + number
	if recovering {
		return r, &Error{Key: d.key, Where: d.where, Reason: "it is a replica that cannot be written", Fix: "name the primary server"}
	}
	if fsync == "off" {
		r.Doubts = append(r.Doubts, "the server runs with fsync = off: a crash of its machine may damage everything")
	}
	if commit == "off" {
		r.Doubts = append(r.Doubts, "synchronous_commit is off: a crash of the server loses the latest writes")
	}
	// The name is nobody else's, so that two checks at once do not wait for one another.
	name := pgx.Identifier{"understudy_check_" + strings.ToLower(rand.Text())}.Sanitize()
	for _, statement := range []string{
		"CREATE TABLE " + name + " (written text)", "INSERT INTO " + name + " VALUES ('yes')", "DROP TABLE " + name,
	} {
		if _, err := tx.Exec(ctx, statement, pgx.QueryExecModeExec); err != nil {
			return r, err
		}
	}
	if r.Components, err = components(ctx, func(ctx context.Context, query string) (rows, error) {
		found, err := tx.Query(ctx, query, pgx.QueryExecModeExec)
		return pgRows{found}, err
	}, "SELECT to_regclass('understudy_schema') IS NOT NULL"); err != nil {
		return r, err
	}
	return r, tx.Commit(ctx)
}

func (d *Database) checkFile(ctx context.Context) (Report, error) {
	var r Report
	if err := d.reader.QueryRowContext(ctx, "SELECT 'SQLite ' || sqlite_version()").Scan(&r.Version); err != nil {
		return r, err
	}
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return r, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	var user int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&user); err != nil {
		return r, err
	}
	// The same number again is a write of the first page all the same, which the commit puts into the log.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", user)); err != nil {
		return r, err
	}
	if r.Components, err = components(ctx, func(ctx context.Context, query string) (rows, error) {
		found, err := tx.QueryContext(ctx, query) //nolint:rowserrcheck // each does
		return sqlRows{found}, err
	}, "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'understudy_schema'"); err != nil {
		return r, err
	}
	return r, tx.Commit()
}

// rows is what both drivers' results have in common.
type rows interface {
	Next() bool
	Scan(dst ...any) error
	finish() error
}

type pgRows struct{ pgx.Rows }

func (r pgRows) finish() error {
	r.Close()
	return r.Err()
}

type sqlRows struct{ *sql.Rows }

func (r sqlRows) finish() error { return errors.Join(r.Close(), r.Err()) }

type queryFunc func(ctx context.Context, query string) (rows, error)

// components lists what has been migrated; there is none before the first migration.
func components(ctx context.Context, query queryFunc, exists string) ([]string, error) {
	var there bool
	if err := each(ctx, query, exists, func(r rows) error { return r.Scan(&there) }); err != nil || !there {
		return nil, err
	}
	var list []string
	err := each(ctx, query, "SELECT component, version FROM understudy_schema ORDER BY component", func(r rows) error {
		var name string
		var version int64
		err := r.Scan(&name, &version)
		list = append(list, fmt.Sprintf("%s %d", name, version))
		return err
	})
	return list, err
}

func each(ctx context.Context, query queryFunc, text string, take func(rows) error) error {
	found, err := query(ctx, text)
	if err != nil {
		return err
	}
	for found.Next() {
		if err := take(found); err != nil {
			return errors.Join(err, found.finish())
		}
	}
	return found.finish()
}
