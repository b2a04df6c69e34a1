package discovery

import (
	"context"
	"net"
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

	baseURL string
	listen  listen
	// port is the port that the listener got, when the configured one was 0.
	port atomic.Int64
	srv  *srvResolver
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
		srv:      newSRVResolver(net.DefaultResolver, time.Now),
	}
	found := &problems{}
	s.readOwn(c, found)
	s.readEndpoints(c, found)
	if err := found.list.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// InternalURL returns the base URL, without a trailing slash, for calls from this backend to the plugin. An error means
// that the address has to be looked up (SRV) and could not be.
func (s *Service) InternalURL(ctx context.Context, id string) (string, error) {
	t, ok := s.lookup(s.internal, id)
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

// Named reports whether an entry of discovery.endpoints lists the plugin by its id.
func (s *Service) Named(id string) bool { return s.named[id] }

// Elsewhere reports whether discovery.endpoints says where the plugin lives: by its id, or by "*".
func (s *Service) Elsewhere(id string) bool { return s.named[id] || s.named[wildcard] }

// Hosted reports whether this process hosts a plugin that is compiled in. A plugin that an entry names lives elsewhere;
// so does, with an entry for "*", every plugin but those with a present section of our own (spacelift, rely). A list of
// plugin ids in only overrides all that. The rule that a required section must be present is the caller's to check.
func (s *Service) Hosted(id string, hasOwnSection bool, only []string) bool {
	switch {
	case len(only) > 0:
		return slices.Contains(only, id)
	case s.named[id]:
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
		s.port.Store(int64(tcp.Port))
	}
}

func (s *Service) ownURL() string {
	port := s.listen.port
	if p := s.port.Load(); p != 0 {
		port = int(p)
	}
	return s.listen.scheme + "://" + net.JoinHostPort(s.listen.host, strconv.Itoa(port))
}

// trimBase removes the slashes that would double where "/api" is appended.
func trimBase(base string) string { return strings.TrimRight(base, "/") }
