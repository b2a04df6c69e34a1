package httpapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// maxEntityRef is far longer than any ref that the catalog takes: each of its parts has at most 63 characters there.
const maxEntityRef = 1024

// annotation names stacks on a catalog entity: ids, separated by commas (spacelift.md 7).
const annotation = "spacelift.io/stack-id"

const (
	// entitiesFresh is how long the links serve at least, however often the catalog changes.
	entitiesFresh = 2 * time.Second
	// walkShare is how many times longer than the walk its result serves at least: with a large catalog it would be all that
	// is done.
	walkShare = 20
	// walkPatience bounds a walk: a page waits for it.
	walkPatience = 10 * time.Second
	// ownersFresh is how long who owns stacks decides at most after something has changed: a decision is not a page.
	ownersFresh = 30 * time.Second
	// walkPause is how long no other walk is begun after one that failed. Who asks meanwhile gets what is known.
	walkPause = 15 * time.Second
)

// entities knows which catalog entities name which stacks. One walk serves all callers; what they may see is asked for
// each of them.
type entities struct {
	catalog host.CatalogReader
	plugin  string
	now     func() time.Time
	sight   *sight

	// turn holds the one token of whoever walks; the others wait for the result, or for their own end.
	turn chan struct{}
	// mu guards what follows.
	mu       sync.Mutex
	byStack  map[string][]string
	owners   *ownership
	position int64
	// began is when the walk began whose result this is; due when the next one may.
	began, due time.Time
	// failure is why the last walk failed, if it did; no other is begun before retryAt.
	failure error
	retryAt time.Time
}

func newEntities(catalog host.CatalogReader, plugin string, now func() time.Time) *entities {
	return &entities{
		catalog: catalog, plugin: plugin, now: now, sight: newSight(catalog, now), turn: make(chan struct{}, 1), position: -1,
	}
}

// stackIDs reads the annotation.
func stackIDs(e entity.Entity) []string {
	text, _ := e.Path("metadata", "annotations", annotation).(string)
	var ids []string
	for part := range strings.SplitSeq(text, ",") {
		if id := strings.TrimSpace(part); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// stacksOf returns the stacks that an entity names; none if the caller may not see it.
func (c *entities) stacksOf(ctx context.Context, who auth.Credentials, text string) ([]string, error) {
	if len(text) > maxEntityRef {
		return nil, invalid("entityRef is longer than %d bytes; write kind:namespace/name", maxEntityRef)
	}
	ref, err := entity.ParseRef(text, entity.RefDefaults{})
	if err != nil {
		return nil, invalid("entityRef %q is no entity ref; write kind:namespace/name", text)
	}
	found, bad, err := c.sight.read(ctx, who, []string{ref.String()})
	if err != nil {
		return nil, err
	}
	if damage := bad[ref.String()]; damage != nil {
		return nil, invalid("entityRef cannot be looked up: %s", damage)
	}
	if found[0] == nil {
		return nil, nil
	}
	return stackIDs(*found[0]), nil
}

// naming returns the refs of the entities that name a stack and that the caller may see, in their order.
func (c *entities) naming(ctx context.Context, who auth.Credentials, stack string) ([]string, error) {
	byStack, err := c.links(ctx, forPages)
	if err != nil {
		return nil, err
	}
	refs := []string{}
	found, _, err := c.sight.read(ctx, who, byStack[stack]) // what has been damaged since names nothing any more
	if err != nil {
		return nil, fmt.Errorf("read the entities that name the stack %s: %w", stack, err)
	}
	for i, e := range found {
		if e != nil {
			refs = append(refs, byStack[stack][i])
		}
	}
	return refs, nil
}

// forPages is how old links may be that decide nothing: as old as walkShare has them.
const forPages = time.Duration(math.MaxInt64)

// links walks the catalog again if it has changed since the last time, which may have been so long ago. While it cannot be
// walked, what was known last serves, and if nothing was, the error does.
func (c *entities) links(ctx context.Context, old time.Duration) (map[string][]string, error) {
	if byStack, ok, err := c.fresh(old); ok {
		return byStack, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if byStack, ok, err := c.fresh(old); ok {
		return byStack, err
	}
	// Read before the walk, which may see more: then the next question walks once more than it would need to.
	position, began := c.catalog.Position(), c.now()
	byStack, owners, err := c.walk(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // who asked has gone; the next one walks
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.failure = err; err != nil {
		c.retryAt = now.Add(walkPause)
		if c.byStack == nil {
			return nil, err
		}
		return c.byStack, nil
	}
	c.byStack, c.owners, c.position, c.began = byStack, owners, position, began
	c.due = now.Add(max(entitiesFresh, walkShare*now.Sub(began)))
	return byStack, nil
}

// walk reads all entities that name stacks.
func (c *entities) walk(ctx context.Context) (byStack map[string][]string, owners *ownership, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, walkPatience, fmt.Errorf("the catalog took longer than %s", walkPatience))
	defer cancel()
	byStack, owners = map[string][]string{}, &ownership{of: map[string][]string{}}
	filter := entity.Exists{Key: "metadata.annotations." + annotation}
	for e, err := range c.catalog.Entities(ctx, auth.PluginCredentials(c.plugin), filter) {
		if _, one := errors.AsType[*host.EntityError](err); one {
			owners.partial = true // it may name any stack
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the entities that name stacks: %w", err)
		}
		for _, id := range stackIDs(e) {
			byStack[id] = append(byStack[id], e.Ref().String())
			owners.of[id] = append(owners.of[id], ownersOf(e)...)
		}
	}
	for _, refs := range byStack {
		slices.Sort(refs)
	}
	return byStack, owners, nil
}

// fresh returns what is known, if no walk is to be made now.
func (c *entities) fresh(old time.Duration) (byStack map[string][]string, ok bool, err error) {
	position := c.catalog.Position()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.failure != nil && now.Before(c.retryAt) {
		if c.byStack == nil {
			return nil, true, c.failure
		}
		return c.byStack, true, nil
	}
	return c.byStack, c.byStack != nil && (c.position == position || now.Before(c.due) && now.Sub(c.began) < old), nil
}
