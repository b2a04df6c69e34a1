package httpapi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
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
	// sightFresh is how long it is remembered what a user may see of a catalog elsewhere; sightPause how long nobody asks
	// after it could not be asked.
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
	// failure is why the last question failed; nobody asks before retryAt.
	failure error
	retryAt time.Time
}

type seen struct {
	entities []*entity.Entity
	at       time.Time
}

func newSight(catalog host.CatalogReader, now func() time.Time) *sight {
	return &sight{catalog: catalog, now: now, flight: flight.New(sightTimeout), kept: map[string]seen{}}
}

// read returns an entity for each ref, nil where there is none for this caller.
func (c *sight) read(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	if host.ConsistentCatalog(c.catalog) || !who.IsUser() {
		return c.ask(ctx, who, refs)
	}
	// Tokens of one user may differ in what they claim.
	key := sightKey(who, refs)
	if found, ok, err := c.known(key); ok {
		return found, err
	}
	v, err := c.flight.Do(ctx, key, func(shared context.Context) (any, error) {
		found, err := c.ask(shared, who, refs)
		c.keep(key, found, err)
		return found, err
	})
	found, _ := v.([]*entity.Entity)
	return found, err
}

// sightKey holds no token that could be read from it.
func sightKey(who auth.Credentials, refs []string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{who.Token(), who.String(), who.Actor}, refs...), "\x00")))
	return string(sum[:])
}

func (c *sight) ask(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found, err := c.catalog.ByRefs(ctx, who, refs)
	if err == nil && len(found) != len(refs) {
		err = fmt.Errorf("the catalog answers with %d entities for %d refs", len(found), len(refs))
	}
	return found, err
}

// known returns what is remembered of the answer, which may be an error, if nobody is to ask now.
func (c *sight) known(key string) (found []*entity.Entity, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if s, ok := c.kept[key]; ok && now.Sub(s.at) < sightFresh {
		return s.entities, true, nil
	}
	if c.failure != nil && now.Before(c.retryAt) {
		return nil, true, c.failure
	}
	return nil, false, nil
}

func (c *sight) keep(key string, found []*entity.Entity, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.failure = nil; err != nil {
		if fault.Status(err) >= http.StatusInternalServerError { // one user's trouble is not everybody's
			c.failure, c.retryAt = err, now.Add(sightPause)
		}
		return
	}
	if len(c.kept) >= sightsKept {
		for k, s := range c.kept {
			if now.Sub(s.at) >= sightFresh {
				delete(c.kept, k)
			}
		}
	}
	if len(c.kept) >= sightsKept {
		clear(c.kept)
	}
	c.kept[key] = seen{found, now}
}
