package database_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/database"
)

// files opens the store of plugin "test" in a folder, with a short wait for locks.
func files(t *testing.T, dir string) (*database.Database, error) {
	t.Helper()
	service := database.New(database.Options{Default: database.Settings{
		Key: "backend.database.connection", Engine: database.SQLite,
		SQLite: database.File{Directory: dir, Busy: 50 * time.Millisecond},
	}}, quiet(), nil)
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	return service.Plugin(t.Context(), "test")
}

func opened(t *testing.T, dir string) *database.Database {
	t.Helper()
	d, err := files(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	// A name that would end the path, or be decoded, if it were not encoded.
	dir := filepath.Join(t.TempDir(), "a ?b#c%20d", "new")
	d := opened(t, dir)
	path := filepath.Join(dir, "understudy-test.sqlite")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file is open to others: %s", mode)
	}
	if d.String() != "SQLite file "+path || d.Pool() != nil {
		t.Errorf("wrong store: %s", d)
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for name, db := range map[string]*sql.DB{"writer": d.Writer(), "reader": d.Reader()} {
		got := map[string]string{}
		for _, pragma := range []string{"journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only"} {
			var value string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&value); err != nil {
				t.Fatal(err)
			}
			got[pragma] = value
		}
		readonly := map[string]string{"writer": "0", "reader": "1"}[name]
		want := map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "50", "query_only": readonly}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, err := d.Reader().ExecContext(t.Context(), "CREATE TABLE x (y)"); err == nil {
		t.Error("a reader writes")
	}
}

func TestSQLiteReadersDoNotWaitForTheWriter(t *testing.T) {
	t.Parallel()
	d := opened(t, t.TempDir())
	if _, err := d.Writer().ExecContext(t.Context(), "CREATE TABLE x (y); INSERT INTO x VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	err := d.InTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES (2)"); err != nil {
			return err
		}
		if n := count(t, d, "SELECT count(*) FROM x"); n != 1 {
			t.Errorf("a reader sees %d rows", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, d, "SELECT count(*) FROM x"); n != 2 {
		t.Errorf("%d rows after the commit", n)
	}
}

func TestSQLiteStoreThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir, path string) (folder string)
		want    string // DIR and FILE stand for the folder and the file
	}{
		"a file where the folder should be": {
			prepare: func(t *testing.T, dir, _ string) string {
				write(t, filepath.Join(dir, "taken"), "x")
				return filepath.Join(dir, "taken")
			},
			want: "DIR/taken: not a directory; choose a folder",
		},
		"a folder that cannot be made": {
			prepare: func(*testing.T, string, string) string { return "/proc/understudy" },
			want:    "mkdir /proc/understudy: no such file or directory; choose another folder",
		},
		"not a database": {
			prepare: func(t *testing.T, dir, path string) string {
				write(t, path, strings.Repeat("no database at all ", 100))
				return dir
			},
			want: "not a SQLite database; move it away, or choose another folder",
		},
		"somebody else's": {
			prepare: func(t *testing.T, dir, path string) string {
				statement(t, path, "PRAGMA application_id = 77")
				return dir
			},
			want: "it belongs to another application; choose another folder",
		},
		"locked": {
			prepare: func(t *testing.T, dir, path string) string {
				db := statement(t, path, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)")
				t.Cleanup(func() { _ = db.Close() })
				return dir
			},
			want: "locked by another process; stop the program that holds it, or choose another folder",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			folder := test.prepare(t, dir, filepath.Join(dir, "understudy-test.sqlite"))
			_, err := files(t, folder)
			if _, ok := errors.AsType[*database.Error](err); !ok {
				t.Fatalf("got %v", err)
			}
			want := "backend.database.connection: SQLite file " + filepath.Join(folder, "understudy-test.sqlite") + ": " +
				strings.ReplaceAll(test.want, "DIR", dir)
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// statement runs SQL on one connection that stays open until the test ends.
func statement(t *testing.T, path, text string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestSQLiteWithoutTheRightToWrite(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := files(t, dir)
	if err == nil || !strings.HasSuffix(err.Error(), "permission denied; give the user that runs understudy the right to write the folder, or choose another") {
		t.Errorf("got %v", err)
	}
}

func TestSQLiteFullDisk(t *testing.T) {
	t.Parallel()
	d := opened(t, t.TempDir())
	if _, err := d.Writer().ExecContext(t.Context(), "CREATE TABLE x (y); PRAGMA max_page_count = 3"); err != nil {
		t.Fatal(err)
	}
	_, err := d.Writer().ExecContext(t.Context(), "INSERT INTO x VALUES (zeroblob(1000000))")
	want := "backend.database.connection: " + d.String() + ": the disk is full; free some space"
	if err := d.Explain(err); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestExplainLeavesOtherErrorsAlone(t *testing.T) {
	t.Parallel()
	d := opened(t, t.TempDir())
	_, err := d.Writer().ExecContext(t.Context(), "SELECT nonsense")
	for _, err := range []error{err, errors.New("x"), nil} {
		if got := d.Explain(err); got != err { //nolint:errorlint // the very same
			t.Errorf("got %v, want %v", got, err)
		}
	}
	if _, err := d.Writer().ExecContext(t.Context(), "CREATE TABLE x (y PRIMARY KEY); INSERT INTO x VALUES (1), (1)"); !database.IsUniqueViolation(err) {
		t.Errorf("got %v", err)
	}
}

func TestTemporaryStoreGoesWithItsService(t *testing.T) {
	t.Parallel()
	service := database.New(database.Options{Default: database.Settings{
		Key: "test", Engine: database.SQLite, SQLite: database.File{Temporary: true},
	}}, quiet(), nil)
	d, err := service.Plugin(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(d.String(), "SQLite file ")
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}
