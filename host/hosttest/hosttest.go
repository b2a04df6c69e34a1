// Package hosttest helps tests that stand in for parts of the host.
package hosttest

import (
	"context"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
)

// ByRefer is the part of host.CatalogReader that ByRefs needs.
type ByRefer interface {
	ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error)
}

// ByRefs answers host.CatalogReader's ByRefs by asking for one ref after the other, for catalogs that tests make up.
func ByRefs(ctx context.Context, c ByRefer, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found := make([]*entity.Entity, len(refs))
	for i, ref := range refs {
		e, ok, err := c.ByRef(ctx, who, ref)
		if err != nil {
			return nil, err
		}
		if ok {
			found[i] = &e
		}
	}
	return found, nil
}
