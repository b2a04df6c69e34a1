// Package databasetest runs a suite over both engines, each test with a store of its own.
//
// PostgreSQL is that of UNDERSTUDY_TEST_POSTGRES, the address of a superuser on a server that nobody needs;
// `go run ./test/withpostgres -- go test ./...` provides one.
package databasetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
)

// Variable names the server.
const Variable = "UNDERSTUDY_TEST_POSTGRES"

// plugin is whose store the tests get.
const plugin = "test"

// Run runs test on SQLite and on PostgreSQL, as parallel subtests named after the engines. Each call of open returns a
// further handle to the one store of the subtest, with connections of its own, as another process would have it.
// Without a server the PostgreSQL part is skipped, or fails where CI is set.
func Run(t *testing.T, test func(t *testing.T, open func() *database.Database)) {
	t.Helper()
	for engine, options := range map[database.Engine]func(testing.TB) database.Options{
		database.SQLite: sqliteOptions, database.PostgreSQL: postgresOptions,
	} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			opts := options(t)
			test(t, func() *database.Database { return open(t, opts) })
		})
	}
}

// SQLite returns a store that lasts as long as the test.
func SQLite(t testing.TB) *database.Database {
	t.Helper()
	return open(t, sqliteOptions(t))
}

// PostgreSQL returns a store that lasts as long as the test; without a server it skips, or fails where CI is set.
func PostgreSQL(t testing.TB) *database.Database {
	t.Helper()
	return open(t, postgresOptions(t))
}

// DSN returns the address of an empty PostgreSQL database that lasts as long as the test, for programs under test
// that read a configuration. Without a server it skips, or fails where CI is set.
func DSN(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		const advice = "no PostgreSQL: " + Variable + " is not set; run by `go run ./test/withpostgres -- go test …`"
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not an address", Variable)
	}
	name := "understudy_" + strings.ToLower(rand.Text())
	exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { exec(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

func exec(t testing.TB, dsn, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // which is over when the cleanup runs
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("connect to %s: %v", Variable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func sqliteOptions(t testing.TB) database.Options {
	return database.Options{Default: database.Settings{
		Key: "test", Engine: database.SQLite, SQLite: database.File{Directory: t.TempDir()},
	}}
}

func postgresOptions(t testing.TB) database.Options {
	t.Helper()
	return database.Options{Default: database.Settings{
		Key: "test", Engine: database.PostgreSQL,
		// Many tests run at once, with several handles each: no one may take many of the server's connections.
		Pool: database.Pool{Max: 6},
		Server: database.Server{
			URL: config.NewSecret(DSN(t)), Division: database.BySchema, CreateSchema: true,
			// A machine that runs all suites at once may take its time.
			Timeout: time.Minute,
		},
	}}
}

func open(t testing.TB, opts database.Options) *database.Database {
	t.Helper()
	service := database.New(opts, slog.New(slog.NewTextHandler(t.Output(), nil)), nil)
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	db, err := service.Plugin(t.Context(), plugin)
	if err != nil {
		t.Fatal(fmt.Errorf("open the database: %w", err))
	}
	return db
}
