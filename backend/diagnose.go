package backend

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/router"
)

// SelfCheck looks at everything that the server depends on.
func (y system) SelfCheck(ctx context.Context, userToken config.Secret) host.Checkup {
	return y.s.checkups.run(ctx, y.s, userToken)
}

// LastCheck is what the latest self-check found.
func (y system) LastCheck() (host.Checkup, bool) { return y.s.checkups.latest() }

// CheckOptions are those of SelfCheck.
type CheckOptions struct {
	// UserToken is a token of Backstage's auth plugin, to be tried on this server; it may be zero.
	UserToken config.Secret
	// Beside is for a server of the same configuration and database that runs already: the check does not take its address,
	// and lets it answer to peers, as any replica may.
	Beside bool
}

// SelfCheck looks at everything that a server of this configuration depends on, without a server that runs. For that it is
// one for as long as it takes: it opens the stores, sets the plugins up and listens, so that peers can fetch the keys of its
// tokens; but it starts no plugin and no task, so that nothing is read, exported or written anywhere but in its own stores.
// Mistakes in the configuration are failed steps, whose ids begin with "config"; then there are no others.
func (b *Backend) SelfCheck(ctx context.Context, o CheckOptions) host.Checkup {
	began := time.Now()
	cfg, err := b.load()
	var set settings
	var warnings config.Problems
	if err == nil {
		set, warnings, err = b.settle(cfg)
	}
	if err != nil {
		return host.Checkup{At: began, Took: time.Since(began), Steps: mistakes(err)}
	}
	s := &server{options: b.options, compiled: b.plugins, cfg: cfg, settings: set, warnings: warnings, checkups: newCheckups()}
	s.options.inspectOnly, s.options.beside = true, o.Beside
	s.openTelemetry()
	checkup, err := s.inspect(ctx, o.UserToken)
	if err != nil {
		checkup.Steps = append(checkup.Steps, about{"server", "the server itself"}.failed("see docs/check.md, server", "%s", err))
	}
	checkup.At, checkup.Took = began, time.Since(began)
	return checkup
}

// mistakes are the steps of a configuration that no server starts with.
func mistakes(err error) []host.Step {
	var found collector
	found.add(err)
	var steps []host.Step
	for _, p := range found.problems {
		id := "config"
		if p.Path != "" {
			id += "." + p.Path
		}
		hint := p.Hint
		p.Hint = ""
		steps = append(steps, about{id, "the configuration"}.failed(orElse(hint, "correct it"), "%s", p.Error()))
	}
	for _, other := range found.others {
		steps = append(steps, about{"config", "the configuration"}.failed("correct it", "%s", other.Error()))
	}
	return steps
}

// inspectKeys is for how long the keys of a check without a server are published. Each such check makes its own.
const inspectKeys = 5 * time.Minute

// inspect is run without its work.
func (s *server) inspect(ctx context.Context, userToken config.Secret) (checkup host.Checkup, err error) {
	var stop stack
	defer func() {
		closing, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), stepTimeout, errors.New("the check took too long to end"))
		defer cancel()
		err = errors.Join(err, stop.unwind(closing))
	}()
	s.databases = database.New(s.settings.database, s.log, s.metrics)
	stop.push(func(context.Context) error { return s.databases.Close() })
	s.auth, err = auth.New(auth.Options{
		Config: s.cfg, Discovery: s.settings.discovery, Log: s.log, Metrics: s.metrics, Audit: s.audit, Publish: inspectKeys,
	})
	if err != nil {
		return checkup, err
	}
	if err := s.listenToInspect(ctx); err != nil {
		return checkup, err
	}
	if err := s.refuseOwnAddress(ctx); err != nil {
		return host.Checkup{Steps: mistakes(err)}, errors.Join(s.router.Shutdown(ctx))
	}
	var serving sync.WaitGroup
	stop.push(func(ctx context.Context) error {
		// A peer may keep a connection that it has sent nothing on, which a server waits five seconds for; nobody of ours
		// is asked for anything any more.
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		_ = s.router.Shutdown(ctx)
		serving.Wait()
		return nil
	})
	stop.push(s.stopPlugins)
	stop.push(func(context.Context) error { s.checkups.close(); return nil })
	if err := s.registerToInspect(ctx); err != nil {
		return checkup, err
	}
	served := s.router
	serving.Go(func() { _ = served.Serve(context.WithoutCancel(ctx)) }) // what it fails with, the steps show
	return s.checkups.look(ctx, s, userToken), nil
}

// listenToInspect takes the configured address; where that fails, or belongs to the server beside, any other, so that all
// else can be looked at.
func (s *server) listenToInspect(ctx context.Context) error {
	listen := func(address string) (net.Addr, error) {
		cfg := s.settings.router
		cfg.Listen, cfg.ShutdownDelay = address, 0
		var err error
		s.router, err = router.New(cfg, router.Options{
			Log: s.log, Gate: gateFunc(s.authenticate), Metrics: prometheus.NewRegistry(), Health: s.health,
		})
		if err != nil {
			return nil, err
		}
		return s.router.Listen(ctx)
	}
	var addr net.Addr
	var err error
	if !s.options.beside {
		addr, err = listen(s.settings.router.Listen)
		s.listenErr = err
	}
	if addr == nil {
		if addr, err = listen("127.0.0.1:0"); err != nil {
			return err
		}
	}
	s.settings.discovery.SetListener(addr)
	if tcp, ok := addr.(*net.TCPAddr); ok {
		s.running.Port = tcp.Port
	}
	return nil
}

// registerToInspect sets up the plugins whose stores can be opened. What fails is a step, and keeps no other plugin from
// being looked at.
func (s *server) registerToInspect(ctx context.Context) error {
	unopened := s.openStores(ctx)
	for _, p := range s.settings.hosted {
		h := &hosted{plugin: p, catalog: &catalogSlot{}}
		env, err := s.env(h)
		if err != nil {
			return err
		}
		s.hosted = append(s.hosted, h)
		if s.settings.remoteCatalog != nil {
			h.catalog.set(s.settings.remoteCatalog.RemoteCatalogReader(env))
		}
		if h.failed = unopened[p.ID()]; h.failed == nil {
			h.failed = p.Register(ctx, env)
		}
	}
	for _, h := range s.hosted {
		if h.failed == nil {
			s.connect(h.plugin)
		}
	}
	return nil
}

// openStores opens all of them at once, because one that cannot be reached takes its time.
func (s *server) openStores(ctx context.Context) map[string]error {
	var mu sync.Mutex // guards failed
	failed := map[string]error{}
	var opening sync.WaitGroup
	for _, p := range s.settings.hosted {
		if _, page := p.(host.OnlyHere); page {
			continue
		}
		opening.Go(func() {
			_, err := within(ctx, func(ctx context.Context) (*database.Database, error) { return s.databases.Plugin(ctx, p.ID()) })
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			failed[p.ID()] = err
		})
	}
	opening.Wait()
	return failed
}

// fixOf is what a store's error says to do about it.
func fixOf(err error) string {
	if e, ok := errors.AsType[*database.Error](err); ok && e.Fix != "" {
		return e.Fix
	}
	return "see docs/database.md"
}

// withoutFix is the rest of that error.
func withoutFix(err error) string {
	if e, ok := errors.AsType[*database.Error](err); ok {
		return fmt.Sprintf("%s: %s: %s", e.Key, e.Where, e.Reason)
	}
	return err.Error()
}

// taskError is the message in what a task left behind, which is an error as JSON.
func taskError(text string) string {
	if message := faultText(text); message != "" {
		return message
	}
	return strings.TrimSpace(text)
}
