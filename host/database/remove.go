package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Holding is what one plugin keeps: a file, or a schema on a server.
type Holding struct {
	// Plugin is whose it is.
	Plugin string
	// Where names it for people.
	Where string
	// Tables are those in it, with views and whatever else has rows; Rows is how many rows they have together, as far as the engine knows without counting.
	Tables []string
	Rows   int64
	// Held says who has it open, empty when nobody does.
	Held string
	// Empty is the database that a drop leaves without any table of anybody's; "" when there is none such.
	Empty string

	settings Settings
	ours     []string // the tables among Tables, which views are not
}

// errForeign is something of our name that we did not make.
var errForeign = errors.New("it does not look like understudy's, and is left alone")

// Find tells what the plugin keeps, and false when it keeps nothing. It creates nothing and changes nothing.
func Find(ctx context.Context, opts Options, plugin string) (Holding, bool, error) {
	if err := checkID(plugin); err != nil {
		return Holding{}, false, err
	}
	h := Holding{Plugin: plugin, settings: opts.For(plugin)}
	if h.settings.Engine == PostgreSQL {
		return h.findSchema(ctx)
	}
	return h.findFile(ctx)
}

// Drop removes what Find found. It refuses what somebody has open.
func (h Holding) Drop(ctx context.Context) error {
	now, found, err := Find(ctx, Options{Default: h.settings}, h.Plugin)
	if err != nil || !found {
		return err
	}
	if now.Held != "" {
		return fmt.Errorf("%s is in use by %s; stop it first", now.Where, now.Held)
	}
	if h.settings.Engine == PostgreSQL {
		return now.dropSchema(ctx)
	}
	return now.dropFile()
}

// connect dials the plugin's database without creating it; false means that there is no such database.
func (h Holding) connect(ctx context.Context) (*Database, *pgx.Conn, bool, error) {
	server := h.settings.Server
	cfg, err := server.connConfig(server.database(h.Plugin))
	if err != nil {
		return nil, nil, false, fmt.Errorf("%s: %w", h.settings.Key, err)
	}
	cfg.RuntimeParams["application_name"] = "understudy database"
	d := &Database{engine: PostgreSQL, plugin: h.Plugin, key: h.settings.Key, server: server, where: describe(cfg, server.schema(h.Plugin))}
	conn, err := d.dial(ctx, cfg)
	if code(err) == "3D000" {
		return d, nil, false, nil
	}
	if err != nil {
		return d, nil, false, d.opening(err)
	}
	return d, conn, true, nil
}

func (h Holding) findSchema(ctx context.Context) (_ Holding, found bool, err error) {
	d, conn, found, err := h.connect(ctx)
	if err != nil || !found {
		return h, false, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	h.Where = d.where
	schema := h.settings.Server.schema(h.Plugin)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)", schema).Scan(&there); err != nil || !there {
		return h, false, d.explained(err)
	}
	const tables = `SELECT c.relname, c.relkind IN ('r', 'p'), greatest(coalesce(s.n_live_tup, 0), 0) FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
		WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1`
	list, err := conn.Query(ctx, tables, schema)
	if err != nil {
		return h, false, d.explained(err)
	}
	var name string
	var table bool
	var rows int64
	_, err = pgx.ForEachRow(list, []any{&name, &table, &rows}, func() error {
		h.Tables, h.Rows = append(h.Tables, name), h.Rows+rows
		if table {
			h.ours = append(h.ours, name)
		}
		return nil
	})
	if err != nil {
		return h, false, d.explained(err)
	}
	if len(h.Tables) == 0 {
		return h, false, nil // nothing shows that we made it
	}
	if !slices.Contains(h.ours, "understudy_schema") {
		return h, false, fmt.Errorf("%s: %w", d.where, errForeign)
	}
	if err := h.sessions(ctx, conn); err != nil {
		return h, false, d.explained(err)
	}
	return h, true, d.explained(h.othersIn(ctx, conn, schema))
}

// sessions looks for servers of ours: their sessions have a name that no other program's have.
func (h *Holding) sessions(ctx context.Context, conn *pgx.Conn) error {
	cfg, err := h.settings.Server.connConfig("")
	if err != nil {
		return err
	}
	name := cmp.Or(cfg.RuntimeParams["application_name"], sessionName(h.Plugin))
	var count int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_catalog.pg_stat_activity
		WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()`, name).Scan(&count)
	if count > 0 {
		h.Held = fmt.Sprintf("a server (%d sessions named %s)", count, name)
	}
	return err
}

// othersIn tells whether anything but ours is in the database, where each plugin has one of its own.
func (h *Holding) othersIn(ctx context.Context, conn *pgx.Conn, schema string) error {
	if h.settings.Server.Division == BySchema {
		return nil
	}
	var others bool
	var database string
	err := conn.QueryRow(ctx, `SELECT current_database(), EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', $1) AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%')`,
		schema).Scan(&database, &others)
	if !others {
		h.Empty = database
	}
	return err
}

// dropSchema drops the tables that Find has seen, all at once or none, and then the schema, which must have nothing else in
// it. Nothing is dropped that only depends on them, such as somebody's view.
func (h Holding) dropSchema(ctx context.Context) (err error) {
	d, conn, found, err := h.connect(ctx)
	if err != nil || !found {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	schema := h.settings.Server.schema(h.Plugin)
	names := make([]string, len(h.ours))
	for i, table := range h.ours {
		names[i] = pgx.Identifier{schema, table}.Sanitize()
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, statement := range []string{"DROP TABLE " + strings.Join(names, ", "), "DROP SCHEMA " + pgx.Identifier{schema}.Sanitize()} {
			if _, err := tx.Exec(ctx, statement+" RESTRICT"); err != nil {
				return err
			}
		}
		return nil
	})
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "2BP01" {
		return fmt.Errorf("%s is left as it was: what is not understudy's depends on it, or is in it, and is yours to drop first: %s",
			d.where, strings.ReplaceAll(e.Detail, "\n", "; "))
	}
	return d.explained(err)
}

// explained is opening for what may be nil.
func (d *Database) explained(err error) error {
	if err == nil {
		return nil
	}
	return d.opening(err)
}

func (h Holding) findFile(ctx context.Context) (Holding, bool, error) {
	path, err := filepath.Abs(filepath.Join(h.settings.SQLite.Directory, "understudy-"+h.Plugin+".sqlite"))
	if err != nil {
		return h, false, err
	}
	h.Where = "SQLite file " + path
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return h, false, nil
	}
	d := &Database{engine: SQLite, plugin: h.Plugin, key: h.settings.Key, path: path, where: h.Where}
	db, err := d.connect([]string{pragma("busy_timeout(0)"), "_txlock=exclusive"}, 1)
	if err != nil {
		return h, false, d.opening(err)
	}
	return h.lookInto(ctx, d, db)
}

// lookInto reads the file, and finds out whether somebody has it open: the way out of WAL is closed as long as anybody else
// is there.
func (h Holding) lookInto(ctx context.Context, d *Database, db *sql.DB) (_ Holding, found bool, err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	var owner int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&owner); err != nil {
		return h, false, d.opening(err)
	}
	if owner != applicationID {
		return h, false, fmt.Errorf("%s: %w", h.Where, errForeign)
	}
	err = each(ctx, func(ctx context.Context, query string) (rows, error) {
		list, err := db.QueryContext(ctx, query) //nolint:rowserrcheck // each does
		return sqlRows{list}, err
	}, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", func(r rows) error {
		var name string
		err := r.Scan(&name)
		h.Tables = append(h.Tables, name)
		return err
	})
	if err != nil {
		return h, false, d.opening(err)
	}
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	switch {
	case err == nil && mode == "delete":
		// Back to what it was; nobody has seen it otherwise.
		err = db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	case err == nil || IsBusy(err):
		h.Held, err = "another process", nil
	}
	if err != nil {
		return h, false, d.opening(err)
	}
	return h, true, nil
}

func (h Holding) dropFile() error {
	path := strings.TrimPrefix(h.Where, "SQLite file ")
	var errs []error
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock", path + ".lock-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// sessionName is what our sessions call themselves unless the configuration says otherwise, so that nobody takes them for
// Node's of the same plugin.
func sessionName(plugin string) string { return "understudy_" + strings.ReplaceAll(plugin, "-", "_") }
