package backend_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

// nodeTables are those that a Node backend keeps for a plugin (core.md 14.1 and 14.3), with knex's own.
const nodeTables = `
CREATE TABLE %[1]s.knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz);
CREATE TABLE %[1]s.knex_migrations_lock (index serial PRIMARY KEY, is_locked integer);
CREATE TABLE %[1]s.backstage_backend_public_keys__knex_migrations (id serial PRIMARY KEY, name varchar(255));
CREATE TABLE %[1]s.backstage_backend_public_keys__keys (id varchar(255) PRIMARY KEY, key text NOT NULL, expires_at varchar(255) NOT NULL);
CREATE TABLE %[1]s.backstage_backend_tasks__tasks (id varchar(255) PRIMARY KEY, settings_json text NOT NULL, next_run_start_at timestamptz,
	current_run_ticket text, current_run_started_at timestamptz, current_run_expires_at timestamptz);
CREATE TABLE %[1]s.signing_keys (kid varchar(255) PRIMARY KEY, created_at timestamptz(0) NOT NULL DEFAULT now(), key text NOT NULL);
CREATE TABLE %[1]s.user_info (user_entity_ref varchar(255) PRIMARY KEY, user_info text NOT NULL, updated_at timestamptz, created_at timestamptz);
INSERT INTO %[1]s.knex_migrations (name, batch, migration_time) SELECT 'm' || i || '.js', 1, now() FROM generate_series(1, 20) i;
INSERT INTO %[1]s.knex_migrations_lock (is_locked) VALUES (0);
INSERT INTO %[1]s.backstage_backend_public_keys__keys VALUES ('old', '{"kid":"old"}', '2020-01-01T00:00:00.000Z');
INSERT INTO %[1]s.backstage_backend_tasks__tasks (id, settings_json, next_run_start_at) VALUES ('sync', '{"version":2}', '2020-01-01'), ('export', '{"version":2}', '2020-01-01');
INSERT INTO %[1]s.signing_keys (kid, key) VALUES ('k', '{}');
`

// Node's tables are as they were, to the version of every row, after Understudy has been beside them and has gone again: in
// schemas of one database, as the common user.
func TestBesideNodeInSchemas(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	for _, schema := range []string{"public", "catalog", "rely", `"spacelift-io"`} {
		if schema != "public" {
			query(t, dsn, "CREATE SCHEMA "+schema)
		}
		query(t, dsn, fmt.Sprintf(nodeTables, schema))
	}
	before := picture(t, dsn)
	text := fmt.Sprintf("{client: pg, connection: %q, pluginDivisionMode: schema}", dsn)
	serveAndRemove(t, text, func() {
		if got := schemasOf(t, dsn); !strings.Contains(got, "understudy_rely, understudy_spacelift_io") {
			t.Errorf("our schemas are not there: %s", got)
		}
	})
	if diff := cmp.Diff(before, picture(t, dsn)); diff != "" {
		t.Errorf("the database is not as before (-before +after):\n%s", diff)
	}
}

// A role without any right on Node's tables is enough; and where schemas must not be made, those that are there are used.
func TestBesideNodeWithoutRights(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{"may create schemas": false, "schemas made by somebody else": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := databasetest.DSN(t)
			query(t, dsn, fmt.Sprintf(nodeTables, "public"))
			role := "us_" + strings.ToLower(rand.Text())
			query(t, dsn, "CREATE ROLE "+role+" LOGIN PASSWORD 'hunter2secret'")
			t.Cleanup(func() {
				query(t, dsn, "DROP OWNED BY "+role)
				query(t, dsn, "DROP ROLE "+role)
			})
			query(t, dsn, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
			extra := ""
			if made {
				extra = ", ensureExists: false, ensureSchemaExists: false"
				for _, schema := range []string{"understudy_rely", "understudy_spacelift_io", "understudy_understudy"} {
					query(t, dsn, "CREATE SCHEMA "+schema+" AUTHORIZATION "+role)
				}
			} else {
				query(t, dsn, "GRANT CREATE ON DATABASE "+databaseOf(t, dsn)+" TO "+role)
			}
			before := picture(t, dsn)
			u, err := url.Parse(dsn)
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword(role, "hunter2secret")
			serveAndRemove(t, fmt.Sprintf("{client: pg, connection: %q, pluginDivisionMode: schema%s}", u, extra), func() {})
			if diff := cmp.Diff(before, picture(t, dsn)); diff != "" {
				t.Errorf("the database is not as before (-before +after):\n%s", diff)
			}
		})
	}
}

// In division by database, the usual one, a plugin's database may be Node's already: it had the plugin before.
func TestBesideNodeInDatabases(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	prefix := "b" + strings.ToLower(rand.Text()) + "_"
	node := prefix + "rely"
	query(t, dsn, "CREATE DATABASE "+node)
	t.Cleanup(func() {
		for _, id := range []string{"rely", "spacelift-io", "understudy"} {
			query(t, dsn, `DROP DATABASE IF EXISTS "`+prefix+id+`" WITH (FORCE)`)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + node
	query(t, u.String(), fmt.Sprintf(nodeTables, "public"))
	before, aside := picture(t, u.String()), picture(t, dsn)
	serveAndRemove(t, fmt.Sprintf("{client: pg, connection: %q, prefix: %s}", dsn, prefix), func() {
		if got := schemasOf(t, u.String()); got != "public, understudy_rely" {
			t.Errorf("schemas beside Node's: %s", got)
		}
	})
	if diff := cmp.Diff(before+aside, picture(t, u.String())+picture(t, dsn)); diff != "" {
		t.Errorf("the databases are not as before (-before +after):\n%s", diff)
	}
}

// serveAndRemove runs a server until it has read the account and exported, and drops what it kept.
func serveAndRemove(t *testing.T, databaseConfig string, during func()) {
	t.Helper()
	account := spacelifttest.Start(t, spacelift.Options{Preset: "small"})
	exported := relytest.Start(t, rely.Options{})
	text := fmt.Sprintf(`
backend:
  baseUrl: http://localhost:7007
  listen: {host: 127.0.0.1, port: 0}
  database: %s
  auth: {externalAccess: [{type: static, options: {token: backend-test-token-0123, subject: test}}]}
discovery: {endpoints: [{target: {internal: 'http://127.0.0.1:1/api/{{pluginId}}'}, plugins: ['*']}]}
understudy: {metrics: {listen: '127.0.0.1:0'}}
spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q, sync: {interval: 1s}}
proxy: {endpoints: {/rely: {target: %q, headers: {Authorization: Bearer %s}}}}
rely: {cron: {enabled: true, schedule: '* * * * *'}}
`, databaseConfig, account.URL, spacelift.AdminKey, spacelift.Secret, exported.URL, rely.Token)
	s := start(t, text, standard.Plugins())
	const token = "backend-test-token-0123"
	await(t, s, "/api/spacelift-io/v1/status", `"complete":true`)
	if status, body := s.send(t, "POST", "/api/rely/migrate", token, ""); status >= 300 {
		t.Fatalf("start an export: %d %s", status, body)
	}
	await(t, s, "/api/rely/runs", `"status":"(running|succeeded|failed|partial)"`)
	opts := optionsOf(t, text)
	h, found, err := database.Find(t.Context(), opts, "rely")
	if err != nil || !found || h.Held == "" || len(h.Tables) < 5 {
		t.Fatalf("while the server runs: %+v, %v, %v", h, found, err)
	}
	if err := h.Drop(t.Context()); err == nil || !strings.Contains(err.Error(), "in use by a server") {
		t.Fatalf("dropped under a server: %v", err)
	}
	during()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for _, p := range standard.Plugins() {
		h, found, err := database.Find(t.Context(), opts, p.ID())
		if err != nil {
			t.Fatal(err)
		}
		if found {
			if err := h.Drop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, found, err = database.Find(t.Context(), opts, p.ID()); found || err != nil {
			t.Errorf("%s: after the drop: %v, %v", p.ID(), found, err)
		}
	}
}

func optionsOf(t *testing.T, text string) database.Options {
	t.Helper()
	cfg, err := config.Parse("test", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	opts, err := database.Load(cfg, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// await asks until the answer matches.
func await(t *testing.T, s *subject, path, want string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, body := s.send(t, "GET", path, "backend-test-token-0123", "")
		if regexp.MustCompile(want).MatchString(body) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is never %s, but %s", path, want, body)
		}
		time.Sleep(50 * time.Millisecond) // the other side has nothing to wait for
	}
}

func query(t *testing.T, dsn, text string) {
	t.Helper()
	conn := connect(t, dsn)
	if _, err := conn.Exec(context.Background(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := conn.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn) // cleaning up comes after the test's context
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func texts(t *testing.T, dsn, text string, args ...any) []string {
	t.Helper()
	conn := connect(t, dsn)
	rows, err := conn.Query(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return list
}

func schemasOf(t *testing.T, dsn string) string {
	t.Helper()
	return strings.Join(texts(t, dsn, `SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' ORDER BY 1`), ", ")
}

func databaseOf(t *testing.T, dsn string) string {
	t.Helper()
	return texts(t, dsn, "SELECT current_database()::text")[0]
}

// picture is everything in a database that is not the system's, to the transaction that wrote each row last (xmin): schemas
// with their owners and rights, relations with their columns, and all rows.
func picture(t *testing.T, dsn string) string {
	t.Helper()
	var b strings.Builder
	const mine = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%'
		AND n.nspname NOT LIKE 'understudy\_%'`
	for _, facts := range []string{
		`SELECT 'schema ' || nspname || ' ' || nspowner || ' ' || coalesce(nspacl::text, '') FROM pg_namespace n WHERE ` + mine + ` ORDER BY 1`,
		`SELECT 'relation ' || n.nspname || '.' || c.relname || ' ' || c.relkind::text || ' ' || c.relowner || ' ' || c.relfilenode || ' ' || coalesce(c.relacl::text, '') || ' ' ||
			coalesce((SELECT string_agg(a.attname || ' ' || a.atttypid::regtype, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), '')
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + mine + ` ORDER BY 1`,
		`SELECT 'function ' || n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + mine + ` ORDER BY 1`,
	} {
		b.WriteString(strings.Join(texts(t, dsn, facts), "\n") + "\n")
	}
	for _, table := range texts(t, dsn, `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND `+mine+` ORDER BY 1`) {
		b.WriteString(table + "\n" + strings.Join(texts(t, dsn, "SELECT r.xmin::text || ' ' || r.ctid::text || ' ' || r::text FROM "+table+" r ORDER BY 1"), "\n") + "\n")
	}
	for _, sequence := range texts(t, dsn, `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'S' AND `+mine+` ORDER BY 1`) {
		b.WriteString(sequence + " " + texts(t, dsn, "SELECT last_value::text || ' ' || is_called::text FROM "+sequence)[0] + "\n")
	}
	return b.String()
}
