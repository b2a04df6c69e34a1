package database

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
)

// InTx runs f in a transaction of a SQLite store's writer and commits it, or rolls back if f fails or panics.
func (d *Database) InTx(ctx context.Context, f func(tx *sql.Tx) error) error { panic("unfinished") }

// InPgTx runs f in a transaction of a PostgreSQL store and commits it, or rolls back if f fails or panics. f runs
// again when the server ends the transaction for a deadlock or a serialization failure, so it must have no other
// effects.
func (d *Database) InPgTx(ctx context.Context, opts pgx.TxOptions, f func(tx pgx.Tx) error) error {
	panic("unfinished")
}
