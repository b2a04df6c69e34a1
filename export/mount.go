package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// MountOptions are how one mount point serves the routes of openapi.yaml.
type MountOptions struct {
	// AllowGet lets GET /migrate start runs.
	AllowGet bool
	// AllowUnauthenticated lets callers without credentials use /migrate.
	AllowUnauthenticated bool
	// ConfigKey is the path of the section that holds migrate; empty means the destination's id.
	ConfigKey string
	// BaseURL is where callers reach the mount, such as http://localhost:7007/api/rely, for the advice in errors.
	BaseURL string
}

// The permissions that the routes ask for: a service is held to the restrictions of its token, a user to the portal's policy.
var (
	readRuns  = permission.Permission{Name: "export.run.read", Action: "read"}
	writeRuns = permission.Permission{Name: "export.run.create", Action: "create"}
)

// Permissions are all that the routes ask for, for the plugin that mounts them to describe.
func Permissions() []permission.Permission { return []permission.Permission{readRuns, writeRuns} }

// api serves one mount point.
type api struct {
	*Engine
	opts   MountOptions
	prefix string // of hrefs
}

// Mount declares the routes of openapi.yaml. Those that change something are opened to the gate, because a caller that is
// refused leaves an audit event too: they look at the credentials themselves, all in the same place.
func (e *Engine) Mount(routes *router.Routes, opts MountOptions) {
	if opts.ConfigKey == "" {
		opts.ConfigKey = e.opts.ID
	}
	a := &api{Engine: e, opts: opts, prefix: "/api/" + routes.ID()}
	if opts.BaseURL == "" {
		a.opts.BaseURL = "http://localhost:7007" + a.prefix
	}
	routes.Open("/migrate")
	for _, verb := range []string{"cancel", "resume", "retry-failed"} {
		routes.Open("/runs/:id/" + verb)
	}
	routes.Handle("POST /migrate", a.change("run", a.migrate))
	routes.Handle("GET /migrate", a.change("run", a.migrateByGet))
	routes.Handle("POST /runs/{id}/cancel", a.change("cancel", a.cancelRun))
	routes.Handle("POST /runs/{id}/resume", a.change("resume", a.resumeRun))
	routes.Handle("POST /runs/{id}/retry-failed", a.change("retry", a.retryRun))
	routes.Handle("GET /status", a.read(a.status))
	routes.Handle("GET /runs", a.read(a.listRuns))
	routes.Handle("GET /runs/{id}", a.read(a.getRun))
	routes.Handle("GET /runs/{id}/items", a.read(a.listItems))
	routes.Handle("GET /preview", a.read(a.preview))
}

// changeFunc serves a request that changes something. Meta adds to the audit event.
type changeFunc func(w http.ResponseWriter, r *http.Request, by string, meta map[string]any) error

// change lets users and services pass that may, and leaves one audit event whatever comes of it.
func (a *api) change(verb string, serve changeFunc) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Expires", "0") // the router takes Cache-Control from errors
		who, refusal := a.caller(r)
		if refusal == nil && !who.IsNone() {
			r = r.WithContext(auth.WithCredentials(r.Context(), who))
		}
		meta := map[string]any{"destination": a.Engine.opts.ID}
		if id := r.PathValue("id"); id != "" {
			meta["runId"] = id
		}
		if audit := a.Engine.opts.Audit; audit != nil {
			event := audit.Event(r.Context(), telemetry.Event{Plugin: a.Engine.opts.Plugin, ID: "export-" + verb, Meta: meta})
			defer func() { event.Done(err) }()
		}
		if refusal != nil {
			return refusal
		}
		by := ""
		if !who.IsNone() {
			by = who.String()
		}
		return serve(w, r, by, meta)
	}
}

// caller returns who asks for a change, or why it may not.
func (a *api) caller(r *http.Request) (auth.Credentials, error) {
	who, err := auth.Look(r.Context())
	if err != nil {
		return auth.Credentials{}, err
	}
	migrate := r.PathValue("id") == ""
	if who.IsNone() {
		switch {
		case migrate && a.opts.AllowUnauthenticated:
			return who, nil
		case migrate:
			return auth.Credentials{}, a.missing()
		default:
			return auth.Credentials{}, fault.Authentication("Missing credentials")
		}
	}
	return who, a.may(r.Context(), who, writeRuns)
}

// missing tells callers without credentials the two ways to mend that.
func (a *api) missing() error {
	return fault.Authentication("Missing credentials: an export is started by a signed-in user or a service. Either send a token: "+
		`curl -X POST -H "Authorization: Bearer $TOKEN" %s/migrate`+
		" (a token of backend.auth.externalAccess); or set %s.migrate.allowUnauthenticated: true, if everybody who can reach this server may start exports",
		strings.TrimSuffix(a.opts.BaseURL, "/"), a.opts.ConfigKey)
}

func (a *api) may(ctx context.Context, who auth.Credentials, p permission.Permission) error {
	if a.Engine.opts.Permissions == nil {
		return nil
	}
	err := permission.Require(ctx, a.Engine.opts.Permissions, who, p, "")
	if refused, ok := errors.AsType[*fault.Error](err); ok && refused.Name == fault.NameNotAllowed && refused.Message == "" {
		// Upstream's has no words, by which nobody knows which policy to change.
		return fault.NotAllowed("%s is not allowed for %s; the permission policy decides, or the restrictions of the token", p.Name, who)
	}
	return err
}

// read lets users and services pass that may.
func (a *api) read(serve router.HandlerFunc) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := auth.Require(r.Context(), auth.KindUser, auth.KindService)
		if err == nil {
			err = a.may(r.Context(), who, readRuns)
		}
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		return serve(w, r)
	}
}

// migrateByGet is for callers that know only the address, but not for browsers and proxies that fetch what nobody asked for.
func (a *api) migrateByGet(w http.ResponseWriter, r *http.Request, by string, meta map[string]any) error {
	for _, name := range []string{"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"} {
		if value := strings.ToLower(r.Header.Get(name)); strings.Contains(value, "prefetch") || strings.Contains(value, "preview") {
			return fault.NotAllowed("a prefetch does not start an export; use POST")
		}
	}
	if r.Method != http.MethodGet || !a.opts.AllowGet {
		w.Header().Set("Allow", http.MethodPost)
		return &fault.Error{
			Name: "MethodNotAllowedError", Status: http.StatusMethodNotAllowed,
			Message: fmt.Sprintf("%s does not start an export here; use POST, or set %s.migrate.allowGet: true", r.Method, a.opts.ConfigKey),
		}
	}
	return a.migrate(w, r, by, meta)
}

func (a *api) migrate(w http.ResponseWriter, r *http.Request, by string, meta map[string]any) error {
	q, wait, err := migrateQuery(r)
	if err != nil {
		return err
	}
	q.trigger, q.by = triggerManual, by
	meta["dryRun"], meta["full"] = q.dryRun, q.full
	row, joined, err := a.start(r.Context(), q)
	if err != nil {
		return err
	}
	meta["runId"], meta["joined"] = row.id, joined
	if joined && q.digest && !row.wantDigest {
		return fault.Conflict("a dry run without a digest is under way (%s); ask again when it has ended", row.id)
	}
	if wait > 0 {
		if row, err = a.await(r.Context(), row.id, wait, router.Draining(r.Context())); err != nil {
			return err
		}
	}
	return a.writeStarted(w, r, &row, joined)
}

// writeStarted answers 200 with a run that has ended, and 202 with one that goes on.
func (a *api) writeStarted(w http.ResponseWriter, r *http.Request, row *runRow, joined bool) error {
	body, err := a.runJSON(r.Context(), row)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if row.active() {
		status = http.StatusAccepted
	}
	return router.WriteJSON(w, r, status, startedJSON{
		RunID: row.id, Destination: a.Engine.opts.ID, Status: row.status, Href: body.Href, Joined: joined, Run: body,
	})
}

func (a *api) writeRun(w http.ResponseWriter, r *http.Request, row runRow, err error) error {
	if err != nil {
		return err
	}
	body, err := a.runJSON(r.Context(), &row)
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, body)
}

func (a *api) cancelRun(w http.ResponseWriter, r *http.Request, _ string, _ map[string]any) error {
	row, err := a.cancel(r.Context(), r.PathValue("id"))
	return a.writeRun(w, r, row, err)
}

func (a *api) resumeRun(w http.ResponseWriter, r *http.Request, _ string, _ map[string]any) error {
	row, err := a.resume(r.Context(), r.PathValue("id"))
	return a.writeRun(w, r, row, err)
}

func (a *api) retryRun(w http.ResponseWriter, r *http.Request, by string, meta map[string]any) error {
	var body struct {
		EntityRefs []string `json:"entityRefs"`
	}
	if err := router.DecodeJSON(r, 1<<20, &body); err != nil {
		return err
	}
	const most = 1000
	if len(body.EntityRefs) > most {
		return fault.Input("at most %d entityRefs; leave them out to retry all that failed", most)
	}
	row, err := a.retryFailed(r.Context(), r.PathValue("id"), by, body.EntityRefs)
	if err != nil {
		return err
	}
	meta["retryId"] = row.id
	return a.writeStarted(w, r, &row, false)
}
