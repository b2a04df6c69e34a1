package schedule

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts runs under upstream's names (core.md 15), as its exporter writes them: with the plugin as the scope.
type meter struct {
	plugin    string
	count     *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	begun     *prometheus.GaugeVec
	completed *prometheus.GaugeVec
}

const scopeName = "otel_scope_name"

func newMeter(plugin string, registry prometheus.Registerer) *meter {
	return &meter{
		plugin: "backstage-plugin-" + plugin,
		count: shared(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "backend_tasks_task_runs_count_total", Help: "Total number of times a task has been run.",
		}, []string{scopeName, "taskId", "scope", "result"})),
		duration: shared(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "backend_tasks_task_runs_duration", Help: "Seconds that runs took.",
			Buckets: []float64{.01, .1, .5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400},
		}, []string{scopeName, "taskId", "scope", "result"})),
		begun: shared(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "backend_tasks_task_runs_started", Help: "Epoch seconds at which a task was last started.",
		}, []string{scopeName, "taskId"})),
		completed: shared(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "backend_tasks_task_runs_completed", Help: "Epoch seconds at which a task last ended.",
		}, []string{scopeName, "taskId", "scope", "result"})),
	}
}

// shared registers a collector, or returns the one that another plugin's scheduler registered before.
func shared[C prometheus.Collector](registry prometheus.Registerer, c C) C {
	if registry == nil {
		return c
	}
	err := registry.Register(c)
	if before, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := before.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		panic(err) // two parts of the program use one name for different things
	}
	return c
}

// started counts a run; so does ended: upstream's counter knows both.
func (m *meter) started(w *worker) {
	m.count.WithLabelValues(m.plugin, w.task.ID, w.scope(), "started").Inc()
	m.begun.WithLabelValues(m.plugin, w.task.ID).SetToCurrentTime()
}

func (m *meter) ended(w *worker, err error, took time.Duration) {
	result := "completed"
	if err != nil {
		result = "failed"
	}
	m.count.WithLabelValues(m.plugin, w.task.ID, w.scope(), result).Inc()
	m.duration.WithLabelValues(m.plugin, w.task.ID, w.scope(), result).Observe(took.Seconds())
	m.completed.WithLabelValues(m.plugin, w.task.ID, w.scope(), result).SetToCurrentTime()
}
