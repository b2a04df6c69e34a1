package permission

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
)

// pluginID is that of the plugin which decides.
const pluginID = "permission"

// Tokens issues the tokens with which a plugin asks the permission backend; auth.Service is one.
type Tokens interface {
	IssueToken(ctx context.Context, from string, onBehalfOf auth.Credentials, to string) (string, error)
}

// Service makes the checkers of all plugins.
type Service struct {
	// enabled is permission.enabled; batched is permission.EXPERIMENTAL_enableBatchedRequests.
	enabled, batched bool

	discovery *discovery.Service
	client    *http.Client
	metrics   *metrics
	// timeout bounds one attempt; pause is how long a failed one waits before it is asked once more.
	timeout, pause time.Duration
	now            func() time.Time
}

// New returns the service that the configuration asks for. It returns a config.Problem for `permission.enabled: true` where
// discovery.endpoints does not say which backend has the permission plugin.
func New(c *config.Config, where *discovery.Service) (*Service, error) {
	s := &Service{discovery: where, metrics: newMetrics(), client: newClient(), timeout: askTimeout, pause: retryPause, now: time.Now}
	var found config.Problems
	var err error
	s.enabled, _, err = c.OptionalBool("permission.enabled")
	found = append(found, config.AsProblems(err)...)
	s.batched, _, err = c.OptionalBool("permission.EXPERIMENTAL_enableBatchedRequests")
	found = append(found, config.AsProblems(err)...)
	if err := found.Err(); err != nil {
		return nil, err
	}
	// Without discovery its own mistakes are reported first.
	if s.enabled && where != nil && !where.Elsewhere(pluginID) {
		return nil, c.Errorf("permission.enabled",
			"name the backend that has it, discovery.endpoints: [{target: 'http://backstage:7007/api/{{pluginId}}', plugins: [permission]}], "+
				"or set permission.enabled to false",
			"this server has no permission plugin of its own to ask, and will not allow what one may forbid")
	}
	return s, nil
}

// Observe registers what the service counts. It is called once.
func (s *Service) Observe(registry prometheus.Registerer) { s.metrics.register(registry) }

// Enabled reports whether a permission backend is asked.
func (s *Service) Enabled() bool { return s.enabled }

// For returns what decides for one plugin, which asks with its own tokens.
func (s *Service) For(plugin string, tokens Tokens) Checker {
	if !s.enabled {
		return &Local{}
	}
	return &Remote{service: s, plugin: plugin, tokens: tokens}
}

// Close lets go of connections. Nothing is asked any more.
func (s *Service) Close() { s.client.CloseIdleConnections() }
