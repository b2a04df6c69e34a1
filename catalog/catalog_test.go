package catalog_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// TestSlice goes the whole way: a configured file, the ledger, the index, the routes, another plugin's reads.
func TestSlice(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		db, dir := open(), t.TempDir()
		file := write(t, dir, "all.yaml", component("a")+"---\n"+component("b"))
		yaml := "catalog: {processingInterval: {seconds: 1}, locations: [{type: file, target: " + file + "}]}"
		r := start(t, db, yaml)
		r.await(t, "both entities", func() bool { return r.has(t, "component:default/a") && r.has(t, "component:default/b") })
		status, body := r.do(t, http.MethodGet, "/entities/by-name/component/default/a")
		if status != http.StatusOK || !strings.Contains(body, `"name":"a"`) {
			t.Errorf("by-name: %d %s", status, body)
		}
		o, err := entity.ParseObject([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		// People read their own writes.
		status, _ = r.do(t, http.MethodDelete, "/entities/by-uid/"+entity.FromObject(o).UID())
		if status != http.StatusNoContent {
			t.Errorf("delete: %d", status)
		}
		if again, _, _ := r.reader.ByRef(t.Context(), auth.UserCredentials("user:default/tester"), "component:default/a"); again.Object != nil && again.UID() == entity.FromObject(o).UID() {
			t.Error("the deleted entity is still there after its deletion was answered")
		}
		r.await(t, "the child that is still declared", func() bool { return r.has(t, "component:default/a") })
		// The interval finds a changed file.
		write(t, dir, "all.yaml", component("a")+"---\n"+component("c"))
		r.await(t, "the new entity", func() bool { return r.has(t, "component:default/c") })
		var names []string
		for e, err := range r.reader.Entities(t.Context(), auth.UserCredentials("user:default/tester"), entity.Equal{Key: "kind", Values: []string{"component"}}) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, e.Name())
		}
		slices.Sort(names)
		if !slices.Contains(names, "a") || !slices.Contains(names, "c") {
			t.Errorf("a walk sees %v", names)
		}
		if err := r.plugin.Health(t.Context()); err != nil {
			t.Errorf("health: %v", err)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		// A restart serves everything at once, and drops what is no longer configured.
		r = start(t, db, yaml)
		if !r.has(t, "component:default/c") {
			t.Error("after a restart the entities are missing")
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		r = start(t, db, "catalog: {}")
		if r.has(t, "component:default/c") {
			t.Error("the location is gone from the configuration, its entities are not")
		}
		families, err := r.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var metrics []string
		for _, f := range families {
			metrics = append(metrics, f.GetName())
		}
		for _, want := range []string{"catalog_registered_locations_count", "catalog_relations_count", "catalog_stitching_queue_length"} {
			if !slices.Contains(metrics, want) {
				t.Errorf("no metric %s in %v", want, metrics)
			}
		}
	})
}

// pushed is a provider that the test drives.
type pushed struct {
	name string
	conn catalog.Connection
}

func (p *pushed) Name() string { return p.name }

func (p *pushed) Connect(_ context.Context, c catalog.Connection) error {
	p.conn = c
	return nil
}

func deferred(t testing.TB, name, value string) catalog.Deferred {
	t.Helper()
	o, err := entity.ParseObject([]byte(fmt.Sprintf(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":%q,"annotations":{"backstage.io/managed-by-location":"test:x","backstage.io/managed-by-origin-location":"test:x"},"description":%q},"spec":{"type":"s","lifecycle":"l","owner":"shared"}}`, name, value)))
	if err != nil {
		t.Fatal(err)
	}
	return catalog.Deferred{Entity: entity.FromObject(o)}
}

// TestReplicas lets two processes write to one PostgreSQL at once: nothing is lost, nothing waits for ever, and each sees
// the other's writes.
func TestReplicas(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		first := open()
		if first.Engine() == database.SQLite {
			t.Skip("a SQLite file belongs to one process")
		}
		p1, p2 := &pushed{name: "one"}, &pushed{name: "two"}
		quiet := &pushed{name: "two"}
		r1 := start(t, first, "catalog: {}", catalog.WithProvider(p1), catalog.WithProvider(quiet))
		r2 := start(t, open(), "catalog: {}", catalog.WithProvider(&pushed{name: "one"}), catalog.WithProvider(p2))
		const rounds = 15
		var wg sync.WaitGroup
		for i, p := range []*pushed{p1, p2} {
			wg.Go(func() {
				for round := range rounds {
					var m catalog.Mutation
					for j := range 10 {
						m.Entities = append(m.Entities, deferred(t, fmt.Sprintf("e%d-%d", i, j), fmt.Sprint(round)))
					}
					if err := p.conn.Apply(t.Context(), m); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, r := range []*running{r1, r2} {
			r.await(t, "all entities in their last version", func() bool { return r.settled(t, 20, fmt.Sprint(rounds-1)) })
		}
		if err := p1.conn.Apply(t.Context(), catalog.Mutation{Entities: []catalog.Deferred{deferred(t, "late", "x")}}); err != nil {
			t.Fatal(err)
		}
		r2.await(t, "the other's write", func() bool { return r2.has(t, "component:default/late") })
		if err := p1.conn.Apply(t.Context(), catalog.Mutation{Removed: []string{"component:default/late"}}); err != nil {
			t.Fatal(err)
		}
		if r1.has(t, "component:default/late") {
			t.Error("the removal was answered before this replica's reads saw it")
		}
		r2.await(t, "the other's removal", func() bool { return !r2.has(t, "component:default/late") })
	})
}

// TestReplicasNeedNoPolling holds the second within which replicas see each other's writes by what makes it so, because the
// clock of a busy machine proves nothing: each of many writes arrives by its notification alone. The poll that carries
// them where a pooler swallows notifications comes twice a second.
func TestReplicasNeedNoPolling(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		first := open()
		if first.Engine() == database.SQLite {
			t.Skip("a SQLite file belongs to one process")
		}
		writer := &pushed{name: "one"}
		start(t, first, "catalog: {}", catalog.WithProvider(writer), catalog.WithoutPolling())
		reader := start(t, open(), "catalog: {processingInterval: false}", catalog.WithProvider(&pushed{name: "one"}), catalog.WithoutPolling())
		slowest, fastest := time.Duration(0), time.Hour
		for round := range 20 {
			begin := time.Now()
			name := fmt.Sprintf("e%d", round)
			if err := writer.conn.Apply(t.Context(), catalog.Mutation{Entities: []catalog.Deferred{deferred(t, name, "x")}}); err != nil {
				t.Fatal(err)
			}
			reader.await(t, "the other's write", func() bool { return reader.has(t, "component:default/"+name) })
			took := time.Since(begin)
			slowest, fastest = max(slowest, took), min(fastest, took)
		}
		t.Logf("a write is processed and seen by the other replica within %v to %v", fastest, slowest)
		if fastest > time.Second {
			t.Errorf("the fastest of 20 writes took %v", fastest)
		}
	})
}

func (r *running) settled(t testing.TB, count int, version string) bool {
	t.Helper()
	n := 0
	for e, err := range r.reader.Entities(t.Context(), auth.UserCredentials("user:default/tester"), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Description() == version {
			n++
		}
	}
	return n == count
}

func TestProcessingOff(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	file := write(t, t.TempDir(), "a.yaml", component("a"))
	r := start(t, db, "catalog: {processingInterval: false, locations: [{type: file, target: "+file+"}]}")
	all, err := r.plugin.Unprocessed(t.Context())
	if err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Ref, "location:default/generated-") || r.has(t, "component:default/a") {
		t.Fatalf("unprocessed %v, %v", all, err)
	}
	status, body := r.do(t, http.MethodGet, "/entities/unprocessed/pending")
	if status != http.StatusOK || !strings.Contains(body, `"entity_id":"`+all[0].UID) || !strings.Contains(body, `"location_key":"file:`+file) {
		t.Errorf("pending: %d %s", status, body)
	}
	if status, body := r.do(t, http.MethodGet, "/entities/unprocessed/failed"); body != `{"type":"failed","entities":[]}` {
		t.Errorf("failed: %d %s", status, body)
	}
	if status, body := r.do(t, http.MethodDelete, "/entities/unprocessed/delete/"+all[0].UID); status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", status, body)
	}
	if _, body := r.do(t, http.MethodGet, "/entities/unprocessed/pending"); body != `{"type":"pending","entities":[]}` {
		t.Errorf("pending afterwards: %s", body)
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	p := catalog.New(catalog.WithProvider(&pushed{name: "x"}), catalog.WithProvider(&pushed{name: "x"}))
	err := catalog.CheckNames(p)
	if err == nil || !strings.Contains(err.Error(), `two providers named "x"`) {
		t.Errorf("two providers of one name: %v", err)
	}
}
