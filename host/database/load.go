package database

import (
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

const (
	section = "backend.database"
	// defaultPrefix is upstream's, so that both backends' stores of one installation lie together.
	defaultPrefix = "backstage_plugin_"
)

// schemaPrefix is what upstream accepts (core.md 14.1).
var schemaPrefix = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// LoadOption changes what Load accepts.
type LoadOption func(*loader)

// AllowMemory reads ':memory:' as files in a temporary folder, for tests and demonstrations.
func AllowMemory() LoadOption { return func(l *loader) { l.memory = true } }

// Load reads backend.database with Backstage's keys (core.md 14.1). Without that section the stores are SQLite files
// under dataDir. A store that would be gone with the process is refused: ours is the only copy of what it holds.
// The error is config.Problems.
func Load(c *config.Config, dataDir string, options ...LoadOption) (Options, error) {
	l := &loader{c: c}
	for _, option := range options {
		option(l)
	}
	base := l.base(dataDir)
	out := Options{Default: base, Plugins: make(map[string]Settings)}
	for _, id := range c.Keys(section + ".plugin") {
		out.Plugins[id] = l.plugin(id, base)
	}
	l.check(out.Default)
	if len(l.problems) > 0 {
		return Options{}, l.problems
	}
	return out, nil
}

// loader gathers all mistakes, so that the user sees them at once.
type loader struct {
	c        *config.Config
	memory   bool
	problems config.Problems
}

func (l *loader) fail(path, hint, format string, args ...any) {
	l.problems = append(l.problems, l.c.Errorf(path, hint, format, args...))
}

// The readers keep their error and return whether there is a value.

func (l *loader) text(path string, into *string) bool {
	v, ok, err := l.c.OptionalString(path)
	return set(l, into, v, ok, err)
}

func (l *loader) secret(path string, into *config.Secret) bool {
	v, ok, err := l.c.OptionalSecret(path)
	return set(l, into, v, ok, err)
}

func (l *loader) flag(path string, into *bool) bool {
	v, ok, err := l.c.OptionalBool(path)
	return set(l, into, v, ok, err)
}

// count reads a whole number from lowest to highest.
func (l *loader) count(path string, lowest, highest int, into *int) bool {
	v, ok, err := l.c.OptionalNumber(path)
	n := int(v)
	if ok && (v != float64(n) || n < lowest || n > highest) {
		l.fail(path, "", "must be a whole number from %d to %d", lowest, highest)
		return false
	}
	return set(l, into, n, ok, err)
}

func (l *loader) millis(path string, into *time.Duration) bool {
	var ms int
	if !l.count(path, 0, 24*60*60*1000, &ms) {
		return false
	}
	*into = time.Duration(ms) * time.Millisecond
	return true
}

func set[T any](l *loader, into *T, v T, ok bool, err error) bool {
	l.problems = append(l.problems, config.AsProblems(err)...)
	if err != nil || !ok {
		return false
	}
	*into = v
	return true
}

// base reads the section without its plugins.
func (l *loader) base(dataDir string) Settings {
	s := Settings{Key: section + ".connection", Engine: SQLite, Server: Server{
		Division: ByDatabase, Prefix: defaultPrefix, CreateDatabase: true, CreateSchema: true,
	}}
	if !l.c.Has(section) {
		s.Key = "understudy.dataDir"
		s.SQLite.Directory = dataDir
		if dataDir == "" {
			l.fail(s.Key, "name a folder, or configure backend.database", "there is no place for the data")
		}
		return s
	}
	if _, err := l.c.OptionalSub(section); err != nil {
		l.problems = append(l.problems, config.AsProblems(err)...)
		return s
	}
	if !l.client(section+".client", &s.Engine) {
		if !l.c.Has(section + ".client") {
			l.fail(section+".client", "write better-sqlite3 or pg", "required, but not set")
		}
		return s
	}
	l.text(section+".prefix", &s.Server.Prefix)
	l.division(&s)
	l.overlay(section, &s, true)
	return s
}

// division reads what only the whole section has.
func (l *loader) division(s *Settings) {
	path, division := section+".pluginDivisionMode", ""
	if l.text(path, &division) {
		switch d := Division(division); {
		case d != ByDatabase && d != BySchema:
			l.fail(path, "write database or schema", "unknown mode %q", division)
		case d == BySchema && s.Engine != PostgreSQL:
			l.fail(path, "remove it, or use pg", "plugins can be divided by schema on pg only")
		default:
			s.Server.Division = d
		}
	}
	path = section + ".schemaPrefix"
	if !l.text(path, &s.Server.SchemaPrefix) {
		return
	}
	if !schemaPrefix.MatchString(s.Server.SchemaPrefix) {
		l.fail(path, "", "must begin with a letter or _, and hold only letters, digits and _")
	}
	if s.Server.Division != BySchema {
		l.fail(path, "set pluginDivisionMode: schema, or remove it", "counts only in division by schema")
	}
}

// plugin reads one plugin's overrides over base. A client of its own drops the base's connection (core.md 14.1).
func (l *loader) plugin(id string, base Settings) Settings {
	s, path := base, section+".plugin."+id
	if _, err := l.c.OptionalSub(path); err != nil {
		l.problems = append(l.problems, config.AsProblems(err)...)
		return s
	}
	if err := checkID(id); err != nil {
		l.fail(path, "plugin ids are lower-case words joined by dashes", "no plugin can have this id")
		return s
	}
	if l.c.Has(path + ".connection") {
		s.Key = path + ".connection"
	}
	inherited := true
	if l.client(path+".client", &s.Engine) && s.Engine != base.Engine {
		s.Key, s.SQLite, s.Pool, inherited = path+".connection", File{}, Pool{}, false
		s.Server = Server{
			Division: ByDatabase, Prefix: base.Server.Prefix, CreateDatabase: base.Server.CreateDatabase,
			CreateSchema: base.Server.CreateSchema,
		}
	}
	l.overlay(path, &s, !inherited)
	l.check(s)
	return s
}

// client reads the engine by the names that upstream knows.
func (l *loader) client(path string, into *Engine) bool {
	var name string
	if !l.text(path, &name) {
		return false
	}
	switch name {
	case "better-sqlite3", "sqlite3":
		*into = SQLite
	case "pg":
		*into = PostgreSQL
	case "mysql", "mysql2", "embedded-postgres", "cockroachdb":
		l.fail(path, "use better-sqlite3 or pg", "%s is not supported", name)
		return false
	default:
		l.fail(path, "write better-sqlite3 or pg", "unknown client %q", name)
		return false
	}
	return true
}

// overlay reads what the section and a plugin's overrides have in common. Required tells that a connection must be
// there, since there is none to inherit.
func (l *loader) overlay(path string, s *Settings, required bool) {
	l.flag(path+".ensureExists", &s.Server.CreateDatabase)
	l.flag(path+".ensureSchemaExists", &s.Server.CreateSchema)
	l.text(path+".role", &s.Server.Role)
	l.pool(path+".knexConfig.pool", &s.Pool)
	connection := path + ".connection"
	switch {
	case s.Engine == PostgreSQL && l.leftOut(connection):
	case !l.c.Has(connection):
		if required && s.Engine == SQLite {
			l.fail(connection, "write connection: { directory: <folder> }", "required, but not set")
		}
	case s.Engine == SQLite:
		l.file(connection, path != section, &s.SQLite)
	default:
		l.server(connection, path != section, &s.Server)
	}
}

// leftOut reports a part of a server's address that was written down, and whose variable is not set. Upstream's driver takes what
// PG* variables or its defaults say then, which is another server than the one that was meant.
func (l *loader) leftOut(path string) bool {
	why := l.c.LeftOut(path)
	if why != "" {
		l.fail(path, "set the variable, or take the key out: then the environment's PG* variables say where the server is", "missing because %s", why)
	}
	return why != ""
}

// pool reads the part of knex's pool settings that has a meaning here.
func (l *loader) pool(path string, p *Pool) {
	const most = 10_000
	l.count(path+".min", 0, most, &p.Min)
	l.count(path+".max", 1, most, &p.Max)
	l.millis(path+".idleTimeoutMillis", &p.Idle)
	if p.Max > 0 && p.Min > p.Max {
		l.fail(path+".min", "", "more than max, which is %d", p.Max)
	}
}

// file reads a SQLite connection. Its file name is never taken as it stands, since that file is Node's: ours lies in
// the same folder.
func (l *loader) file(path string, own bool, f *File) {
	var name string
	if _, isText := l.c.Value(path).(string); isText {
		if l.text(path, &name) {
			l.filename(path, name, false, f)
		}
		return
	}
	if _, err := l.c.Sub(path); err != nil {
		l.problems = append(l.problems, config.AsProblems(err)...)
		return
	}
	switch {
	case l.text(path+".filename", &name):
		l.filename(path+".filename", name, own, f)
	case l.c.Has(path + ".directory"):
		if l.text(path+".directory", &f.Directory) {
			l.filename(path+".directory", filepath.Join(f.Directory, "x"), true, f)
		}
	case f.Directory == "" && !f.Temporary:
		l.fail(path+".directory", "name the folder that the files go to", "required, but not set")
	}
}

func (l *loader) filename(path, name string, own bool, f *File) {
	switch {
	case strings.Contains(name, ":memory:") || strings.Contains(name, "mode=memory"):
		*f = File{Temporary: true}
		if !l.memory {
			l.fail(path, "write connection: { directory: <folder> }, or leave out backend.database",
				"a database in memory would be lost with the process")
		}
	case !own:
		l.fail(path, "write connection: { directory: <folder> }", "one file cannot hold the stores of all plugins")
	default:
		*f = File{Directory: filepath.Dir(name), Busy: f.Busy}
	}
}

// check is for what hangs on several keys.
func (l *loader) check(s Settings) {
	if s.Engine != PostgreSQL || len(l.problems) > 0 {
		return
	}
	// The parts were checked one by one; this finds what only makes no sense together.
	if _, err := s.Server.connConfig("postgres"); err != nil {
		l.fail(s.Key, "", "%s", err)
	}
}
