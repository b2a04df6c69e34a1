package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth/keys"
)

// The addresses of a Backstage backend that are looked at (core.md 2.5, 4.6 and 6.1).
const (
	serviceKeysPath  = "/.backstage/auth/v1/jwks.json"
	userKeysPath     = "/.well-known/jwks.json"
	guestRefreshPath = "/guest/refresh"
	// countPath is the cheapest read that the catalog has.
	countPath      = "/entities/by-query?limit=0"
	schedulerPath  = "/.backstage/scheduler/v1/tasks"
	permissionProb = "/health"
)

// The differences of clocks that are told. Tokens are verified without any leeway (core.md 4.5), and live for an hour.
const (
	clockDoubt = time.Second
	clockWrong = 5 * time.Second
)

// peer is a plugin that lives in another backend, and that this server calls.
type peer struct {
	id string
	// address is where it lives; empty when that cannot be told.
	address string
	// base is the address once it has been asked.
	base string
	// reached and keyed tell that the steps of these names have passed.
	reached, keyed bool
	userKeys       keys.Set
}

// peerOrder is that of their steps.
var peerOrder = []string{"auth", "catalog", "permission"}

func (p *peer) step(name string) string { return "peer." + p.id + "." + name }

// findPeers lists whom this server calls: the auth plugin and the catalog, and the permission plugin where it is asked.
func (d *diagnosis) findPeers(ctx context.Context) {
	d.peers = map[string]*peer{}
	called := []string{"auth", "catalog"}
	if enabled, _, err := d.s.cfg.OptionalBool("permission.enabled"); err == nil && enabled {
		called = append(called, "permission")
	}
	for _, id := range called {
		if d.s.hosts(id) {
			continue
		}
		p := &peer{id: id}
		d.peers[id] = p
		// What goes wrong here is told by its first step.
		p.address, _ = d.s.settings.discovery.InternalURL(ctx, id)
	}
}

func (s *server) hosts(id string) bool {
	for _, h := range s.hosted {
		if h.plugin.ID() == id {
			return true
		}
	}
	return false
}

// peerChecks look at each of the peers, in their order.
func (d *diagnosis) peerChecks(ctx context.Context) []func() []host.Step {
	if len(d.peers) == 0 {
		return []func() []host.Step{func() []host.Step {
			return []host.Step{about{"peers", "other backends"}.skipped("this server hosts every plugin that it calls")}
		}}
	}
	var checks []func() []host.Step
	for _, id := range peerOrder {
		if p := d.peers[id]; p != nil {
			checks = append(checks, func() []host.Step { return d.lookAt(ctx, p) })
		}
	}
	return checks
}

const internalFix = "start Backstage, or correct discovery.endpoints here: `internal` must be its address as this machine sees it"

func (d *diagnosis) lookAt(ctx context.Context, p *peer) []host.Step {
	reach := about{p.step("reach"), "the plugin " + p.id + " is reached"}
	document := about{p.step("keys"), "the keys of " + p.id}
	clock := about{p.step("clock"), "the clock of " + p.id + "'s backend"}
	if !d.s.settings.discovery.Elsewhere(p.id) {
		return []host.Step{
			reach.warning("host it, or name its address in discovery.endpoints", "it is neither hosted here nor named in discovery.endpoints"),
		}
	}
	base, err := d.s.settings.discovery.InternalURL(ctx, p.id)
	if err != nil {
		return append(d.waiting(p, document, clock), reach.failed("correct the service name in discovery.endpoints, or the name server", "%s", err.Error()))
	}
	p.base = base
	r, err := d.get(ctx, base+serviceKeysPath, "")
	if err != nil {
		return append([]host.Step{reach.failed(internalFix, "%s: %s", base, err)}, d.waiting(p, document, clock)...)
	}
	if r.status == http.StatusBadGateway || r.status == http.StatusServiceUnavailable || r.status == http.StatusGatewayTimeout {
		return append([]host.Step{reach.failed("start Backstage; what answers there is something before it", "%s answers %d (%s)", base, r.status, r.message())},
			d.waiting(p, document, clock)...)
	}
	p.reached = true
	steps := []host.Step{reach.passed("%s answers in %s", base, r.received.Sub(r.sent).Round(time.Millisecond)), d.serviceKeys(p, document, r)}
	switch p.id {
	case "auth":
		steps = append(steps, d.userKeyStep(ctx, p))
	case "permission":
		steps = append(steps, d.permissionHealth(ctx, p))
	}
	if d.clockOf(p) {
		steps = append(steps, clockStep(clock, r))
	}
	return steps
}

// clockOf reports whether the peer's clock is that of no peer before it: most live in one backend.
func (d *diagnosis) clockOf(p *peer) bool {
	for _, id := range peerOrder {
		if id == p.id {
			return true
		}
		if other := d.peers[id]; other != nil && origin(other.address) == origin(p.address) {
			return false
		}
	}
	return true
}

// waiting are the steps of a peer that is not reached.
func (d *diagnosis) waiting(p *peer, document, clock about) []host.Step {
	steps := []host.Step{document.waits(p.step("reach"))}
	switch p.id {
	case "auth":
		steps = append(steps, about{p.step("user-keys"), "the keys of user tokens"}.waits(p.step("reach")))
	case "permission":
		steps = append(steps, about{p.step("health"), "the permission plugin is well"}.waits(p.step("reach")))
	}
	return append(steps, clock.waits(p.step("reach")))
}

// serviceKeys judges the document that tokens of the peer are verified with (core.md 4.6).
func (d *diagnosis) serviceKeys(p *peer, what about, r reply) host.Step {
	address := p.base + serviceKeysPath
	set, fix, problem := keySet(r)
	if problem != "" {
		if r.status == http.StatusNotFound {
			fix = "see that the plugin " + p.id + " is installed there, and that `internal` in discovery.endpoints ends in /api/{{pluginId}}"
		}
		return what.failed(fix, "%s: %s", address, problem)
	}
	p.keyed = true
	if len(set) == 0 {
		return what.passed("%s: no key yet, as before the first call", address)
	}
	return what.passed("%s: %s", address, plural(len(set), "key"))
}

// keySet reads a document as strictly as Backstage does: status 200 and nothing else, JSON, and a kid for each key.
func keySet(r reply) (set keys.Set, fix, problem string) {
	if r.status >= 300 && r.status < 400 {
		return nil, "give the address that it redirects to", fmt.Sprintf("it redirects (%d) to %s, which is never followed", r.status, r.header.Get("Location"))
	}
	if r.status != http.StatusOK {
		return nil, "whatever answers there must let this path through without credentials", fmt.Sprintf("it answers %d (%s), where only 200 will do", r.status, r.message())
	}
	set, err := keys.ParseSet(r.body)
	if err != nil {
		return nil, "something else than Backstage answers there; correct the address", "it is no key set"
	}
	var document struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(bytes.TrimSpace(r.body), &document); err != nil {
		return nil, "something else than Backstage answers there; correct the address", "it is no key set"
	}
	for _, k := range document.Keys {
		if k.Kid == "" {
			return nil, "give each key of backend.auth.pluginKeyStore a keyId", "a key has no kid"
		}
	}
	if len(set) < len(document.Keys) {
		return nil, "use keys of an algorithm that JWTs are signed with, such as ES256", "a key in it cannot be read"
	}
	return set, "", ""
}

func (d *diagnosis) userKeyStep(ctx context.Context, p *peer) host.Step {
	what := about{p.step("user-keys"), "the keys of user tokens"}
	address := p.base + userKeysPath
	r, err := d.get(ctx, address, "")
	if err != nil {
		return what.failed(internalFix, "%s: %s", address, err)
	}
	set, fix, problem := keySet(r)
	if problem != "" {
		return what.failed(fix, "%s: %s", address, problem)
	}
	p.userKeys = set
	if len(set) == 0 {
		return what.passed("%s: no key yet, as before the first sign-in", address)
	}
	return what.passed("%s: %s", address, plural(len(set), "key"))
}

func (d *diagnosis) permissionHealth(ctx context.Context, p *peer) host.Step {
	what := about{p.step("health"), "the permission plugin is well"}
	r, err := d.get(ctx, p.base+permissionProb, "")
	switch {
	case err != nil:
		return what.failed(internalFix, "%s: %s", p.base+permissionProb, err)
	case r.status != http.StatusOK:
		return what.failed("install the permission plugin in Backstage, or set permission.enabled to false on both sides", "%s answers %d (%s)", p.base+permissionProb, r.status, r.message())
	default:
		return what.passed("%s", p.base+permissionProb)
	}
}

// clockStep compares the clocks by the answer's Date, which has whole seconds: theirs was somewhere within that second, and
// ours somewhere between sending and receiving. What that leaves open is taken for no difference.
func clockStep(what about, r reply) host.Step {
	theirs, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return what.skipped("the answer does not tell the time (no Date header)")
	}
	off := clockDifference(theirs, r.sent, r.received)
	const fix = "set both clocks by NTP: tokens are verified without leeway, so that fresh ones are refused, or old ones accepted"
	direction := "ahead of"
	if off < 0 {
		direction = "behind"
	}
	size := off.Abs().Round(100 * time.Millisecond)
	switch {
	case off.Abs() > clockWrong:
		return what.failed(fix, "it is at least %s %s ours", size, direction)
	case off.Abs() > clockDoubt:
		return what.warning(fix, "it is at least %s %s ours", size, direction)
	default:
		return what.passed("it agrees with ours, within what a second's precision shows")
	}
}

// clockDifference is the least by which their clock must differ from ours; positive when it is ahead.
func clockDifference(date, sent, received time.Time) time.Duration {
	sent, received = sent.Round(0), received.Round(0) // by the wall
	if ahead := date.Sub(received); ahead > 0 {
		return ahead
	}
	if behind := date.Add(time.Second).Sub(sent); behind < 0 {
		return behind
	}
	return 0
}

// origin is the server of an address, without a path.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

// rootOf is the address of a backend, of which base is that of a plugin: what is before /api.
func rootOf(base string) string {
	if before, _, ok := strings.Cut(base, "/api/"); ok {
		return before
	}
	return origin(base)
}
