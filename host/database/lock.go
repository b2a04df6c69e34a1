package database

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockPoll is how often a SQLite lock is tried again.
const lockPoll = 50 * time.Millisecond

// lock makes sure that one process at a time migrates this store. The lock goes with the process that holds it.
func (d *Database) lock(ctx context.Context) (unlock func() error, err error) {
	if d.engine == PostgreSQL {
		return d.lockSchema(ctx)
	}
	return d.lockFile(ctx)
}

// lockSchema holds an advisory lock in a transaction on a connection of its own: locks of a session get lost behind a
// pooler, which may give each transaction another session.
func (d *Database) lockSchema(ctx context.Context) (func() error, error) {
	conn, err := d.dial(ctx, d.unlimited())
	if err != nil {
		return nil, err
	}
	closing := context.WithoutCancel(ctx)
	unlock := func() error { return conn.Close(closing) } // which ends the transaction, and so the lock
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("understudy migrations " + d.conn.RuntimeParams["search_path"])) // never fails
	key, got := int64(hash.Sum64()), false
	if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", key).Scan(&got); err != nil {
		return nil, errors.Join(err, unlock())
	}
	if !got {
		d.log.Info("waiting for another process to migrate", "database", d.where)
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", key); err != nil {
			return nil, errors.Join(err, unlock())
		}
	}
	return func() error { return errors.Join(tx.Commit(closing), unlock()) }, nil
}

// unlimited is our connection without time limits: a migration takes as long as it takes.
func (d *Database) unlimited() *pgx.ConnConfig {
	cfg := d.conn.Copy()
	for _, limit := range []string{"statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"} {
		cfg.RuntimeParams[limit] = "0"
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return cfg
}

// lockFile holds the exclusive lock of an empty database beside ours. SQLite knows how to lock files on every system;
// ours cannot be locked for as long itself, since the migrations are to write it.
func (d *Database) lockFile(ctx context.Context) (func() error, error) {
	db, err := (&Database{path: d.path + ".lock"}).connect([]string{pragma("busy_timeout(0)"), "_txlock=exclusive"}, 1)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for told := false; ; told = true {
		tx, err := db.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{})
		if err == nil {
			return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
		}
		if !IsBusy(err) {
			return nil, errors.Join(err, db.Close())
		}
		if !told {
			d.log.Info("waiting for another process to migrate", "database", d.where)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), db.Close())
		case <-ticker.C:
		}
	}
}
