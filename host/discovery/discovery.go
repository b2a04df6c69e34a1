package discovery

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// Service tells where plugins live. It is safe for concurrent use.
type Service struct {
	internal map[string]target
	external map[string]target
	named    map[string]bool
	// entries are the paths of the entries that name a plugin last.
	entries map[string]string
	// here and rest are HostOnly's: rest is where every plugin lives that is not here and that no entry gives an address.
	here map[string]bool
	rest target
	// atBase is AtBase's.
	atBase bool

	baseURL string
	listen  listen
	// bound is what the listener got, once there is one.
	bound    atomic.Pointer[net.TCPAddr]
	srv      *srvResolver
	hosts    lookupHost
	warnings config.Problems
}

// target is a URL with a placeholder for the plugin's id, and perhaps an SRV scheme.
type target string

// placeholder is where a target takes the plugin's id.
var placeholder = regexp.MustCompile(`\{\{\s*pluginId\s*\}\}`)

func (t target) url(id string) string {
	escaped := url.PathEscape(id)
	return placeholder.ReplaceAllLiteralString(string(t), escaped)
}

// wildcard is the plugin id that stands for every plugin that no other entry lists.
const wildcard = "*"

// Load reads discovery.endpoints, backend.baseUrl, backend.listen and backend.https. The error is config.Problems with
// everything that is wrong.
func Load(c *config.Config) (*Service, error) {
	s := &Service{
		internal: map[string]target{},
		external: map[string]target{},
		named:    map[string]bool{},
		entries:  map[string]string{},
		srv:      newSRVResolver(net.DefaultResolver, time.Now),
		hosts:    net.DefaultResolver,
	}
	found := &problems{}
	s.readOwn(c, found)
	s.readEndpoints(c, found)
	if err := found.list.Err(); err != nil {
		return nil, err
	}
	s.warnings = found.list.Warnings()
	return s, nil
}

// Warnings are what Load found that works, and probably not as it was meant.
func (s *Service) Warnings() config.Problems { return s.warnings }

// InternalURL returns the base URL, without a trailing slash, for calls from this backend to the plugin. An error means
// that the address has to be looked up (SRV) and could not be.
func (s *Service) InternalURL(ctx context.Context, id string) (string, error) {
	t, ok := s.lookupInternal(id)
	if !ok {
		return s.ownURL() + "/api/" + url.PathEscape(id), nil
	}
	return s.srv.resolve(ctx, t.url(id))
}

// ExternalURL returns the base URL, without a trailing slash, at which browsers reach the plugin.
func (s *Service) ExternalURL(id string) string {
	if t, ok := s.lookup(s.external, id); ok {
		return t.url(id)
	}
	return s.baseURL + "/api/" + url.PathEscape(id)
}

func (s *Service) lookup(side map[string]target, id string) (target, bool) {
	if t, ok := side[id]; ok {
		return t, true
	}
	t, ok := side[wildcard]
	return t, ok
}

func (s *Service) lookupInternal(id string) (target, bool) {
	if t, ok := s.lookup(s.internal, id); ok {
		return t, true
	}
	return s.rest, s.rest != "" && !s.here[id]
}

// InternalTarget returns the address for calls between backends as discovery.endpoints has it, an SRV name not looked up.
// False means that no entry gives the plugin one (and HostOnly does not either), so that InternalURL leads to this process.
func (s *Service) InternalTarget(id string) (string, bool) {
	t, ok := s.lookupInternal(id)
	return t.url(id), ok
}

// IDs are the plugins that discovery.endpoints lists by their ids, in alphabetical order.
func (s *Service) IDs() []string {
	ids := slices.Collect(maps.Keys(s.named))
	slices.Sort(ids)
	return slices.DeleteFunc(ids, func(id string) bool { return id == wildcard })
}

// Rest returns the targets of "*", for every plugin that no entry lists, with their placeholder; without an entry for it that
// has an internal target those that HostOnly chose; false where there are none.
func (s *Service) Rest() (internal, external string, ok bool) {
	in, ok := s.internal[wildcard]
	if !ok {
		in, ok = s.rest, s.rest != ""
	}
	out, given := s.external[wildcard]
	if !given {
		out = target(s.baseURL + "/api/{{pluginId}}")
	}
	return string(in), string(out), ok
}

// Named reports whether an entry of discovery.endpoints lists the plugin by its id.
func (s *Service) Named(id string) bool { return s.named[id] }

// Moves reports whether an entry of discovery.endpoints lists the plugin by its id and gives it an internal address. One with an
// external address alone tells only how browsers come to the plugin, wherever that is.
func (s *Service) Moves(id string) bool {
	_, ok := s.internal[id]
	return ok
}

// AtBase tells that this process answers at backend.baseUrl, though other backends are named: it passes on what is theirs.
func (s *Service) AtBase() { s.atBase = true }

// BaseURL is backend.baseUrl without a slash at its end.
func (s *Service) BaseURL() string { return s.baseURL }

// KnownExternal is ExternalURL for a plugin that this process hosts, as far as it is known: false where other backends have
// everything else, so that backend.baseUrl is theirs, and no entry says how people come to this one.
func (s *Service) KnownExternal(id string) (string, bool) {
	_, given := s.external[id]
	_, others := s.internal[wildcard]
	return s.ExternalURL(id), given || s.atBase || !others && s.rest == "" || s.ownBase()
}

// PeopleURL is what to tell people as the address of a plugin that this process hosts: KnownExternal, or else the address at which
// this process listens.
func (s *Service) PeopleURL(id string) string {
	if address, ok := s.KnownExternal(id); ok {
		return address
	}
	return s.ownURL() + "/api/" + url.PathEscape(id)
}

// Entry is the path of the entry that lists the plugin by its id, such as "discovery.endpoints[0]"; empty where none does. Of
// several it is the last, which wins.
func (s *Service) Entry(id string) string { return s.entries[id] }

// Elsewhere reports whether discovery.endpoints says where the plugin lives, by its id or by "*", or HostOnly does.
func (s *Service) Elsewhere(id string) bool {
	return s.named[id] || s.named[wildcard] || s.rest != "" && !s.here[id]
}

// HostOnly tells that this process hosts these ids below /api and no others, as --only says it for a configuration file that is
// another backend's as well. In such a file backend.baseUrl is the public address of that backend: what no entry gives an internal
// address to is called below it. Nothing changes, and it reports false, where baseUrl is this process's own address.
func (s *Service) HostOnly(ids ...string) bool {
	if s.ownBase() {
		return false
	}
	s.here, s.rest = map[string]bool{}, target(s.baseURL+"/api/{{pluginId}}")
	for _, id := range ids {
		s.here[id] = true
	}
	return true
}

// ownBase reports whether backend.baseUrl is this process's own address, as far as the configuration shows.
func (s *Service) ownBase() bool {
	u, err := url.Parse(s.baseURL)
	if err != nil || u.Hostname() == "" {
		return true // then it is nobody else's either
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	local := host == "localhost" || host == s.listen.host || err == nil && ip.IsLoopback()
	return local && portOf(u) == strconv.Itoa(s.listen.port)
}

// Hosted reports whether this process hosts a plugin that is compiled in. A plugin that an entry moves lives elsewhere;
// so does, with an entry for "*", every plugin but those with a present section of our own (spacelift, rely). A list of
// plugin ids in only overrides all that. The rule that a required section must be present is the caller's to check.
func (s *Service) Hosted(id string, hasOwnSection bool, only []string) bool {
	switch {
	case len(only) > 0:
		return slices.Contains(only, id)
	case s.Moves(id):
		return false
	case s.named[wildcard]:
		return hasOwnSection
	default:
		return true
	}
}

// SetListener tells the service at which address the process really listens, for configurations that leave the choice
// of the port to the system.
func (s *Service) SetListener(addr net.Addr) {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		s.bound.Store(tcp)
	}
}

func (s *Service) ownURL() string {
	port := s.listen.port
	if bound := s.bound.Load(); bound != nil {
		port = bound.Port
	}
	return s.listen.scheme + "://" + net.JoinHostPort(s.listen.host, strconv.Itoa(port))
}

// trimBase removes the slashes that would double where "/api" is appended.
func trimBase(base string) string { return strings.TrimRight(base, "/") }
