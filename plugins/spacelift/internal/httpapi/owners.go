package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// ownersOf returns the refs of who owns an entity, folded.
func ownersOf(e entity.Entity) []string {
	var owners []string
	for _, relation := range e.Relations() {
		if relation.Type == "ownedBy" {
			owners = append(owners, entity.Fold(relation.Target))
		}
	}
	return owners
}

// ownership is who owns the entities that name stacks.
type ownership struct {
	// of are the refs of owners, folded, by stack.
	of map[string][]string
	// partial tells that an entity could not be read, so that a stack may have further owners.
	partial bool
}

// holds tells whether one of the claims owns a stack.
func (o *ownership) holds(stack string, claims map[string]bool) truth {
	switch {
	case oneIn(o.of[stack], claims):
		return yes
	case o.partial:
		return unknown
	default:
		return no
	}
}

// ownersKept is how long who owned a stack when the catalog was last read still decides, while it cannot be read. A page may
// show older links; a decision must not go by them.
const ownersKept = 5 * time.Minute

// owning returns, for each stack, who owns the entities that name it. Without the catalog it cannot be decided; that is a
// ServiceUnavailableError.
func (c *entities) owning(ctx context.Context) (*ownership, error) {
	if _, err := c.links(ctx, ownersFresh); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, ownersUnknown(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	due := c.due
	if latest := c.began.Add(ownersFresh); due.After(latest) {
		due = latest
	}
	if c.failure != nil && c.now().After(due.Add(ownersKept)) {
		return nil, ownersUnknown(c.failure)
	}
	return c.owners, nil
}

// ownersUnknown shows the reason to nobody but the log.
func ownersUnknown(reason error) error {
	return fmt.Errorf("%w: %w", fault.Unavailable("The catalog, on whose owners the permission policy depends, cannot be read"), reason)
}
