package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// bodyLimit is how large a request body may be. Upstream's 100 KiB keeps it from taking the filters of users in many
// groups (catalog.md 11, 12).
const bodyLimit = 4 << 20

// waitLimit is how long a request waits for the index to reach a position, unless Deps says otherwise.
const waitLimit = 5 * time.Second

// Ledger is what the routes need of the catalog's truth.
type Ledger interface {
	// DeleteByUID deletes an entity, if there is one, and returns the position after which reads see that.
	DeleteByUID(ctx context.Context, uid string) (int64, error)
	// DeleteUnfinished deletes an entity that was never finished, if there is one.
	DeleteUnfinished(ctx context.Context, uid string) (int64, error)
	// EachFailed and EachPending walk the entities that reads do not have, until yield returns false.
	EachFailed(ctx context.Context, yield func(ledger.Unfinished) bool) error
	EachPending(ctx context.Context, yield func(ledger.Unfinished) bool) error
	// Parents returns, for each ref, the refs of the entities that emitted it. Refs without any may be absent.
	Parents(ctx context.Context, refs []string) (map[string][]string, error)
	// Locations returns all registered locations in the order of their ids.
	Locations(ctx context.Context) ([]ledger.Location, error)
}

// Deps are what the routes work on.
type Deps struct {
	// Index answers reads.
	Index *index.Index
	// Ledger takes mutations and knows what the index does not.
	Ledger Ledger
	// Permissions decides.
	Permissions permission.Checker
	// Audit records mutations.
	Audit *telemetry.Auditor
	// Log takes what an operator should see.
	Log *slog.Logger
	// MaxWait is how long a request may wait for a position of the change log; 0 stands for five seconds.
	MaxWait time.Duration
}

// pluginID names the catalog in audit events.
const pluginID = "catalog"

// API serves the catalog's routes.
type API struct {
	Deps
	openAPI []byte
	buffers sync.Pool // of *[]byte, for answers
}

// New returns the routes over deps.
func New(deps Deps) *API {
	if deps.MaxWait == 0 {
		deps.MaxWait = waitLimit
	}
	return &API{Deps: deps, buffers: sync.Pool{New: newBuffer}}
}

// Mount declares the routes, and describes the catalog's permissions and rules.
func (a *API) Mount(routes *router.Routes) {
	a.openAPI = renderOpenAPI("/api/" + routes.ID())
	const name = "/entities/by-name/{kind}/{namespace}/{name}"
	routes.Handle("GET /entities", a.audited("entity-fetch", "all", a.entities))
	routes.Handle("GET /entities/by-query", a.audited("entity-fetch", "by-query", a.getByQuery))
	routes.Handle("POST /entities/by-query", a.audited("entity-fetch", "by-query", a.postByQuery))
	routes.Handle("GET /entities/by-uid/{uid}", a.audited("entity-fetch", "by-id", a.byUID))
	routes.Handle("DELETE /entities/by-uid/{uid}", a.deleteByUID)
	routes.Handle("GET /entities/unprocessed/failed", a.audited("entity-fetch", "unprocessed-failed", a.failed))
	routes.Handle("GET /entities/unprocessed/pending", a.audited("entity-fetch", "unprocessed-pending", a.pending))
	routes.Handle("DELETE /entities/unprocessed/delete/{entity_id}", a.deleteUnprocessed)
	routes.Handle("GET "+name, a.audited("entity-fetch", "by-name", a.byName))
	routes.Handle("GET "+name+"/ancestry", a.audited("entity-fetch", "ancestry", a.ancestry))
	routes.Handle("POST /entities/by-refs", a.audited("entity-fetch", "by-refs", a.byRefs))
	routes.Handle("GET /entity-facets", a.audited("entity-facets", "all", a.getFacets))
	routes.Handle("POST /entity-facets", a.audited("entity-facets", "by-query", a.postFacets))
	routes.Handle("GET /locations", a.audited("location-fetch", "all", a.locations))
	routes.Handle("POST /locations/by-query", a.audited("location-fetch", "by-query", a.locationsByQuery))
	routes.Handle("GET /locations/{id}", a.audited("location-fetch", "by-id", a.locationByID))
	routes.Handle("GET /locations/by-entity/{kind}/{namespace}/{name}", a.audited("location-fetch", "by-entity", a.locationByEntity))
	routes.Handle("GET /openapi.json", a.document)
	permission.Mount(routes, Permissions(), Resources(a.Index))
}

// audited records a read (catalog.md 5.11), at a severity that is not logged unless an operator asks for it.
func (a *API) audited(id, queryType string, h router.HandlerFunc) router.HandlerFunc {
	event := telemetry.Event{Plugin: pluginID, ID: id, Severity: telemetry.Low, Meta: map[string]any{"queryType": queryType}}
	return func(w http.ResponseWriter, r *http.Request) error {
		e := a.Audit.Event(r.Context(), event)
		err := h(w, r)
		e.Done(err)
		return err
	}
}

func (a *API) document(w http.ResponseWriter, r *http.Request) error {
	return router.WriteRawJSON(w, r, http.StatusOK, a.openAPI)
}
