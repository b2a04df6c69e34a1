package main

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/schedule"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// greetings is a small plugin that uses most of what a plugin may use: configuration, routes, the caller, the catalog,
// a recurring task and an audit event. It is on when the configuration has a section `greetings`:
//
//	greetings:
//	  schedule: {frequency: {cron: '0 9 * * 1-5'}, timeout: {minutes: 1}}
type greetings struct {
	env  *host.Env
	sent atomic.Int64
}

func newGreetings() *greetings { return &greetings{} }

// ID is where the routes are: /api/greetings.
func (g *greetings) ID() string { return "greetings" }

// RequiredConfig turns the plugin on.
func (g *greetings) RequiredConfig() string { return "greetings" }

// ConfigPaths is what the plugin reads.
func (g *greetings) ConfigPaths() []string { return []string{"greetings"} }

type settings struct {
	Schedule config.Schedule `config:"schedule,required"`
}

func load(c *config.Config) (settings, error) {
	var s settings
	return s, c.Decode("greetings", &s, config.Strict)
}

// CheckConfig lets `config check` and the start of the server report mistakes, with file and line.
func (g *greetings) CheckConfig(c *config.Config) error {
	_, err := load(c)
	return err
}

// Register declares the routes and the task.
func (g *greetings) Register(_ context.Context, env *host.Env) error {
	set, err := load(env.Config)
	if err != nil {
		return err
	}
	g.env = env
	env.Routes.Handle("GET /hello", g.hello)
	env.Routes.Handle("POST /send", g.send)
	return env.Tasks().Add(schedule.Task{ID: "greet", Schedule: set.Schedule, Run: func(ctx context.Context) error {
		g.sent.Add(1)
		env.Log.InfoContext(ctx, "good morning")
		return nil
	}})
}

// hello greets the caller by the title that the catalog has for them.
func (g *greetings) hello(w http.ResponseWriter, r *http.Request) error {
	who := auth.FromContext(r.Context())
	name := who.Subject
	if who.UserRef != "" {
		name = who.UserRef
		if user, ok, err := g.env.Catalog.ByRef(r.Context(), who, who.UserRef); err != nil {
			return err
		} else if ok && user.Title() != "" {
			name = user.Title()
		}
	}
	return router.WriteJSON(w, r, http.StatusOK, map[string]any{"hello": name, "sent": g.sent.Load()})
}

// send changes something, and so leaves one audit event.
func (g *greetings) send(w http.ResponseWriter, r *http.Request) (err error) {
	event := g.env.Audit.Event(r.Context(), telemetry.Event{Plugin: g.ID(), ID: "send"})
	defer func() { event.Done(err) }()
	g.sent.Add(1)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

var (
	_ host.Plugin         = (*greetings)(nil)
	_ host.ConfigRequirer = (*greetings)(nil)
	_ host.ConfigDeclarer = (*greetings)(nil)
	_ host.ConfigChecker  = (*greetings)(nil)
)
