package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// annotation names stacks on a catalog entity: ids, separated by commas (spacelift.md 7).
const annotation = "spacelift.io/stack-id"

// entitiesFresh is how long the links serve at least, however often the catalog changes.
const entitiesFresh = 2 * time.Second

// entities knows which catalog entities name which stacks. One walk serves all callers; what they may see is asked for
// each of them.
type entities struct {
	catalog host.CatalogReader
	plugin  string
	now     func() time.Time

	// turn holds the one token of whoever walks; the others wait for the result, or for their own end.
	turn chan struct{}
	// mu guards what follows.
	mu       sync.Mutex
	byStack  map[string][]string
	owners   map[string][]string // of the entities that name a stack, folded, by stack
	position int64
	due      time.Time
}

func newEntities(catalog host.CatalogReader, plugin string, now func() time.Time) *entities {
	return &entities{catalog: catalog, plugin: plugin, now: now, turn: make(chan struct{}, 1), position: -1}
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
	ref, err := entity.ParseRef(text, entity.RefDefaults{})
	if err != nil {
		return nil, invalid("entityRef %q is no entity ref; write kind:namespace/name", text)
	}
	e, ok, err := c.catalog.ByRef(ctx, who, ref.String())
	if err != nil || !ok {
		return nil, err
	}
	return stackIDs(e), nil
}

// naming returns the refs of the entities that name a stack and that the caller may see, in their order.
func (c *entities) naming(ctx context.Context, who auth.Credentials, stack string) ([]string, error) {
	byStack, err := c.links(ctx)
	if err != nil {
		return nil, err
	}
	refs := []string{}
	for _, ref := range byStack[stack] {
		_, ok, err := c.catalog.ByRef(ctx, who, ref)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", ref, err)
		}
		if ok {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// links walks the catalog again if it has changed since the last time.
func (c *entities) links(ctx context.Context) (map[string][]string, error) {
	if byStack, ok := c.fresh(); ok {
		return byStack, nil
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if byStack, ok := c.fresh(); ok {
		return byStack, nil
	}
	// Read before the walk, which may see more: then the next question walks once more than it would need to.
	position := c.catalog.Position()
	byStack, owners := map[string][]string{}, map[string][]string{}
	filter := entity.Exists{Key: "metadata.annotations." + annotation}
	for e, err := range c.catalog.Entities(ctx, auth.ServiceCredentials(c.plugin), filter) {
		if err != nil {
			return nil, fmt.Errorf("read the entities that name stacks: %w", err)
		}
		for _, id := range stackIDs(e) {
			byStack[id] = append(byStack[id], e.Ref().String())
			owners[id] = append(owners[id], ownersOf(e)...)
		}
	}
	for _, refs := range byStack {
		slices.Sort(refs)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byStack, c.owners, c.position, c.due = byStack, owners, position, c.now().Add(entitiesFresh)
	return byStack, nil
}

func (c *entities) fresh() (map[string][]string, bool) {
	position := c.catalog.Position()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byStack, c.byStack != nil && (c.position == position || c.now().Before(c.due))
}
