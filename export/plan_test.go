package export

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/fault"
)

func TestDryRunOnlyLooks(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		r := newRig(t, open())
		r.fill(25)
		r.catalog.put(t, `{"kind":"Location","metadata":{"name":"l"}}`)
		row := r.run(func(q *request) { q.dryRun, q.digest = true, true })
		r.want(row, statusSucceeded)
		if c := row.progress.Counts; c.Create != 25 || c.Pending != 25 || c.Chunks != 3 || c.Bytes == 0 || c.Requests != 0 {
			t.Errorf("counts %+v", c)
		}
		if r.dest.dry != 1 || r.dest.called("submit") != 0 || len(row.progress.Digest) != 64 {
			t.Errorf("%d dry probes, %d submits, digest %q", r.dest.dry, r.dest.called("submit"), row.progress.Digest)
		}
		items, err := r.store.items(t.Context(), row.id, "", []string{itemPending, itemSkipped}, 100)
		if err != nil || len(items) != 26 || items[0].Operation != opCreate || items[25].Status != itemSkipped {
			t.Errorf("items %+v, %v", items, err)
		}
		if d, err := r.store.destination(t.Context()); err != nil || d.known != "" || d.target != "" {
			t.Errorf("a dry run is remembered: %+v, %v", d, err)
		}
		// A dry run is in nobody's way, and overtakes nothing.
		r.dest.limits.Concurrency = 1
		r.dest.fault = failing("submit", 8, &Failure{Kind: Transient, Message: "busy"})
		partial := r.run()
		r.want(partial, statusPartial)
		r.want(r.run(func(q *request) { q.dryRun = true }), statusSucceeded)
		if _, err := r.resume(t.Context(), partial.id); err != nil {
			t.Error(err)
		}
		r.want(r.ended(partial.id), statusSucceeded)
	})
}

func TestUnchangedRunDoesNotEvenProbe(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(5)
	r.want(r.run(), statusSucceeded)
	r.want(r.run(), statusSucceeded)
	if n := r.dest.called("prepare"); n != 1 {
		t.Errorf("%d probes, want that of the first run", n)
	}
	r.catalog.put(t, service("c0001", "changed"))
	r.want(r.run(), statusSucceeded)
	if n := r.dest.called("prepare"); n != 2 {
		t.Errorf("%d probes, want one before the first write of each run", n)
	}
}

func TestTwoEntitiesOfOneID(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	const twin = `{"kind":"Component","metadata":{"name":%q,"annotations":{"twin":"same"}}}`
	r.catalog.put(t, fmt.Sprintf(twin, "a"), fmt.Sprintf(twin, "b"))
	for range 2 {
		row := r.run()
		r.want(row, statusPartial)
		items, err := r.store.items(t.Context(), row.id, "", []string{itemFailed}, 10)
		if err != nil || len(items) != 1 || items[0].EntityRef != "component:default/b" || items[0].Code != codeDuplicateID {
			t.Errorf("%+v, %v", items, err)
		}
	}
	if n := r.dest.writes["same"]; n != 1 {
		t.Errorf("the id was written %d times: which of the two wins must not change", n)
	}
}

func TestAnotherTargetGetsEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(5)
	r.want(r.run(), statusSucceeded)
	r.dest.target = "http://other.test"
	row := r.run()
	r.want(row, statusSucceeded)
	if c := row.progress.Counts; c.Create != 5 || c.DeleteCandidates != 0 || len(row.progress.Warnings) != 1 {
		t.Errorf("counts %+v, warnings %q", c, row.progress.Warnings)
	}
}

// TestTwinIsNotRetried keeps a retry, which sees only what it is about, from writing over the entity that has the id.
func TestTwinIsNotRetried(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	const twin = `{"kind":"Component","metadata":{"name":%q,"annotations":{"twin":"same"}}}`
	r.catalog.put(t, fmt.Sprintf(twin, "a"), fmt.Sprintf(twin, "b"), service("c", ""))
	r.dest.fault = poison("submit", func([]int, int) error { return &Failure{Kind: Invalid, Message: "no"} }, "component.default.c")
	row := r.run()
	r.want(row, statusPartial)
	if _, err := r.retryFailed(t.Context(), row.id, "", []string{"component:default/b"}); !fault.Is(err, fault.NameInput) {
		t.Errorf("retried alone: %v", err)
	}
	next, err := r.retryFailed(t.Context(), row.id, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.ended(next.id).progress.Counts; c.Read != 1 || r.dest.writes["same"] != 1 {
		t.Errorf("counts %+v, the shared id was written %d times", c, r.dest.writes["same"])
	}
}

func TestDryRunForAnotherTargetPlansEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(5)
	r.want(r.run(), statusSucceeded)
	r.dest.target = "http://other.test"
	row := r.run(func(q *request) { q.dryRun = true })
	r.want(row, statusSucceeded)
	if c := row.progress.Counts; c.Create != 5 || c.Unchanged != 0 || c.DeleteCandidates != 0 || len(row.progress.Warnings) != 1 {
		t.Errorf("counts %+v, warnings %q", c, row.progress.Warnings)
	}
	r.dest.target = "http://rely.test"
	if c := r.run().progress.Counts; c.Unchanged != 5 {
		t.Errorf("the dry run changed the ledger: %+v", c)
	}
}

// TestEmptyCatalogIsNoSuccess has a run that comes before the catalog has read anything tried again, and the ledger kept.
func TestEmptyCatalogIsNoSuccess(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), func(o *Options) { o.RetryLadder = []time.Duration{time.Hour} })
	row := r.run()
	r.want(row, statusFailed)
	if row.err != emptyCatalog || row.retryAt.IsZero() {
		t.Errorf("error %q, to be retried at %s", row.err, row.retryAt)
	}
	r.want(r.run(func(q *request) { q.dryRun = true }), statusSucceeded)
	r.fill(3)
	r.want(r.run(), statusSucceeded)
	for i := range 3 {
		r.catalog.remove(fmt.Sprintf("component:default/c%04d", i))
	}
	r.want(r.run(), statusFailed)
	r.fill(3)
	if c := r.run().progress.Counts; c.Unchanged != 3 {
		t.Errorf("the ledger was harmed: %+v", c)
	}
}

func TestFilterLeavesOut(t *testing.T) {
	t.Parallel()
	sets, err := entity.ParseFilterQuery([]any{entity.NewObject()})
	if err != nil || len(sets) != 0 {
		t.Fatal(sets, err)
	}
	filter, err := entity.ParseFilter([]string{"kind=component,metadata.name=c0001", "kind=GROUP"})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, databasetest.SQLite(t), func(o *Options) { o.Filter = filter })
	r.fill(5)
	r.catalog.put(t, `{"kind":"Group","metadata":{"name":"g"}}`)
	row := r.run()
	r.want(row, statusSucceeded)
	if c := row.progress.Counts; c.Read != 2 || c.Filtered != 4 || c.Sent != 2 {
		t.Errorf("counts %+v", c)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	for i := range 200 {
		r.catalog.put(t, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"n%d","annotations":{"warn":"warning %d"}}}`, i, i/2))
	}
	row := r.run()
	w := row.progress.Warnings
	if len(w) != maxWarnings || len(slices.Compact(slices.Sorted(slices.Values(w)))) != maxWarnings {
		t.Errorf("%d warnings: %q", len(w), w)
	}
}

func TestChunkSurvivesItsStore(t *testing.T) {
	t.Parallel()
	in := []element{
		{ref: "component:default/a", id: "a", update: true, hash: []byte("hash"), keys: "p\nq", body: []byte(`{"id":"a"}`)},
		{ref: "component:default/b", id: "b", hash: []byte{}, body: []byte(strings.Repeat("x", 100_000))},
	}
	out, err := unpackItems(packItems(in))
	if err != nil {
		t.Fatal(err)
	}
	if err := unpackBody(packBody(in), out); err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if in[i].ref != out[i].ref || in[i].id != out[i].id || in[i].update != out[i].update || string(in[i].body) != string(out[i].body) ||
			string(in[i].hash) != string(out[i].hash) || in[i].keys != out[i].keys {
			t.Errorf("element %d: %+v", i, out[i])
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packItems([]element{{ref: "a", id: "b"}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packed []byte) {
		elements, err := unpackItems(packed)
		if err == nil {
			_ = unpackBody(packed, elements)
		}
	})
}

func TestMissingKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ before, now, want string }{
		{"", "", ""}, {"a\nb", "a\nb", ""}, {"a\nb\nc", "b", "a c"}, {"b", "a\nb\nc", ""}, {"a", "", "a"}, {"x", "y", "x"},
	} {
		if got := strings.Join(missing(tc.before, splitKeys(tc.now)), " "); got != tc.want {
			t.Errorf("%q to %q: %q, want %q", tc.before, tc.now, got, tc.want)
		}
	}
}

// TestWarningsNameAnExample, the first entity that they are about, and stay one when a run is resumed.
func TestWarningsNameAnExample(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	for i := range 4 {
		r.catalog.put(t, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"n%d","annotations":{"warn":"properties.email is left out where it is no email"}}}`, i))
	}
	row := r.run(func(q *request) { q.dryRun = true })
	want := []string{"properties.email is left out where it is no email, as in component:default/n0"}
	if !slices.Equal(row.progress.Warnings, want) {
		t.Errorf("%q", row.progress.Warnings)
	}
	again := &runner{Engine: r.Engine, row: row, progress: row.progress, warned: warnedOf(row.progress.Warnings)}
	again.warnOf("properties.email is left out where it is no email", "component:default/n3")
	if !slices.Equal(again.progress.Warnings, want) {
		t.Errorf("%q", again.progress.Warnings)
	}
}
