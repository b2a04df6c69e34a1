package database

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Engine is the kind of a store.
type Engine string

// The engines. Their names are also those of the folders that hold their migrations.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// Database is one plugin's store. The Service that opened it closes it. It may be used concurrently.
type Database struct {
	engine Engine
	plugin string
	// where names the store for people.
	where string
	log   *slog.Logger

	// SQLite only.
	path           string
	writer, reader *sql.DB

	// PostgreSQL only.
	pool   *pgxpool.Pool
	wires  wires           // the pool's
	conn   *pgx.ConnConfig // for a connection outside the pool
	server Server
	key    string
}

// Engine tells which of Writer and Reader, or Pool, there are.
func (d *Database) Engine() Engine { return d.engine }

// Writer is the one writing connection of a SQLite store, nil on PostgreSQL. Its transactions take the write lock
// when they begin, and hold up every other writer until they end.
func (d *Database) Writer() *sql.DB { return d.writer }

// Reader is the pool of reading connections of a SQLite store, nil on PostgreSQL. They refuse to write.
func (d *Database) Reader() *sql.DB { return d.reader }

// Pool is the pool of a PostgreSQL store, nil on SQLite. Its search path is the plugin's schema.
func (d *Database) Pool() *pgxpool.Pool { return d.pool }

// String names the store for people, without any credentials.
func (d *Database) String() string { return d.where }

// Ping reports whether the store answers. On SQLite it only reads: a writer that is busy is not ill.
func (d *Database) Ping(ctx context.Context) error {
	if d.engine == PostgreSQL {
		if err := d.pool.Ping(ctx); err != nil {
			return d.Explain(err)
		}
		return nil
	}
	var n int
	if err := d.reader.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
		return d.Explain(err)
	}
	return nil
}

// closeTimeout is how long a server has to part from us in good manners.
const closeTimeout = 3 * time.Second

// close waits for connections in use, so whoever uses the store must have ended. A server that does not answer is cut off.
func (d *Database) close() error {
	if d.engine == PostgreSQL {
		return d.closePool()
	}
	// The writer last: whoever closes last folds the log back into the file, which the readers may not.
	return errors.Join(d.reader.Close(), d.writer.Close())
}

func (d *Database) closePool() error {
	done := make(chan struct{})
	go func() {
		d.pool.Close()
		close(done)
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	d.wires.cut()
	timer.Reset(closeTimeout)
	select {
	case <-done:
		d.log.Warn("the database did not answer while its connections were closed", "database", d.where)
		return nil
	case <-timer.C:
		return errors.New("its connections are still in use")
	}
}
