package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// userToken finds a token of Backstage's auth plugin and tries it here: the one that was given, or a guest's where guests
// may sign in there. The credentials are for the steps that need a user; none when it did not work.
func (d *diagnosis) userToken(ctx context.Context) (host.Step, auth.Credentials) {
	what := about{"user.token", "a user token of theirs, accepted by us"}
	p := d.peers["auth"]
	text, whose := d.given.Reveal(), "the token that was given"
	switch {
	case p == nil && text == "":
		return what.skipped("this server signs users in itself"), auth.Credentials{}
	case p != nil && !p.reached:
		return what.waits(p.step("reach")), auth.Credentials{}
	case text == "":
		var why string
		if text, why = d.guest(ctx, p); text == "" {
			return what.skipped("no token was given (--user-token-file), and %s", why), auth.Credentials{}
		}
		whose = "a guest's token"
	}
	return d.tryUserToken(ctx, what, text, whose)
}

// guest signs in as a guest (core.md 6.5).
func (d *diagnosis) guest(ctx context.Context, p *peer) (text, why string) {
	r, err := d.get(ctx, p.base+guestRefreshPath, "", "X-Requested-With", "XMLHttpRequest")
	if err != nil {
		return "", fmt.Sprintf("%s: %s", p.base+guestRefreshPath, err)
	}
	var session struct{ BackstageIdentity struct{ Token string } }
	if r.status != http.StatusOK || json.Unmarshal(r.body, &session) != nil || session.BackstageIdentity.Token == "" {
		return "", fmt.Sprintf("guests may not sign in there (%d %s)", r.status, r.message())
	}
	return session.BackstageIdentity.Token, ""
}

func (d *diagnosis) tryUserToken(ctx context.Context, what about, text, whose string) (host.Step, auth.Credentials) {
	// Any plugin will do: user tokens are for all of them.
	plugin := "understudy"
	if ids := d.hostedIDs(); len(ids) > 0 {
		plugin = ids[0]
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	who, err := d.s.auth.Verify(ctx, plugin, strings.TrimSpace(text), false)
	if err != nil {
		fix, why := d.whyRefused(text, time.Now())
		return what.failed(fix, "%s is refused: %s", whose, orElse(why, err.Error())), auth.Credentials{}
	}
	if !who.IsUser() || who.Actor != "" {
		return what.failed("copy the token of a signed-in user: in the browser, the Authorization header of any request to Backstage, without `Bearer`",
			"%s is not a user's: it stands for %s", whose, who), auth.Credentials{}
	}
	return what.passed("%s, for %s", whose, who), who
}

// whyRefused says what a refusal, which tells callers as little as it should, is about.
func (d *diagnosis) whyRefused(text string, now time.Time) (fix, why string) {
	const fresh = "take a fresh one"
	t, err := token.Parse(strings.TrimSpace(text))
	if err != nil {
		return "give the token alone, without `Bearer`", "it is no JWT"
	}
	claims, err := t.Unverified()
	if err != nil {
		return fresh, "its claims cannot be read"
	}
	if t.Class() == token.LimitedUser {
		return "give the token of the Authorization header, not that of a cookie", "it is a limited user token, which routes do not take"
	}
	if end := claims.ExpiresAt(); !end.IsZero() && !now.Before(end) {
		return fresh + "; if this one is fresh, set the clocks by NTP", fmt.Sprintf("it ended at %s, and it is %s here", end.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	p := d.peers["auth"]
	if p == nil {
		return fresh, ""
	}
	if len(p.userKeys.Find(t.Header.KeyID, t.Header.Algorithm)) == 0 {
		return "take a token of the Backstage at " + p.base + "; if it is one, several backends sign with keys of their own: give them one database",
			"it is signed with the key " + strconv.Quote(oneLine(t.Header.KeyID)) + ", which " + p.base + userKeysPath + " does not have"
	}
	return fresh + " of the Backstage at " + p.base, ""
}

// tokenChecks call the catalog of the other backend: as each of our plugins, which shows that it finds our keys, and on
// behalf of a user.
func (d *diagnosis) tokenChecks(ctx context.Context) []func() []host.Step {
	p := d.peers["catalog"]
	if p == nil {
		return nil
	}
	var checks []func() []host.Step
	ids := d.hostedIDs()
	for _, id := range ids {
		checks = append(checks, func() []host.Step { return []host.Step{d.serviceToken(ctx, p, id)} })
	}
	if len(ids) > 0 {
		checks = append(checks, func() []host.Step { return []host.Step{d.onBehalf(ctx, p, ids[0])} })
	}
	return checks
}

func (d *diagnosis) serviceToken(ctx context.Context, p *peer, plugin string) host.Step {
	what := about{p.step("token." + plugin), "a token of " + plugin + ", accepted by the catalog"}
	if step, ok := d.broken[plugin]; ok {
		return what.waits(step)
	}
	if d.s.listenErr != nil {
		return what.waits("listen") // the keys are looked for where another program is
	}
	if !p.reached {
		return what.waits(p.step("reach"))
	}
	return d.call(ctx, what, p, plugin, auth.PluginCredentials(plugin))
}

func (d *diagnosis) onBehalf(ctx context.Context, p *peer, plugin string) host.Step {
	what := about{p.step("user"), "a call for a user, accepted by the catalog"}
	if step, ok := d.broken[plugin]; ok {
		return what.waits(step)
	}
	if d.s.listenErr != nil {
		return what.waits("listen") // the keys are looked for where another program is
	}
	if !p.reached {
		return what.waits(p.step("reach"))
	}
	if d.user.IsNone() {
		return what.waits("user.token")
	}
	return d.call(ctx, what, p, plugin, d.user)
}

func (d *diagnosis) call(ctx context.Context, what about, p *peer, plugin string, who auth.Credentials) host.Step {
	text, err := within(ctx, func(ctx context.Context) (string, error) { return d.s.auth.IssueToken(ctx, plugin, who, p.id) })
	if err != nil {
		return what.failed("see database."+plugin, "no token could be issued: %s", err)
	}
	address := p.base + countPath
	r, err := d.get(ctx, address, text)
	if err != nil {
		return what.failed(internalFix, "%s: %s", address, err)
	}
	if r.status != http.StatusOK {
		return what.failed(d.refusalFix(r, plugin), "%s answers %d: %s", address, r.status, r.message())
	}
	var page struct{ TotalItems *int }
	if json.Unmarshal(r.body, &page) != nil || page.TotalItems == nil {
		return what.failed("correct discovery.endpoints: something else than Backstage's catalog answers there", "%s: the answer is no list of entities", address)
	}
	return what.passed("%s: %d entities", address, *page.TotalItems)
}

// refusalFix is what to do about the way in which a backend refused a token of ours (core.md 4.5 and 4.6).
func (d *diagnosis) refusalFix(r reply, plugin string) string {
	here := d.ownTarget()
	entry := "add " + strings.Join(d.mounts(), ", ") + " to discovery.endpoints of the Backstage side, with internal: " + here
	text := r.message()
	switch {
	case strings.Contains(text, "does not have a JWKS endpoint"):
		return entry + "; if the entry is there, that address is not reached from Backstage's machine, or leads to something else than this server"
	case strings.Contains(text, "Failed plugin token verification"):
		return "see that `internal` for " + plugin + " in discovery.endpoints of the Backstage side leads to this server (" + here +
			"), that all replicas share one database, and that the clocks agree"
	case strings.Contains(text, "forbidden subject format"):
		return "the id " + plugin + " has characters that Backstage does not take in a token; rename the plugin"
	case strings.Contains(text, "Illegal token"):
		return "upgrade Backstage: its backend does not know plugin tokens (the new backend system is needed)"
	case strings.Contains(text, "Missing credentials"):
		return "something between here and Backstage takes the Authorization header away; call it directly, by its internal address"
	case r.status == http.StatusUnauthorized, r.status >= 500:
		return "see Backstage's log; it may not reach our keys at `internal` of its discovery.endpoints entry for " + plugin + " (" + here + "): " + entry
	case r.status == http.StatusForbidden:
		return "something before the catalog refuses service tokens; see Backstage's log"
	case r.status == http.StatusNotFound:
		return "see that the catalog plugin is installed there, and that `internal` in discovery.endpoints here ends in /api/{{pluginId}}"
	case r.status >= 300 && r.status < 400:
		return "give the address that it redirects to (" + r.header.Get("Location") + ") in discovery.endpoints"
	default:
		return "see Backstage's log"
	}
}

// ownTarget is what the other side has to write for us. Its host is the one that is listened on, where that is one; at which of all
// addresses the other side reaches this machine, only people know.
func (d *diagnosis) ownTarget() string {
	host, _, err := net.SplitHostPort(d.s.settings.router.Listen)
	port := d.s.running.Port
	if d.s.options.beside || d.s.listenErr != nil {
		port = portOf(d.s.settings.router.Listen)
	}
	if ip, bad := netip.ParseAddr(host); err != nil || host == "" || bad == nil && ip.IsUnspecified() {
		return fmt.Sprintf("http://<this machine as Backstage reaches it>:%d/api/{{pluginId}}", port)
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/api/{{pluginId}}"
}

// mounts are the ids under which other backends find what is hosted here.
func (d *diagnosis) mounts() []string {
	ids := d.hostedIDs()
	for _, h := range d.s.hosted {
		if m, ok := h.plugin.(host.Mounter); ok {
			ids = append(ids, m.Mounts()...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
