package rely

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Token is a user token that every Server knows from the start.
const Token = "simulator-token"

// DefaultRawPath is where raw catalog entities are taken in raw mode. The real path is unknown (export.md 1.3).
const DefaultRawPath = "/api/v1/legacy/webhooks/backstage"

// Options say how a Server behaves. The zero value is a strict server at the defaults of export.md 7.
type Options struct {
	// Limits are those of export.md 7.3; nil means DefaultLimits, a pointer to zero Limits none at all.
	Limits *Limits
	// Timers are those of the tasks; nil means DefaultTimers, a pointer to zero Timers that tasks end at once.
	Timers *Timers
	// Switches answer the open questions; an empty field means the default.
	Switches Switches
	// Generation seeds the documented default blueprints: "kebab", "camel" or "both"; empty means no blueprints.
	Generation string
	// RawPath is where raw mode posts to; empty means DefaultRawPath.
	RawPath string
	// Speed is how many simulated seconds a second has, for tasks; 0 means 1.
	Speed float64
	// Seed is that of all that is random: fault rules with a probability.
	Seed uint64
	// Journal is how many requests are remembered; 0 means 2000.
	Journal int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sleep waits for latency and slow bodies; nil means a timer. It returns early when the context ends.
	Sleep func(ctx context.Context, d time.Duration)
	// Log gets a line for each violation; nil means none.
	Log *slog.Logger
}

// Server is the simulator. It is an http.Handler, and safe for concurrent use.
type Server struct {
	options Options
	api     []route
	control *http.ServeMux

	mu         sync.Mutex // guards all below
	limits     Limits
	timers     Timers
	switches   Switches
	clock      clock
	random     *rand.Rand
	blueprints map[string]*blueprint
	entities   catalog
	tasks      tasks
	flows      map[string]document
	plugins    map[string]document
	tokens     tokens
	faults     []*rule
	buckets    map[string]*bucket
	journal    journal
	stats      stats
	expected   expectation
	raw        map[string]document
}

// New returns a Server. Unknown values in Options panic: they are a mistake in a test or in the wiring.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Sleep == nil {
		options.Sleep = sleep
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.RawPath == "" {
		options.RawPath = DefaultRawPath
	}
	if options.Speed == 0 {
		options.Speed = 1
	}
	if options.Journal == 0 {
		options.Journal = 2000
	}
	s := &Server{options: options}
	s.api, s.control = s.routes(), s.controlRoutes()
	if err := s.Reset(); err != nil {
		panic("sim/rely: " + err.Error())
	}
	return s
}

// Reset makes the server as New made it: no entities, tasks, faults or requests, the one token, and the limits, timers
// and switches of its Options.
func (s *Server) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits, s.timers = DefaultLimits(), DefaultTimers()
	if s.options.Limits != nil {
		s.limits = *s.options.Limits
	}
	if s.options.Timers != nil {
		s.timers = *s.options.Timers
	}
	switches, err := s.options.Switches.over(DefaultSwitches())
	if err != nil {
		return err
	}
	now := s.options.Now()
	s.switches = switches
	s.clock = clock{began: now, speed: s.options.Speed}
	s.random = rand.New(rand.NewPCG(s.options.Seed, 0x52656c79))
	s.blueprints, s.entities = map[string]*blueprint{}, newCatalog()
	s.tasks, s.flows = tasks{byID: map[string]*task{}}, map[string]document{}
	s.plugins = map[string]document{"backstage": document(`{"dataSource":"backstage","id":"backstage","properties":{}}`)}
	s.tokens = newTokens(now)
	s.faults, s.buckets = nil, map[string]*bucket{}
	s.journal, s.stats = journal{limit: s.options.Journal}, newStats()
	s.expected, s.raw = expectation{}, map[string]document{}
	return s.seed(s.options.Generation)
}

// sleep waits, or returns early when the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
