package mirror

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
)

type metrics struct {
	sweeps *prometheus.HistogramVec
}

// newMetrics registers what is counted; nil keeps it unregistered.
func newMetrics(reg prometheus.Registerer, m *Mirror) *metrics {
	out := &metrics{sweeps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "understudy_spacelift_sync_duration_seconds", Help: "Seconds that reading all stacks took.",
		Buckets: prometheus.ExponentialBuckets(0.1, 3, 8),
	}, []string{"result"})}
	if reg != nil {
		reg.MustRegister(out.sweeps, snapshotCollector{m})
	}
	return out
}

func (m *metrics) swept(result string, took time.Duration) {
	m.sweeps.WithLabelValues(result).Observe(took.Seconds())
}

var (
	stacksDesc  = prometheus.NewDesc("understudy_spacelift_stacks", "Stacks by group of states.", []string{"group"}, nil)
	unknownDesc = prometheus.NewDesc("understudy_spacelift_unknown_states", "Stacks in states that this release does not know.", nil, nil)
	successDesc = prometheus.NewDesc("understudy_spacelift_last_sync_timestamp_seconds", "Epoch seconds at which all stacks had last been read; 0 for never.", nil, nil)
)

// snapshotCollector tells what the current snapshot holds.
type snapshotCollector struct{ m *Mirror }

// Describe names the figures.
func (c snapshotCollector) Describe(out chan<- *prometheus.Desc) {
	out <- stacksDesc
	out <- unknownDesc
	out <- successDesc
}

// Collect reads them off the snapshot.
func (c snapshotCollector) Collect(out chan<- prometheus.Metric) {
	s := c.m.Snapshot()
	counts := map[string]int{}
	for _, g := range s.Groups {
		counts[g.Value] = g.Count
	}
	for _, g := range state.Groups() {
		out <- prometheus.MustNewConstMetric(stacksDesc, prometheus.GaugeValue, float64(counts[g]), g)
	}
	out <- prometheus.MustNewConstMetric(unknownDesc, prometheus.GaugeValue, float64(s.Unknown))
	last := 0.0
	if s.Synced() {
		last = float64(s.State.SweptAt.UnixMilli()) / 1000
	}
	out <- prometheus.MustNewConstMetric(successDesc, prometheus.GaugeValue, last)
}
