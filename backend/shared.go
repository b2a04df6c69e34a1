package backend

import (
	"context"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// This file is about configuration files that are another backend's as well (architecture.md): their discovery.endpoints name our
// plugins, as living here, and nothing in them says where that backend's own are.

// leaveRest has what --only leaves out called below backend.baseUrl, which in such a file is the other backend's. With the gateway
// that is no place to call: there this server is what answers at the public address.
func (b *Backend) leaveRest(s settings) bool {
	if len(b.options.only) == 0 || s.gateway.Enabled {
		return false
	}
	here := slices.Clone(b.options.only)
	for _, p := range b.plugins {
		if slices.Contains(b.options.only, p.ID()) {
			here = append(here, mounts(p)...)
		}
	}
	return s.discovery.HostOnly(here...)
}

// contested are plugins that could be served here, by a section that is complete, and that discovery.endpoints sends elsewhere by
// their ids, where everything else would be hosted here: that is how such a file reads without --only. A server that started all the
// same would sign users in and keep a catalog beside the other backend's, in its databases.
func (b *Backend) contested(cfg *config.Config, s settings) config.Problems {
	if len(b.options.only) > 0 || !slices.ContainsFunc(s.hosted, byDefault) {
		return nil
	}
	byEntry := map[string][]string{}
	for _, p := range b.plugins {
		if hosts(s.hosted, p.ID()) || !s.discovery.Moves(p.ID()) || !couldServe(cfg, p) {
			continue
		}
		entry := s.discovery.Entry(p.ID())
		byEntry[entry] = append(byEntry[entry], p.ID())
	}
	var found config.Problems
	for entry, ids := range byEntry {
		found = append(found, cfg.Errorf(entry+".plugins", b.sharedFix(cfg),
			"sends %s elsewhere, though the configuration here is complete, so that this server would host only what belongs to the backend of that entry",
			strings.Join(ids, " and ")))
	}
	return found
}

func hosts(list []host.Plugin, id string) bool {
	return slices.ContainsFunc(list, func(p host.Plugin) bool { return p.ID() == id })
}

// sharedFix is what to do about such a file.
func (b *Backend) sharedFix(cfg *config.Config) string {
	return "if this file is Backstage's own, name what is to be hosted here, --only " + strings.Join(b.own(cfg), ",") +
		", and where to listen, --listen ADDR; else take the entry out, or the sections"
}

// own are the plugins that no other backend serves: those with a section of our own that is there, and pages.
func (b *Backend) own(cfg *config.Config) []string {
	var ids []string
	for _, p := range b.plugins {
		_, page := p.(host.OnlyHere)
		if requirer, ok := p.(host.ConfigRequirer); page || ok && !config.Upstream(requirer.RequiredConfig()) && cfg.Has(requirer.RequiredConfig()) {
			ids = append(ids, p.ID())
		}
	}
	slices.Sort(ids)
	return ids
}

// byDefault reports a plugin that is hosted unless something says otherwise.
func byDefault(p host.Plugin) bool {
	_, requirer := p.(host.ConfigRequirer)
	_, page := p.(host.OnlyHere)
	return !requirer && !page
}

// couldServe reports whether the plugin's own section is there, without a mistake.
func couldServe(cfg *config.Config, p host.Plugin) bool {
	requirer, ok := p.(host.ConfigRequirer)
	if !ok || config.Upstream(requirer.RequiredConfig()) || !cfg.Has(requirer.RequiredConfig()) {
		return false
	}
	var found collector
	if checker, ok := p.(host.ConfigChecker); ok {
		found.add(checker.CheckConfig(cfg))
	}
	_, err := found.result()
	return err == nil
}

// refuseOwnAddress finds a plugin that is not hosted because discovery.endpoints sends it elsewhere by its id, to an address that is
// this server's own: only another backend's configuration says that of us. It opens nothing; a name that cannot be looked up is told
// when the server is ready.
func (s *server) refuseOwnAddress(ctx context.Context) error {
	if len(s.options.only) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	for _, o := range s.settings.off {
		target, ok := s.settings.discovery.InternalTarget(o.id)
		if !ok || !s.settings.discovery.Moves(o.id) {
			continue
		}
		if self, err := s.settings.discovery.IsSelf(ctx, target); err != nil || !self {
			continue
		}
		b := &Backend{options: s.options, plugins: s.compiled}
		return s.cfg.Errorf(s.settings.discovery.Entry(o.id)+".plugins", b.sharedFix(s.cfg),
			"sends %s to %s, which is this server's own address, and so it is not hosted here", o.id, target)
	}
	return nil
}
