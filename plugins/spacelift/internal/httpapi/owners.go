package httpapi

import (
	"context"
	"fmt"

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

// owning returns, for each stack, who owns the entities that name it. Without the catalog it cannot be decided; that is a
// ServiceUnavailableError.
func (c *entities) owning(ctx context.Context) (map[string][]string, error) {
	if _, err := c.links(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		// Nobody is shown the reason, but the log.
		return nil, fmt.Errorf("%w: %w", fault.Unavailable("The catalog, on whose owners the permission policy depends, cannot be read"), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owners, nil
}
