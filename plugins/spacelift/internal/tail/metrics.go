package tail

import "github.com/prometheus/client_golang/prometheus"

// metrics count what is followed; the requests are among those of the client.
type metrics struct {
	messages prometheus.Counter
	dropped  prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, t *Tails) *metrics {
	m := &metrics{
		messages: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "understudy_spacelift_log_messages_total", Help: "Messages read from the logs of runs that were followed.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "understudy_spacelift_log_messages_dropped_total", Help: "Messages of followed runs that are no longer kept because there are too many.",
		}),
	}
	count := func(of func(*tail) float64) func() float64 {
		return func() float64 {
			t.mu.Lock()
			defer t.mu.Unlock()
			sum := 0.0
			for _, one := range t.tails {
				sum += of(one)
			}
			return sum
		}
	}
	tails := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "understudy_spacelift_log_tails", Help: "Runs whose logs are followed, or were within the last minute.",
	}, count(func(*tail) float64 { return 1 }))
	viewers := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "understudy_spacelift_log_viewers", Help: "Streams that follow the logs of runs.",
	}, count(func(one *tail) float64 { return float64(one.viewers) }))
	if registry != nil {
		registry.MustRegister(m.messages, m.dropped, tails, viewers)
	}
	return m
}
