package database

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"
)

// collector reads the pools' own counters when it is asked.
type collector Service

// descriptions are those of the metrics, in the order in which measure fills them in.
func descriptions() [5]*prometheus.Desc {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("understudy_database_"+name, help, append([]string{"plugin", "engine", "pool"}, labels...), nil)
	}
	return [5]*prometheus.Desc{
		desc("connections", "Open connections.", "state"),
		desc("connections_max", "Most connections that may be open."),
		desc("acquires_total", "Connections taken from the pool."),
		desc("waits_total", "Connections that had to be waited for."),
		desc("wait_seconds_total", "Time spent waiting for connections."),
	}
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descriptions() {
		ch <- d
	}
}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := (*Service)(c)
	s.mu.Lock()
	open := s.open()
	s.mu.Unlock()
	descs := descriptions()
	for _, d := range open {
		for _, u := range d.usage() {
			u.send(ch, descs, d)
		}
	}
}

// usage is how one pool is doing.
type usage struct {
	pool               string
	idle, used, most   float64
	acquires           float64
	counted            bool // whether the driver counts acquires
	waits, waitSeconds float64
}

func (d *Database) usage() []usage {
	if d.engine == PostgreSQL {
		s := d.pool.Stat()
		return []usage{{
			pool: "pool", idle: float64(s.IdleConns()), used: float64(s.AcquiredConns()), most: float64(s.MaxConns()),
			acquires: float64(s.AcquireCount()), counted: true,
			waits: float64(s.EmptyAcquireCount()), waitSeconds: s.EmptyAcquireWaitTime().Seconds(),
		}}
	}
	return []usage{sqlUsage("writer", d.writer.Stats()), sqlUsage("reader", d.reader.Stats())}
}

func sqlUsage(pool string, s sql.DBStats) usage {
	return usage{
		pool: pool, idle: float64(s.Idle), used: float64(s.InUse), most: float64(s.MaxOpenConnections),
		waits: float64(s.WaitCount), waitSeconds: s.WaitDuration.Seconds(),
	}
}

func (u usage) send(ch chan<- prometheus.Metric, descs [5]*prometheus.Desc, d *Database) {
	labels := []string{d.plugin, string(d.engine), u.pool}
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	ch <- prometheus.MustNewConstMetric(descs[0], gauge, u.idle, append(labels, "idle")...)
	ch <- prometheus.MustNewConstMetric(descs[0], gauge, u.used, append(labels, "used")...)
	ch <- prometheus.MustNewConstMetric(descs[1], gauge, u.most, labels...)
	if u.counted {
		ch <- prometheus.MustNewConstMetric(descs[2], counter, u.acquires, labels...)
	}
	ch <- prometheus.MustNewConstMetric(descs[3], counter, u.waits, labels...)
	ch <- prometheus.MustNewConstMetric(descs[4], counter, u.waitSeconds, labels...)
}
