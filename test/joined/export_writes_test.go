package joined_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// writer changes Node's catalog all the time: in each round it adds entities, changes those of the round before, removes older
// ones, and waits until Node has them: that takes a second, because processing begins once a second.
type writer struct {
	rounds atomic.Int64
	failed atomic.Pointer[string]
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// perRound is how many entities a round of the writer adds.
const perRound = 20

// churned are the entities of a round.
func churned(round int64) (add []map[string]any, refs []string) {
	for i := range perRound {
		name := fmt.Sprintf("churn-%d-%d", round, i)
		add, refs = append(add, component(name, map[string]any{"namespace": "churn"})), append(refs, "component:churn/"+name)
	}
	return add, refs
}

func (x *exporter) write(t *testing.T) *writer {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &writer{cancel: cancel}
	t.Cleanup(w.stop)
	w.ended.Go(func() {
		for ctx.Err() == nil {
			// Not with ctx: Node would do what nobody waits for any more.
			if err := x.round(t.Context(), ctx.Done(), w.rounds.Load()); err != nil {
				text := err.Error()
				w.failed.Store(&text)
				return
			}
			w.rounds.Add(1)
		}
	})
	return w
}

// round writes once, and waits until Node has it, or the writer is to stop.
func (x *exporter) round(ctx context.Context, stopped <-chan struct{}, round int64) error {
	add, refs := churned(round)
	if round > 0 { // the former ones change
		again, _ := churned(round - 1)
		for _, e := range again {
			e["metadata"].(map[string]any)["description"] = "changed"
		}
		add = append(add, again...)
	}
	remove := []string{}
	if round > 2 {
		_, remove = churned(round - 3)
	}
	change := map[string]any{"add": add, "remove": remove}
	if err := stage.Want(ctx, http.StatusNoContent, nil, http.MethodPost, x.theirs("/api/probe/entities"), stage.Token, change); err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if n, err := x.count(ctx, refs); err != nil || n == len(refs) {
			return err
		}
		select {
		case <-tick.C:
		case <-stopped:
			return nil
		}
	}
}

func (w *writer) stop() {
	w.cancel()
	w.ended.Wait()
}

// passed waits for so many more rounds.
func (w *writer) passed(t *testing.T, n int64) {
	t.Helper()
	target := w.rounds.Load() + n
	until(t, "the writer writes", func() bool {
		if text := w.failed.Load(); text != nil {
			t.Fatalf("the writer: %s", *text)
		}
		return w.rounds.Load() >= target
	})
}

// underWrites is the first export, of a catalog that somebody writes to all the while.
func (x *exporter) underWrites(t *testing.T) {
	stable := x.etags(t)
	w := x.write(t)
	w.passed(t, 2)
	r := x.between(t, "", func() { w.passed(t, 4) })
	w.stop()
	rounds := w.rounds.Load()
	if r.Status != "succeeded" || r.Counts.Sent < stage.Base+generated || r.Counts.Failed+r.Counts.Pending > 0 {
		t.Fatalf("%+v", r)
	}
	t.Logf("%d rounds of writes, %+v", rounds, r)

	now := x.etags(t)
	for ref, etag := range stable {
		if now[ref] != etag {
			t.Errorf("%s has changed, so the test shows nothing", ref)
		}
	}
	// Its last rounds may not be processed yet.
	var left []string
	for round := range rounds + 1 {
		_, refs := churned(round)
		left = append(left, refs...)
	}
	x.change(t, nil, left...)
	until(t, "what was written is gone", func() bool { return len(x.etags(t)) == len(stable) })
	x.quiet(t)
	// What was written on the side arrived, or not; all that was there before and after did, and is what it should be.
	for _, id := range x.Rely.IDs() {
		if strings.HasPrefix(id, "component.churn.") {
			if answer := x.rely(t, http.MethodDelete, "/entities/"+id, nil); answer.Status != http.StatusNoContent {
				t.Fatalf("%s: %s", id, answer)
			}
		}
	}
	if got := len(x.Rely.IDs()); got != len(stable) {
		t.Errorf("Rely has %d of %d entities", got, len(stable))
	}
	x.same(t)
}

// unchanged makes no request to Rely, and few to Node.
func (x *exporter) unchanged(t *testing.T) {
	x.kept(t)
	before, asked := len(x.Rely.Requests()), x.Tap.Counts()
	r := x.run(t, "")
	if n := len(x.Rely.Requests()) - before; n != 0 || r.Counts.Unchanged != stage.Base+generated || r.Counts.Sent+r.Counts.Chunks != 0 {
		t.Errorf("%d requests to Rely, %+v", n, r)
	}
	pages, others := 0, 0
	for what, n := range x.Tap.Counts() {
		if n -= asked[what]; what == "GET /api/catalog/entities/by-query" {
			pages += n
		} else {
			others += n
		}
	}
	// By-refs asks about what the writer has left in the ledger.
	if pages != 3 || others > 1 {
		t.Errorf("%d pages and %d other requests to Node, want 3 pages and one look at what is gone", pages, others)
	}
}

// comesBetween: it arrives in this run, or in the next.
func (x *exporter) comesBetween(t *testing.T) {
	var refs []string
	r := x.between(t, "", func() {
		var add []map[string]any
		for i := range 10 {
			name := "late-" + strconv.Itoa(i)
			add, refs = append(add, component(name, nil)), append(refs, "component:default/"+name)
		}
		x.change(t, add)
		until(t, "Node has them", func() bool { return x.has(t, refs...) == len(refs) })
	})
	if r.Status != "succeeded" || r.Counts.DeleteCandidates != x.gone {
		t.Errorf("%+v", r)
	}
	first := r.Counts.Sent
	r = x.run(t, "")
	t.Logf("%d of 10 arrived with the run in whose middle they came, %d with the next", first, r.Counts.Sent)
	if first+r.Counts.Sent != 10 || !slices.Contains(x.Rely.IDs(), "component.default.late-7") {
		t.Errorf("%+v", r)
	}
	x.same(t)
}

// goes: what is gone from the catalog is counted when two walks have missed it and by-refs does not know it, and stays in
// Rely; when it comes again, it counts no more.
func (x *exporter) goes(t *testing.T) {
	const ref = "component:default/late-0"
	var e struct{ Metadata struct{ UID string } }
	get(t, x.theirs("/api/catalog/entities/by-name/component/default/late-0"), stage.Token, &e)
	if answer := ask(t, http.MethodDelete, x.theirs("/api/catalog/entities/by-uid/"+e.Metadata.UID), stage.Token, nil); answer.Status != http.StatusNoContent {
		t.Fatalf("delete: %s", answer)
	}
	until(t, "Node has it no more", func() bool { return x.has(t, ref) == 0 })
	warned := func(r exported) bool {
		return slices.ContainsFunc(r.Warnings, func(w string) bool {
			return strings.HasPrefix(w, "entities that were sent earlier and that this reading")
		})
	}
	if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone || !warned(r) {
		t.Errorf("missed once: %+v", r)
	}
	if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone+1 || warned(r) {
		t.Errorf("missed twice: %+v", r)
	}
	if !slices.Contains(x.Rely.IDs(), "component.default.late-0") {
		t.Error("it was deleted in Rely")
	}
	x.change(t, []map[string]any{component("late-0", nil)})
	until(t, "Node has it again", func() bool { return x.has(t, ref) == 1 })
	if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone {
		t.Errorf("back again: %+v", r)
	}
	x.same(t)
}

// moves: entities are deleted and made again while they are read. Each gets a new place in the order of the walk, for some
// one that has been passed already, so that one walk misses what was there before it and after.
func (x *exporter) moves(t *testing.T) {
	var add []map[string]any
	var refs []string
	for i := range 40 {
		name := "mover-" + strconv.Itoa(i)
		add, refs = append(add, component(name, nil)), append(refs, "component:default/"+name)
	}
	x.change(t, add)
	until(t, "Node has them", func() bool { return x.has(t, refs...) == len(refs) })
	x.run(t, "")
	for range 2 {
		r := x.between(t, "", func() {
			x.change(t, nil, refs...)
			until(t, "Node has none of them", func() bool { return x.has(t, refs...) == 0 })
			x.change(t, add)
			until(t, "Node has them again", func() bool { return x.has(t, refs...) == len(refs) })
		})
		if r.Status != "succeeded" || r.Counts.DeleteCandidates != x.gone {
			t.Errorf("%+v", r)
		}
	}
	if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone || r.Counts.Read != stage.Base+generated+10+len(refs) {
		t.Errorf("%+v", r)
	}
	x.same(t)
}

// concealed: a page leaves an entity out in three runs, and the count does, too. By-refs has it, so it is not gone.
func (x *exporter) concealed(t *testing.T) {
	const name = `"name":"edge-api"`
	hidden := 0
	var mu sync.Mutex
	x.Tap.Between(func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if page, _ := walks(r); !page {
				pass.ServeHTTP(w, r)
				return
			}
			r.Header.Set("Accept-Encoding", "identity")
			kept := httptest.NewRecorder()
			pass.ServeHTTP(kept, r)
			var body map[string]json.RawMessage
			var items []json.RawMessage
			if json.Unmarshal(kept.Body.Bytes(), &body) == nil && json.Unmarshal(body["items"], &items) == nil {
				rest := slices.DeleteFunc(slices.Clone(items), func(item json.RawMessage) bool {
					return bytes.Contains(item, []byte(name)) && bytes.Contains(item, []byte(`"kind":"API"`))
				})
				mu.Lock()
				hidden += len(items) - len(rest)
				mu.Unlock()
				body["items"], _ = json.Marshal(rest)
				var total int
				_ = json.Unmarshal(body["totalItems"], &total)
				body["totalItems"], _ = json.Marshal(total - 1)
			}
			text, _ := json.Marshal(body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(kept.Code)
			_, _ = w.Write(text)
		})
	})
	for range 3 {
		if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone || r.Counts.Sent != 0 {
			t.Errorf("%+v", r)
		}
	}
	if hidden != 3 {
		t.Errorf("it was hidden %d times", hidden)
	}
}

// names that differ by punctuation, and the same name across kinds and namespaces, do not collide (export.md 7.5, 15).
func (x *exporter) names(t *testing.T) {
	var add []map[string]any
	var refs []string
	for _, kind := range []string{"Component", "API"} {
		for _, namespace := range []string{"default", "a", "a-b"} {
			for _, name := range []string{"pay_api", "pay.api", "pay-api", "payapi", "PAYAPI2"} {
				e := component(name, map[string]any{"namespace": namespace})
				e["kind"], e["spec"] = kind, map[string]any{"type": "x", "lifecycle": "x", "owner": "nobody", "definition": "x"}
				add, refs = append(add, e), append(refs, strings.ToLower(kind+":"+namespace+"/"+name))
			}
		}
	}
	x.change(t, add)
	until(t, "Node has them", func() bool { return x.has(t, refs...) == len(refs) })
	before := len(x.Rely.IDs())
	if r := x.run(t, ""); r.Counts.Create != len(refs) || len(x.Rely.IDs()) != before+len(refs) {
		t.Errorf("%d entities in Rely, %+v", len(x.Rely.IDs())-before, r)
	}
	x.same(t)
}
