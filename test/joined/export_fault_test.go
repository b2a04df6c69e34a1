package joined_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

func (x *exporter) faults(t *testing.T, faults ...rely.Fault) {
	t.Helper()
	if err := x.Rely.SetFaults(faults...); err != nil {
		t.Fatal(err)
	}
}

// posting is a fault of the nth payload; of all if that is zero.
func posting(nth int, do rely.Action) rely.Fault {
	return rely.Fault{Match: rely.Match{Method: http.MethodPost, Path: "/api/v1/tasks", Nth: nth}, Action: do}
}

// poison: Rely refuses one entity. It alone is set aside, and sent when Rely takes it, read from Node by its ref.
func (x *exporter) poison(t *testing.T) {
	x.faults(t, rely.Fault{Match: rely.Match{Entity: "component.default.edge"}, Action: rely.Action{Reject: "is poison"}})
	r := x.ended(t, x.begin(t, "?full=true"))
	if r.Status != "partial" || r.Counts.Failed != 1 || r.Counts.Pending != 0 {
		t.Errorf("%+v", r)
	}
	x.faults(t)
	asked := x.Tap.Counts()
	answer := ask(t, http.MethodPost, x.ours("/api/rely/runs/"+r.ID+"/retry-failed"), stage.Token, nil)
	var again struct{ RunID, ID string }
	if err := answer.JSON(&again); err != nil || answer.Status >= 300 {
		t.Fatalf("retry: %s", answer)
	}
	if r = x.ended(t, again.RunID+again.ID); r.Status != "succeeded" || r.Counts.Sent != 1 || r.Trigger != "retry" {
		t.Errorf("%+v", r)
	}
	now := x.Tap.Counts()
	const walk, refs = "GET /api/catalog/entities/by-query", "POST /api/catalog/entities/by-refs"
	pages := 0
	if oldest() {
		pages = 3 // it takes no predicate, so the kinds that the mapping has no rules for are looked up among everything
	}
	if now[walk] != asked[walk]+pages || now[refs] != asked[refs]+1 {
		t.Errorf("a retry of one entity walks: %v, then %v", asked, now)
	}
	x.same(t)
}

// lostAnswers: Rely's answers are lost, cut off, or come too late to be tasks still.
func (x *exporter) lostAnswers(t *testing.T) {
	x.faults(t, posting(2, rely.Action{Close: rely.CloseAfter}), posting(4, rely.Action{Close: rely.CloseBefore}),
		posting(6, rely.Action{Truncate: true}), posting(8, rely.Action{Task: rely.TaskLost}),
		posting(10, rely.Action{Status: http.StatusServiceUnavailable, Headers: map[string]string{"Retry-After": "1"}}))
	x.run(t, "?full=true")
	x.faults(t)
	x.same(t)
}

// revoked: the key of Rely is revoked in the middle.
func (x *exporter) revoked(t *testing.T) {
	x.faults(t, posting(6, rely.Action{RevokeToken: true}))
	r := x.ended(t, x.begin(t, "?full=true"))
	if r.Status != "auth_failed" || strings.Contains(r.Error, rely.Token) {
		t.Errorf("%+v", r)
	}
	// Somebody makes another key, and Understudy is started with it.
	key, err := x.Rely.CreateToken(rely.APIToken{Value: "another-key-of-rely-0000", User: "simulator"})
	if err != nil {
		t.Fatal(err)
	}
	x.settings["RELY_TOKEN"] = key.Value
	x.restart(t)
	x.faults(t)
	x.resume(t, r.ID)
	if r = x.ended(t, r.ID); r.Status != "succeeded" || r.Counts.Failed+r.Counts.Pending > 0 {
		t.Errorf("resumed: %+v", r)
	}
	x.same(t)
}

// editedByHand: what somebody sets in Rely that we do not export is left alone, when the entity is sent again.
func (x *exporter) editedByHand(t *testing.T) {
	const id = "component.default.edge"
	var blueprint map[string]any
	answer := x.rely(t, http.MethodGet, "/blueprints/service", nil)
	if err := answer.JSON(&blueprint); err != nil {
		t.Fatal(err)
	}
	blueprint["schemaProperties"].(map[string]any)["properties"].(map[string]any)["tier"] = map[string]any{"type": "string", "title": "Tier"}
	if answer := x.rely(t, http.MethodPut, "/blueprints/bulk", []any{blueprint}); answer.Status != http.StatusOK {
		t.Fatalf("a further property: %s", answer)
	}
	edit := func(tier any) {
		t.Helper()
		document := map[string]any{"id": id, "blueprintId": "service", "properties": map[string]any{"tier": tier}}
		if answer := x.rely(t, http.MethodPut, "/entities/"+id+"?patch=true", document); answer.Status != http.StatusOK {
			t.Fatalf("edit: %s", answer)
		}
	}
	edit("gold")
	edited, _ := x.Rely.Entity(id)
	x.run(t, "?full=true")
	now, _ := x.Rely.Entity(id)
	if properties(t, now)["tier"] != "gold" {
		t.Errorf("of %s became %s", edited, now)
	}
	edit(nil)
	x.same(t)
}

func properties(t *testing.T, raw json.RawMessage) map[string]any {
	t.Helper()
	var e struct{ Properties map[string]any }
	decode(t, string(raw), &e)
	return e.Properties
}

// compressed: the same arrives in fewer bytes.
func (x *exporter) compressed(t *testing.T) {
	plain := x.run(t, "?full=true")
	before := x.Rely.Digest()
	x.settings["APP_CONFIG_rely_gzip"] = "true"
	x.restart(t)
	packed := x.run(t, "?full=true")
	if packed.Counts.WireBytes*4 > plain.Counts.WireBytes || x.Rely.Digest() != before {
		t.Errorf("%d bytes, compressed %d", plain.Counts.WireBytes, packed.Counts.WireBytes)
	}
	delete(x.settings, "APP_CONFIG_rely_gzip")
	x.restart(t)
}

func (x *exporter) restart(t *testing.T) {
	t.Helper()
	if err := x.Understudy[0].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// narrowed: what a filter leaves out is told as held back, and stays in Rely.
func (x *exporter) narrowed(t *testing.T) {
	ids := len(x.Rely.IDs())
	groups := 0
	for ref := range x.etags(t) {
		if strings.HasPrefix(ref, "group:") {
			groups++
		}
	}
	x.settings["APP_CONFIG_rely_entityFilters"] = `[{"kind":["Component","API","System","Domain","Resource","User"]}]`
	x.restart(t)
	if r := x.run(t, ""); r.Counts.Filtered != groups || r.Counts.DeleteCandidates != x.gone+groups || len(x.Rely.IDs()) != ids {
		t.Errorf("%d groups, %d of %d entities left in Rely, %+v", groups, len(x.Rely.IDs()), ids, r)
	}
	delete(x.settings, "APP_CONFIG_rely_entityFilters")
	x.restart(t)
	if r := x.run(t, ""); r.Counts.DeleteCandidates != x.gone || r.Counts.Sent != 0 {
		t.Errorf("%+v", r)
	}
}

// killed: Understudy is killed while it walks, and at several moments of writing; each time it goes on where it was.
func (x *exporter) killed(t *testing.T) {
	ours := x.Understudy[0]
	again := func(id, when string) {
		t.Helper()
		if err := ours.Kill(); err != nil {
			t.Fatal(err)
		}
		x.faults(t)
		if err := ours.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := x.ended(t, id); r.Status != "succeeded" || r.Counts.Failed+r.Counts.Pending > 0 {
			t.Errorf("killed %s: %+v", when, r)
		}
		x.same(t)
	}
	reached, release := make(chan struct{}), make(chan struct{})
	x.beforePage(2, func() {
		close(reached)
		<-release
	})
	id := x.begin(t, "?full=true")
	<-reached
	go close(release)
	again(id, "while it walks")
	x.Tap.Between(nil)

	for _, moment := range []struct {
		name string
		slow rely.Fault
		done int // payloads when it is killed
	}{
		{"after the first payload", posting(2, rely.Action{Latency: rely.Duration(time.Minute)}), 1},
		// The first one is asked about to find out whether there are tasks.
		{"while a task is asked about", rely.Fault{Match: rely.Match{Path: "/api/v1/tasks/*", Nth: 3}, Action: rely.Action{Latency: rely.Duration(time.Minute)}}, 2},
		{"in the middle", posting(7, rely.Action{Latency: rely.Duration(time.Minute)}), 6},
	} {
		before := x.writes()
		x.faults(t, moment.slow)
		id := x.begin(t, "?full=true")
		until(t, moment.name, func() bool { return x.writes() >= before+moment.done })
		again(id, moment.name)
		chunks := (len(x.etags(t))+99)/100 + 8 // stages and kinds begin chunks of their own
		if n := x.writes() - before; n > chunks+2 {
			t.Errorf("killed %s: %d payloads for at most %d chunks", moment.name, n, chunks)
		}
	}
}

// nodeKilled: Node is killed in the middle of a walk and started again. Its provider begins with what it began with.
func (x *exporter) nodeKilled(t *testing.T) {
	var once sync.Once
	started := make(chan error, 1)
	x.beforePage(3, func() {
		once.Do(func() {
			if err := x.Node.Kill(); err != nil {
				t.Error(err)
			}
			go func() { started <- x.Node.Start(context.WithoutCancel(t.Context())) }()
		})
	})
	began := time.Now()
	id := x.begin(t, "")
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	r := x.ended(t, id)
	t.Logf("Node was back after %s: %+v", took.Round(time.Millisecond), r)
	if r.Status == "failed" && took > 50*time.Second { // longer than a walk waits, on a machine that is busy
		x.resume(t, id)
		r = x.ended(t, id)
	}
	if r.Status != "succeeded" || r.Counts.Failed > 0 {
		t.Errorf("%+v", r)
	}
	x.quiet(t)
	x.kept(t)
	if got := len(x.etags(t)); got+x.gone != len(x.Rely.IDs())+x.takenOut() {
		t.Errorf("Node has %d entities, Rely %d, %d are gone", got, len(x.Rely.IDs()), x.gone)
	}
}

// takenOut is how many entities the tests deleted in Rely themselves: those of the writer.
func (x *exporter) takenOut() (n int) {
	for _, r := range x.Rely.Requests() {
		if r.Method == http.MethodDelete && r.Status == http.StatusNoContent {
			n++
		}
	}
	return n
}

// emptied: nothing is left in Node's catalog. That is no success, it proves nothing, and Rely keeps what it has.
func (x *exporter) emptied(t *testing.T) {
	var refs []string
	for ref := range x.etags(t) {
		refs = append(refs, ref)
	}
	for some := range slices.Chunk(refs, 100) {
		x.change(t, nil, some...)
	}
	until(t, "Node has nothing", func() bool { return len(x.etags(t)) == 0 })
	ids := len(x.Rely.IDs())
	for range 2 {
		r := x.ended(t, x.begin(t, ""))
		if r.Status != "failed" || !strings.Contains(r.Error, "no entities") || r.Counts.DeleteCandidates != 0 || len(x.Rely.IDs()) != ids {
			t.Errorf("%d of %d entities left in Rely, %+v", len(x.Rely.IDs()), ids, r)
		}
	}
}
