package auth

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/fault"
)

// metrics count who calls, and how often keys are fetched for it.
type metrics struct {
	requests *prometheus.CounterVec
	fetches  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_auth_requests_total",
			Help: "Requests whose caller was identified, by plugin and result: user, service, none, unauthenticated, forbidden.",
		}, []string{"plugin", "result"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_auth_jwks_fetches_total",
			Help: "Reads of other backends' key documents, by result: ok, error.",
		}, []string{"result"}),
	}
	if registry != nil {
		registry.MustRegister(m.requests, m.fetches)
	}
	return m
}

func (m *metrics) count(plugin string, c Credentials, err error) {
	result := string(c.Kind)
	switch {
	case err == nil:
	case fault.Status(err) == http.StatusForbidden:
		result = "forbidden"
	default:
		result = "unauthenticated"
	}
	m.requests.WithLabelValues(plugin, result).Inc()
}

func (m *metrics) fetched(err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.fetches.WithLabelValues(result).Inc()
}
