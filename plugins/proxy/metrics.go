package proxy

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is passed on, by the endpoints of the configuration: callers cannot make labels up.
type metrics struct {
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer, endpoints table) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "understudy_proxy_request_seconds",
			Help:    "Time from a request to the end of its answer, by endpoint and class of the status; gone is a caller that left before the answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, []string{"route", "status"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "understudy_proxy_requests_in_flight", Help: "Requests that are being passed on, by endpoint.",
		}, []string{"route"}),
	}
	for _, e := range endpoints {
		m.inFlight.WithLabelValues(e.route) // shown from the start
	}
	if registry == nil {
		return m, nil
	}
	if err := errors.Join(registry.Register(m.seconds), registry.Register(m.inFlight)); err != nil {
		return nil, fmt.Errorf("register the metrics: %w", err)
	}
	return m, nil
}

// begin counts a request in; the function that it returns counts it out by its status, 0 where there was none.
func (m *metrics) begin(route string) func(status int) {
	gauge, start := m.inFlight.WithLabelValues(route), time.Now()
	gauge.Inc()
	return func(status int) {
		gauge.Dec()
		class := "gone"
		if status >= 100 && status < 600 {
			class = string([]byte{byte('0' + status/100), 'x', 'x'})
		}
		m.seconds.WithLabelValues(route, class).Observe(time.Since(start).Seconds())
	}
}
