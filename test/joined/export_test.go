package joined_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// generated is how many entities the exported catalog has besides the base: a walk of it takes three pages.
const generated = 1200

// exporter is a stage whose Node catalog is exported, through a tap.
type exporter struct {
	*bench
	// settings are environment variables of Understudy, read at each of its starts.
	settings map[string]string
	// gone is how many entities Rely has that the catalog has not, as far as runs have proven it.
	gone int
}

// exported is a run as its owner tells of it, in full.
type exported struct {
	ID, Status, Trigger, Error, Digest string
	RetryAt                            string
	StartedAt                          string
	Resumable                          bool
	Warnings                           []string
	Counts                             struct {
		Read, Filtered, Skipped, Unmappable, Unchanged, Create, Update, Sent, Failed, Pending, DeleteCandidates, Chunks, Requests, WireBytes int
	}
}

// TestExport has the scenarios of export.md 7.5 with Node's catalog as the source. What is about the destination alone is
// plugins/rely's.
func TestExport(t *testing.T) {
	o := unlimited()
	o.Journal = 50_000
	settings := map[string]string{"APP_CONFIG_rely_cron_enabled": "false", "APP_CONFIG_rely_limits_ratePerMinute": "0"}
	x := &exporter{bench: start(t, stage.Options{Rely: o, Entities: generated, Tap: true, Understudy: settings}), settings: settings}
	x.quiet(t)
	for _, part := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"under writes", x.underWrites},
		{"again, unchanged", x.unchanged},
		{"an entity that comes in the middle", x.comesBetween},
		{"an entity that goes", x.goes},
		{"entities that move while they are read", x.moves},
		{"an entity that the walk misses", x.concealed},
		{"names that differ by punctuation", x.names},
		{"a token that expires in the middle", x.expires},
		{"401 for a while, and for good", x.refused},
		{"500 for good", x.broken},
		{"one entity that Rely refuses", x.poison},
		{"answers that are lost", x.lostAnswers},
		{"the key of Rely revoked", x.revoked},
		{"an edit by hand in Rely", x.editedByHand},
		{"compressed", x.compressed},
		{"a filter that is narrowed", x.narrowed},
		{"Understudy killed", x.killed},
		{"Node killed in the middle", x.nodeKilled},
		{"nothing left in the catalog", x.emptied},
	} {
		if !t.Run(part.name, part.run) {
			// What follows would start from who knows what.
			t.FailNow()
		}
		x.Tap.Between(nil)
		if err := x.Rely.SetFaults(); err != nil {
			t.Fatal(err)
		}
	}
	if n := x.deletes(); n != 0 {
		t.Errorf("%d requests to delete something in Rely", n)
	}
}

// begin starts a run.
func (x *exporter) begin(t *testing.T, query string) string {
	t.Helper()
	answer := ask(t, http.MethodPost, x.ours("/api/rely/migrate"+query), stage.Token, nil)
	var started struct {
		RunID  string
		Joined bool
	}
	if err := answer.JSON(&started); err != nil || answer.Status != http.StatusAccepted || started.Joined {
		t.Fatalf("migrate: %s", answer)
	}
	return started.RunID
}

// ended waits for the end of a run.
func (x *exporter) ended(t *testing.T, id string) exported {
	t.Helper()
	var r exported
	until(t, "the export ends", func() bool {
		answer, err := stage.Ask(t.Context(), http.MethodGet, x.ours("/api/rely/runs/"+id), stage.Token, nil)
		return err == nil && answer.Status == http.StatusOK && answer.JSON(&r) == nil && r.Status != "running" && r.Status != "queued"
	})
	return r
}

// run makes a run and wants it to succeed.
func (x *exporter) run(t *testing.T, query string) exported {
	t.Helper()
	r := x.ended(t, x.begin(t, query))
	if r.Status != "succeeded" {
		t.Fatalf("the export is %+v", r)
	}
	return r
}

// same wants Rely to have what a run over the catalog as it is now would send.
func (x *exporter) same(t *testing.T) {
	t.Helper()
	if r := x.run(t, "?dryRun=true&digest=true"); r.Digest == "" || r.Digest != x.Rely.Digest() {
		t.Errorf("the digest of what Rely has is %s, wanted %s: %+v", x.Rely.Digest(), r.Digest, r)
	}
}

// kept makes two runs, after which everything that is gone has been missed twice, and remembers how much that is.
func (x *exporter) kept(t *testing.T) {
	t.Helper()
	x.run(t, "")
	x.gone = x.run(t, "").Counts.DeleteCandidates
}

// deletes counts the requests that would delete something in Rely; those of the tests are no bearer of its token.
func (x *exporter) deletes() (n int) {
	for _, r := range x.Rely.Requests() {
		if r.Method == http.MethodDelete && r.Header.Get("X-Test") == "" {
			n++
		}
	}
	return n
}

// writes counts the payloads that Rely was sent.
func (x *exporter) writes() (n int) {
	for _, r := range x.Rely.Requests() {
		if r.Method == http.MethodPost && r.Path == "/api/v1/tasks" {
			n++
		}
	}
	return n
}

// rely makes a request to Rely's API, as somebody there would.
func (x *exporter) rely(t *testing.T, method, path string, body any) stage.Answer {
	t.Helper()
	return ask(t, method, x.RelyURL+"/api/v1"+path, cmp.Or(x.settings["RELY_TOKEN"], rely.Token), body, "X-Test", "yes")
}

// change adds or replaces entities of Node's catalog, and removes others.
func (x *exporter) change(t *testing.T, add []map[string]any, remove ...string) {
	t.Helper()
	answer := ask(t, http.MethodPost, x.theirs("/api/probe/entities"), stage.Token, map[string]any{"add": append([]map[string]any{}, add...), "remove": append([]string{}, remove...)})
	if answer.Status != http.StatusNoContent {
		t.Fatalf("change the catalog: %s", answer)
	}
}

// component is an entity that relates to no other that there is.
func component(name string, more map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": with(map[string]any{"name": name}, more), "spec": map[string]any{"type": "service", "lifecycle": "production", "owner": "nobody"},
	}
}

// has reports how many of some entities Node's catalog has.
func (x *exporter) has(t *testing.T, refs ...string) int {
	t.Helper()
	n, err := x.count(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (x *exporter) count(ctx context.Context, refs []string) (n int, err error) {
	var body struct{ Items []any }
	err = stage.Want(ctx, http.StatusOK, &body, http.MethodPost, x.theirs("/api/catalog/entities/by-refs"), stage.Token, map[string]any{"entityRefs": refs})
	for _, item := range body.Items {
		if item != nil {
			n++
		}
	}
	return n, err
}

// etags are of all entities of Node's catalog, by their refs.
func (x *exporter) etags(t *testing.T) map[string]string {
	t.Helper()
	var list []struct {
		Kind     string
		Metadata struct{ Namespace, Name, Etag string }
	}
	get(t, x.theirs("/api/catalog/entities?fields=kind,metadata.namespace,metadata.name,metadata.etag"), stage.Token, &list)
	all := map[string]string{}
	for _, e := range list {
		all[strings.ToLower(e.Kind+":"+e.Metadata.Namespace+"/"+e.Metadata.Name)] = e.Metadata.Etag
	}
	return all
}

// quiet waits until Node has nothing left to do with its catalog.
func (x *exporter) quiet(t *testing.T) {
	t.Helper()
	conn := x.connect(t, "catalog")
	defer func() { _ = conn.Close(t.Context()) }()
	same, before := 0, map[string]string{}
	until(t, "the catalog stays as it is", func() bool {
		var due int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM refresh_state WHERE next_update_at <= now()`).Scan(&due); err != nil {
			t.Fatal(err)
		}
		now := x.etags(t)
		if same++; due > 0 || !maps.Equal(before, now) {
			same = 0
		}
		before = now
		return same == 10
	})
}

// walks reports whether a request is for a page of a walk over everything, and whether it is the first page.
func walks(r *http.Request) (page, first bool) {
	q := r.URL.Query()
	page = r.Method == http.MethodGet && r.URL.Path == "/api/catalog/entities/by-query" && q.Get("limit") != "0" && !q.Has("filter")
	return page, !q.Has("cursor")
}

// beforePage calls do once, before the page of that number is asked of Node.
func (x *exporter) beforePage(number int64, do func()) {
	var pages atomic.Int64
	x.Tap.Between(func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if page, _ := walks(r); page && pages.Add(1) == number {
				do()
			}
			pass.ServeHTTP(w, r)
		})
	})
}

// between does something in the middle of a run's walk, and returns the run when it has ended.
func (x *exporter) between(t *testing.T, query string, do func()) exported {
	t.Helper()
	done := make(chan struct{})
	reached := make(chan struct{})
	x.beforePage(2, func() {
		close(reached)
		<-done
	})
	defer x.Tap.Between(nil)
	id := x.begin(t, query)
	func() {
		defer close(done) // even if the test ends in do
		select {
		case <-reached:
		case <-t.Context().Done():
		}
		do()
	}()
	return x.ended(t, id)
}

// nodeAnswers answers as Node does that fails (core.md 3.1).
func nodeAnswers(w http.ResponseWriter, r *http.Request, status int, name, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":{"name":%q,"message":%q},"request":{"method":%q,"url":%q},"response":{"statusCode":%d}}`,
		name, message, r.Method, strings.TrimPrefix(r.URL.RequestURI(), "/api/catalog"), status)
}
