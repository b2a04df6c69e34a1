package permission

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what the permission backend is asked, and how that ends.
type metrics struct {
	questions *prometheus.CounterVec
	requests  *prometheus.CounterVec
	duration  prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_permission_decisions_total",
			Help: "Decisions of the permission backend, by the plugin that asked and result: allow, deny, conditional.",
		}, []string{"plugin", "result"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_permission_requests_total",
			Help: "Requests to the permission backend, by the plugin that asked and outcome: ok, unreachable, timeout, unauthorized, " +
				"forbidden, missing, refused, failed, malformed, token.",
		}, []string{"plugin", "outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "understudy_permission_request_duration_seconds",
			Help:    "How long requests to the permission backend take, a second attempt included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
}

func (m *metrics) register(registry prometheus.Registerer) {
	if registry != nil {
		registry.MustRegister(m.questions, m.requests, m.duration)
	}
}

func (m *metrics) asked(plugin, outcome string, took time.Duration) {
	m.requests.WithLabelValues(plugin, outcome).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *metrics) decided(plugin string, decisions []Decision) {
	for _, d := range decisions {
		label := "deny"
		switch d.Result {
		case Allow:
			label = "allow"
		case Conditional:
			label = "conditional"
		case Deny:
		}
		m.questions.WithLabelValues(plugin, label).Inc()
	}
}
