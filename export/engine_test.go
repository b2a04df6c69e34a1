package export

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

func TestEverythingArrivesOnce(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		r := newRig(t, open())
		r.fill(95)
		r.catalog.put(
			t, `{"kind":"Location","metadata":{"name":"l"}}`, `{"kind":"Group","metadata":{"name":"g"}}`,
			`{"kind":"Component","metadata":{"name":"unmappable"}}`,
		)
		row := r.run()
		r.want(row, statusPartial)
		want := Counts{Read: 98, Skipped: 1, Unmappable: 1, Create: 96, Sent: 96, Failed: 1, Chunks: 11, Requests: 11}
		got := row.progress.Counts
		got.Bytes, got.WireBytes = 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := len(r.dest.has()); n != 96 {
			t.Errorf("the destination has %d documents, want 96", n)
		}
		if first := r.dest.payloads[0]; len(first) != 1 || first[0] != "group.default.g" {
			t.Errorf("the lower stage did not go first: %q", first)
		}

		r.catalog.remove("component:default/unmappable")
		before := r.dest.requests()
		row = r.run()
		r.want(row, statusSucceeded)
		if n := r.dest.requests() - before; n != 0 {
			t.Errorf("%d requests although nothing changed", n)
		}
		if c := row.progress.Counts; c.Unchanged != 96 || c.DeleteCandidates != 0 {
			t.Errorf("counts %+v", c)
		}

		r.catalog.put(t, service("c0007", "described"))
		r.catalog.remove("component:default/c0008")
		row = r.run()
		r.want(row, statusSucceeded)
		if c := row.progress.Counts; c.Update != 1 || c.Sent != 1 || c.DeleteCandidates != 1 {
			t.Errorf("counts %+v", c)
		}
		r.catalog.put(t, service("c0007", ""))
		r.want(r.run(), statusSucceeded)
		if doc := string(r.dest.docs["component.default.c0007"]); doc != `{"id":"component.default.c0007","properties.description":null,"title":"c0007"}` {
			t.Errorf("a key that is gone is not cleared: %s", doc)
		}
		full := r.run(func(q *request) { q.full = true })
		if c := full.progress.Counts; c.Sent != 95 || c.Unchanged != 0 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestManyKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	for i := range 1000 {
		r.catalog.put(t, fmt.Sprintf(`{"kind":%q,"metadata":{"name":"n%d"}}`, []string{"Group", "Component"}[i%2], i))
	}
	r.dest.tickets = true
	r.want(r.run(), statusSucceeded)
	if n := len(r.dest.has()); n != 1000 {
		t.Errorf("the destination has %d documents", n)
	}
}
