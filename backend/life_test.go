package backend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// The order of a plugin's life is a promise to whoever writes one.
func TestLifeOfAPlugin(t *testing.T) {
	var mu sync.Mutex
	var steps []string
	step := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, s)
	}
	running := make(chan struct{})
	p := &plain{
		id:       "steps",
		register: func(context.Context, *host.Env) error { step("register"); return nil },
		start:    func(context.Context) error { step("start"); return nil },
		run: func(ctx context.Context) error {
			step("run")
			close(running)
			<-ctx.Done()
			step("run ends")
			return nil
		},
		stop: func(context.Context) error { step("stop"); return nil },
	}
	s := start(t, minimal(t), []host.Plugin{p})
	<-running
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"register", "start", "run", "run ends", "stop"}; !slices.Equal(steps, want) {
		t.Errorf("got %v, want %v", steps, want)
	}
}

func TestWhatAPluginOpensIsClosedWhenAnotherFails(t *testing.T) {
	stopped := false
	good := &plain{id: "good", stop: func(context.Context) error { stopped = true; return nil }}
	bad := &plain{id: "bad", start: func(context.Context) error { return errors.New("no electricity") }}
	cfg, err := config.Parse("test", []byte(minimal(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = backend.New(backend.WithConfig(cfg), backend.WithLog(&syncBuffer{}, "json")).Add(good, bad).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "start the plugin bad: no electricity") {
		t.Errorf("got %v", err)
	}
	if !stopped {
		t.Error("the good plugin was not stopped")
	}
}

// A signal while the server starts is a stop like any other.
func TestAStopDuringTheStartIsNoFailure(t *testing.T) {
	cfg, err := config.Parse("test", []byte(minimal(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"register", "start"} {
		t.Run(when, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			slow := func(ctx context.Context) error {
				cancel()
				return fmt.Errorf("wait for the database: %w", ctx.Err())
			}
			p := &plain{id: "slow", start: slow}
			if when == "register" {
				p = &plain{id: "slow", register: func(ctx context.Context, _ *host.Env) error { return slow(ctx) }}
			}
			log := &syncBuffer{}
			if err := backend.New(backend.WithConfig(cfg), backend.WithLog(log, "json")).Add(p).Run(ctx); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "stopping before the start was complete") {
				t.Errorf("no word of it in the log: %s", log)
			}
		})
	}
}

func TestWhatAPluginOpensIsClosedWhenAnotherCannotRegister(t *testing.T) {
	stopped := false
	good := &plain{id: "good", stop: func(context.Context) error { stopped = true; return nil }}
	bad := &plain{id: "bad", register: func(context.Context, *host.Env) error { return errors.New("no form") }}
	cfg, err := config.Parse("test", []byte(minimal(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = backend.New(backend.WithConfig(cfg), backend.WithLog(&syncBuffer{}, "json")).Add(good, bad).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "plugin bad: no form") || !stopped {
		t.Errorf("stopped %v, error %v", stopped, err)
	}
}

func TestAFailureInTheBackgroundStopsTheServer(t *testing.T) {
	cfg, err := config.Parse("test", []byte(minimal(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &plain{id: "worker", run: func(context.Context) error { return errors.New("out of memory cards") }}
	err = backend.New(backend.WithConfig(cfg), backend.WithLog(&syncBuffer{}, "json")).Add(p).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "run the plugin worker: out of memory cards") {
		t.Errorf("got %v", err)
	}
}

// Work that does not heed its context keeps the process no longer than the stop may take.
func TestWorkThatDoesNotEndIsGivenUp(t *testing.T) {
	var group errgroup.Group
	release := make(chan struct{})
	group.Go(func() error {
		<-release
		return nil
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("too late")
	cancel(late)
	if err := backend.Wait(ctx, &group); !errors.Is(err, late) {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := backend.Wait(t.Context(), &group); err != nil {
		t.Error(err)
	}
}

func TestReadinessTellsOfAnUnhealthyPlugin(t *testing.T) {
	p := &plain{id: "patient", health: func(context.Context) error { return errors.New("a cold") }}
	s := start(t, minimal(t), []host.Plugin{p})
	if status, body := s.send(t, http.MethodGet, "/.backstage/health/v1/readiness", "", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "patient") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := s.send(t, http.MethodGet, "/.backstage/health/v1/liveness", "", ""); status != http.StatusOK {
		t.Errorf("liveness: %d", status)
	}
}

// A plugin that does not answer takes all the time that there is; the others are asked meanwhile.
func TestASlowPluginMakesNoOtherLookIll(t *testing.T) {
	slow := &plain{id: "slow", health: func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }}
	well := &plain{id: "well", health: func(ctx context.Context) error { return ctx.Err() }}
	var system host.System
	well.register = func(_ context.Context, env *host.Env) error { system = env.System; return nil }
	s := start(t, minimal(t), []host.Plugin{slow, well})
	for _, p := range system.Plugins(t.Context()) {
		if (p.Err != nil) != (p.ID == "slow") {
			t.Errorf("%s: %v", p.ID, p.Err)
		}
	}
	status, body := s.send(t, http.MethodGet, "/.backstage/health/v1/readiness", "", "")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"slow"`) || strings.Contains(body, `"well"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestMistakesOfAllPartsComeAtOnce(t *testing.T) {
	cfg, err := config.Parse("test", []byte("backend:\n  baseUrl: http://localhost\n  listen: [a]\n  database: {client: oracle}\nunderstudy: {dataDri: x}\npermission: {enabled: true}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = backend.New(backend.WithConfig(cfg)).Add(&plain{id: "x"}).Check()
	for _, want := range []string{"backend.listen", "backend.database.client", "understudy.dataDri", "permission.enabled"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in: %v", want, err)
		}
	}
}

// Who hosts what (architecture.md, "Which plugins a process hosts").
func TestHostedPlugins(t *testing.T) {
	section := func(id string) host.Plugin { return &sectionPlugin{plain{id: id}} }
	for _, c := range []struct {
		name, config string
		only         []string
		want         string
	}{
		{"all, without sections", "{}", nil, "free"},
		{"a section turns its plugin on", "extra: {}", nil, "free extra"},
		{"an endpoint turns a plugin off", "discovery: {endpoints: [{target: 'http://other/api/{{pluginId}}', plugins: [free]}]}", nil, ""},
		{"the star turns off what has no section of its own", "extra: {}\ndiscovery: {endpoints: [{target: 'http://other/api/{{pluginId}}', plugins: ['*']}]}", nil, "extra"},
		{"--only beats everything", "extra: {}", []string{"free"}, "free"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			note := func(id string) func(context.Context, *host.Env) error {
				return func(context.Context, *host.Env) error { got = append(got, id); return nil }
			}
			free, extra := &plain{id: "free", register: note("free")}, section("extra").(*sectionPlugin)
			extra.register = note("extra")
			start(t, minimal(t)+strings.TrimPrefix(c.config, "{}"), []host.Plugin{free, extra}, backend.WithOnly(c.only...))
			if strings.Join(got, " ") != c.want {
				t.Errorf("hosted %q, want %q", got, c.want)
			}
		})
	}
}

// sectionPlugin is off unless the section with its own name is present.
type sectionPlugin struct{ plain }

func (p *sectionPlugin) RequiredConfig() string { return p.id }

// What another backend serves is known with its address; what is merely not set up is not taken for that.
func TestElsewhere(t *testing.T) {
	var system host.System
	here := &plain{id: "here", register: func(_ context.Context, env *host.Env) error { system = env.System; return nil }}
	extra := &sectionPlugin{plain{id: "extra"}}
	config := minimal(t) + "discovery: {endpoints: [{target: {internal: 'http://node/api/{{pluginId}}'}, plugins: ['*']}]}"
	start(t, config, []host.Plugin{here, &plain{id: "away"}, extra}, backend.WithOnly("here"))
	var got []string
	for _, p := range system.Plugins(t.Context()) {
		got = append(got, p.ID+" "+p.Address)
	}
	base, ok := system.Elsewhere("away")
	if want := "away http://localhost:7007/api/away"; !ok || !slices.Contains(got, want) || "away "+base != want {
		t.Errorf("%q, %v, %q", base, ok, got)
	}
	if _, ok := system.Elsewhere("here"); ok {
		t.Error("a hosted plugin is said to be elsewhere")
	}
	start(t, config, []host.Plugin{extra, onlyHere{here}})
	if _, ok := system.Elsewhere("extra"); ok {
		t.Error("a plugin without its section is said to be elsewhere")
	}
}

type onlyHere struct{ *plain }

func (onlyHere) OnlyHere() {}
