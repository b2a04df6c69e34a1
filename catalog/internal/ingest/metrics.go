package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

// Metrics are the figures of processing, under the names that Backstage gives them (core.md 15).
type Metrics struct {
	count      *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	processors *prometheus.HistogramVec
	delay      prometheus.Histogram
	stitches   *prometheus.CounterVec
	stitching  *prometheus.HistogramVec
}

// NewMetrics registers the figures; nil leaves them unregistered.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	buckets := prometheus.ExponentialBuckets(0.0001, 4, 10)
	m := &Metrics{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "catalog_processed_entities_count_total", Help: "Entities processed.",
		}, []string{"result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "catalog_processing_duration", Help: "Seconds spent on processing one entity.", Buckets: buckets,
		}, []string{"result"}),
		processors: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "catalog_processors_duration", Help: "Seconds spent in the processors of one entity.", Buckets: buckets,
		}, []string{"result"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "catalog_processing_queue_delay", Help: "Seconds an entity was due before it was processed.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}),
		stitches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "catalog_stitched_entities_count_total", Help: "Entities stored and stitched.",
		}, []string{"result"}),
		stitching: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "catalog_stitching_duration", Help: "Seconds spent on storing and stitching one batch.", Buckets: buckets,
		}, []string{"result"}),
	}
	if reg != nil {
		reg.MustRegister(m.count, m.duration, m.processors, m.delay, m.stitches, m.stitching)
	}
	return m
}

func (m *Metrics) processed(o ledger.Outcome, took time.Duration) {
	result := "changed"
	switch {
	case !o.OK:
		result = "errors"
	case o.Hash == o.Work.ResultHash:
		result = "unchanged"
	}
	m.count.WithLabelValues(result).Inc()
	m.duration.WithLabelValues(result).Observe(took.Seconds())
	outcome := "ok"
	if !o.OK {
		outcome = "failed"
	}
	m.processors.WithLabelValues(outcome).Observe(took.Seconds())
}

func (m *Metrics) stitched(entities int, took time.Duration, err error) {
	result := "changed"
	if err != nil {
		result = "error"
	}
	m.stitches.WithLabelValues(result).Add(float64(entities))
	m.stitching.WithLabelValues(result).Observe(took.Seconds())
}
