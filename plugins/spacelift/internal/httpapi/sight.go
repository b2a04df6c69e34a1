package httpapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/flight"
)

const (
	// sightFresh is how long it is remembered what a user may see of a catalog elsewhere; sightPause how long that a question
	// failed, and for how long nobody asks anything after the catalog was down.
	sightFresh   = 30 * time.Second
	sightPause   = 5 * time.Second
	sightTimeout = 10 * time.Second
	sightsKept   = 1000
)

// sight reads entities as a caller sees them. Of a catalog in another backend it remembers for a moment what users see, so
// that the same page, opened by one user again and again, is one question.
type sight struct {
	catalog host.CatalogReader
	now     func() time.Time
	flight  *flight.Group

	mu   sync.Mutex // guards what follows
	kept map[string]seen
	// failure is how the catalog was down when it was asked last; nobody asks before retryAt.
	failure error
	retryAt time.Time
}

// seen is an answer, or the failure of one question.
type seen struct {
	entities []*entity.Entity
	bad      map[string]*host.EntityError
	err      error
	at       time.Time
}

func (s seen) fresh(now time.Time) bool {
	if s.err != nil {
		return now.Sub(s.at) < sightPause
	}
	return now.Sub(s.at) < sightFresh
}

func newSight(catalog host.CatalogReader, now func() time.Time) *sight {
	return &sight{catalog: catalog, now: now, flight: flight.New(sightTimeout), kept: map[string]seen{}}
}

// read returns an entity for each ref, nil where there is none for this caller. Those that cannot be read are in bad, by
// their refs.
func (c *sight) read(ctx context.Context, who auth.Credentials, refs []string) (
	found []*entity.Entity, bad map[string]*host.EntityError, err error,
) {
	if len(refs) == 0 {
		return nil, nil, nil
	}
	if host.ConsistentCatalog(c.catalog) || !who.IsUser() {
		s := c.ask(ctx, who, refs)
		return s.entities, s.bad, s.err
	}
	// Tokens of one user may differ in what they claim.
	key := sightKey(who, refs)
	s, ok := c.known(key)
	if ok {
		return s.entities, s.bad, s.err
	}
	v, err := c.flight.Do(ctx, key, func(shared context.Context) (any, error) {
		s := c.ask(shared, who, refs)
		if errors.Is(s.err, flight.ErrSlow) {
			s.err = fmt.Errorf("%w: %w", fault.Unavailable("the catalog takes too long to answer"), s.err)
		}
		c.keep(key, s)
		return s, nil
	})
	if err != nil {
		return nil, nil, err
	}
	s, _ = v.(seen)
	return s.entities, s.bad, s.err
}

// sightKey holds no token that could be read from it.
func sightKey(who auth.Credentials, refs []string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{who.Token(), who.String(), who.Actor}, refs...), "\x00")))
	return string(sum[:])
}

func (c *sight) ask(ctx context.Context, who auth.Credentials, refs []string) seen {
	found, err := c.catalog.ByRefs(ctx, who, refs)
	bad, err := host.Damaged(refs, err)
	if err == nil && len(found) != len(refs) {
		err = fmt.Errorf("the catalog answers with %d entities for %d refs", len(found), len(refs))
	}
	if err != nil {
		return seen{err: err, at: c.now()}
	}
	return seen{entities: found, bad: bad, at: c.now()}
}

// known returns what is remembered of the answer, which may be an error, if nobody is to ask now.
func (c *sight) known(key string) (s seen, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if s, ok := c.kept[key]; ok && s.fresh(now) {
		return s, true
	}
	if c.failure != nil && now.Before(c.retryAt) {
		return seen{err: c.failure}, true
	}
	return seen{}, false
}

// keep remembers an answer. That the catalog is down is so for everybody; any other failure is about one question.
func (c *sight) keep(key string, s seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.err != nil && host.CatalogDown(s.err) {
		c.failure, c.retryAt = s.err, s.at.Add(sightPause)
		return
	}
	if s.err == nil {
		c.failure = nil
	}
	if len(c.kept) >= sightsKept {
		maps.DeleteFunc(c.kept, func(_ string, old seen) bool { return !old.fresh(s.at) })
	}
	if len(c.kept) >= sightsKept {
		clear(c.kept)
	}
	c.kept[key] = s
}
