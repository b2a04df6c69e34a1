package database

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Engine is the kind of a store.
type Engine string

// The engines. Their names are also those of the folders that hold their migrations.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// Service opens the plugins' stores and closes them together.
type Service struct{}

// New touches nothing yet: a store is opened when its plugin first asks for it.
func New(opts Options, log *slog.Logger, metrics prometheus.Registerer) *Service {
	panic("unfinished")
}

// Plugin returns the store of the plugin with the given id, opening and creating it if need be.
// Later calls return the same one. It may be called concurrently.
func (s *Service) Plugin(ctx context.Context, id string) (*Database, error) { panic("unfinished") }

// Close closes every store that was opened. Plugin fails from then on.
func (s *Service) Close() error { panic("unfinished") }

// Database is one plugin's store. The Service that opened it closes it.
type Database struct{}

// Engine tells which of Writer and Reader, or Pool, there are.
func (d *Database) Engine() Engine { panic("unfinished") }

// Writer is the one writing connection of a SQLite store, nil on PostgreSQL. Its transactions take the write lock
// when they begin, and hold up every other writer until they end.
func (d *Database) Writer() *sql.DB { panic("unfinished") }

// Reader is the pool of reading connections of a SQLite store, nil on PostgreSQL.
func (d *Database) Reader() *sql.DB { panic("unfinished") }

// Pool is the pool of a PostgreSQL store, nil on SQLite. Its search path is the plugin's schema.
func (d *Database) Pool() *pgxpool.Pool { panic("unfinished") }

// Ping reports whether the store answers.
func (d *Database) Ping(ctx context.Context) error { panic("unfinished") }

// String names the store for people, without any credentials.
func (d *Database) String() string { panic("unfinished") }

// Migrate brings the component's tables up to date. The files are goose's, under sqlite/ and postgresql/.
func (d *Database) Migrate(ctx context.Context, component string, files fs.FS) error {
	panic("unfinished")
}
