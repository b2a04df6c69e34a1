package backend

import (
	"io"
	"os"
	"slices"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

// Backend is a server to be: plugins and options. It does nothing until Run or Check.
type Backend struct {
	options options
	plugins []host.Plugin
}

// Running tells what a started server turned out to be.
type Running struct {
	// Port is the one that is listened on, useful where the configuration said 0.
	Port int
	// MetricsAddr is where the metrics are served, host:port; empty when they are off.
	MetricsAddr string
}

type options struct {
	config    *config.Config
	files     []string
	environ   []string
	version   string
	only      []string
	demo      bool
	logTo     io.Writer
	logFormat string
	ready     func(Running)
	inspect   func(plugin string, routes []*router.Routes) // tests look at the routes
	// inspectOnly and beside are SelfCheck's: nothing is started, and another server has the address.
	inspectOnly, beside bool
}

// Option changes how the server is made.
type Option func(*options)

// New returns a server without plugins. Without options it reads app-config.yaml and its siblings in the working
// directory, and logs to standard error.
func New(opts ...Option) *Backend {
	b := &Backend{options: options{environ: os.Environ(), version: "development", logTo: os.Stderr, logFormat: "auto"}}
	for _, opt := range opts {
		opt(&b.options)
	}
	return b
}

// Add appends plugins. A plugin's place in the list has no meaning but for the order of log lines.
func (b *Backend) Add(plugins ...host.Plugin) *Backend {
	b.plugins = append(b.plugins, plugins...)
	return b
}

// WithConfig uses a configuration that has been loaded already.
func WithConfig(c *config.Config) Option { return func(o *options) { o.config = c } }

// WithConfigFiles reads these files, later ones over earlier, in place of the default ones.
func WithConfigFiles(files ...string) Option {
	return func(o *options) { o.files = slices.Clone(files) }
}

// WithEnviron uses these variables ("NAME=value") in place of the process's own.
func WithEnviron(environ []string) Option { return func(o *options) { o.environ = environ } }

// WithVersion names the version that the server tells of itself.
func WithVersion(version string) Option { return func(o *options) { o.version = version } }

// WithOnly hosts the plugins with these ids and no others, whatever the configuration says. No ids: no change.
func WithOnly(ids ...string) Option { return func(o *options) { o.only = slices.Clone(ids) } }

// WithDemo tells plugins that this is the demo, in which everyone may see everything.
func WithDemo() Option { return func(o *options) { o.demo = true } }

// WithLog writes log lines to w, in the form "json", "text", or "auto" (text unless NODE_ENV is production).
func WithLog(w io.Writer, format string) Option {
	return func(o *options) { o.logTo, o.logFormat = w, format }
}

// WithReady calls f once, when every plugin is able to serve.
func WithReady(f func(Running)) Option { return func(o *options) { o.ready = f } }

// environment reads a variable.
func (o options) environment(name string) string {
	for _, pair := range o.environ {
		if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
			return pair[len(name)+1:]
		}
	}
	return ""
}
