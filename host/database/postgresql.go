package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// attempts is how often a server is tried that is not there, or not ready; upstream's number (core.md 14.1).
	attempts = 3
	// pause is the wait before the second attempt; it doubles.
	pause = 500 * time.Millisecond
	// defaultConnections is knex's default.
	defaultConnections = 10
)

// openPostgreSQL connects to a plugin's schema, creating it, and its database, if need be.
func openPostgreSQL(ctx context.Context, id string, settings Settings, log *slog.Logger) (*Database, error) {
	server := settings.Server
	cfg, err := server.connConfig(server.database(id))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Key, err)
	}
	schema := server.schema(id)
	for what, name := range map[string]string{"database": cfg.Database, "schema": schema} {
		if len(name) > longestName {
			return nil, fmt.Errorf("%s: the %s name %q is longer than PostgreSQL's %d bytes; shorten the prefix",
				settings.Key, what, name, longestName)
		}
	}
	if cfg.RuntimeParams["application_name"] == "" {
		// Not upstream's backstage_plugin_<id> (core.md 14.1): a Node backend may have sessions in the same database, and
		// whoever looks at the server, or removes our schema (Holding), must be able to tell the two apart.
		cfg.RuntimeParams["application_name"] = sessionName(id)
	}
	d := &Database{
		engine: PostgreSQL, plugin: id, log: log, key: settings.Key, server: server,
		where: describe(cfg, ""),
	}
	if err := d.prepare(ctx, cfg, schema); err != nil {
		return nil, d.opening(err)
	}
	d.where = describe(cfg, schema)
	d.conn = cfg.Copy()
	d.conn.RuntimeParams["search_path"] = pgx.Identifier{schema}.Sanitize()
	if d.pool, err = d.newPool(ctx, settings.Pool); err != nil {
		return nil, d.opening(err)
	}
	if err := d.pool.Ping(ctx); err != nil {
		return nil, errors.Join(d.opening(err), d.closePool())
	}
	return d, nil
}

func (d *Database) newPool(ctx context.Context, p Pool) (*pgxpool.Pool, error) {
	// pgx insists that a pool's configuration comes from its own parser, whose result is then replaced.
	cfg, err := pgxpool.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig = d.conn.Copy()
	cfg.ConnConfig.DialFunc = d.wires.through(d.conn.DialFunc)
	cfg.MinConns, cfg.MaxConns = int32(p.Min), int32(cmp.Or(p.Max, max(defaultConnections, p.Min)))
	if p.Idle > 0 {
		cfg.MaxConnIdleTime = p.Idle
	}
	// An idle connection is checked before it is handed out; the driver's own check has no end of its own.
	cfg.PingTimeout = cmp.Or(d.server.Timeout, connectTimeout)
	cfg.AfterConnect = d.assumeRole
	return pgxpool.NewWithConfig(ctx, cfg)
}

// assumeRole takes on the configured role on a new session.
func (d *Database) assumeRole(ctx context.Context, conn *pgx.Conn) error {
	if d.server.Role == "" {
		return nil
	}
	_, err := conn.Exec(ctx, "SET ROLE "+pgx.Identifier{d.server.Role}.Sanitize())
	return err
}

// dial connects outside the pool, in our role.
func (d *Database) dial(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := d.assumeRole(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// prepare waits for the server within bounds, and sees to database and schema.
func (d *Database) prepare(ctx context.Context, cfg *pgx.ConnConfig, schema string) error {
	wait := pause
	for attempt := 1; ; attempt++ {
		err := d.prepareOnce(ctx, cfg, schema)
		if err == nil || attempt == attempts || !mayPass(err) {
			return err
		}
		d.log.Warn("database is not ready", "database", d.where, "err", d.opening(err), "retry", wait)
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(wait):
		}
		wait *= 2
	}
}

func (d *Database) prepareOnce(ctx context.Context, cfg *pgx.ConnConfig, schema string) error {
	conn, err := d.dial(ctx, cfg)
	if code(err) == "3D000" && d.server.CreateDatabase {
		if err := d.createDatabase(ctx, cfg); err != nil {
			return err
		}
		conn, err = d.dial(ctx, cfg)
	}
	if err != nil {
		return err
	}
	return errors.Join(d.createSchema(ctx, conn, schema), conn.Close(context.WithoutCancel(ctx)))
}

// createDatabase does so by way of the database that every server has.
func (d *Database) createDatabase(ctx context.Context, cfg *pgx.ConnConfig) error {
	admin := cfg.Copy()
	admin.Database = "postgres"
	conn, err := d.dial(ctx, admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{cfg.Database}.Sanitize())
	// Another process may have been first: 42P04 when it was done, 23505 when it is at it.
	if c := code(err); c == "42P04" || c == "23505" {
		err = nil
	}
	if err == nil {
		d.log.Info("database created", "database", d.where)
	}
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// createSchema creates our schema unless it is there, which is looked up first: a user without the right to create
// schemas may use one that somebody else made.
func (d *Database) createSchema(ctx context.Context, conn *pgx.Conn, schema string) error {
	var there bool
	const query = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)"
	if err := conn.QueryRow(ctx, query, schema).Scan(&there); err != nil {
		return err
	}
	if there {
		return d.mayUse(ctx, conn, schema)
	}
	if !d.server.CreateSchema {
		return &Error{
			Key: d.key, Where: d.where, Reason: "schema " + schema + " does not exist",
			Fix: "create it, or set ensureSchemaExists: true",
		}
	}
	_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize())
	switch code(err) {
	case "23505": // another process was at it
		return nil
	case "42501":
		role, database, lookup := whoAndWhere(ctx, conn)
		if lookup != nil {
			return errors.Join(err, lookup)
		}
		return &Error{
			Key: d.key, Where: d.where, Cause: err, Reason: "the role " + role + " may not create the schema " + schema,
			Fix: "run there GRANT CREATE ON DATABASE " + quoted(database) + " TO " + quoted(role) + ", or CREATE SCHEMA " + quoted(schema) + " AUTHORIZATION " + quoted(role),
		}
	}
	return err
}

// mayUse looks for the rights on a schema that somebody else may have made. Without them PostgreSQL takes the schema out of the
// search path without a word, and says of every table that it does not exist.
func (d *Database) mayUse(ctx context.Context, conn *pgx.Conn, schema string) error {
	var use, create bool
	const query = "SELECT has_schema_privilege($1, 'USAGE'), has_schema_privilege($1, 'CREATE')"
	if err := conn.QueryRow(ctx, query, schema).Scan(&use, &create); err != nil {
		return err
	}
	if use && create {
		return nil
	}
	role, database, err := whoAndWhere(ctx, conn)
	if err != nil {
		return err
	}
	return &Error{
		Key: d.key, Where: d.where, Reason: "the role " + role + " has not all rights on the schema " + schema + ", which is there",
		Fix: "run in the database " + database + ": GRANT USAGE, CREATE ON SCHEMA " + quoted(schema) + " TO " + quoted(role) +
			"; tables that another role has made there must become its own, too",
	}
}

func whoAndWhere(ctx context.Context, conn *pgx.Conn) (role, database string, err error) {
	err = conn.QueryRow(ctx, "SELECT current_user, current_database()").Scan(&role, &database)
	return role, database, err
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// mayPass reports that a server may be up in a moment.
func mayPass(err error) bool {
	switch code(err) {
	case "57P03", "57P01", "57P02", "53300":
		return true
	case "":
		_, connecting := errors.AsType[*pgconn.ConnectError](err)
		return connecting && !untrusted(err)
	}
	return false
}

func code(err error) string {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code
	}
	return ""
}
