package database

import (
	"crypto/tls"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// Options say where the stores are. Load reads them from the configuration.
type Options struct {
	// Default is for every plugin without settings of its own.
	Default Settings
	// Plugins are the settings of single plugins, by id, complete in themselves.
	Plugins map[string]Settings
}

// For returns the settings of the plugin with the given id.
func (o Options) For(id string) Settings {
	if s, ok := o.Plugins[id]; ok {
		return s
	}
	return o.Default
}

// Settings say where one plugin's store is.
type Settings struct {
	// Key is the configuration key that errors name, such as "backend.database.connection".
	Key string
	// Engine chooses which of SQLite and Server counts.
	Engine Engine
	// SQLite is for that engine.
	SQLite File
	// Server is for PostgreSQL.
	Server Server
	// Pool bounds the connections: those of a PostgreSQL pool, or the readers of a SQLite store.
	Pool Pool
}

// File says where a SQLite store is.
type File struct {
	// Directory holds the file understudy-<id>.sqlite. It is created if it is missing.
	Directory string
	// Temporary puts the file into a folder that goes when the Service is closed. Tests and demonstrations only.
	Temporary bool
	// Busy is how long a statement waits for another process to end its transaction; zero means ten seconds.
	Busy time.Duration
}

// Pool bounds connections. Zero values mean the defaults.
type Pool struct {
	// Min connections stay open.
	Min int
	// Max is the most there may be.
	Max int
	// Idle is how long a connection above Min stays open unused.
	Idle time.Duration
}

// Division says what tells plugins apart on one PostgreSQL server.
type Division string

// The divisions, as backend.database.pluginDivisionMode names them.
const (
	ByDatabase Division = "database"
	BySchema   Division = "schema"
)

// Server says how to reach PostgreSQL.
type Server struct {
	// URL is a connection string; what is set beside it wins.
	URL config.Secret
	// Host, Port, User, Password and Database are the parts of an address. What is empty comes from the PG* variables
	// of the environment, as with PostgreSQL's own programs.
	Host     string
	Port     int
	User     string
	Password config.Secret
	Database string
	// Own tells that the database was chosen for this very plugin. In division by database any other choice is passed
	// over, as upstream does, in favour of prefix and id (core.md 14.1).
	Own bool
	// TLS is what `ssl` says; nil leaves it to the connection string, or uses TLS where the server offers it.
	TLS *TLS
	// Timeout bounds one attempt to connect; zero means five seconds.
	Timeout time.Duration
	// Parameters are settings for each session, such as statement_timeout.
	Parameters map[string]string

	// Division is by database unless set.
	Division Division
	// Prefix goes before the id in a database's name.
	Prefix string
	// SchemaPrefix goes before our schema's name in division by schema, so that two installations can share a database.
	SchemaPrefix string
	// CreateDatabase creates the database where it is missing.
	CreateDatabase bool
	// CreateSchema creates our schema where it is missing.
	CreateSchema bool
	// Role is taken on by every session, if set.
	Role string
}

// TLS is how a connection to PostgreSQL is protected.
type TLS struct {
	// Off means not at all.
	Off bool
	// Config is to be completed with the server's name where it has none.
	Config *tls.Config
}
