package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// migrateTimeout bounds a migration with the wait for one that another process is at.
const migrateTimeout = 10 * time.Minute

var (
	componentName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	// compatibleFrom is a line in a migration's file: programs that know the migrations up to the one it names can
	// work with the tables as this one leaves them.
	compatibleFrom = regexp.MustCompile(`(?m)^-- understudy: compatible-from (\d+)[ \t]*\r?$`)
)

// Migrate brings the component's tables up to date. The files are goose's, in folders named after the engines. The
// component's name keeps its version apart from those of others in the same store, such as "schedule" and "keys" in
// every plugin's; its tables' names should begin with it.
//
// Only one process migrates at a time, others wait for it. Tables that a newer program left behind are refused, unless
// that program's migrations say that ours may work with them, by a line in each of their files:
//
//	-- understudy: compatible-from 3
//
// means that a program whose newest migration is the third can go on. That is how a rolling upgrade runs two releases
// on one store.
func (d *Database) Migrate(ctx context.Context, component string, files fs.FS) error {
	if !componentName.MatchString(component) {
		return fmt.Errorf("migrate %q: a component is named in lower-case words joined by underscores", component)
	}
	sub, err := fs.Sub(files, string(d.engine))
	if err != nil {
		return fmt.Errorf("migrate %s: %w", component, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, migrateTimeout, fmt.Errorf("not done within %s", migrateTimeout))
	defer cancel()
	unlock, err := d.lock(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: wait for other migrations: %w", component, d.Explain(err))
	}
	db, release := d.migrationDB()
	m := &migration{d: d, db: db, component: component, files: sub}
	if err := errors.Join(m.run(ctx), release(), unlock()); err != nil {
		return fmt.Errorf("migrate %s: %w", component, d.Explain(err))
	}
	return nil
}

// migrationDB is what goose works on. On PostgreSQL that is a connection of its own, whose statements have no time
// limit and leave no plans in the pool that new tables would outdate.
func (d *Database) migrationDB() (db *sql.DB, release func() error) {
	if d.engine == SQLite {
		return d.writer, func() error { return nil }
	}
	db = stdlib.OpenDB(*d.unlimited(), stdlib.OptionAfterConnect(d.assumeRole))
	return db, db.Close
}

// migration is one call of Migrate, under the lock.
type migration struct {
	d         *Database
	db        *sql.DB
	component string
	files     fs.FS
}

func (m *migration) run(ctx context.Context) error {
	dialect := goose.DialectSQLite3
	if m.d.engine == PostgreSQL {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, m.db, m.files,
		goose.WithTableName(m.component+"_migrations"), goose.WithDisableGlobalRegistry(true), goose.WithSlog(m.d.log))
	if err != nil {
		return err
	}
	before, ours, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if before > ours {
		return m.checkNewer(ctx, before, ours)
	}
	if _, err := provider.Up(ctx); err != nil {
		if failure, ok := errors.AsType[*goose.PartialError](err); ok {
			return fmt.Errorf("%s: %w", failure.Failed.Source.Path, failure.Err)
		}
		return err
	}
	if err := m.record(ctx, ours); err != nil {
		return err
	}
	if before != ours {
		m.d.log.Info("database migrated", "component", m.component, "from", before, "to", ours)
	}
	return nil
}

// ErrNewer is a store that a newer program has changed in a way that this one does not know.
var ErrNewer = errors.New("written by a newer version of understudy")

// checkNewer decides about tables that are ahead of this program.
func (m *migration) checkNewer(ctx context.Context, theirs, ours int64) error {
	var from int64
	err := m.db.QueryRowContext(ctx, m.d.bind("SELECT compatible_from FROM understudy_schema WHERE component = ?"), m.component).Scan(&from)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		from = theirs
	case err != nil:
		return err
	}
	if from <= ours {
		m.d.log.Warn("database is ahead of this version, and compatible", "component", m.component, "database", theirs, "ours", ours)
		return nil
	}
	return &Error{
		Key: m.d.key, Where: m.d.where, Cause: ErrNewer,
		Reason: fmt.Sprintf("%s: its schema is at version %d, this understudy knows versions up to %d", ErrNewer, theirs, ours),
		Fix:    "run the newer understudy, or restore the backup from before it",
	}
}

// record notes who can work with the tables from now on, for older programs that find them.
func (m *migration) record(ctx context.Context, version int64) error {
	from, err := m.compatibility()
	if err != nil {
		return err
	}
	_, err = m.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS understudy_schema (
		component text PRIMARY KEY, version bigint NOT NULL, compatible_from bigint NOT NULL)`)
	if err != nil {
		return err
	}
	_, err = m.db.ExecContext(ctx, m.d.bind(`INSERT INTO understudy_schema (component, version, compatible_from) VALUES (?, ?, ?)
		ON CONFLICT (component) DO UPDATE SET version = excluded.version, compatible_from = excluded.compatible_from
		WHERE understudy_schema.version <> excluded.version OR understudy_schema.compatible_from <> excluded.compatible_from`),
		m.component, version, from)
	return err
}

// compatibility is the highest of what the files demand; a file that says nothing demands itself.
func (m *migration) compatibility() (int64, error) {
	names, err := fs.Glob(m.files, "*.sql")
	if err != nil {
		return 0, err
	}
	var highest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		text, err := fs.ReadFile(m.files, name)
		if err != nil {
			return 0, err
		}
		if found := compatibleFrom.FindSubmatch(text); found != nil {
			if version, err = strconv.ParseInt(string(found[1]), 10, 64); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
		highest = max(highest, version)
	}
	return highest, nil
}

// bind writes a statement's placeholders as the engine wants them.
func (d *Database) bind(query string) string {
	if d.engine == SQLite {
		return query
	}
	out, n := make([]byte, 0, len(query)+8), 0
	for i := range len(query) {
		if query[i] != '?' {
			out = append(out, query[i])
			continue
		}
		n++
		out = strconv.AppendInt(append(out, '$'), int64(n), 10)
	}
	return string(out)
}
