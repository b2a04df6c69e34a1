package database_test

import (
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// TestDropTakesOnlyWhatIsOurs: neither a schema that only has our name, nor what depends on our tables.
func TestDropTakesOnlyWhatIsOurs(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	opts := database.Options{Default: database.Settings{Key: "backend.database.connection", Engine: database.PostgreSQL, Server: server(t, dsn)}}
	find := func() (database.Holding, bool, error) { return database.Find(t.Context(), opts, "rely") }
	execute(t, dsn, "CREATE SCHEMA understudy_rely")
	if h, found, err := find(); found || err != nil {
		t.Fatalf("an empty schema: %s, %v", h.Where, err)
	}
	execute(t, dsn, "CREATE VIEW understudy_rely.theirs AS SELECT 1 AS one")
	if h, found, err := find(); found || err == nil || !strings.Contains(err.Error(), "does not look like understudy's") {
		t.Fatalf("somebody's view: %s, %v", h.Where, err)
	}
	execute(t, dsn, "DROP VIEW understudy_rely.theirs", "CREATE TABLE understudy_rely.understudy_schema (component text)",
		"CREATE TABLE understudy_rely.run (id text PRIMARY KEY)", "CREATE TABLE understudy_rely.item (run text REFERENCES understudy_rely.run)",
		"CREATE SCHEMA reports", "CREATE VIEW reports.runs AS SELECT id FROM understudy_rely.run")
	t.Cleanup(func() { execute(t, dsn, "DROP SCHEMA IF EXISTS reports CASCADE") })
	drop := func(want string) {
		t.Helper()
		h, found, err := find()
		if err != nil || !found {
			t.Fatalf("%v, %v", found, err)
		}
		err = h.Drop(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Fatalf("dropped: %v, want %q", err, want)
		}
	}
	drop("view reports.runs depends on table understudy_rely.run")
	execute(t, dsn, "DROP VIEW reports.runs", "CREATE FUNCTION understudy_rely.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'")
	drop("function understudy_rely.theirs() depends on schema understudy_rely")
	execute(t, dsn, "INSERT INTO understudy_rely.run VALUES ('kept')", "DROP FUNCTION understudy_rely.theirs()")
	drop("")
	if h, found, err := find(); found || err != nil {
		t.Errorf("%s, %v", h.Where, err)
	}
}
