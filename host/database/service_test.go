package database_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

func sqliteService(t *testing.T, metrics prometheus.Registerer) *database.Service {
	t.Helper()
	service := database.New(database.Options{Default: database.Settings{
		Key: "test", Engine: database.SQLite, SQLite: database.File{Directory: t.TempDir()},
	}}, quiet(), metrics)
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	return service
}

func TestPluginsHaveOneStoreEach(t *testing.T) {
	t.Parallel()
	service := sqliteService(t, nil)
	var mu sync.Mutex
	found := map[string]map[*database.Database]bool{"catalog": {}, "rely": {}}
	var group sync.WaitGroup
	for range 4 {
		for id := range found {
			group.Go(func() {
				d, err := service.Plugin(t.Context(), id)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				found[id][d] = true
			})
		}
	}
	group.Wait()
	for id, stores := range found {
		if len(stores) != 1 {
			t.Errorf("%s has %d stores", id, len(stores))
		}
	}
	for _, id := range []string{"", "../catalog", "Catalog", "a_b", "a--b"} {
		if _, err := service.Plugin(t.Context(), id); err == nil {
			t.Errorf("%q is no plugin's id", id)
		}
	}
}

func TestClosedServiceOpensNothing(t *testing.T) {
	t.Parallel()
	service := sqliteService(t, nil)
	for range 2 {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := service.Plugin(t.Context(), "catalog"); err == nil {
		t.Error("opened a store after the end")
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	service := sqliteService(t, registry)
	if _, err := service.Plugin(t.Context(), "catalog"); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP understudy_database_connections_max Most connections that may be open.
# TYPE understudy_database_connections_max gauge
understudy_database_connections_max{engine="sqlite",plugin="catalog",pool="writer"} 1
`
	err := testutil.GatherAndCompare(registry, strings.NewReader(want), "understudy_database_connections_max")
	// The readers' number hangs on the machine; the line of the writer must be as above.
	if err != nil && !strings.Contains(err.Error(), `pool="reader"`) {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry); err != nil || n != 10 {
		t.Errorf("%d series, error %v", n, err)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry); err != nil || n != 0 {
		t.Errorf("after the end: %d series, error %v", n, err)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		d := open()
		if err := d.Migrate(t.Context(), "thing", migrations("CREATE TABLE thing (id integer PRIMARY KEY)")); err != nil {
			t.Fatal(err)
		}
		// in inserts a row and does what is asked.
		in := func(id int, then func() error) error {
			if d.Engine() == database.PostgreSQL {
				return d.InPgTx(t.Context(), pgx.TxOptions{}, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), "INSERT INTO thing VALUES ($1)", id)
					return errors.Join(err, then())
				})
			}
			return d.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), "INSERT INTO thing VALUES (?)", id)
				return errors.Join(err, then())
			})
		}
		if err := in(1, func() error { return nil }); err != nil {
			t.Error(err)
		}
		sorry := errors.New("sorry")
		if err := in(2, func() error { return sorry }); !errors.Is(err, sorry) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = in(3, func() error { panic("oops") })
		}()
		if err := in(1, func() error { return nil }); !database.IsUniqueViolation(err) {
			t.Errorf("got %v, want a violated key", err)
		}
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 {
			t.Errorf("%d rows", n)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(sorry)
		if err := d.InTx; d.Engine() == database.SQLite && err(ctx, nil) == nil {
			t.Error("began after the end of its context")
		}
	})
}

// TestWritersOfSeveralHandlesTakeTurns adds up a counter from two handles at once.
func TestWritersOfSeveralHandlesTakeTurns(t *testing.T) {
	t.Parallel()
	const each = 25
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		files := migrations("CREATE TABLE thing (n integer)", "INSERT INTO thing VALUES (0)")
		var group sync.WaitGroup
		for range 2 {
			d := open()
			if err := d.Migrate(t.Context(), "thing", files); err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				for range each {
					if err := increment(t.Context(), d); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := count(t, open(), "SELECT n FROM thing"); n != 2*each {
			t.Errorf("counted to %d, want %d", n, 2*each)
		}
	})
}

// increment reads and then writes, which only a serial order gets right. On PostgreSQL it collides and runs again.
func increment(ctx context.Context, d *database.Database) error {
	if d.Engine() == database.PostgreSQL {
		return d.InPgTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
			var n int
			if err := tx.QueryRow(ctx, "SELECT n FROM thing").Scan(&n); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE thing SET n = $1", n+1)
			return err
		})
	}
	return d.InTx(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT n FROM thing").Scan(&n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE thing SET n = ?", n+1)
		return err
	})
}

// TestSQLiteRuntimeIsTheOneItsDriverNames: the driver is generated against one version of modernc.org/libc, and fails in
// odd ways on another, which a careless upgrade brings in.
func TestSQLiteRuntimeIsTheOneItsDriverNames(t *testing.T) {
	t.Parallel()
	list := func(format, module string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return string(bytes.TrimSpace(out))
	}
	file, err := os.Open(list("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == "modernc.org/libc" {
			if got := list("{{.Version}}", "modernc.org/libc"); got != fields[1] {
				t.Errorf("modernc.org/libc is at %s; its SQLite wants exactly %s: go get modernc.org/libc@%s", got, fields[1], fields[1])
			}
			return
		}
	}
	t.Error("the driver no longer names modernc.org/libc: this guard can go")
}
