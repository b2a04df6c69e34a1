package httpapi

import (
	"net/http"

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

// mayReadLocations asks about registered locations.
func (a *API) mayReadLocations(r *http.Request) (bool, error) {
	d, err := a.Permissions.Authorize(r.Context(), auth.FromContext(r.Context()), readLocation, "")
	return d.Allowed(), err
}

// denied is what a caller hears who may not: upstream gives no reason.
func denied() error { return fault.NotAllowed("") }
