package index

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the index's collectors. They are there without a registry too, so that nothing has to ask.
type metrics struct {
	changes prometheus.Counter
	apply   prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, ix *Index) *metrics {
	m := &metrics{
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "understudy_catalog_index_changes_total",
			Help: "Changes of entities that the catalog index has taken in.",
		}),
		apply: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "understudy_catalog_index_apply_seconds",
			Help:    "Time to take in one batch of changes, merging of segments included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
	}
	if reg == nil {
		return m
	}
	reg.MustRegister(m.changes, m.apply)
	gauge := func(name, help string, value func(*Snapshot) float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(ix.Snapshot()) }))
	}
	gauge("understudy_catalog_entities", "Final entities in the catalog index.",
		func(s *Snapshot) float64 { return float64(s.Len()) })
	gauge("understudy_catalog_index_position", "Position in the change log that the catalog index has reached.",
		func(s *Snapshot) float64 { return float64(s.Position()) })
	gauge("understudy_catalog_index_segments", "Segments that the catalog index consists of.",
		func(s *Snapshot) float64 { return float64(len(s.views)) })
	return m
}

func (m *metrics) applied(changes int, took time.Duration) {
	m.changes.Add(float64(changes))
	m.apply.Observe(took.Seconds())
}
