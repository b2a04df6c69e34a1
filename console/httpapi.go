package console

import (
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

//go:embed openapi.yaml
var openapiYAML []byte

// api serves openapi.yaml.
type api struct {
	log         *slog.Logger
	system      host.System
	audit       *telemetry.Auditor
	permissions permission.Checker
	attention   *attention
	events      *events
	health      *health
	peers       peers
	openapi     []byte
}

func newAPI(env *host.Env) *api {
	return &api{
		log:         env.Log,
		system:      env.System,
		audit:       env.Audit,
		permissions: env.Permissions,
		attention:   newAttention(env.Catalog),
		events:      newEvents(env.Catalog, env.Log),
		health:      newHealth(env.System, env.Log),
		peers:       peers{system: env.System, config: env.Config},
	}
}

func (a *api) mount(routes *router.Routes) error {
	doc, err := openapiJSON()
	if err != nil {
		return err
	}
	a.openapi = doc
	routes.Open("/v1/bootstrap")
	routes.Handle("GET /v1/bootstrap", a.bootstrap)
	routes.Handle("GET /v1/plugins", a.plugins)
	routes.Handle("GET /v1/tasks", a.tasks)
	routes.Handle("GET /v1/config", a.config)
	a.mountCheck(routes)
	routes.Handle("GET /v1/attention", a.serveAttention)
	routes.Handle("GET /v1/events", a.serveEvents)
	routes.Handle("GET /v1/openapi.json", a.serveOpenAPI)
	return nil
}

// mountCheck mounts what `understudy check` asks, with the permissions for it, which is there even where the console is turned off.
func (a *api) mountCheck(routes *router.Routes) {
	routes.Handle("GET /v1/check", a.lastCheck)
	routes.Handle("POST /v1/check", a.check)
	permission.Mount(routes, permissions())
}

type bootstrapView struct {
	Title     string         `json:"title"`
	Version   string         `json:"version"`
	Demo      bool           `json:"demo"`
	SignIn    []providerView `json:"signIn"`
	Plugins   []string       `json:"plugins"`
	Elsewhere *elsewhereView `json:"elsewhere,omitempty"`
}

type providerView struct {
	ID string `json:"id"`
	// Environment is set for providers whose sign-in goes through a window of their own.
	Environment string `json:"env,omitempty"`
}

func (a *api) bootstrap(w http.ResponseWriter, r *http.Request) error {
	view := bootstrapView{
		Title: a.system.Title(), Version: a.system.Version(), Demo: a.system.Demo(),
		SignIn: a.peers.providers(), Plugins: []string{}, Elsewhere: a.peers.view(),
	}
	for _, p := range a.health.statuses(r.Context()) {
		if p.Hosted {
			view.Plugins = append(view.Plugins, p.ID)
		}
	}
	return router.WriteJSON(w, r, http.StatusOK, view)
}

type pluginView struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Address string `json:"address,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (a *api) plugins(w http.ResponseWriter, r *http.Request) error {
	full, err := a.privileged(r, readSystem)
	if err != nil {
		return err
	}
	views := []pluginView{}
	for _, s := range a.health.statuses(r.Context()) {
		views = append(views, a.pluginView(s, full))
	}
	return router.WriteJSON(w, r, http.StatusOK, map[string]any{"plugins": views})
}

// pluginView shows why a plugin fails only to those who may see the configuration too: the text may name hosts and
// databases. Everybody else learns that there is something in the log.
func (a *api) pluginView(s host.PluginStatus, full bool) pluginView {
	v := pluginView{ID: s.ID, Status: "ok"}
	switch {
	case !s.Hosted:
		v.Status = "remote"
		if full {
			v.Address = s.Address
		}
	case s.Err != nil:
		v.Status, v.Error = "failing", "The server's log says why."
		if full {
			v.Error = s.Err.Error()
		}
	}
	return v
}

func (a *api) tasks(w http.ResponseWriter, r *http.Request) error {
	if err := a.requirePrivilege(r, readSystem, "tasks"); err != nil {
		return err
	}
	tasks, err := a.system.Tasks(r.Context())
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	slices.SortFunc(tasks, func(x, y schedule.Status) int {
		return strings.Compare(x.PluginID+"\x00"+x.TaskID, y.PluginID+"\x00"+y.TaskID)
	})
	if tasks == nil {
		tasks = []schedule.Status{}
	}
	return router.WriteJSON(w, r, http.StatusOK, map[string]any{"tasks": tasks})
}

type lineView struct {
	Path   string `json:"path"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
}

func (a *api) config(w http.ResponseWriter, r *http.Request) error {
	if err := a.requirePrivilege(r, readSystem, "the configuration"); err != nil {
		return err
	}
	lines := []lineView{}
	for _, l := range a.system.ConfigLines() {
		lines = append(lines, lineView{Path: l.Path, Value: l.Value, Origin: l.Origin.String()})
	}
	return router.WriteJSON(w, r, http.StatusOK, map[string]any{"lines": lines})
}

func (a *api) serveAttention(w http.ResponseWriter, r *http.Request) error {
	if err := a.peers.requireCatalog(); err != nil {
		return err
	}
	view, err := a.attention.view(r.Context(), auth.FromContext(r.Context()))
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, view)
}

func (a *api) serveEvents(w http.ResponseWriter, r *http.Request) error {
	if err := a.peers.requireCatalog(); err != nil {
		return err
	}
	return a.events.serve(w, r)
}

func (a *api) serveOpenAPI(w http.ResponseWriter, r *http.Request) error {
	return router.WriteRawJSON(w, r, http.StatusOK, a.openapi)
}

// openapiJSON is the document as it is served; its order of keys is that of the file.
func openapiJSON() ([]byte, error) {
	docs, err := yamlcore.Parse(openapiYAML)
	if err != nil {
		return nil, fmt.Errorf("parse the console's openapi.yaml: %w", err)
	}
	v, err := yamlcore.Value(docs[0])
	if err != nil {
		return nil, fmt.Errorf("read the console's openapi.yaml: %w", err)
	}
	return entity.AppendJSON(nil, v), nil
}
