package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// The limits of what is passed on. A peer may take its time with an answer, as it may without a gateway; the long polls of
// the events bus begin theirs at once (core.md 16.2).
const (
	dialLimit   = 5 * time.Second
	headerLimit = 2 * time.Minute
	idleLimit   = 10 * time.Minute
	// keepIdle is less than the 5 s after which Node closes a connection, so that no request meets one that is being closed.
	keepIdle = 4 * time.Second
	// flushInterval is how long a piece of a body may wait for the next.
	flushInterval = 50 * time.Millisecond
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
	// maxHops is how many proxies a request may have been through.
	maxHops = 10
)

// appID is the plugin that serves the frontend, whose paths are outside of /api.
const (
	appID   = "app"
	appPath = "/api/" + appID
)

// errClimbs is for a path that could leave the one of the peer's address, or that cannot be decoded to tell.
var errClimbs = fault.Input("The path cannot be passed on")

// Options are what a Gateway works with.
type Options struct {
	// Discovery tells where plugins live.
	Discovery *discovery.Service
	// Log takes what an operator should know of peers; nil discards it.
	Log *slog.Logger
	// Metrics takes the collectors; nil leaves them unregistered.
	Metrics prometheus.Registerer
	// Now is the clock of the metrics; nil is time.Now.
	Now func() time.Time

	// headerLimit and idleLimit are shorter in tests.
	headerLimit, idleLimit time.Duration
}

// Gateway passes requests on to other backends. It is safe for concurrent use. Close lets go of its connections.
type Gateway struct {
	options   Options
	transport *http.Transport
	metrics   *metrics
	buffers   buffers
	// name is this process's in Via: unlike any other's, because replicas pass on for each other.
	name string
}

// New returns a gateway. It opens nothing.
func New(o Options) (*Gateway, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.headerLimit == 0 {
		o.headerLimit = headerLimit
	}
	if o.idleLimit == 0 {
		o.idleLimit = idleLimit
	}
	var id [6]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, fmt.Errorf("name the gateway: %w", err)
	}
	return &Gateway{
		options: o, name: "understudy-" + hex.EncodeToString(id[:]),
		metrics:   newMetrics(o.Metrics, append(o.Discovery.IDs(), appID)),
		transport: newTransport(o.headerLimit),
	}, nil
}

func newTransport(limit time.Duration) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // a WebSocket upgrade has no other
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialLimit, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dialLimit,
		ResponseHeaderTimeout:  limit,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        keepIdle,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    128,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // what the peer compressed stays so
		Protocols:              protocols,
	}
}

// Close lets go of the connections that nobody uses. Call it after the server has stopped.
func (g *Gateway) Close() { g.transport.CloseIdleConnections() }

// Plugin passes on a request below /api/<id>. False means that discovery.endpoints gives the plugin no internal address.
func (g *Gateway) Plugin(w http.ResponseWriter, r *http.Request, id string) (bool, error) {
	plugin := id
	if !g.options.Discovery.Named(id) {
		plugin = strings.ToLower(id) // paths have no letter case (core.md 2.2), and ids are mostly in lower case
	}
	if _, ok := g.options.Discovery.InternalTarget(plugin); !ok {
		return false, nil
	}
	path, query := requestTarget(r)
	prefix := "/api/" + id
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
		return false, nil // the id was spelled with escapes, which no plugin's is
	}
	if router.Climbs(path) {
		return true, errClimbs
	}
	return true, g.pass(w, r, plugin, func(base base) (string, string) { return base.path + path[len(prefix):], query })
}

// Root passes on a request outside of /api to the frontend, which is at the address of the app plugin without its
// "/api/app". False means that discovery.endpoints gives the app plugin no internal address, or one that does not end so.
func (g *Gateway) Root(w http.ResponseWriter, r *http.Request) (bool, error) {
	target, ok := g.options.Discovery.InternalTarget(appID)
	if !ok || !strings.HasSuffix(target, appPath) {
		return false, nil
	}
	path, query := requestTarget(r)
	if !strings.HasPrefix(path, "/") {
		return false, nil
	}
	if router.Climbs(path) {
		return true, errClimbs
	}
	return true, g.pass(w, r, appID, func(base base) (string, string) { return strings.TrimSuffix(base.path, appPath) + path, query })
}

// requestTarget returns the path and the query as they were sent. The query has its question mark.
func requestTarget(r *http.Request) (path, query string) {
	if !strings.HasPrefix(r.RequestURI, "/") { // with a host, as to a proxy; or "*"
		if r.URL.RawQuery != "" || r.URL.ForceQuery {
			query = "?" + r.URL.RawQuery
		}
		return r.URL.EscapedPath(), query
	}
	if i := strings.IndexByte(r.RequestURI, '?'); i >= 0 {
		return r.RequestURI[:i], r.RequestURI[i:]
	}
	return r.RequestURI, ""
}

// loops tells by Via whether the request has been here before, or nearly everywhere.
func (g *Gateway) loops(h http.Header) bool {
	hops := 0
	for _, line := range h["Via"] {
		for hop := range strings.SplitSeq(line, ",") {
			hops++
			fields := strings.Fields(hop)
			if len(fields) >= 2 && fields[1] == g.name {
				return true
			}
		}
	}
	return hops >= maxHops
}

func loopDetected(plugin string) error {
	return &fault.Error{
		Name: "LoopDetectedError", Status: http.StatusLoopDetected,
		Message: fmt.Sprintf("Requests for the plugin '%s' come back to the server that passes them on; see its discovery.endpoints", plugin),
	}
}

// buffers are for copying bodies.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get returns one.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, bufferSize)
}

// Put takes it back.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

var _ router.Peers = (*Gateway)(nil)
