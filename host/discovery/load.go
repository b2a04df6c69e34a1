package discovery

import (
	"fmt"
	"net/url"
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
	plugins, err := entry.Strings("plugins")
	found.add(err)
	var internal, external string
	switch v := entry.Value("target").(type) {
	case string:
		internal, external = v, v
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
	}
	for _, id := range plugins {
		s.named[id] = true
		if internal != "" {
			s.internal[id] = target(trimBase(internal))
		}
		if external != "" {
			s.external[id] = target(trimBase(external))
		}
	}
}

// checkTarget reports a target that cannot be an address. SRV schemes are for internal targets only (core.md 7).
func checkTarget(entry *config.Config, path, text string, srvAllowed bool, found *problems) {
	u, err := url.Parse(target(text).url("plugin"))
	if err != nil || u.Host == "" {
		found.add(entry.Errorf(path, "for example http://other:7007/api/{{pluginId}}", "%q is not a URL with a host", text))
		return
	}
	if isSRV(u.Scheme) {
		if !srvAllowed {
			found.add(entry.Errorf(path, "use it in target.internal", "a %s address is not allowed here", u.Scheme))
			return
		}
		if err := checkSRV(u); err != nil {
			found.add(entry.Errorf(path, "", "%s", err))
		}
		return
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		found.add(entry.Errorf(path, "use http or https", "unknown scheme %q", u.Scheme))
	}
}

func checkSRV(u *url.URL) error {
	if u.Port() != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("a %s address has no port, query or user", u.Scheme)
	}
	return nil
}
