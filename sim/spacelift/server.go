package spacelift

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// Server is the simulator. It is the handler of the public port; Control is that of the other.
type Server struct {
	options  Options
	world    *world
	identity *identity
	schema   *graphql.Schema
	faults   *faults
	journal  *journal
	pages    *pages
	public   http.Handler

	oldMu sync.Mutex
	old   map[string]*graphql.Schema // by what is hidden
}

// New makes an account. It opens nothing and starts nothing.
func New(options Options) (*Server, error) {
	options = options.withDefaults()
	w, err := newWorld(options)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options, world: w, identity: newIdentity(options), faults: newFaults(options.Seed), journal: &journal{},
		pages: newPages(), old: map[string]*graphql.Schema{},
	}
	if s.schema, err = parseSchema(s, SDL); err != nil {
		return nil, fmt.Errorf("parse the schema: %w", err)
	}
	s.public = s.routes()
	return s, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", s.graphql)
	mux.HandleFunc("GET /stack/{stack}", s.stackPage)
	mux.HandleFunc("GET /stack/{stack}/run/{run}", s.runPage)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
	})
	return mux
}

// ServeHTTP is the public port: /graphql, pages of stacks and runs, /healthz.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.public.ServeHTTP(w, r) }

// tick is how often Run looks whether something is due. Requests look, too.
const tick = 100 * time.Millisecond

// Run drives the clock until the context ends.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			s.world.lock()()
		}
	}
}

// Advance moves the clock, and with it runs, time stamps and the age of tokens.
func (s *Server) Advance(by time.Duration) {
	unlock := s.world.lock()
	defer unlock()
	s.world.clock.advanced += by
	s.world.clock.catchUp()
}

// Now is the time in the account.
func (s *Server) Now() time.Time {
	unlock := s.world.lock()
	defer unlock()
	return s.world.now()
}

// Moved counts the transitions of runs so far.
func (s *Server) Moved() uint64 {
	defer s.world.lock()()
	return s.world.moved
}
