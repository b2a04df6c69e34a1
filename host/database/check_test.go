package database_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// A check writes, tells what it wrote to, and leaves nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		r, err := d.Check(t.Context())
		if err != nil || len(r.Components) != 0 {
			t.Fatalf("an empty store: %+v, %v", r, err)
		}
		if want := map[database.Engine]string{database.SQLite: "SQLite 3.", database.PostgreSQL: "PostgreSQL 1"}[d.Engine()]; !strings.HasPrefix(r.Version, want) {
			t.Errorf("version %q", r.Version)
		}
		if err := d.Migrate(t.Context(), "keys", oneTable()); err != nil {
			t.Fatal(err)
		}
		tables := map[database.Engine]string{
			database.SQLite:     "SELECT count(*) FROM sqlite_schema",
			database.PostgreSQL: "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()",
		}[d.Engine()]
		before := count(t, d, tables)
		if r, err = open().Check(t.Context()); err != nil || !slices.Equal(r.Components, []string{"keys 1"}) {
			t.Errorf("a migrated store: %+v, %v", r, err)
		}
		if after := count(t, d, tables); before != after {
			t.Errorf("the check left something: %d, before %d", after, before)
		}
	})
}

// What cannot be written fails with its fix.
func TestCheckOfWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := server(t, databasetest.DSN(t))
	s.Division = database.BySchema
	if _, err := postgres(t, s, "rely"); err != nil {
		t.Fatal(err)
	}
	s.Parameters = map[string]string{"default_transaction_read_only": "on"}
	d, err := postgres(t, s, "rely")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "read-only transaction; name the primary server") {
		t.Errorf("got %v", err)
	}
}

// A file is removed with all that is beside it, but not while it is open, and not if it is somebody else's.
func TestFindAndDropFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := database.Options{Default: database.Settings{Key: "backend.database", Engine: database.SQLite, SQLite: database.File{Directory: dir}}}
	if _, found, err := database.Find(t.Context(), opts, "rely"); found || err != nil {
		t.Fatalf("nothing is there: %v, %v", found, err)
	}
	service := database.New(opts, quiet(), nil)
	d, err := service.Plugin(t.Context(), "rely")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context(), "keys", oneTable()); err != nil {
		t.Fatal(err)
	}
	h, found, err := database.Find(t.Context(), opts, "rely")
	if err != nil || !found || h.Held == "" {
		t.Fatalf("while it is open: %+v, %v, %v", h, found, err)
	}
	if err := h.Drop(t.Context()); err == nil {
		t.Fatal("dropped while it was open")
	}
	if _, err := d.Check(t.Context()); err != nil {
		t.Errorf("the open store no longer works: %v", err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	h, found, err = database.Find(t.Context(), opts, "rely")
	if err != nil || !found || h.Held != "" || !slices.Contains(h.Tables, "understudy_schema") {
		t.Fatalf("after it was closed: %+v, %v, %v", h, found, err)
	}
	if err := h.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.WriteFile(dir+"/understudy-rely.sqlite", []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found, err = database.Find(t.Context(), opts, "rely"); err == nil || found {
		t.Errorf("somebody else's file: %v, %v", found, err)
	}
}

// A schema of our name that somebody else made is left alone.
func TestFindLeavesForeignSchemas(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	execute(t, dsn, "CREATE SCHEMA understudy_rely", "CREATE TABLE understudy_rely.theirs (a int)")
	s := server(t, dsn)
	s.Division = database.BySchema
	opts := database.Options{Default: database.Settings{Key: "backend.database", Engine: database.PostgreSQL, Server: s}}
	if _, found, err := database.Find(t.Context(), opts, "rely"); found || err == nil || !strings.Contains(err.Error(), "is left alone") {
		t.Errorf("got %v, %v", found, err)
	}
	if _, found, err := database.Find(t.Context(), opts, "spacelift-io"); found || err != nil {
		t.Errorf("no schema: %v, %v", found, err)
	}
}

func oneTable() fs.FS { return migrations("CREATE TABLE keys_one (a integer);") }
