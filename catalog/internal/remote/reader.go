package remote

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// Options are what a Reader works with. Plugin, Address and Token are required.
type Options struct {
	// Plugin is the id of the plugin that reads.
	Plugin string
	// Address is the base URL of the catalog, without a trailing slash. It is asked for before each request.
	Address func(ctx context.Context) (string, error)
	// Token issues a token with which the plugin calls the catalog for whoever is given.
	Token func(ctx context.Context, who auth.Credentials) (string, error)
	// Client sends the requests; nil means one of its own. It must not follow redirects.
	Client *http.Client
	// Interval is between two comparisons while somebody waits for changes; zero means half a minute. With a large catalog
	// it is longer: comparing takes a twentieth of the time at most.
	Interval time.Duration
	// PageSize is how many entities are asked for at once; zero means 500.
	PageSize int
	// Patience is for how long a read is repeated; zero fields have their defaults.
	Patience Patience
	// Log takes what operators should know; nil drops it.
	Log *slog.Logger
	// Metrics takes the collectors; nil leaves them out.
	Metrics prometheus.Registerer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Patience is for how long reads are repeated that fail for a reason that may pass, such as a restart of the peer.
type Patience struct {
	// Walk is for a page of a walk that a plugin makes of its own; zero means a minute.
	Walk time.Duration
	// Refs is for by-refs of a plugin of its own; zero means 20 seconds.
	Refs time.Duration
	// Person is for all else: somebody may be waiting; zero means 5 seconds.
	Person time.Duration
	// Doubt is for answers of a peer that is starting, and of one that will never answer otherwise: 401, an empty 404, a
	// page of HTML; zero means 10 seconds.
	Doubt time.Duration
	// Pause is before the first repetition, and doubles with each, up to thirty times; zero means 200 milliseconds.
	Pause time.Duration
}

// Reader reads the catalog for one plugin. It is safe for concurrent use.
type Reader struct {
	opts   Options
	client *http.Client
	log    *slog.Logger
	now    func() time.Time
	own    *session
	meter  *meter
	verbs  *verbs
	watch  *watch
}

// New returns a reader. It opens nothing.
func New(opts Options) *Reader {
	opts.Interval = cmp.Or(opts.Interval, 30*time.Second)
	opts.PageSize = cmp.Or(opts.PageSize, 500)
	p := &opts.Patience
	p.Walk, p.Refs, p.Person = cmp.Or(p.Walk, time.Minute), cmp.Or(p.Refs, 20*time.Second), cmp.Or(p.Person, 5*time.Second)
	p.Doubt, p.Pause = cmp.Or(p.Doubt, 10*time.Second), cmp.Or(p.Pause, 200*time.Millisecond)
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Client == nil {
		opts.Client = NewClient()
	}
	r := &Reader{opts: opts, client: opts.Client, log: opts.Log, now: opts.Now, meter: newMeter(opts.Metrics)}
	r.own = &session{reader: r, who: auth.PluginCredentials(opts.Plugin)}
	r.verbs = &verbs{now: opts.Now, refused: map[string]time.Time{}}
	r.watch = newWatch(r)
	return r
}

// errRedirect refuses redirects: they lead where nobody configured, or to a sign-in page.
var errRedirect = errors.New("redirects are not followed")

// idleTime is shorter than the five seconds after which Node closes idle connections, so that none is used as it goes.
const idleTime = 4 * time.Second

// NewClient returns a client for any number of readers. It follows no redirects, and takes gzip.
func NewClient() *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 64, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: idleTime, TLSHandshakeTimeout: 10 * time.Second,
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect }}
}

// Consistent is false: a walk takes many requests, and others write meanwhile.
func (r *Reader) Consistent() bool { return false }

// Entities walks the catalog by by-query (catalog.md 5.2). The filter is sent to a peer that can take it, and applied here
// in any case.
func (r *Reader) Entities(ctx context.Context, who auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		w := newWalk(r, opWalk, who, filter)
		if err := w.run(ctx, func(i *item) bool { return yield(i.entity, i.err) }); err != nil {
			yield(entity.Entity{}, err)
		}
	}
}

// patient is how long a read for these credentials may be repeated: a plugin's own work can wait.
func (r *Reader) patient(who auth.Credentials, own time.Duration) time.Duration {
	if who.IsService() {
		return own
	}
	return min(own, r.opts.Patience.Person)
}

var (
	_ host.CatalogReader = (*Reader)(nil)
	_ host.Snapshotter   = (*Reader)(nil)
)
