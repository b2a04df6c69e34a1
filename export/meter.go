package export

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts what operators watch (export.md 4), with the destination as a label.
type meter struct {
	destination string
	runs        *prometheus.CounterVec
	items       *prometheus.CounterVec
	bytes       *prometheus.CounterVec
	requests    *prometheus.HistogramVec
	lag         *prometheus.GaugeVec
	held        *prometheus.GaugeVec
	retryAfter  *prometheus.GaugeVec
}

func newMeter(destination string, registry prometheus.Registerer) *meter {
	const label = "destination"
	return &meter{
		destination: destination,
		runs: shared(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_export_runs_total", Help: "Exports that ended, by how.",
		}, []string{label, "result"})),
		items: shared(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_export_items_total", Help: "Entities in exports, by what was to be done and what came of it.",
		}, []string{label, "op", "result"})),
		bytes: shared(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_export_bytes_total", Help: "Bytes of request bodies as they were sent.",
		}, []string{label})),
		requests: shared(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "understudy_export_request_seconds", Help: "Time that submitting and polling took, by HTTP status.",
			Buckets: []float64{.005, .02, .1, .5, 1, 2.5, 5, 10, 30},
		}, []string{label, "code"})),
		lag: shared(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "understudy_export_lag_seconds", Help: "Age of the oldest change that has not arrived, as of the last run.",
		}, []string{label})),
		held: shared(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "understudy_export_deletes_held", Help: "Entities that the destination has and the catalog has not, as of the last run.",
		}, []string{label})),
		retryAfter: shared(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "understudy_export_retry_after_seconds", Help: "How long the destination last asked us to wait.",
		}, []string{label})),
	}
}

// shared registers a collector, or returns the one that the engine of another destination registered before.
func shared[C prometheus.Collector](registry prometheus.Registerer, c C) C {
	if registry == nil {
		return c
	}
	if before, ok := errors.AsType[prometheus.AlreadyRegisteredError](registry.Register(c)); ok {
		if existing, ok := before.ExistingCollector.(C); ok {
			return existing
		}
	}
	return c
}

func (m *meter) request(took time.Duration, err error) {
	code := "2xx"
	if f, ok := errors.AsType[*Failure](err); ok {
		code = strconv.Itoa(f.Status)
	} else if err != nil {
		code = "0"
	}
	m.requests.WithLabelValues(m.destination, code).Observe(took.Seconds())
}

func (m *meter) item(operation, result string, n int) {
	m.items.WithLabelValues(m.destination, operation, result).Add(float64(n))
}
