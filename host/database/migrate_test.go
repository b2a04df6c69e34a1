package database_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// migrations are the same files for both engines, numbered from one. Each text is the Up part, after an optional first
// line that begins with "--".
func migrations(texts ...string) fs.FS {
	files := fstest.MapFS{}
	for i, text := range texts {
		head := ""
		if strings.HasPrefix(text, "-- ") {
			head, text, _ = strings.Cut(text, "\n")
			head += "\n"
		}
		for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
			name := fmt.Sprintf("%s/%05d_step.sql", engine, i+1)
			files[name] = &fstest.MapFile{Data: []byte(head + "-- +goose Up\n" + text + ";\n")}
		}
	}
	return files
}

func count(t testing.TB, d *database.Database, query string) (n int) {
	t.Helper()
	var err error
	if d.Engine() == database.PostgreSQL {
		err = d.Pool().QueryRow(t.Context(), query).Scan(&n)
	} else {
		err = d.Reader().QueryRowContext(t.Context(), query).Scan(&n)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	one, two := "CREATE TABLE thing (id integer PRIMARY KEY)", "INSERT INTO thing (id) VALUES (7)"
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		for _, files := range []fs.FS{migrations(one), migrations(one, two), migrations(one, two)} {
			if err := d.Migrate(t.Context(), "thing", files); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, open(), "SELECT id FROM thing"); n != 7 {
			t.Errorf("got %d", n)
		}
	})
}

func TestComponentsAreApart(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		for _, name := range []string{"first", "second"} {
			if err := d.Migrate(t.Context(), name, migrations("CREATE TABLE "+name+"_rows (id integer)")); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, d, "SELECT (SELECT count(*) FROM first_rows) + (SELECT count(*) FROM second_rows)"); n != 0 {
			t.Errorf("got %d", n)
		}
		if err := d.Migrate(t.Context(), "No good", migrations("SELECT 1")); err == nil {
			t.Error("a component's name is part of a table's")
		}
	})
}

func TestNewerSchemaIsRefusedUnlessCompatible(t *testing.T) {
	t.Parallel()
	one := "CREATE TABLE thing (id integer PRIMARY KEY)"
	expand := "-- understudy: compatible-from 1\nCREATE TABLE more (id integer)"
	contract := "DROP TABLE more"
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		must := func(files fs.FS) {
			t.Helper()
			if err := d.Migrate(t.Context(), "thing", files); err != nil {
				t.Fatal(err)
			}
		}
		must(migrations(one, expand))
		must(migrations(one)) // the older release goes on during the upgrade
		must(migrations(one, expand, contract))
		err := d.Migrate(t.Context(), "thing", migrations(one, expand))
		want := d.String() + ": written by a newer version of understudy: its schema is at version 3, this understudy knows versions up to 2; " +
			"run the newer understudy, or restore the backup from before it"
		if !errors.Is(err, database.ErrNewer) || err.Error() != "migrate thing: test: "+want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

func TestFailedMigrationLeavesWhatWasBefore(t *testing.T) {
	t.Parallel()
	one := "CREATE TABLE thing (id integer PRIMARY KEY)"
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		broken := migrations(one, "INSERT INTO thing (id) VALUES (1)", "CREATE TABLE other (id integer);\nINSERT INTO nowhere VALUES (1)")
		if err := d.Migrate(t.Context(), "thing", broken); err == nil || !strings.Contains(err.Error(), "00003_step.sql") {
			t.Fatalf("got %v, want an error that names the file", err)
		}
		whole := migrations(one, "INSERT INTO thing (id) VALUES (1)", "CREATE TABLE other (id integer)")
		if err := d.Migrate(t.Context(), "thing", whole); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 {
			t.Errorf("the second step ran %d times", n)
		}
	})
}

func TestMigrateSideBySide(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		var group sync.WaitGroup
		for range 4 {
			d := open()
			group.Go(func() {
				if err := d.Migrate(t.Context(), "thing", processFiles()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := count(t, open(), "SELECT count(*) FROM thing"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

// processFiles fail when any of them runs twice.
func processFiles() fs.FS {
	return migrations("CREATE TABLE thing (id integer PRIMARY KEY)", "INSERT INTO thing (id) VALUES (1)", "CREATE TABLE other (id integer)")
}

// TestProcessesStartTogether starts several processes on one empty place, none of which may fail.
func TestProcessesStartTogether(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			place := t.TempDir()
			if engine == database.PostgreSQL {
				place = databasetest.DSN(t)
			}
			var group sync.WaitGroup
			for range 4 {
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), asProcess+"="+string(engine), processStore+"="+place)
				group.Go(func() {
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				})
			}
			group.Wait()
		})
	}
}

// migrateAsProcess is what such a process does.
func migrateAsProcess(engine database.Engine, place string) error {
	settings := database.Settings{Key: "test", Engine: engine, SQLite: database.File{Directory: place}, Server: database.Server{
		URL: config.NewSecret(place), Division: database.BySchema, CreateSchema: true,
	}}
	service := database.New(database.Options{Default: settings}, quiet(), nil)
	d, err := service.Plugin(context.Background(), "test")
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background(), "thing", processFiles()), service.Close())
}
