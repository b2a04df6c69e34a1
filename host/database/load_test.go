package database_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
)

func load(t testing.TB, yaml string, options ...database.LoadOption) (database.Options, error) {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	return database.Load(c, "/data", options...)
}

// show makes settings comparable and readable, secrets included.
func show(s database.Settings) string {
	if s.Engine == database.SQLite {
		if s.SQLite.Temporary {
			return "sqlite temporary"
		}
		return "sqlite " + s.SQLite.Directory
	}
	v := s.Server
	parts := []string{"pg", string(v.Division), v.URL.Reveal(), v.Host, v.User, v.Password.Reveal(), v.Database, v.Role}
	for name, on := range map[string]bool{"own": v.Own} {
		if on {
			parts = append(parts, name)
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		yaml string
		want map[string]string // by plugin, "" for those without settings of their own
	}{
		"nothing configured": {
			yaml: `app: {}`,
			want: map[string]string{"": "sqlite /data"},
		},
		"folder": {
			yaml: `backend: { database: { client: better-sqlite3, connection: { directory: /var/lib/x } } }`,
			want: map[string]string{"": "sqlite /var/lib/x"},
		},
		"file of one plugin becomes its folder, since the file is Node's": {
			yaml: `backend: { database: { client: sqlite3, connection: { directory: /a }, plugin: { catalog: { connection: { filename: /b/catalog.sqlite } } } } }`,
			want: map[string]string{"": "sqlite /a", "catalog": "sqlite /b"},
		},
		"server, with overrides": {
			yaml: `
backend:
  database:
    client: pg
    connection: { host: db, user: u, password: secret, database: ignored }
    role: owner
    plugin:
      catalog: { connection: { database: mine }, role: other }
      auth: { connection: 'postgres://a:b@c/d' }
      search: { connection: 'postgres://a:b@c' }
      rely: { client: better-sqlite3, connection: { directory: /rely } }`,
			want: map[string]string{
				"":        "pg database db u secret ignored owner",
				"catalog": "pg database db u secret mine other own",
				"auth":    "pg database postgres://a:b@c/d owner own",
				"search":  "pg database postgres://a:b@c owner",
				"rely":    "sqlite /rely",
			},
		},
		"schemas": {
			yaml: `backend: { database: { client: pg, pluginDivisionMode: schema, schemaPrefix: prod_, connection: 'postgres://a:b@c/d' } }`,
			want: map[string]string{"": "pg schema postgres://a:b@c/d"},
		},
		"environment only": {
			yaml: `backend: { database: { client: pg } }`,
			want: map[string]string{"": "pg database"},
		},
		"null is absent": {
			yaml: `backend: { database: null }`,
			want: map[string]string{"": "sqlite /data"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts, err := load(t, test.yaml)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{"": show(opts.Default)}
			for id := range opts.Plugins {
				got[id] = show(opts.For(id))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Upstream falls back to PG* variables where the variable of a connection is not set, and so to a server that nobody named.
func TestLoadRefusesConnectionsThatWereLeftOut(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"{client: pg, connection: '${DB_URL}'}":                                   "backend.database.connection: missing because ${DB_URL} is not set",
		"{client: pg, connection: {connectionString: '${DB_URL}'}}":               "connection.connectionString: missing because ${DB_URL} is not set",
		"{client: pg, connection: {host: '${DB_HOST}', user: u}}":                 "connection.host: missing because ${DB_HOST} is not set",
		"{client: pg, plugin: {rely: {connection: 'postgres://u@${DB_HOST}/x'}}}": "plugin.rely.connection: missing because ${DB_HOST} is not set",
		"{client: pg, connection: {host: db, password: '${DB_PASSWORD}'}}":        "", // a server may want none
		"{client: pg, connection: null}":                                          "",
		"{client: pg}":                                                            "",
	} {
		_, err := load(t, "backend: {database: "+yaml+"}")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", yaml, err, want)
		}
	}
}

func TestLoadReadsBounds(t *testing.T) {
	t.Parallel()
	opts, err := load(t, `
backend:
  database:
    client: pg
    ensureExists: false
    knexConfig: { pool: { min: 1, max: '20', idleTimeoutMillis: 5000 } }
    connection: { host: db, port: '6432', connectionTimeoutMillis: 700, statement_timeout: 1000, application_name: mine, ssl: { rejectUnauthorized: false, servername: s } }
    plugin: { catalog: { knexConfig: { pool: { max: 3 } }, connection: { statement_timeout: 2s } } }`)
	if err != nil {
		t.Fatal(err)
	}
	s := opts.Default
	if diff := cmp.Diff(database.Pool{Min: 1, Max: 20, Idle: 5 * time.Second}, s.Pool); diff != "" {
		t.Error(diff)
	}
	if s.Server.Port != 6432 || s.Server.Timeout != 700*time.Millisecond || s.Server.CreateDatabase || !s.Server.CreateSchema {
		t.Errorf("wrong server: %+v", s.Server)
	}
	if diff := cmp.Diff(map[string]string{"statement_timeout": "1000", "application_name": "mine"}, s.Server.Parameters); diff != "" {
		t.Error(diff)
	}
	if tls := s.Server.TLS; tls == nil || tls.Off || !tls.Config.InsecureSkipVerify || tls.Config.ServerName != "s" {
		t.Errorf("wrong TLS: %+v", tls)
	}
	catalog := opts.For("catalog")
	if catalog.Pool.Max != 3 || catalog.Pool.Min != 1 || catalog.Server.Parameters["statement_timeout"] != "2s" ||
		catalog.Server.Parameters["application_name"] != "mine" || catalog.Server.Host != "db" {
		t.Errorf("wrong overlay: %+v", catalog)
	}
}

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		`client: better-sqlite3
connection: ':memory:'`: "app-config.yaml:4: backend.database.connection: a database in memory would be lost with the process; " +
			"write connection: { directory: <folder> }, or leave out backend.database",
		`client: better-sqlite3
connection: { filename: ':memory:' }`: "app-config.yaml:4: backend.database.connection.filename: a database in memory would be lost with the process; " +
			"write connection: { directory: <folder> }, or leave out backend.database",
		`client: better-sqlite3
connection: { filename: x.sqlite }`: "app-config.yaml:4: backend.database.connection.filename: one file cannot hold the stores of all plugins; " +
			"write connection: { directory: <folder> }",
		`client: better-sqlite3
plugin: { catalog: { connection: ':memory:' } }
connection: { directory: x }`: "app-config.yaml:4: backend.database.plugin.catalog.connection: a database in memory would be lost with the process; " +
			"write connection: { directory: <folder> }, or leave out backend.database",
		`client: better-sqlite3`: "app-config.yaml:2: backend.database.connection: required, but not set; write connection: { directory: <folder> }",
		`client: mysql2
connection: {}`: "app-config.yaml:3: backend.database.client: mysql2 is not supported; use better-sqlite3 or pg",
		`client: postgres`: `app-config.yaml:3: backend.database.client: unknown client "postgres"; write better-sqlite3 or pg`,
		`connection: {}`:   "app-config.yaml:2: backend.database.client: required, but not set; write better-sqlite3 or pg",
		`client: better-sqlite3
connection: { directory: x }
pluginDivisionMode: schema`: "app-config.yaml:5: backend.database.pluginDivisionMode: plugins can be divided by schema on pg only; remove it, or use pg",
		`client: pg
pluginDivisionMode: schema
schemaPrefix: 9x`: "app-config.yaml:5: backend.database.schemaPrefix: must begin with a letter or _, and hold only letters, digits and _",
		`client: pg
connection: 'postgres://u:pa/ss@h:x'`: "app-config.yaml:4: backend.database.connection: not a PostgreSQL connection string, which reads " +
			"postgres://user:password@host:5432/database, with %-encoding for special characters in the password",
		`client: pg
connection: { port: 70000, type: rds }`: "app-config.yaml:4: backend.database.connection.type: tokens of rds are not supported; " +
			"sign in with a user and password, or a client certificate in ssl\n" +
			"app-config.yaml:4: backend.database.connection.port: must be a whole number from 1 to 65535",
		`client: pg
connection: { ssl: { ca: nonsense, cert: x } }`: "app-config.yaml:4: backend.database.connection.ssl.ca: holds no certificate; give the PEM text itself, or read it with $file\n" +
			"app-config.yaml:4: backend.database.connection.ssl.key: missing beside cert",
		`client: pg
knexConfig: { pool: { min: 5, max: 2 } }`: "app-config.yaml:4: backend.database.knexConfig.pool.min: more than max, which is 2",
		`client: pg
connection: 5`: "app-config.yaml:4: Invalid type in config for key 'backend.database.connection' in 'app-config.yaml', got number, wanted object",
		`client: pg
plugin: { Catalog: { role: x } }`: "app-config.yaml:4: backend.database.plugin.Catalog: no plugin can have this id; plugin ids are lower-case words joined by dashes",
	} {
		indented := "backend:\n  database:\n    " + strings.ReplaceAll(yaml, "\n", "\n    ")
		_, err := load(t, indented)
		if _, ok := errors.AsType[config.Problems](err); !ok {
			t.Errorf("%s\n\tgot %v, want problems", yaml, err)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s\n%s", yaml, diff)
		}
	}
}

func TestLoadMemoryWhereAllowed(t *testing.T) {
	t.Parallel()
	opts, err := load(t, `backend: { database: { client: better-sqlite3, connection: ':memory:' } }`, database.AllowMemory())
	if err != nil {
		t.Fatal(err)
	}
	if got := show(opts.Default); got != "sqlite temporary" {
		t.Errorf("got %s", got)
	}
}

// FuzzLoad holds that no configuration makes Load panic, and that no error repeats a password.
func FuzzLoad(f *testing.F) {
	const secret = "hunter2hunter2"
	for _, seed := range []string{
		"postgres://u:SECRET@h:5432/d", "postgres://u:SECRET/x@h:y/d?sslmode=wrong", "host=h password=SECRET port=x", "SECRET",
		"postgresql://SECRET", "postgres://h/d?password=SECRET&port=%zz", "password='SECRET", "postgres://u:SECRET@[::1/d",
	} {
		f.Add(seed, "{ client: pg, connection: VALUE }")
		f.Add(seed, "{ client: pg, connection: { host: VALUE, port: 1, password: VALUE, connectionString: VALUE } }")
		f.Add(seed, "{ client: pg, connection: { ssl: { key: VALUE, cert: VALUE } }, plugin: { a: { connection: VALUE } } }")
	}
	f.Fuzz(func(t *testing.T, value, section string) {
		quoted := "'" + strings.ReplaceAll(strings.ReplaceAll(value, "SECRET", secret), "'", "''") + "'"
		c, err := config.Parse("x.yaml", []byte("backend: { database: "+strings.ReplaceAll(section, "VALUE", quoted)+" }"), nil)
		if err != nil {
			return
		}
		opts, err := database.Load(c, "/data")
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the password: %v", err)
		}
		if err == nil && opts.Default.Engine == database.PostgreSQL {
			// What Load accepts can be dialled, or at least fails without telling.
			if opts.Default.Server.Port < 0 || opts.Default.Server.Port > 65535 {
				t.Errorf("port %d", opts.Default.Server.Port)
			}
		}
	})
}
