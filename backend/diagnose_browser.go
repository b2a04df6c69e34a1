package backend

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host"
)

// fromBrowsers tells where the other backend's page looks for a plugin of ours: at the external address of an entry of
// discovery.endpoints in the configuration that browsers are told, else below backend.baseUrl (core.md 7), where that backend has no
// such plugin. Only plugins with settings that the page shares have a page there.
func (d *diagnosis) fromBrowsers(ctx context.Context, plugin string) host.Step {
	what := about{"browser." + plugin, "where Backstage's page looks for " + plugin}
	switch {
	case !d.hasPage(plugin):
		return host.Step{}
	case d.s.settings.gateway.Enabled:
		return what.skipped("%s", pastByGateway)
	case d.s.listenErr != nil:
		return what.waits("listen")
	case d.broken[plugin] != "":
		return what.waits(d.broken[plugin])
	case strings.HasPrefix(d.node.step.Detail, "waits for "):
		return d.node.waitsToo(what)
	}
	entry := d.entryForBrowsers(plugin)
	if !d.node.known() {
		return what.warning("see that "+entry+"; nothing to do if it is so, or if an ingress path leads there",
			"it cannot be known, because Backstage's page is served from elsewhere")
	}
	if where := d.browserTarget(plugin); where != "" {
		return what.passed("%s, by discovery.endpoints of Backstage", where)
	}
	base, _ := d.node.value("backend.baseUrl")
	text, _ := base.(string)
	if text == "" {
		return what.warning("see that "+entry, "its configuration tells neither an entry of discovery.endpoints nor backend.baseUrl")
	}
	address := strings.TrimRight(text, "/") + "/api/" + plugin
	r, err := d.get(ctx, address+serviceKeysPath, "")
	if err != nil {
		return what.warning("see that "+entry+"; nothing to do if an ingress path leads from there to this server",
			"%s, which cannot be reached from here: %s", address, err)
	}
	if r.status == http.StatusOK {
		if same, err := d.ownKeys(ctx, plugin, r); err == nil && same {
			return what.passed("%s, which leads here", address)
		}
	}
	return what.failed("see that "+entry, "%s, because no entry of Backstage's discovery.endpoints has an external address for it; that is not answered by this server (%d)",
		address, r.status)
}

func (n nodeConfig) waitsToo(what about) host.Step {
	return what.skipped("%s", n.step.Detail)
}

// entryForBrowsers is what must be in the other backend's configuration.
func (d *diagnosis) entryForBrowsers(plugin string) string {
	base := strings.TrimRight(d.s.settings.discovery.BaseURL(), "/")
	return "target.external of the entry for " + plugin + " in discovery.endpoints of the Backstage side is " + base + "/api/proxy" + proxyEntry + "{{pluginId}}"
}

func (d *diagnosis) hasPage(plugin string) bool {
	return slices.ContainsFunc(d.s.hosted, func(h *hosted) bool {
		_, ok := h.plugin.(host.SharedSettings)
		return ok && h.plugin.ID() == plugin
	})
}

// browserTarget is where Backstage's page sends browsers for a plugin; empty where it does not say.
func (d *diagnosis) browserTarget(plugin string) string {
	list, _ := d.node.value("discovery.endpoints")
	entries, _ := list.([]any)
	found := ""
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		target, ok := entry["target"].(string)
		if !ok {
			m, _ := entry["target"].(map[string]any)
			target, _ = m["external"].(string)
		}
		plugins, _ := entry["plugins"].([]any)
		for _, id := range plugins {
			if id == plugin && target != "" {
				found = target
			}
		}
	}
	return found
}
