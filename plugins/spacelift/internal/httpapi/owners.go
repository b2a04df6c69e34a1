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

// ownersKept is how long who owned a stack when the catalog was last read still decides, while it cannot be read. A page may
// show older links; a decision must not go by them.
const ownersKept = 5 * time.Minute

// owning returns, for each stack, who owns the entities that name it. Without the catalog it cannot be decided; that is a
// ServiceUnavailableError.
func (c *entities) owning(ctx context.Context) (map[string][]string, error) {
	if _, err := c.links(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, ownersUnknown(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil && c.now().After(c.due.Add(ownersKept)) {
		return nil, ownersUnknown(c.failure)
	}
	return c.owners, nil
}

// ownersUnknown shows the reason to nobody but the log.
func ownersUnknown(reason error) error {
	return fmt.Errorf("%w: %w", fault.Unavailable("The catalog, on whose owners the permission policy depends, cannot be read"), reason)
}
