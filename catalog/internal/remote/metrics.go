package remote

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts what reads cost. Its zero collectors count for nobody.
type meter struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	entities *prometheus.CounterVec
	retries  *prometheus.CounterVec
}

func newMeter(reg prometheus.Registerer) *meter {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
	}
	return &meter{
		requests: counter("understudy_catalog_remote_requests_total", "Requests to the catalog of another backend.", "operation", "outcome"),
		seconds: register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "understudy_catalog_remote_request_seconds", Help: "How long requests to the catalog of another backend took.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"operation"})),
		bytes:    counter("understudy_catalog_remote_bytes_total", "Bytes of answers of the catalog of another backend, not compressed.", "operation"),
		entities: counter("understudy_catalog_remote_entities_total", "Entities that were read from the catalog of another backend.", "operation"),
		retries:  counter("understudy_catalog_remote_retries_total", "Requests to the catalog of another backend that were repeated.", "operation", "reason"),
	}
}

// register registers a collector, or finds the one of its name that is.
func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	if already := (prometheus.AlreadyRegisteredError{}); errors.As(err, &already) {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing
		}
	}
	return c
}

func (m *meter) request(operation, outcome string, took time.Duration) {
	m.requests.WithLabelValues(operation, outcome).Inc()
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
}

func (m *meter) received(operation string, n int) {
	m.bytes.WithLabelValues(operation).Add(float64(n))
}

func (m *meter) read(operation string, n int) {
	m.entities.WithLabelValues(operation).Add(float64(n))
}

func (m *meter) retried(operation, reason string) {
	m.retries.WithLabelValues(operation, reason).Inc()
}

// outcome is the label of a failed request.
func (e *Error) outcome() string {
	switch {
	case e.Status == 0:
		return "unreachable"
	case e.Status == http.StatusOK:
		return "damaged"
	case e.Status == http.StatusNotFound && e.hope == hopeless:
		return "none" // it says that there is no such entity
	case e.Status >= 100 && e.Status <= 599:
		return strconv.Itoa(e.Status)
	default:
		return "other"
	}
}
