package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host"
)

// announce tells the log and the caller what is served where: a line for each plugin that is here, that is elsewhere, or
// that is off, and one that the server is ready.
func (s *server) announce(ctx context.Context) {
	var here, off []string
	for _, h := range s.hosted {
		here = append(here, h.plugin.ID())
		s.announceHosted(ctx, h.plugin)
	}
	listed := s.settings.discovery.IDs()
	for _, o := range s.settings.off {
		off = append(off, o.id+" ("+o.why+")")
		switch _, reachable := s.settings.discovery.InternalTarget(o.id); {
		case o.elsewhere && reachable:
			s.announceElsewhere(o.id, o.why)
		case o.elsewhere:
			s.log.Warn("plugin is elsewhere, and calls to it come here", "plugin", o.id,
				"fix", "give its entry of discovery.endpoints a target.internal")
		default:
			s.log.Info("plugin is off", "plugin", o.id, "why", o.why)
		}
		listed = slices.DeleteFunc(listed, func(id string) bool { return id == o.id })
	}
	for _, id := range listed {
		if s.settings.discovery.Moves(id) && !slices.Contains(s.mounted(), id) {
			s.announceElsewhere(id, "discovery.endpoints names it")
		}
	}
	if internal, external, ok := s.settings.discovery.Rest(); ok {
		why := "every other plugin, by discovery.endpoints"
		if s.settings.restAtBase && !s.settings.discovery.Named("*") {
			why = "every other plugin, by backend.baseUrl, because --only leaves them out and discovery.endpoints does not name them"
		}
		s.log.Info("plugin is elsewhere", "plugin", "*", "internal", internal, "external", external, "why", why)
	}
	s.warnSelf(ctx)
	s.log.Info("ready", "version", s.options.version, "hosted", strings.Join(here, ", "), "notHosted", strings.Join(off, ", "),
		"gateway", s.settings.gateway.Enabled, "port", s.running.Port, "metrics", s.running.MetricsAddr)
	if s.options.ready != nil {
		s.options.ready(s.running)
	}
}

func (s *server) announceHosted(ctx context.Context, p host.Plugin) {
	where := s.settings.discovery
	for _, id := range append([]string{p.ID()}, mounts(p)...) {
		if external, ok := where.KnownExternal(id); ok {
			s.log.Info("plugin is here", "plugin", id, "external", external)
		} else {
			// backend.baseUrl is the other backend's, and how that leads here is in its own configuration.
			s.log.Info("plugin is here", "plugin", id, "address", where.PeopleURL(id),
				"hint", "an entry of discovery.endpoints with target.external alone tells how browsers come here")
		}
		s.warnCallsElsewhere(ctx, id)
	}
}

// warnCallsElsewhere warns of a hosted plugin that calls from this process would not find: discovery.endpoints sends them
// elsewhere. That is so in a file that is shared with the other backend, whose entries name this one's address.
func (s *server) warnCallsElsewhere(ctx context.Context, id string) {
	target, ok := s.settings.discovery.InternalTarget(id)
	if !ok || !s.settings.discovery.Moves(id) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if self, err := s.settings.discovery.IsSelf(ctx, target); err == nil && !self {
		s.log.Warn("plugin is here, and discovery.endpoints sends calls to it elsewhere", "plugin", id, "internal", target,
			"fix", "take it out of that entry, or out of --only, unless the address leads here by way of a balancer")
	}
}

func (s *server) announceElsewhere(id, why string) {
	internal, _ := s.settings.discovery.InternalTarget(id)
	s.log.Info("plugin is elsewhere", "plugin", id, "internal", internal, "external", s.settings.discovery.ExternalURL(id), "why", why)
}

// lookupTimeout bounds how long the start waits for names to be looked up: for the sake of a warning, not long.
const lookupTimeout = time.Second

// warnSelf warns of plugins that are not here and whose address leads back here: calls to them would find nothing.
func (s *server) warnSelf(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookupTimeout, fmt.Errorf("no answer within %s", lookupTimeout))
	defer cancel()
	suspects := map[string]string{} // an address, and the plugin that it is for
	for _, id := range s.settings.discovery.IDs() {
		if target, ok := s.settings.discovery.InternalTarget(id); ok && !slices.Contains(s.mounted(), id) {
			suspects[target] = id
		}
	}
	if target, _, ok := s.settings.discovery.Rest(); ok {
		suspects[target] = "*"
	}
	var group sync.WaitGroup
	for target, id := range suspects {
		group.Go(func() { s.warnIfSelf(ctx, id, target) })
	}
	group.Wait()
}

func (s *server) warnIfSelf(ctx context.Context, id, target string) {
	self, err := s.settings.discovery.IsSelf(ctx, target)
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		s.log.Warn("the address of a plugin elsewhere cannot be looked up", "plugin", id, "internal", target, "err", err)
	case self:
		s.log.Warn("plugin is elsewhere, and its address is this server's own", "plugin", id, "internal", target,
			"fix", "name the other backend's address in discovery.endpoints")
	}
}

// mounted are the ids below /api that this process serves.
func (s *server) mounted() []string {
	var ids []string
	for _, h := range s.hosted {
		ids = append(ids, h.plugin.ID())
		ids = append(ids, mounts(h.plugin)...)
	}
	return ids
}

func mounts(p host.Plugin) []string {
	if m, ok := p.(host.Mounter); ok {
		return m.Mounts()
	}
	return nil
}
