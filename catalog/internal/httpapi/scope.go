package httpapi

import (
	"context"
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
)

// Scope is which entities a caller may have to do with.
type Scope struct {
	// None means that there are no such entities.
	None bool
	// Where selects them; nil means all.
	Where entity.Predicate
}

// And adds the scope to a predicate, which may be nil.
func (s Scope) And(p entity.Predicate) entity.Predicate {
	switch {
	case s.Where == nil:
		return p
	case p == nil:
		return s.Where
	default:
		return entity.All{Of: []entity.Predicate{p, s.Where}}
	}
}

// ReadScope is what a caller may read, for the routes as for who reads in process.
func ReadScope(ctx context.Context, c permission.Checker, who auth.Credentials) (Scope, error) {
	return scopeOf(ctx, c, who, readEntity)
}

// scopeOf asks about all entities at once; a conditional answer becomes a predicate.
func scopeOf(ctx context.Context, c permission.Checker, who auth.Credentials, p permission.Permission) (Scope, error) {
	d, err := c.Authorize(ctx, who, p, "")
	if err != nil {
		return Scope{}, err
	}
	switch d.Result {
	case permission.Allow:
		return Scope{}, nil
	case permission.Conditional:
		where, err := Where(d)
		if err != nil {
			return Scope{}, fmt.Errorf("the permission policy's conditions on %s: %w", p.Name, err)
		}
		return Scope{Where: where}, nil
	default:
		return Scope{None: true}, nil
	}
}

func (a *API) scope(ctx context.Context, p permission.Permission) (Scope, error) {
	return scopeOf(ctx, a.Permissions, auth.FromContext(ctx), p)
}
