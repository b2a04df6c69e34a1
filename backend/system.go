package backend

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/schedule"
)

// system describes the server to the plugins that show it.
type system struct{ s *server }

// Title is app.title, or the product's name.
func (y system) Title() string {
	if title, ok, err := y.s.cfg.OptionalString("app.title"); err == nil && ok {
		return title
	}
	return "Understudy"
}

// Version is the binary's.
func (y system) Version() string { return y.s.options.version }

// Demo reports whether this is the demo.
func (y system) Demo() bool { return y.s.options.demo }

// SignInProviders are the configured ones, where this process hosts the auth plugin.
func (y system) SignInProviders() []string {
	for _, h := range y.s.hosted {
		if lister, ok := h.plugin.(interface{ SignInProviders() []string }); ok {
			return lister.SignInProviders()
		}
	}
	return nil
}

// Elsewhere returns where browsers reach a plugin that another backend serves.
func (y system) Elsewhere(id string) (base string, ok bool) {
	for _, o := range y.s.settings.off {
		if o.id == id && o.elsewhere {
			return y.s.settings.discovery.ExternalURL(id), true
		}
	}
	return "", false
}

// healthTimeout is how long the plugins may think about their health, as for the readiness probe.
const healthTimeout = 2 * time.Second

// Plugins are the hosted ones and those that live elsewhere.
func (y system) Plugins(ctx context.Context) []host.PluginStatus {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	ill := y.s.health(ctx)
	var list []host.PluginStatus
	for _, h := range y.s.hosted {
		list = append(list, host.PluginStatus{ID: h.plugin.ID(), Hosted: true, Err: ill[h.plugin.ID()]})
	}
	for _, o := range y.s.settings.off {
		if o.elsewhere {
			list = append(list, host.PluginStatus{ID: o.id, Address: y.s.settings.discovery.ExternalURL(o.id)})
		}
	}
	slices.SortFunc(list, func(a, b host.PluginStatus) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Tasks are those of all hosted plugins.
func (y system) Tasks(ctx context.Context) ([]schedule.Status, error) {
	var list []schedule.Status
	for _, h := range y.s.hosted {
		tasks := h.scheduler()
		if tasks == nil {
			continue
		}
		some, err := tasks.Tasks(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

// ConfigLines is the merged configuration, its secrets masked.
func (y system) ConfigLines() []config.Line { return y.s.cfg.Lines() }

// catalogSlot is the catalog reader that one plugin is handed: filled when the local catalog has registered, or with a
// reader of the remote one.
type catalogSlot struct {
	reader atomic.Pointer[host.CatalogReader]
}

func (c *catalogSlot) set(r host.CatalogReader) { c.reader.Store(&r) }

func (c *catalogSlot) get() (host.CatalogReader, error) {
	if r := c.reader.Load(); r != nil {
		return *r, nil
	}
	return nil, fault.Unavailable("this process does not host the catalog")
}

// ByRef asks the catalog.
func (c *catalogSlot) ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	r, err := c.get()
	if err != nil {
		return entity.Entity{}, false, err
	}
	return r.ByRef(ctx, who, ref)
}

// ByRefs asks the catalog.
func (c *catalogSlot) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	r, err := c.get()
	if err != nil {
		return nil, err
	}
	return r.ByRefs(ctx, who, refs)
}

// Entities asks the catalog.
func (c *catalogSlot) Entities(ctx context.Context, who auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	r, err := c.get()
	if err != nil {
		return func(yield func(entity.Entity, error) bool) { yield(entity.Entity{}, err) }
	}
	return r.Entities(ctx, who, filter)
}

// Position asks the catalog; zero where there is none.
func (c *catalogSlot) Position() int64 {
	if r, err := c.get(); err == nil {
		return r.Position()
	}
	return 0
}

// Changed asks the catalog.
func (c *catalogSlot) Changed(ctx context.Context, after int64) (int64, error) {
	r, err := c.get()
	if err != nil {
		return 0, err
	}
	return r.Changed(ctx, after)
}

// Consistent asks the catalog; where there is none, nothing is proof.
func (c *catalogSlot) Consistent() bool {
	r, err := c.get()
	return err == nil && host.ConsistentCatalog(r)
}
