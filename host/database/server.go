package database

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	connectTimeout = 5 * time.Second
	// longestName is PostgreSQL's limit; it cuts longer names off without a word.
	longestName = 63
)

// connConfig returns what pgx needs to connect to the given database. Its error never repeats a connection string.
func (s Server) connConfig(database string) (*pgx.ConnConfig, error) {
	text := s.keywords()
	if !s.URL.IsZero() {
		var err error
		if text, err = s.address(); err != nil {
			return nil, err
		}
	}
	cfg, err := pgx.ParseConfig(text)
	if err != nil {
		if s.URL.IsZero() {
			return nil, errors.New("host, port, user, ssl or one of the environment's PG* variables makes no sense")
		}
		return nil, errBadString
	}
	if database != "" {
		cfg.Database = database
	}
	cfg.ConnectTimeout = cmp.Or(s.Timeout, cfg.ConnectTimeout, connectTimeout)
	if _, ok := cfg.RuntimeParams["timezone"]; !ok {
		// Timestamps are to read the same whatever zone the server is in.
		cfg.RuntimeParams["timezone"] = "UTC"
	}
	maps.Copy(cfg.RuntimeParams, s.Parameters)
	s.protect(cfg)
	return cfg, nil
}

var errBadString = errors.New("not a PostgreSQL connection string, " +
	"which reads postgres://user:password@host:5432/database, with %-encoding for special characters in the password")

// address returns the connection string with sslmode as Node's driver understands it: require and verify-ca verify
// the server fully there, no-verify encrypts without looking.
func (s Server) address() (string, error) {
	text := strings.TrimSpace(s.URL.Reveal())
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		if !strings.Contains(text, "=") {
			return "", errBadString
		}
		return text + " " + s.keywords(), nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", errBadString
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errBadString
	}
	libpq := query.Get("uselibpqcompat") == "true"
	query.Del("uselibpqcompat")
	switch mode := query.Get("sslmode"); {
	case mode == "no-verify":
		query.Set("sslmode", "require")
		query.Del("sslrootcert")
	case (mode == "require" || mode == "verify-ca") && !libpq:
		query.Set("sslmode", "verify-full")
	}
	for _, pair := range s.pairs() {
		query.Set(pair[0], pair[1])
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// pairs are the parts of the address that are set, under PostgreSQL's names.
func (s Server) pairs() [][2]string {
	var pairs [][2]string
	add := func(key, value string) {
		if value != "" {
			pairs = append(pairs, [2]string{key, value})
		}
	}
	add("host", s.Host)
	if s.Port != 0 {
		add("port", strconv.Itoa(s.Port))
	}
	add("user", s.User)
	add("password", s.Password.Reveal())
	add("dbname", s.Database)
	if s.TLS != nil {
		// What is to be verified, protect sets.
		add("sslmode", map[bool]string{true: "disable", false: "require"}[s.TLS.Off])
	}
	return pairs
}

// keywords is the other form of a connection string, key='value'.
func (s Server) keywords() string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	var parts []string
	for _, pair := range s.pairs() {
		parts = append(parts, pair[0]+"='"+quote.Replace(pair[1])+"'")
	}
	return strings.Join(parts, " ")
}

// protect puts our TLS settings in the place of those that pgx derived.
func (s Server) protect(cfg *pgx.ConnConfig) {
	if s.TLS == nil || s.TLS.Off || s.TLS.Config == nil {
		return
	}
	own := func(host string) *TLS {
		c := s.TLS.Config.Clone()
		c.ServerName = cmp.Or(c.ServerName, host)
		return &TLS{Config: c}
	}
	if !strings.HasPrefix(cfg.Host, "/") {
		cfg.TLSConfig = own(cfg.Host).Config
	}
	for _, f := range cfg.Fallbacks {
		if !strings.HasPrefix(f.Host, "/") {
			f.TLSConfig = own(f.Host).Config
		}
	}
}

// database returns the name of a plugin's database (core.md 14.1); empty leaves it to the connection string or the
// environment.
func (s Server) database(id string) string {
	switch {
	case s.Division == BySchema:
		return s.Database
	case s.Own && s.Database != "":
		return s.Database
	case s.Own && !s.URL.IsZero():
		return ""
	default:
		return s.Prefix + id
	}
}

// schema returns the name of our schema. It differs from every name that upstream gives to a schema of its own, which
// is the prefix and a plugin's id and nothing else.
func (s Server) schema(id string) string {
	name := "understudy_" + strings.ReplaceAll(id, "-", "_")
	if s.Division == BySchema {
		name = s.SchemaPrefix + name
	}
	return name
}

// namesDatabase reports whether a connection string says which database it means.
func namesDatabase(text string) bool {
	if u, err := url.Parse(text); err == nil && u.Scheme != "" {
		return strings.Trim(u.Path, "/") != "" || u.Query().Has("dbname") || u.Query().Has("database")
	}
	return strings.Contains(text, "dbname=") || strings.Contains(text, "database=")
}
