package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/stream"
	"github.com/understudy-portal/understudy/host/telemetry"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/act"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/tail"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

// Upstream is what the routes ask of Spacelift themselves.
type Upstream interface {
	Runs(ctx context.Context, stack string, kind client.RunKind, before string) ([]client.Run, error)
	RunDetail(ctx context.Context, stack, run string) (client.RunDetail, error)
	Logs(ctx context.Context, stack, run string, at client.LogPlace) (client.LogPage, error)
	Status() client.Status
}

// Options are what the routes work with. All are needed.
type Options struct {
	Mirror      *mirror.Mirror
	Trigger     *trigger.Engine
	Act         *act.Engine
	Tails       *tail.Tails
	Upstream    Upstream
	Store       *store.Store
	Catalog     host.CatalogReader
	Permissions permission.Checker
	Audit       *telemetry.Auditor
	Log         *slog.Logger
	Now         func() time.Time
	// Plugin is the id of the plugin, for audit events.
	Plugin string
	// ReadOnly refuses triggers and actions.
	ReadOnly bool
	// Account names the account for people; Web is where its pages are.
	Account string
	Web     *url.URL
	// Interval is the time between two sweeps.
	Interval time.Duration
	// OpenAPI is the document of v1 as JSON.
	OpenAPI []byte
}

// API serves the routes. It may be used by many at once.
type API struct {
	Options
	streams *stream.Streams
	// follows are the streams of logs.
	follows  *stream.Streams
	entities *entities
	runs     *runs
	details  *shared[client.RunDetail]
	logs     *shared[client.LogPage]
	// joins are runs that were there when somebody began to follow them.
	joins *shared[bool]
}

// maxStreams bounds what open pages can hold of the server.
const maxStreams = 500

// New returns the routes, not yet mounted.
func New(o Options) *API {
	return &API{
		Options: o, streams: stream.New(maxStreams), follows: stream.New(maxStreams), entities: newEntities(o.Catalog, o.Plugin, o.Now),
		runs:    newRuns(o.Upstream, o.Mirror.Turn, o.Now),
		details: newShared[client.RunDetail](o.Mirror.Turn, o.Now, runsKept),
		logs:    newShared[client.LogPage](o.Mirror.Turn, o.Now, logsKept),
		joins:   newShared[bool](o.Mirror.Turn, o.Now, runsKept),
	}
}

// Close ends questions that go on for nobody. No request is served any more.
func (a *API) Close() {
	a.runs.pages.Close()
	a.details.Close()
	a.logs.Close()
	a.joins.Close()
	a.entities.sight.flight.Close()
}

const resourceType = "spacelift-stack"

// The permissions that the routes ask for (spacelift.md 7).
var (
	readStack  = permission.Permission{Name: "spacelift.stack.read", Action: "read", ResourceType: resourceType}
	readRun    = permission.Permission{Name: "spacelift.run.read", Action: "read", ResourceType: resourceType}
	readLogs   = permission.Permission{Name: "spacelift.run.logs", Action: "read", ResourceType: resourceType}
	triggerRun = permission.Permission{Name: "spacelift.run.trigger", Action: "update", ResourceType: resourceType}
	confirmRun = permission.Permission{Name: "spacelift.run.confirm", Action: "update", ResourceType: resourceType}
	// stopRun is for all that ends a run: discard, cancel and stop.
	stopRun = permission.Permission{Name: "spacelift.run.stop", Action: "update", ResourceType: resourceType}
)

// Mount declares the routes.
func (a *API) Mount(routes *router.Routes) {
	routes.Open("/health")
	routes.Handle("GET /health", a.health)
	routes.Handle("GET /stacks", a.may(a.compatStacks, readStack))
	routes.Handle("POST /stacks/{stackId}/trigger", a.compatTrigger)

	// Whether a run may be triggered is asked together with what may be seen, so that pages know which buttons to show.
	routes.Handle("GET /v1/stacks", a.may(a.listStacks, readStack, triggerRun))
	routes.Handle("GET /v1/stacks/{id}", a.may(a.getStack, readStack, triggerRun))
	routes.Handle("GET /v1/stacks/{id}/runs", a.may(a.listRuns, readRun))
	routes.Handle("POST /v1/stacks/{id}/runs", a.triggerRun)
	routes.Handle("GET /v1/stacks/{id}/runs/{run}", a.may(a.getRun, readRun, readLogs, confirmRun, stopRun))
	routes.Handle("GET /v1/stacks/{id}/runs/{run}/logs", a.may(a.readLogs, readRun, readLogs))
	for _, action := range []client.Action{client.Confirm, client.Discard, client.Cancel, client.Stop} {
		routes.Handle("POST /v1/stacks/{id}/runs/{run}/"+string(action), a.act(action))
	}
	routes.Handle("GET /v1/status", a.may(a.status, readStack))
	routes.Handle("GET /v1/events", a.may(a.events, readStack))
	routes.Handle("GET /v1/openapi.json", a.openAPI)
	permission.Mount(routes, []permission.Permission{readStack, readRun, readLogs, triggerRun, confirmRun, stopRun}, a.resources())
}

func (a *API) openAPI(w http.ResponseWriter, r *http.Request) error {
	return router.WriteRawJSON(w, r, http.StatusOK, a.OpenAPI)
}
