package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the only place that knows the driver's name and its parameters
)

const (
	sqliteDriver = "sqlite"
	busyTimeout  = 10 * time.Second
	// applicationID marks our files: "und4".
	applicationID = 0x756e6434
)

// openSQLite opens a plugin's file, creating it if need be.
func openSQLite(ctx context.Context, id string, settings Settings, log *slog.Logger) (*Database, error) {
	dir, err := filepath.Abs(settings.SQLite.Directory)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Key, err)
	}
	d := &Database{
		engine: SQLite, plugin: id, log: log, key: settings.Key,
		path: filepath.Join(dir, "understudy-"+id+".sqlite"),
	}
	d.where = "SQLite file " + d.path
	if err := createFile(d.path); err != nil {
		return nil, d.opening(err)
	}
	busy := cmp.Or(settings.SQLite.Busy, busyTimeout)
	writer := append(pragmas(4, busy), "_txlock=immediate", pragma("journal_mode(WAL)"), pragma("journal_size_limit(67108864)"))
	if d.writer, err = d.connect(writer, 1); err != nil {
		return nil, d.opening(err)
	}
	if d.reader, err = d.connect(append(pragmas(1, busy), pragma("query_only(1)")), readers(settings.Pool)); err != nil {
		return nil, errors.Join(d.opening(err), d.writer.Close())
	}
	if err := d.probeWithin(ctx, busy); err != nil {
		return nil, errors.Join(d.opening(err), d.close())
	}
	return d, nil
}

// probeWithin probes again while the file is busy. SQLite's own waiting does not cover the change of a new file to WAL,
// nor the recovery of an old one, which several processes that start together may find each other at.
func (d *Database) probeWithin(ctx context.Context, limit time.Duration) error {
	waited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		err := d.probe(ctx)
		if err == nil || !IsBusy(err) {
			return err
		}
		select {
		case <-waited.Done():
			return err
		case <-ticker.C:
		}
	}
}

// connect prepares a pool; it does not connect yet. SQLite connections are cheap to keep and costly to open.
func (d *Database) connect(params []string, most int) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(d.path)}
	if !strings.HasPrefix(name.Path, "/") {
		name.Path = "/" + name.Path // a drive's letter
	}
	db, err := sql.Open(sqliteDriver, name.String()+"?"+strings.Join(params, "&"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// probe makes both kinds of connection, so that what is wrong with the file shows now.
func (d *Database) probe(ctx context.Context) error {
	var mode string
	if err := d.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the journal mode is %q, not WAL, which this file system may not support; use a local disk", mode)
	}
	var owner int
	if err := d.writer.QueryRowContext(ctx, "PRAGMA application_id").Scan(&owner); err != nil {
		return err
	}
	switch owner {
	case applicationID:
	case 0:
		if _, err := d.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	default:
		return errors.New("it belongs to another application; choose another folder")
	}
	var n int
	return d.reader.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
}

// pragmas are those of all connections, with a page cache of so many megabytes; it takes twice that, because the driver's
// allocator rounds a page with its header up to the next power of two. The system caches the file as well. The timeout comes first, because the
// others may already have to wait.
func pragmas(cache int, busy time.Duration) []string {
	return []string{
		pragma(fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds())),
		pragma("synchronous(NORMAL)"),
		pragma("foreign_keys(1)"),
		pragma("temp_store(MEMORY)"),
		pragma(fmt.Sprintf("cache_size(-%d)", cache*1024)),
	}
}

func pragma(text string) string { return "_pragma=" + url.QueryEscape(text) }

// readers is how many may read at once. More than the cores helps only while they wait for the disk.
func readers(p Pool) int {
	if p.Max > 0 {
		return p.Max
	}
	return max(4, 2*runtime.GOMAXPROCS(0))
}

// createFile makes an empty file that only its owner can read, and the folder for it. SQLite would leave the file open
// to everybody. It is linked into place from another name, since closing a file drops the locks that this process may
// already hold on it through SQLite.
func createFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	empty, err := os.CreateTemp(dir, ".understudy-*")
	if err != nil {
		return err
	}
	err = errors.Join(empty.Close(), os.Link(empty.Name(), path), os.Remove(empty.Name()))
	if _, statErr := os.Stat(path); statErr == nil {
		return nil // somebody else was first
	}
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
		return nil // no links here: SQLite creates it
	}
	return err
}
