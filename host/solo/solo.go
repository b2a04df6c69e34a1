package solo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
)

// stopTimeout bounds everything between the end of the context and Done.
const stopTimeout = 30 * time.Second

// Router serves one plugin. It is an http.Handler for paths relative to the plugin: strip where it is mounted.
type Router struct {
	plugin    host.Plugin
	log       *slog.Logger
	router    *router.Router
	databases *database.Service
	tasks     *tasks
	asking    *permission.Service

	// busy is held by each request, and wholly by the end.
	busy  sync.RWMutex
	ended atomic.Bool
	done  chan struct{}
	err   error // why it ended, once done is closed
}

// New checks the plugin's configuration, starts the plugin, and returns once it is able to serve. The plugin stops when ctx
// ends. An error of the configuration is config.Problems, with everything that is wrong.
func New(ctx context.Context, plugin host.Plugin, env host.Environment) (*Router, error) {
	if err := Check(plugin, env.Config); err != nil {
		return nil, err
	}
	a, err := assemble(plugin, env)
	if err != nil {
		return nil, err
	}
	a.warn()
	r := &Router{
		plugin: plugin, log: a.log, router: a.router, databases: a.databases, tasks: &a.tasks,
		asking: a.asking, done: make(chan struct{}),
	}
	own, err := a.environment()
	if err != nil {
		return nil, errors.Join(err, r.databases.Close())
	}
	if err := plugin.Register(ctx, own); err != nil {
		return nil, errors.Join(err, r.close(context.WithoutCancel(ctx)))
	}
	if starter, ok := plugin.(host.Starter); ok {
		if err := starter.Start(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start the plugin %s: %w", plugin.ID(), err), r.close(context.WithoutCancel(ctx)))
		}
	}
	for _, routes := range a.routes {
		routes.Initialized()
	}
	r.router.Ready()
	go r.live(ctx)
	return r, nil
}

// warn logs what is odd about the configuration and still works.
func (a *assembly) warn() {
	found := a.discovery.Warnings()
	if checker, ok := a.plugin.(host.ConfigChecker); ok {
		found = append(found, config.AsProblems(checker.CheckConfig(a.env.Config))...)
	}
	for _, problem := range found {
		if problem.Warning {
			a.log.Warn("configuration", "problem", problem.Error())
		}
	}
}

// Check reports what is wrong with the plugin's configuration, warnings aside.
func Check(plugin host.Plugin, c *config.Config) error {
	if c == nil {
		return fmt.Errorf("mount the plugin %s: the environment has no configuration; load one with config.Load", plugin.ID())
	}
	if requirer, ok := plugin.(host.ConfigRequirer); ok && !c.Has(requirer.RequiredConfig()) {
		return fmt.Errorf("the plugin %s needs the section %q of the configuration, which is absent", plugin.ID(), requirer.RequiredConfig())
	}
	checker, ok := plugin.(host.ConfigChecker)
	if !ok {
		return nil
	}
	return config.AsProblems(checker.CheckConfig(c)).Err()
}

// ServeHTTP serves a request whose path is relative to the plugin.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.serve(r.plugin.ID(), w, req) }

// Mount returns the handler of one of the plugin's further mount points, such as rely-migration-plugin, for paths relative to
// it: tokens for that id, and the keys that it publishes, are its own. An id that the plugin does not have is a mistake of
// the program, and answers 404.
func (r *Router) Mount(id string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.serve(id, w, req) })
}

func (r *Router) serve(at string, w http.ResponseWriter, req *http.Request) {
	if !r.ended.Load() { // afterwards the router itself refuses, and touches nothing
		r.busy.RLock()
		defer r.busy.RUnlock()
	}
	prefix := "/api/" + at
	inner := *req
	target := *req.URL
	target.Path = prefix + rooted(target.Path)
	if target.RawPath != "" {
		target.RawPath = prefix + rooted(target.RawPath)
	}
	inner.URL = &target
	r.router.ServeHTTP(w, &inner)
}

// Done is closed when the plugin has stopped after the end of the context, and everything that it opened is closed.
func (r *Router) Done() <-chan struct{} { return r.done }

// Err is why the plugin stopped before its context ended, or what went wrong while it stopped. It is nil until Done.
func (r *Router) Err() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// live works in the background until ctx ends, and then stops in the order in which a backend does: no more requests, no
// more work, everything closed.
func (r *Router) live(ctx context.Context) {
	defer close(r.done)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	group, work := errgroup.WithContext(life)
	if runner, ok := r.plugin.(host.Runner); ok {
		group.Go(func() error { return runner.Run(work) })
	}
	if tasks := r.tasks.made(); tasks != nil {
		group.Go(func() error { return tasks.Run(work) })
	}
	select {
	case <-ctx.Done():
	case <-work.Done():
		r.log.Error("the plugin stops, because a part of it failed", "err", context.Cause(work))
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	idle := r.drain(closing)
	end()
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	r.err = errors.Join(idle, err, r.close(closing))
}

// drain refuses new requests and waits for those that are served.
func (r *Router) drain(ctx context.Context) error {
	err := r.router.Drain(ctx)
	r.ended.Store(true)
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		r.busy.Lock()
		defer r.busy.Unlock()
	}()
	select {
	case <-idle:
		return err
	case <-ctx.Done():
		return errors.Join(err, errors.New("requests were still being served"))
	}
}

// close stops the plugin and closes its databases.
func (r *Router) close(ctx context.Context) error {
	var err error
	if stopper, ok := r.plugin.(host.Stopper); ok {
		err = stopper.Stop(ctx)
	}
	if r.asking != nil {
		r.asking.Close()
	}
	return errors.Join(err, r.databases.Close())
}

// rooted is a path with the slash that StripPrefix may have taken from it.
func rooted(path string) string {
	if path == "" || path[0] != '/' {
		return "/" + path
	}
	return path
}

// gate asks the environment who calls.
type gate struct {
	authenticate func(r *http.Request) (auth.Credentials, error)
}

// Authenticate lets callers pass as auth.Service does, but for the means by which it knows them.
func (g gate) Authenticate(r *http.Request, _ string, level router.Level) (*http.Request, error) {
	who, err := g.authenticate(r)
	switch {
	case err != nil && level != router.Open:
		return nil, err
	case err != nil:
		who = auth.Credentials{Principal: auth.Principal{Kind: auth.KindNone}}
	case who.IsNone() && level != router.Open:
		return nil, fault.Authentication("Missing credentials")
	}
	return r.WithContext(auth.WithCredentials(r.Context(), who)), nil
}

var (
	_ http.Handler = (*Router)(nil)
	_ router.Gate  = gate{}
)
