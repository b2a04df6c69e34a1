package httpapi

import (
	"context"
	"net/http"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
)

// resourceType is that of entities in the permission protocol.
const resourceType = "catalog-entity"

// The permissions that the routes ask for (catalog.md 6).
var (
	readEntity   = permission.Permission{Name: "catalog.entity.read", Action: "read", ResourceType: resourceType}
	deleteEntity = permission.Permission{Name: "catalog.entity.delete", Action: "delete", ResourceType: resourceType}
	readLocation = permission.Permission{Name: "catalog.location.read", Action: "read"}

	readUnprocessed   = permission.Permission{Name: "catalog.entities.unprocessed.read", Action: "read"}
	deleteUnprocessed = permission.Permission{Name: "catalog.entities.unprocessed.delete", Action: "delete"}
)

// Permissions are all that the catalog declares, asked for here or not (catalog.md 6).
func Permissions() []permission.Permission {
	return []permission.Permission{
		readEntity,
		{Name: "catalog.entity.create", Action: "create"},
		deleteEntity,
		{Name: "catalog.entity.refresh", Action: "update", ResourceType: resourceType},
		{Name: "catalog.entity.validate"},
		readLocation,
		{Name: "catalog.location.create", Action: "create"},
		{Name: "catalog.location.delete", Action: "delete"},
		{Name: "catalog.location.analyze"},
		{Name: "catalog.ingestion.read", Action: "read"},
		{Name: "catalog.ingestion.manage", Action: "update"},
		readUnprocessed,
		deleteUnprocessed,
	}
}

// scope is which entities a caller may have to do with.
type scope struct {
	none  bool
	where entity.Predicate // nil: all
}

// and adds the scope to a predicate.
func (s scope) and(p entity.Predicate) entity.Predicate {
	switch {
	case s.where == nil:
		return p
	case p == nil:
		return s.where
	default:
		return entity.All{Of: []entity.Predicate{p, s.where}}
	}
}

// scope asks about all entities at once; a conditional answer becomes a predicate.
func (a *API) scope(ctx context.Context, p permission.Permission) (scope, error) {
	d, err := a.Permissions.Authorize(ctx, auth.FromContext(ctx), p, "")
	if err != nil {
		return scope{}, err
	}
	switch d.Result {
	case permission.Allow:
		return scope{}, nil
	case permission.Conditional:
		where, err := Where(d)
		if err != nil {
			return scope{}, err
		}
		return scope{where: where}, nil
	default:
		return scope{none: true}, nil
	}
}

// mayReadLocations asks about registered locations.
func (a *API) mayReadLocations(r *http.Request) (bool, error) {
	d, err := a.Permissions.Authorize(r.Context(), auth.FromContext(r.Context()), readLocation, "")
	return d.Allowed(), err
}

// denied is what a caller hears who may not: upstream gives no reason.
func denied() error { return fault.NotAllowed("") }
