package router

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is served, with labels that callers cannot make up (core.md 15).
type metrics struct {
	duration *prometheus.HistogramVec
	active   prometheus.Gauge
	none     meter // requests that no plugin took
}

// methods are the ones that have a label of their own.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "OTHER"}

// meter caches the histograms of one plugin, because looking one up by its labels costs more than observing it.
type meter struct {
	plugin    string
	observers [len(methods)][6]atomic.Pointer[prometheus.Observer]
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "Time to answer a request, by plugin, method and class of the status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"plugin", "method", "status"}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests being answered."}),
	}
	if reg == nil {
		return m, nil
	}
	if err := errors.Join(reg.Register(m.duration), reg.Register(m.active)); err != nil {
		return nil, fmt.Errorf("register the server's metrics: %w", err)
	}
	return m, nil
}

func (m *metrics) observe(routes *Routes, method string, status int, took time.Duration) {
	at := &m.none
	if routes != nil {
		at = routes.meter
	}
	method, row := methodLabel(method)
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	slot := &at.observers[row][class]
	o := slot.Load()
	if o == nil {
		made := m.duration.WithLabelValues(at.plugin, method, statusClass(class))
		o = &made
		slot.Store(o)
	}
	(*o).Observe(took.Seconds())
}

func methodLabel(method string) (string, int) {
	last := len(methods) - 1
	for i := range last {
		if methods[i] == method {
			return method, i
		}
	}
	return methods[last], last
}

func statusClass(class int) string {
	if class == 0 {
		return "other"
	}
	return string([]byte{byte('0' + class), 'x', 'x'})
}
