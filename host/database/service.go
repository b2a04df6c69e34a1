package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Service opens the plugins' stores and closes them together.
type Service struct {
	opts    Options
	log     *slog.Logger
	metrics prometheus.Registerer

	mu     sync.Mutex // guards what follows; not held while connecting
	stores map[string]*store
	temp   string // folder of temporary stores, "" until there is one
	closed bool
}

// store is one plugin's entry. Its own lock lets plugins connect side by side, while two calls for the same plugin wait
// for one another.
type store struct {
	mu sync.Mutex
	db *Database
}

// New touches nothing yet: a store is opened when its plugin first asks for it. A nil registerer leaves metrics out.
func New(opts Options, log *slog.Logger, metrics prometheus.Registerer) *Service {
	s := &Service{opts: opts, log: log, metrics: metrics, stores: make(map[string]*store)}
	if metrics != nil {
		if err := metrics.Register((*collector)(s)); err != nil {
			log.Warn("database metrics are not published", "err", err)
			s.metrics = nil
		}
	}
	return s
}

var errClosed = errors.New("the database service is closed")

// pluginID is upstream's form of an id. It becomes part of a file name and of a schema's.
var pluginID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func checkID(id string) error {
	if !pluginID.MatchString(id) {
		return fmt.Errorf("plugin id %q: want lower-case words joined by dashes", id)
	}
	return nil
}

// Plugin returns the store of the plugin with the given id, opening and creating it if need be.
// Later calls return the same one; after a failure the next call tries again. It may be called concurrently.
func (s *Service) Plugin(ctx context.Context, id string) (*Database, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	settings := s.opts.For(id)
	entry, err := s.entry(id, &settings)
	if err != nil {
		return nil, err
	}
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.db != nil {
		return entry.db, nil
	}
	log := s.log.With("plugin", id)
	var db *Database
	if settings.Engine == PostgreSQL {
		db, err = openPostgreSQL(ctx, id, settings, log)
	} else {
		db, err = openSQLite(ctx, id, settings, log)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed { // while it was connecting
		return nil, errors.Join(errClosed, db.close())
	}
	entry.db = db
	log.Debug("database opened", "database", db.String())
	return db, nil
}

func (s *Service) entry(id string, settings *Settings) (*store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if settings.Engine == SQLite && settings.SQLite.Temporary {
		if s.temp == "" {
			dir, err := os.MkdirTemp("", "understudy-")
			if err != nil {
				return nil, fmt.Errorf("%s: %w", settings.Key, err)
			}
			s.temp = dir
		}
		settings.SQLite.Directory = s.temp
	}
	entry, ok := s.stores[id]
	if !ok {
		entry = &store{}
		s.stores[id] = entry
	}
	return entry, nil
}

// Close closes every store that was opened, once whoever uses them has given their connections back, or after a few
// seconds. Plugin fails from then on. A second call does nothing.
func (s *Service) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	open, temp := s.open(), s.temp
	s.mu.Unlock()

	if s.metrics != nil {
		s.metrics.Unregister((*collector)(s))
	}
	errs := make([]error, len(open), len(open)+1)
	var closing sync.WaitGroup
	for i, db := range open {
		closing.Go(func() {
			if err := db.close(); err != nil {
				errs[i] = fmt.Errorf("close %s: %w", db, err)
			}
		})
	}
	closing.Wait()
	if temp != "" {
		errs = append(errs, os.RemoveAll(temp))
	}
	return errors.Join(errs...)
}

// open lists the stores that are open. The caller holds the lock.
func (s *Service) open() []*Database {
	var open []*Database
	for _, entry := range s.stores {
		// An entry's database is set once, under the service's lock.
		if entry.db != nil {
			open = append(open, entry.db)
		}
	}
	return open
}
