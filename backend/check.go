package backend

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/gateway"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// settings is the configuration as far as the backend itself reads it.
type settings struct {
	router      router.Config
	database    database.Options
	discovery   *discovery.Service
	permissions *permission.Service
	logging     telemetry.LogOptions
	audit       map[telemetry.Severity]slog.Level
	metrics     telemetry.MetricsConfig
	gateway     gateway.Config
	hosted      []host.Plugin
	// remoteCatalog is the catalog plugin where another backend hosts it.
	remoteCatalog host.RemoteCatalog
	// off are the plugins that are compiled in and not hosted, with the reason.
	off []offPlugin
	// restAtBase tells that what --only leaves out is called below backend.baseUrl.
	restAtBase bool
}

type offPlugin struct {
	id, why string
	// elsewhere is true where another backend serves it. A plugin that is off for want of its section is taken for that
	// only when an entry of discovery.endpoints names it: "*" is about what there is.
	elsewhere bool
}

// Check reports what is wrong with the configuration, all at once, without opening anything. Warnings are for what
// still works.
func (b *Backend) Check() (warnings config.Problems, err error) {
	cfg, err := b.load()
	if err != nil {
		return nil, err
	}
	_, warnings, err = b.settle(cfg)
	return warnings, err
}

func (b *Backend) load() (*config.Config, error) {
	if b.options.config != nil {
		return b.options.config, nil
	}
	return config.Load(config.Options{Files: b.options.files, Environ: b.options.environ})
}

// settle decides which plugins are hosted, and reads and checks every section that somebody here reads.
func (b *Backend) settle(cfg *config.Config) (settings, config.Problems, error) {
	var s settings
	var found collector
	if err := b.checkPlugins(); err != nil {
		return s, nil, err
	}
	var err error
	s.gateway, err = gateway.LoadConfig(cfg)
	found.add(err)
	s.discovery, err = discovery.Load(cfg)
	found.add(err)
	if s.discovery != nil {
		found.problems = append(found.problems, s.discovery.Warnings()...)
		if s.gateway.Enabled {
			s.discovery.AtBase()
		}
		s.restAtBase = b.leaveRest(s)
		s.hosted, s.off = b.choose(cfg, s.discovery)
		found.problems = append(found.problems, b.contested(cfg, s)...)
		s.remoteCatalog = b.remoteCatalog(s)
	}
	found.problems = append(found.problems, config.UnknownKeys(cfg, ownedSections(s.hosted)...)...)
	dir, err := dataDir(cfg)
	found.add(err)
	s.router, err = router.LoadConfig(cfg)
	found.add(err)
	s.database, err = database.Load(cfg, dir)
	found.add(err)
	s.logging, err = telemetry.LoadLogOptions(cfg, b.options.environ)
	found.add(err)
	s.audit, err = telemetry.LoadAuditLevels(cfg)
	found.add(err)
	s.metrics, err = telemetry.LoadMetricsConfig(cfg)
	found.add(err)
	found.add(auth.CheckConfig(cfg))
	s.permissions, err = permission.New(cfg, s.discovery)
	found.add(err)
	for _, p := range s.hosted {
		if checker, ok := p.(host.ConfigChecker); ok {
			found.add(checker.CheckConfig(cfg))
		}
	}
	declared := declaredPaths(b.plugins, s.hosted)
	found.problems = append(found.problems, inert(cfg, declared, b.plugins, s.off)...)
	found.problems = append(found.problems, empty(cfg, b.plugins)...)
	// Last, because lenient decoding leaves its warnings there.
	found.problems = append(found.problems, cfg.Problems(declared...)...)
	warnings, err := found.result()
	return s, warnings, err
}

// checkPlugins finds mistakes in the list of plugins and in --only.
func (b *Backend) checkPlugins() error {
	var ids []string
	for _, p := range b.plugins {
		if slices.Contains(ids, p.ID()) {
			return fmt.Errorf("the plugin %q is added twice", p.ID())
		}
		ids = append(ids, p.ID())
	}
	for _, id := range b.options.only {
		if !slices.Contains(ids, id) {
			slices.Sort(ids)
			return fmt.Errorf("--only: there is no plugin %q; there are %s", id, strings.Join(ids, ", "))
		}
	}
	return nil
}

// choose applies the rule which plugins a process hosts (architecture.md).
func (b *Backend) choose(cfg *config.Config, where *discovery.Service) (hosted []host.Plugin, off []offPlugin) {
	for _, p := range b.plugins {
		_, onlyHere := p.(host.OnlyHere)
		section := onlyHere
		if requirer, ok := p.(host.ConfigRequirer); ok {
			present := cfg.Has(requirer.RequiredConfig())
			// A section of Backstage's own may be there for the backend that "*" names.
			section = present && !config.Upstream(requirer.RequiredConfig())
			if !present && len(b.options.only) == 0 {
				off = append(off, offPlugin{p.ID(), "the section " + requirer.RequiredConfig() + " is absent", where.Moves(p.ID())})
				continue
			}
		}
		switch {
		case where.Hosted(p.ID(), section, b.options.only):
			hosted = append(hosted, p)
		case len(b.options.only) > 0:
			off = append(off, offPlugin{p.ID(), "--only does not name it", where.Elsewhere(p.ID()) && !onlyHere})
		default:
			off = append(off, offPlugin{p.ID(), "discovery.endpoints says that it lives elsewhere", true})
		}
	}
	return hosted, off
}

// remoteCatalog is the catalog plugin, where it is compiled in and lives elsewhere.
func (b *Backend) remoteCatalog(s settings) host.RemoteCatalog {
	for _, p := range b.plugins {
		if remote, ok := p.(host.RemoteCatalog); ok && !slices.Contains(s.hosted, p) && s.discovery.Elsewhere(p.ID()) {
			return remote
		}
	}
	return nil
}

// inert warns of keys that a Backstage configuration may well have, that an operator would count on, and that nothing here
// reads: silence would be taken for consent.
func inert(cfg *config.Config, declared []string, plugins []host.Plugin, off []offPlugin) config.Problems {
	var found config.Problems
	offWith := sectionsOff(plugins, off)
	for _, root := range []string{"backend.rateLimit", "backend.startup", "proxy", "spacelift", "rely", "export", "events", "search"} {
		for _, path := range undeclared(cfg, root, declared) {
			p := cfg.Errorf(path, "docs/configuration.md lists what is read", "has no effect in this release")
			if o, ok := offWith[root]; ok {
				p.Hint, p.Message = "", fmt.Sprintf("has no effect here, because the plugin %s is off: %s", o.id, o.why)
			}
			p.Warning = true
			found = append(found, p)
		}
	}
	return found
}

// sectionsOff are the sections whose plugins are not hosted.
func sectionsOff(plugins []host.Plugin, off []offPlugin) map[string]offPlugin {
	sections := map[string]offPlugin{}
	for _, p := range plugins {
		requirer, ok := p.(host.ConfigRequirer)
		i := slices.IndexFunc(off, func(o offPlugin) bool { return o.id == p.ID() })
		if ok && i >= 0 {
			sections[requirer.RequiredConfig()] = off[i]
		}
	}
	return sections
}

// empty warns of sections with nothing in them: who writes one down wants its plugin, which is off without it.
func empty(cfg *config.Config, plugins []host.Plugin) config.Problems {
	var found config.Problems
	for _, p := range plugins {
		requirer, ok := p.(host.ConfigRequirer)
		if !ok || !cfg.Empty(requirer.RequiredConfig()) {
			continue
		}
		w := cfg.Errorf(requirer.RequiredConfig(), "fill it in, or leave it out", "is empty, so that the plugin %s is off", p.ID())
		w.Warning = true
		found = append(found, w)
	}
	return found
}

// undeclared are the topmost paths, from the given one down, of which nobody reads anything.
func undeclared(cfg *config.Config, path string, declared []string) []string {
	if !cfg.Has(path) || slices.Contains(declared, path) {
		return nil
	}
	below := func(declared string) bool { return strings.HasPrefix(declared, path+".") && cfg.Has(declared) }
	if !slices.ContainsFunc(declared, below) {
		return []string{path}
	}
	var paths []string
	for _, key := range cfg.Keys(path) {
		paths = append(paths, undeclared(cfg, path+"."+key, declared)...)
	}
	return paths
}

// declaredPaths are what plugins read, hosted or not; a section of Backstage's own is left alone where its plugin is off.
func declaredPaths(plugins, hosted []host.Plugin) []string {
	paths := []string{"app", "backend", "auth", "permission", "discovery", "understudy"}
	for _, p := range plugins {
		requirer, ok := p.(host.ConfigRequirer)
		here := slices.ContainsFunc(hosted, func(h host.Plugin) bool { return h.ID() == p.ID() })
		if ok && !here && config.Upstream(requirer.RequiredConfig()) {
			continue
		}
		if declarer, ok := p.(host.ConfigDeclarer); ok {
			paths = append(paths, declarer.ConfigPaths()...)
		}
	}
	return paths
}

// ownedSections are the whole sections that plugins decode strictly themselves.
func ownedSections(plugins []host.Plugin) []string {
	var sections []string
	for _, p := range plugins {
		if requirer, ok := p.(host.ConfigRequirer); ok {
			sections = append(sections, requirer.RequiredConfig())
		}
	}
	return sections
}

// collector gathers problems of all kinds, so that the user sees every mistake at once.
type collector struct {
	problems config.Problems
	others   []error
}

func (c *collector) add(err error) {
	switch e := err.(type) { //nolint:errorlint // lists are taken apart here, not looked into
	case nil:
	case config.Problems:
		c.problems = append(c.problems, e...)
	case config.Problem:
		c.problems = append(c.problems, e)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			c.add(one)
		}
	default:
		if p, ok := errors.AsType[config.Problem](err); ok {
			c.problems = append(c.problems, p)
			return
		}
		c.others = append(c.others, err)
	}
}

// result separates the warnings from the mistakes.
func (c *collector) result() (warnings config.Problems, err error) {
	var mistakes config.Problems
	seen := map[string]bool{}
	for _, p := range c.problems.Sorted() {
		text := p.Error()
		if seen[text] {
			continue
		}
		seen[text] = true
		if p.Warning {
			warnings = append(warnings, p)
		} else {
			mistakes = append(mistakes, p)
		}
	}
	// A key that is a mistake to its owner needs no warning that nobody knows it.
	warnings = slices.DeleteFunc(warnings, func(w config.Problem) bool {
		return slices.ContainsFunc(mistakes, func(m config.Problem) bool { return m.Path == w.Path && m.Origin == w.Origin })
	})
	errs := slices.Clone(c.others)
	if len(mistakes) > 0 {
		errs = append([]error{mistakes}, errs...)
	}
	return warnings, errors.Join(errs...)
}
