package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// proxyEntry is the entry of the other backend's proxy by which browsers reach this server (docs/joined.md).
const proxyEntry = "/understudy/"

// proxyHeaders is what that entry has to let through.
const proxyHeaders = "allowedHeaders: [etag, if-none-match, idempotency-key, retry-after]"

// pastByGateway is why nothing of the other backend's proxy counts.
const pastByGateway = "understudy.gateway.enabled is true: browsers come to this server itself, and Backstage's proxy has no part in it"

// proxyChecks call our plugins the way in which a browser does: through Backstage's proxy.
func (d *diagnosis) proxyChecks(ctx context.Context) []func() []host.Step {
	if len(d.peers) == 0 || d.s.hosts("proxy") {
		return nil
	}
	var checks []func() []host.Step
	for _, id := range d.hostedIDs() {
		checks = append(checks, func() []host.Step { return []host.Step{d.fromBrowsers(ctx, id), d.throughProxy(ctx, id)} })
	}
	return checks
}

func (d *diagnosis) throughProxy(ctx context.Context, plugin string) host.Step {
	what := about{"proxy." + plugin, plugin + " through Backstage's proxy entry"}
	if step, ok := d.broken[plugin]; ok {
		return what.waits(step)
	}
	if d.s.settings.gateway.Enabled {
		return what.skipped("%s", pastByGateway)
	}
	if d.s.listenErr != nil {
		return what.waits("listen")
	}
	if !d.s.settings.discovery.Elsewhere("proxy") {
		return what.skipped("discovery.endpoints names no other backend for the proxy")
	}
	for _, id := range []string{"auth", "catalog"} { // the proxy lives with them
		if p := d.peers[id]; p != nil && !p.reached {
			return what.waits(p.step("reach"))
		}
	}
	if where := d.browserTarget(plugin); where != "" && !strings.Contains(where, "/proxy"+proxyEntry) {
		return what.skipped("Backstage leads browsers to %s, past its proxy", where)
	}
	base, err := d.s.settings.discovery.InternalURL(ctx, "proxy")
	if err != nil {
		return what.failed("correct the service name in discovery.endpoints, or the name server", "%s", err)
	}
	base += proxyEntry + plugin
	// Without a user a service may pass the proxy too; only that its token is not for us then. It is issued in any case,
	// because there are no keys to compare before the first token.
	text, err := d.s.auth.IssueToken(ctx, plugin, auth.PluginCredentials(plugin), "proxy")
	if err != nil {
		return what.failed("see database."+plugin, "no token could be issued: %s", err)
	}
	if user := d.user.Token(); user != "" {
		text = user
	}
	return d.tryProxy(ctx, what, base, plugin, text)
}

func (d *diagnosis) tryProxy(ctx context.Context, what about, base, plugin, text string) host.Step {
	r, err := d.get(ctx, base+serviceKeysPath, text)
	if err != nil {
		return what.failed(internalFix, "%s: %s", base, err)
	}
	if r.status != http.StatusOK {
		return what.failed(d.proxyFix(r), "%s answers %d (%s)", base, r.status, r.message())
	}
	if same, err := d.ownKeys(ctx, plugin, r); err != nil || !same {
		return what.failed("correct the target of the proxy entry /understudy: it must be this server, with /api", "%s is answered by somebody else", base)
	}
	if r.header.Get("Etag") == "" {
		return what.warning("write "+proxyHeaders+" in the proxy entry /understudy",
			"%s answers as we do, but for the ETag, so that pages read everything anew each time", base)
	}
	if d.user.IsNone() {
		return what.passed("%s answers as we do; without a user token it is not known whether the entry passes tokens on", base)
	}
	if d.s.options.inspectOnly {
		return what.passed("%s answers as we do; whether the entry passes tokens on shows when the server runs", base)
	}
	r, err = d.get(ctx, base+schedulerPath, text)
	switch {
	case err != nil:
		return what.failed(internalFix, "%s: %s", base, err)
	case r.status == http.StatusUnauthorized:
		return what.failed("write credentials: forward in the proxy entry /understudy", "%s lets the user in, and does not pass the token on (%s)", base, r.message())
	case r.status != http.StatusOK && r.status != http.StatusNotFound:
		return what.failed(d.proxyFix(r), "%s answers %d (%s)", base+schedulerPath, r.status, r.message())
	default:
		return what.passed("%s answers as we do, and passes the user's token on", base)
	}
}

func (d *diagnosis) proxyFix(r reply) string {
	entry := fmt.Sprintf("proxy.endpoints: {'/understudy': {target: '%s', credentials: forward, %s}}",
		strings.TrimSuffix(d.ownTarget(), "/{{pluginId}}"), proxyHeaders)
	switch r.status {
	case http.StatusNotFound:
		return "add to Backstage's configuration " + entry + "; if it is there, its target must end in /api"
	case http.StatusUnauthorized, http.StatusForbidden:
		return "see the steps peer.*.token and user.token first; then Backstage's log"
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return "Backstage does not reach this server: the target of its proxy entry /understudy must be our address as Backstage's machine sees it"
	default:
		return "see Backstage's log"
	}
}

// ownKeys reports whether the answer holds a key of ours.
func (d *diagnosis) ownKeys(ctx context.Context, plugin string, r reply) (bool, error) {
	ours, err := within(ctx, func(ctx context.Context) ([]string, error) { return d.s.auth.KeyIDs(ctx, plugin) })
	if err != nil {
		return false, err
	}
	var document struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(r.body, &document); err != nil {
		return false, fmt.Errorf("read the keys: %w", err)
	}
	for _, k := range document.Keys {
		if slices.Contains(ours, k.Kid) {
			return true, nil
		}
	}
	return false, nil
}

// portOf is the port of an address to listen on.
func portOf(listen string) int {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}
