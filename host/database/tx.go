package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// InTx runs f in a transaction of a SQLite store's writer and commits it, or rolls back if f fails or panics. Other
// writers wait meanwhile, so f does nothing slow.
func (d *Database) InTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", d.Explain(err))
	}
	// After a commit this does nothing; its own failure adds nothing to the one that led here.
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", d.Explain(err))
	}
	return nil
}

// transactionTries is how often InPgTx runs its function at most.
const transactionTries = 5

// InPgTx runs f in a transaction of a PostgreSQL store and commits it, or rolls back if f fails or panics. f runs
// again when the server ends the transaction for a deadlock or a serialization failure, so it must have no other
// effects.
func (d *Database) InPgTx(ctx context.Context, opts pgx.TxOptions, f func(tx pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginTxFunc(ctx, d.pool, opts, f)
		if c := code(err); try == transactionTries || c != "40001" && c != "40P01" {
			return d.Explain(err)
		}
		// Whoever collided waits for different times, or they collide again.
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		}
	}
}
