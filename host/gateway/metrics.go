package gateway

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxLabels bounds how many plugins have a label of their own beyond those that the configuration lists.
const maxLabels = 200

// other is the label of plugins without one of their own.
const other = "other"

// metrics count what is passed on.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec

	mu sync.Mutex // guards labels
	// labels are the plugins that have one. Callers make ids up; with an entry for "*" an id earns its label with an answer
	// that no made-up one gets.
	labels map[string]bool
}

func newMetrics(reg prometheus.Registerer, listed []string) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_gateway_requests_total",
			Help: "Requests passed on to other backends, by plugin and class of the status.",
		}, []string{"plugin", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "understudy_gateway_request_duration_seconds",
			Help:    "Time until the answer of another backend was passed on whole.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"plugin"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "understudy_gateway_in_flight_requests",
			Help: "Requests being passed on, upgraded connections among them.",
		}, []string{"plugin"}),
		labels: map[string]bool{},
	}
	for _, id := range listed {
		m.labels[id] = true
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.duration, m.inFlight)
	}
	return m
}

func (m *metrics) label(id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.labels[id] {
		return id
	}
	return other
}

// earn gives the plugin a label of its own if the status is no answer to a made-up id: Backstage's is 404.
func (m *metrics) earn(id string, status int) {
	if status < 100 || status >= 400 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.labels) < maxLabels {
		m.labels[id] = true
	}
}

// begin counts a request in; what it returns counts it out.
func (m *metrics) begin(id string) (end func(status int, took time.Duration)) {
	gauge := m.inFlight.WithLabelValues(m.label(id))
	gauge.Inc()
	return func(status int, took time.Duration) {
		gauge.Dec()
		m.earn(id, status)
		label := m.label(id)
		m.requests.WithLabelValues(label, statusClass(status)).Inc()
		m.duration.WithLabelValues(label).Observe(took.Seconds())
	}
}

// statusClass is "aborted" where there was no answer to give any more.
func statusClass(status int) string {
	if status < 100 || status > 599 {
		return "aborted"
	}
	return string([]byte{byte('0' + status/100), 'x', 'x'})
}
