package client

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what we ask of Spacelift and how it answers.
type metrics struct {
	requests  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	retries   *prometheus.CounterVec
	exchanges *prometheus.CounterVec
	dropped   *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, b *breaker) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_spacelift_requests_total",
			Help: "Requests to Spacelift, by operation and result: ok, canceled, rate_limited, refused, schema, unauthorized, rejected, not_found, unavailable.",
		}, []string{"operation", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "understudy_spacelift_request_seconds",
			Help:    "Duration of requests to Spacelift, without the wait before them, by operation.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_spacelift_retries_total",
			Help: "Requests that were sent again, by operation.",
		}, []string{"operation"}),
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_spacelift_token_exchanges_total",
			Help: "Exchanges of the API key for a token, by result: ok, refused, error.",
		}, []string{"result"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_spacelift_dropped_items_total",
			Help: "Items of Spacelift's lists without an id, which are left out, by kind: stack, run.",
		}, []string{"kind"}),
	}
	state := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "understudy_spacelift_breaker_state",
		Help: "State of the circuit breaker: 0 closed, 1 half open, 2 open.",
	}, func() float64 {
		switch b.circuit.State() {
		case circuitbreaker.OpenState:
			return 2
		case circuitbreaker.HalfOpenState:
			return 1
		default:
			return 0
		}
	})
	if registry != nil {
		registry.MustRegister(m.requests, m.seconds, m.retries, m.exchanges, m.dropped, state)
	}
	return m
}

func (m *metrics) requested(operation string, err *Error, took time.Duration) {
	m.requests.WithLabelValues(operation, resultOf(err)).Inc()
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
}

func resultOf(err *Error) string {
	if err == nil {
		return "ok"
	}
	switch err.why {
	case canceled:
		return "canceled"
	case limited:
		return "rate_limited"
	case refused:
		return "refused"
	}
	switch err.Code {
	case CodeForbidden, CodeAuth:
		return "unauthorized"
	case CodeSchema:
		return "schema"
	case CodeRejected:
		return "rejected"
	case CodeNotFound:
		return "not_found"
	default:
		return "unavailable"
	}
}
