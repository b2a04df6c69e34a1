package discovery

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/host/config"
)

// listen is the process's own address as its plugins call it.
type listen struct {
	scheme string
	host   string
	port   int
}

// defaultPort is where Backstage listens when backend.listen is absent (core.md 2.1).
const defaultPort = 7007

// problems gathers everything that is wrong.
type problems struct{ list config.Problems }

func (p *problems) add(err error) { p.list = append(p.list, config.AsProblems(err)...) }

func (p *problems) warn(err error) {
	for _, one := range config.AsProblems(err) {
		one.Warning = true
		p.list = append(p.list, one)
	}
}

// readOwn reads the fallbacks. What is wrong with backend.listen itself is for the router to report.
func (s *Service) readOwn(c *config.Config, found *problems) {
	base, _, err := c.OptionalString("backend.baseUrl")
	found.add(err)
	s.baseURL = trimBase(base)
	s.listen = listen{scheme: "http", host: "localhost", port: defaultPort}
	if https := c.Value("backend.https"); https != nil && https != false {
		s.listen.scheme = "https"
	}
	host, port := splitListen(c)
	if port >= 0 {
		s.listen.port = port
	}
	switch host {
	case "":
	case "0.0.0.0":
		s.listen.host = "127.0.0.1"
	case "::":
		s.listen.host = "::1"
	default:
		s.listen.host = host
	}
}

// splitListen returns the host and port of backend.listen; port -1 when there is none.
func splitListen(c *config.Config) (host string, port int) {
	switch v := c.Value("backend.listen").(type) {
	case string:
		text := v
		if i := strings.LastIndexByte(text, ':'); i >= 0 {
			host, text = text[:i], text[i+1:]
		}
		return host, parsePort(text)
	case float64:
		return "", int(v)
	}
	host, _, _ = c.OptionalString("backend.listen.host")
	switch v := c.Value("backend.listen.port").(type) {
	case float64:
		return host, int(v)
	case string:
		return host, parsePort(v)
	}
	return host, -1
}

func parsePort(text string) int {
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return -1
	}
	return port
}

func (s *Service) readEndpoints(c *config.Config, found *problems) {
	if !c.Has("discovery.endpoints") {
		return
	}
	entries, err := c.Subs("discovery.endpoints")
	if err != nil {
		found.add(err)
		return
	}
	for _, entry := range entries {
		s.readEndpoint(entry, found)
	}
}

// readEndpoint reads one entry. A later entry overrides an earlier one, side by side: one with only an external target
// leaves the internal target of an earlier entry in place.
func (s *Service) readEndpoint(entry *config.Config, found *problems) {
	plugins := readPlugins(entry, found)
	internal, external := s.readTargets(entry, found)
	if len(plugins) > 1 || slices.Contains(plugins, wildcard) {
		for _, t := range []string{internal, external} {
			if t != "" && !placeholder.MatchString(t) {
				found.warn(entry.Errorf("target", "put {{pluginId}} where the plugin's id belongs", "%q is the same address for all of its plugins", t))
				break
			}
		}
	}
	for _, id := range plugins {
		s.named[id], s.entries[id] = true, entry.Path()
		if internal != "" {
			s.internal[id] = tidy(internal)
		}
		if external != "" {
			s.external[id] = tidy(external)
		}
	}
}

// doubled is a slash too many in a path, as one comes from a variable with a slash at its end before "/api".
var doubled = regexp.MustCompile(`([^:/])//+`)

func tidy(address string) target {
	return target(trimBase(doubled.ReplaceAllString(address, "$1/")))
}

// readPlugins reads which plugins an entry is about.
func readPlugins(entry *config.Config, found *problems) []string {
	plugins, err := entry.Strings("plugins")
	found.add(err)
	if err == nil && len(plugins) == 0 {
		found.add(entry.Errorf("plugins", "list plugin ids, such as [catalog], or ['*'] for all", "there are none"))
	}
	for i, id := range plugins {
		if id != wildcard && (id == "" || strings.ContainsAny(id, " \t\r\n*,/")) {
			found.add(entry.Errorf(fmt.Sprintf("plugins[%d]", i), "write one id an element, such as [catalog, search], or '*' for all", "%q is no plugin id", id))
		}
	}
	return plugins
}

// readTargets reads where the plugins of an entry live. An empty text is a side that the entry says nothing of.
func (s *Service) readTargets(entry *config.Config, found *problems) (internal, external string) {
	var err error
	place := "target.external"
	switch v := entry.Value("target").(type) {
	case string:
		internal, external, place = v, v, "target"
		checkTarget(entry, "target", v, false, found)
	case nil:
		found.add(entry.Errorf("target", "give a URL, or internal and external URLs", "missing"))
	default:
		internal, _, err = entry.OptionalString("target.internal")
		found.add(err)
		external, _, err = entry.OptionalString("target.external")
		found.add(err)
		if internal != "" {
			checkTarget(entry, "target.internal", internal, true, found)
		}
		if external != "" {
			checkTarget(entry, "target.external", external, false, found)
		}
		if internal == "" && external == "" && err == nil {
			found.add(entry.Errorf("target", "give a URL, or internal and external URLs", "has neither internal nor external"))
		}
	}
	s.warnInternal(entry, place, external, found)
	return internal, external
}

// warnInternal warns of an address for browsers that only other backends are likely to know.
func (s *Service) warnInternal(entry *config.Config, path, external string, found *problems) {
	out, err := url.Parse(target(external).url("plugin"))
	if err != nil || out.Host == "" || !looksInternal(out.Hostname()) {
		return
	}
	if base, err := url.Parse(s.baseURL); err != nil || base.Host == "" || looksInternal(base.Hostname()) {
		return // then browsers are on the inside, too
	}
	hint := "give browsers an address of their own: target: {internal, external}"
	if path == "target.external" {
		hint = "name the address that browsers use, or leave it out: then it is below backend.baseUrl"
	}
	found.warn(entry.Errorf(path, hint, "browsers are sent to %q, which looks like a name for the inside", out.Host))
}

// looksInternal tells by a host's name whether it is one that only machines on the inside know.
func looksInternal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") || strings.Contains(host, ".svc.") {
		return true
	}
	return slices.ContainsFunc([]string{".svc", ".local", ".internal", ".lan", ".localdomain", ".localhost"},
		func(suffix string) bool { return strings.HasSuffix(host, suffix) })
}

// checkTarget reports a target that cannot be an address. SRV schemes are for internal targets only (core.md 7).
func checkTarget(entry *config.Config, path, text string, srvAllowed bool, found *problems) {
	const example = "for example http://other:7007/api/{{pluginId}}"
	if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		found.add(entry.Errorf(path, "the only placeholder is {{pluginId}}", "%q has a placeholder that nobody fills", text))
		return
	}
	u, err := url.Parse(target(text).url("plugin"))
	switch {
	case err != nil || u.Hostname() == "":
		found.add(entry.Errorf(path, example, "%q is not a URL with a host", text))
	case isSRV(u.Scheme):
		if !srvAllowed {
			found.add(entry.Errorf(path, "use it in target.internal", "a %s address is not allowed here", u.Scheme))
		} else if err := checkSRV(u); err != nil {
			found.add(entry.Errorf(path, "leave them out: the records name the port", "%s", err))
		}
	case u.Scheme != "http" && u.Scheme != "https":
		found.add(entry.Errorf(path, "use http or https", "unknown scheme %q", u.Scheme))
	case u.User != nil:
		found.add(entry.Errorf(path, "take them out: backends know each other by their tokens", "an address with a user or password cannot be called"))
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		found.add(entry.Errorf(path, example, "%q has a query or a fragment, to which no path can be added", text))
	case u.Port() != "" && parsePort(u.Port()) < 1:
		found.add(entry.Errorf(path, "ports are 1 to 65535", "%q has no port that can be called", text))
	}
}

func checkSRV(u *url.URL) error {
	if u.Port() != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("a %s address has no port, query or user", u.Scheme)
	}
	return nil
}
