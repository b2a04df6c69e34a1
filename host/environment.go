package host

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/permission"
)

// Environment is what a server of somebody's own hands to a plugin that it mounts by itself, without a backend:
// rely.ParseConfig and spacelift.ParseConfig take it.
type Environment struct {
	// Config is the whole configuration; config.Load reads it from files. It is the only field that must be set.
	Config *config.Config
	// Log takes the plugin's log lines; nil discards them.
	Log *slog.Logger
	// Catalog is how the plugin reads the catalog.
	Catalog CatalogReader
	// RemoteCatalog, catalog.New() that is, reads the catalog of another backend where Catalog is nil: at the address that
	// discovery.endpoints gives, with tokens of the plugin. Without either, every read is a ServiceUnavailableError.
	RemoteCatalog RemoteCatalog
	// Authenticate tells whose request it is, by whatever the server signs people in with. It may return credentials of
	// nobody, who then gets no further than the plugin's open paths. Nil verifies Backstage's tokens, as backend.auth and
	// discovery.endpoints say.
	Authenticate func(r *http.Request) (auth.Credentials, error)
	// Permissions decides what callers may do; nil does as the section permission says.
	Permissions permission.Checker
	// Metrics takes the plugin's collectors; nil keeps them to itself.
	Metrics prometheus.Registerer
	// Version is what the plugin tells of the program to those it calls; empty is "development".
	Version string
}
