package database_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// server returns the parts of the test server's address.
func server(t *testing.T, dsn string) database.Server {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return database.Server{
		Host: u.Hostname(), Port: port, User: u.User.Username(), Password: config.NewSecret(password),
		Database: strings.TrimPrefix(u.Path, "/"), Division: database.BySchema, CreateDatabase: true, CreateSchema: true,
	}
}

func postgres(t *testing.T, s database.Server, id string) (*database.Database, error) {
	t.Helper()
	service := database.New(database.Options{Default: database.Settings{
		Key: "backend.database.connection", Engine: database.PostgreSQL, Server: s,
	}}, slog.New(slog.DiscardHandler), nil)
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	return service.Plugin(t.Context(), id)
}

func row(t *testing.T, d *database.Database, query string) (value string) {
	t.Helper()
	if err := d.Pool().QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestPostgreSQLByDatabase(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	s := server(t, dsn)
	s.Division, s.Prefix = database.ByDatabase, s.Database+"_plugin_"
	name := s.Prefix + "spacelift-io"
	t.Cleanup(func() { execute(t, dsn, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)") })
	d, err := postgres(t, s, "spacelift-io")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		row(t, d, "SELECT current_database()"), row(t, d, "SELECT current_schema()"),
		row(t, d, "SHOW application_name"), row(t, d, "SHOW timezone"), row(t, d, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"),
	}
	if diff := cmp.Diff([]string{name, "understudy_spacelift_io", "understudy_spacelift_io", "UTC", "0"}, got); diff != "" {
		t.Error(diff)
	}
	if err := d.Ping(t.Context()); err != nil || d.Writer() != nil || d.Reader() != nil {
		t.Errorf("wrong handle, or %v", err)
	}
	if strings.Contains(d.String(), s.Password.Reveal()) {
		t.Errorf("tells the password: %s", d)
	}
}

// A role without rights hears which, on what, and the statement that gives them.
func TestPostgreSQLRolesWithoutRights(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	s := server(t, dsn)
	role := "poor_" + s.Database
	execute(t, dsn, "CREATE ROLE "+role, "CREATE SCHEMA understudy_rely")
	t.Cleanup(func() { execute(t, dsn, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	s.Role = role
	for id, want := range map[string]string{
		"rely":    "the role " + role + " has not all rights on the schema understudy_rely, which is there; run in the database " + s.Database + `: GRANT USAGE, CREATE ON SCHEMA "understudy_rely" TO "` + role + `"`,
		"catalog": "the role " + role + ` may not create the schema understudy_catalog; run there GRANT CREATE ON DATABASE "` + s.Database + `" TO "` + role + `", or CREATE SCHEMA "understudy_catalog" AUTHORIZATION "` + role + `"`,
	} {
		if _, err := postgres(t, s, id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
	execute(t, dsn, "GRANT USAGE, CREATE ON SCHEMA understudy_rely TO "+role)
	if _, err := postgres(t, s, "rely"); err != nil {
		t.Errorf("with the rights: %v", err)
	}
}

func TestPostgreSQLBySchema(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	role := "role_" + server(t, dsn).Database
	execute(t, dsn, "CREATE ROLE "+role, "GRANT CREATE ON DATABASE "+server(t, dsn).Database+" TO "+role)
	t.Cleanup(func() { execute(t, dsn, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	s := server(t, dsn)
	s.SchemaPrefix, s.Role, s.Parameters = "prod_", role, map[string]string{"application_name": "mine", "statement_timeout": "7s"}
	d, err := postgres(t, s, "catalog")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		row(t, d, "SELECT current_schema()"), row(t, d, "SELECT current_user"), row(t, d, "SHOW application_name"), row(t, d, "SHOW statement_timeout"),
		row(t, d, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = current_schema()"),
	}
	if diff := cmp.Diff([]string{"prod_understudy_catalog", role, "mine", "7s", role}, got); diff != "" {
		t.Error(diff)
	}
	if err := d.Migrate(t.Context(), "thing", migrations("CREATE TABLE thing (id integer)")); err != nil {
		t.Error(err)
	}
}

func TestPostgreSQLThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	base := server(t, dsn)
	address := net.JoinHostPort(base.Host, strconv.Itoa(base.Port))
	for name, test := range map[string]struct {
		change func(s *database.Server)
		id     string
		want   string
	}{
		"wrong password": {
			change: func(s *database.Server) { s.Password = config.NewSecret("hunter2") },
			want: "PostgreSQL at " + address + ", database " + base.Database + `, user postgres: password authentication failed for user "postgres"; ` +
				"correct user and password",
		},
		"no database, and none to be made": {
			change: func(s *database.Server) { s.Database, s.CreateDatabase = "nowhere", false },
			want: "PostgreSQL at " + address + `, database nowhere, user postgres: database "nowhere" does not exist; ` +
				"create the database, or set ensureExists: true",
		},
		"no schema, and none to be made": {
			change: func(s *database.Server) { s.CreateSchema = false },
			want: "PostgreSQL at " + address + ", database " + base.Database + ", user postgres: schema understudy_catalog does not exist; " +
				"create it, or set ensureSchemaExists: true",
		},
		"no such role": {
			change: func(s *database.Server) { s.Role = "no one" },
			want:   "PostgreSQL at " + address + ", database " + base.Database + `, user postgres: role "no one" does not exist; correct role`,
		},
		"TLS where there is none": {
			change: func(s *database.Server) {
				s.TLS = &database.TLS{Config: nil}
				s.URL = config.NewSecret(dsn + "&sslmode=require")
			},
			want: "PostgreSQL at " + address + ", database " + base.Database + ", user postgres: it does not offer TLS; " +
				"configure TLS on the server, or remove ssl",
		},
		"no such host": {
			change: func(s *database.Server) { s.Host = "nowhere.invalid" },
			want: "PostgreSQL at nowhere.invalid:" + strconv.Itoa(base.Port) + ", database " + base.Database +
				", user postgres: its host name cannot be resolved; correct the host",
		},
		"nobody listens": {
			change: func(s *database.Server) { s.Port = unusedPort(t) },
			want:   "connection refused; start the server, or correct host and port",
		},
		"a name too long": {
			change: func(s *database.Server) { s.SchemaPrefix = strings.Repeat("x", 60) },
			want:   "is longer than PostgreSQL's 63 bytes; shorten the prefix",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := base
			test.change(&s)
			_, err := postgres(t, s, "catalog")
			if err == nil {
				t.Fatal("it could")
			}
			text := err.Error()
			if !strings.HasPrefix(text, "backend.database.connection: ") || !strings.HasSuffix(text, test.want) {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
			if strings.Contains(text, "hunter2") || strings.Contains(text, base.Password.Reveal()) {
				t.Errorf("tells the password: %s", text)
			}
		})
	}
}

func unusedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// TestPostgreSQLThatDoesNotAnswer dials a listener that never says a word.
func TestPostgreSQLThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := database.Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "u", Password: config.NewSecret("hunter2"), Database: "d",
		Division: database.BySchema, Timeout: 50 * time.Millisecond,
	}
	_, err = postgres(t, s, "catalog")
	failure, ok := errors.AsType[*database.Error](err)
	if !ok || failure.Reason != "no answer in time" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	service := database.New(database.Options{Default: database.Settings{Engine: database.PostgreSQL, Server: s}}, quiet(), nil)
	defer func() { _ = service.Close() }()
	if _, err := service.Plugin(ctx, "catalog"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to end with its context", err)
	}
}
