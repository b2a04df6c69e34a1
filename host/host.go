package host

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// Plugin is one part of the backend, served below /api/<id>.
type Plugin interface {
	// ID is the plugin's Backstage id, such as "catalog": its tables, tokens and metrics belong to it.
	ID() string
	// Register reads the plugin's configuration and declares what it serves. It is called once, before anything is
	// served. The context ends with the server's start, not with its life: background work belongs in Run.
	Register(ctx context.Context, env *Env) error
}

// Env holds the services of one plugin, already scoped to it.
type Env struct {
	// ID is the plugin's id.
	ID string
	// Log carries the plugin's id.
	Log *slog.Logger
	// Config is the whole merged configuration; a plugin reads the sections that it declares by ConfigPaths.
	Config *config.Config
	// Routes are mounted at /api/<id>. Mount gives those of a further mount point.
	Routes *router.Routes
	// Mount returns the routes of one of the plugin's further mount points, as named by its Mounts.
	Mount func(id string) (*router.Routes, error)
	// Database opens the plugin's own database, once; later calls return the same one.
	Database func(ctx context.Context) (*database.Database, error)
	// Tasks returns what takes the plugin's recurring tasks, always the same. They run once the server has started; the
	// first call mounts their routes.
	Tasks func() *schedule.Scheduler
	// Auth tells who calls, and what they own.
	Auth *auth.Service
	// Permissions tells whether the caller may.
	Permissions permission.Checker
	// Audit records who changed what.
	Audit *telemetry.Auditor
	// Metrics takes the plugin's collectors.
	Metrics prometheus.Registerer
	// Discovery tells where other plugins live.
	Discovery *discovery.Service
	// Catalog reads the software catalog, wherever it lives. It answers once the server has started.
	Catalog CatalogReader
	// System describes the running server.
	System System
	// NodeEnv is the environment variable NODE_ENV, on which some of Backstage's defaults hinge.
	NodeEnv string
}

// CatalogReader reads final entities. It is the local catalog where that plugin is hosted, and else that of another backend
// over HTTP (RemoteCatalog).
type CatalogReader interface {
	// ByRef returns the entity with a canonical ref. False means that there is none, or none that the caller may see.
	ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error)
	// ByRefs returns one element for each canonical ref, in their order; nil where ByRef would return false. Whoever has
	// many refs should ask for all of them at once: the catalog may be on another machine. Entities that cannot be read are
	// told of by an error that joins an *EntityError for each, with nil in their places: the others are there all the same,
	// and Damaged tells them apart.
	ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error)
	// Entities yields what matches the filter (nil: all) and the caller may see, each entity once: from one consistent
	// snapshot, or, where ConsistentCatalog says that it is none, as complete as the catalog's own count. An error ends it,
	// but for an *EntityError, which is about one entity.
	Entities(ctx context.Context, who auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error]
	// Position is that of the last change that reads see. A catalog elsewhere does not tell of its changes: its position
	// moves when a comparison has found one, and when there has been none for so long that there may have been one.
	Position() int64
	// Changed waits until reads see a change after the given position, and returns the new position. Of a catalog elsewhere
	// it compares etags on an interval, for as long as somebody waits.
	Changed(ctx context.Context, after int64) (int64, error)
}

// PluginStatus is how one plugin is doing.
type PluginStatus struct {
	// ID is the plugin's id.
	ID string
	// Hosted is false for a plugin that another backend serves.
	Hosted bool
	// Address is where a plugin that is not hosted lives.
	Address string
	// Err is why the plugin cannot serve, or nil.
	Err error
}

// System describes the running server to those of its plugins that show it.
type System interface {
	// Title is app.title, or the product's name.
	Title() string
	// Version is the binary's.
	Version() string
	// Demo reports whether this is the demo, which signs anyone in.
	Demo() bool
	// SignInProviders are the ids of the providers that a browser may sign in with, such as "guest".
	SignInProviders() []string
	// Elsewhere returns the base URL, without a trailing slash, at which browsers reach a plugin that another backend
	// serves. False means that this process serves it, or that nobody is known to.
	Elsewhere(id string) (base string, ok bool)
	// Plugins are all that the server knows, in the order of their ids.
	Plugins(ctx context.Context) []PluginStatus
	// Tasks are the recurring tasks of all hosted plugins.
	Tasks(ctx context.Context) ([]schedule.Status, error)
	// ConfigLines is the merged configuration, its secrets masked.
	ConfigLines() []config.Line
	// SelfCheck looks at everything that the server depends on, as `understudy check` prints it. It takes up to a minute,
	// and calls others: it is for people who ask for it. Those who ask while one is under way get its result. A user token,
	// which may be zero, lets it look at what needs a signed-in user.
	SelfCheck(ctx context.Context, userToken config.Secret) Checkup
	// LastCheck is what the latest self-check of this process found; false before the first.
	LastCheck() (Checkup, bool)
}

// Checkup is what a self-check found.
type Checkup struct {
	// At is when it began, and Took how long it took.
	At   time.Time
	Took time.Duration
	// Steps are in the order in which people should read them.
	Steps []Step
}

// Outcome is how one step of a self-check ended.
type Outcome string

// The outcomes of a step. Skipped is a step that could not be tried, or that the configuration makes needless; its detail
// says why.
const (
	StepPassed  Outcome = "passed"
	StepWarning Outcome = "warning"
	StepFailed  Outcome = "failed"
	StepSkipped Outcome = "skipped"
)

// Step is one thing that a server depends on, and how it was found.
type Step struct {
	// ID names the step for programs, such as "peer.catalog.token". It never changes.
	ID string `json:"id"`
	// Title names it for people, such as "a token of ours, accepted by the catalog".
	Title string `json:"title"`
	// Outcome is how it was found.
	Outcome Outcome `json:"outcome"`
	// Detail is what was found, in one line: an address, a version, an error. It holds no secret.
	Detail string `json:"detail,omitempty"`
	// Fix is what to do about it, in one line. It is there unless the step passed or was skipped.
	Fix string `json:"fix,omitempty"`
}

// SelfChecker is a plugin that can look at what it depends on: an account, a token, a peer. It writes nothing anywhere, and
// heeds the context's deadline.
type SelfChecker interface {
	SelfCheck(ctx context.Context) []Step
}

// SharedSettings is a plugin whose page in a Backstage frontend reads some of its settings from the configuration of that
// Backstage, where they must say the same as here.
type SharedSettings interface {
	SharedSettings(c *config.Config) []SharedSetting
}

// SharedSetting is one such setting.
type SharedSetting struct {
	// Path is the key in both configurations.
	Path string
	// Ours is our value, for people.
	Ours string
	// Optional tells that the key may be absent there; Same is then asked about nil.
	Optional bool
	// Same reports whether their value, as JSON has it, means the same as ours.
	Same func(theirs any) bool
}

// Mounter is a plugin with further mount points, such as "rely-migration-plugin" beside "rely".
type Mounter interface{ Mounts() []string }

// ConfigDeclarer is a plugin that reads sections of the configuration. Declared paths are resolved and checked even
// where another backend hosts the plugin.
type ConfigDeclarer interface{ ConfigPaths() []string }

// ConfigRequirer is a plugin that is off unless the section it names is present.
type ConfigRequirer interface{ RequiredConfig() string }

// OnlyHere is a plugin that no other backend has, such as the console: an entry of discovery.endpoints for "*" is not about
// it.
type OnlyHere interface{ OnlyHere() }

// ConfigChecker is a plugin that can tell what is wrong with its configuration without opening anything.
type ConfigChecker interface {
	CheckConfig(c *config.Config) error
}

// Starter is a plugin that must finish something before it can serve. Its routes wait for Start to return.
type Starter interface {
	Start(ctx context.Context) error
}

// Runner is a plugin with background work. Run blocks until ctx ends; an error stops the server.
type Runner interface {
	Run(ctx context.Context) error
}

// Stopper is a plugin that closes something after its routes and its Run have ended.
type Stopper interface {
	Stop(ctx context.Context) error
}

// HealthChecker is a plugin that can tell whether it is able to serve.
type HealthChecker interface {
	Health(ctx context.Context) error
}

// CatalogProvider is the plugin through which all others read the catalog.
type CatalogProvider interface{ CatalogReader() CatalogReader }

// RemoteCatalog is the catalog plugin where another backend hosts it: it is not registered, and still tells how the others
// read that catalog.
type RemoteCatalog interface {
	// RemoteCatalogReader returns what reads the catalog through discovery, with the tokens of the plugin that env belongs
	// to. It is called once a plugin and opens nothing.
	RemoteCatalogReader(env *Env) CatalogReader
}

// UserTokenProvider is the plugin that issues user tokens.
type UserTokenProvider interface{ UserTokens() auth.UserTokens }

// RootHandler is a plugin that also serves paths outside /api.
type RootHandler interface {
	// Root returns the prefix, such as "/console", and what serves it. A nil handler means nothing is served.
	Root() (prefix string, handler http.Handler)
}

// Fallback is a plugin that serves what no other route takes.
type Fallback interface {
	// Fallback returns nil when the configuration turns it off.
	Fallback() http.Handler
}
