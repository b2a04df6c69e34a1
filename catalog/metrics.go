package catalog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

// gaugeTimeout bounds how long a scrape waits for the database.
const gaugeTimeout = 2 * time.Second

// gauges are the catalog's sizes, read when they are scraped (core.md 15).
type gauges struct {
	index  *index.Index
	ledger *ledger.Ledger

	entities, locations, relations, queue *prometheus.Desc

	mu sync.Mutex
	// seen are the kinds that were there once; they go on reporting 0. Guarded by mu.
	seen map[string]struct{}
}

func registerGauges(reg prometheus.Registerer, ix *index.Index, l *ledger.Ledger) error {
	err := reg.Register(&gauges{
		index: ix, ledger: l, seen: make(map[string]struct{}),
		entities:  prometheus.NewDesc("catalog_entities_count", "Entities in the catalog.", []string{"kind"}, nil),
		locations: prometheus.NewDesc("catalog_registered_locations_count", "Registered locations.", nil, nil),
		relations: prometheus.NewDesc("catalog_relations_count", "Relations that entities emitted for others.", nil, nil),
		queue:     prometheus.NewDesc("catalog_stitching_queue_length", "Entities that wait for processing; stitching has no queue of its own.", nil, nil),
	})
	if already := (prometheus.AlreadyRegisteredError{}); errors.As(err, &already) {
		return nil
	}
	return err
}

// Describe sends the descriptions.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.entities, g.locations, g.relations, g.queue} {
		ch <- d
	}
}

// Collect sends the sizes. Those that the database does not tell in time are left out.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	for kind, n := range g.kinds() {
		ch <- prometheus.MustNewConstMetric(g.entities, prometheus.GaugeValue, float64(n), kind)
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), gaugeTimeout, errors.New("counting took too long"))
	defer cancel()
	c, err := g.ledger.Counts(ctx)
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(g.locations, prometheus.GaugeValue, float64(c.Locations))
	ch <- prometheus.MustNewConstMetric(g.relations, prometheus.GaugeValue, float64(c.Relations))
	ch <- prometheus.MustNewConstMetric(g.queue, prometheus.GaugeValue, float64(c.Due))
}

func (g *gauges) kinds() map[string]int {
	counts := make(map[string]int)
	facets, _ := g.index.Snapshot().Facets(context.Background(), nil, []string{"kind"}) // a scrape has no context, so nothing ends it
	for _, f := range facets["kind"] {
		counts[strings.ToLower(f.Value)] += f.Count
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for kind := range counts {
		g.seen[kind] = struct{}{}
	}
	for kind := range g.seen {
		if _, ok := counts[kind]; !ok {
			counts[kind] = 0
		}
	}
	return counts
}
