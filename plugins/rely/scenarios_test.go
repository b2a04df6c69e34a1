package rely_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	destination "github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/hosttest"
	"github.com/understudy-portal/understudy/plugins/rely"
	simulator "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

// memory is a catalog plugin whose entities are given.
type memory struct {
	list []entity.Entity
}

func (m *memory) ID() string                                { return "catalog" }
func (m *memory) Register(context.Context, *host.Env) error { return nil }
func (m *memory) CatalogReader() host.CatalogReader         { return m }

func (m *memory) ByRef(_ context.Context, _ auth.Credentials, ref string) (entity.Entity, bool, error) {
	for _, e := range m.list {
		if e.Ref().String() == ref {
			return e, true, nil
		}
	}
	return entity.Entity{}, false, nil
}

func (m *memory) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	return hosttest.ByRefs(ctx, m, who, refs)
}

func (m *memory) Entities(_ context.Context, _ auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		for _, e := range m.list {
			if rows, _ := entity.SearchRows(e); filter != nil && !entity.Match(filter, rows) {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) Position() int64 { return 1 }

func (m *memory) Changed(ctx context.Context, after int64) (int64, error) {
	<-ctx.Done()
	return after, context.Cause(ctx)
}

// components makes n of them, each with an owner, a neighbour and a description of so many bytes.
func components(t testing.TB, n, size int) *memory {
	t.Helper()
	m := &memory{}
	m.add(t, `{"kind":"Group","metadata":{"name":"team"},"spec":{"type":"team"}}`)
	for i := range n {
		m.add(t, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"c-%05d","description":%q},"spec":{"type":"service"},
			"relations":[{"type":"ownedBy","targetRef":"group:default/team"},{"type":"dependsOn","targetRef":"component:default/c-%05d"}]}`,
			i, strings.Repeat("d", size), (i+1)%n))
	}
	return m
}

func (m *memory) set(t testing.TB, i int, text string) {
	t.Helper()
	o, err := entity.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m.list[i] = entity.FromObject(o)
}

func (m *memory) add(t testing.TB, text string) {
	t.Helper()
	o, err := entity.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m.list = append(m.list, entity.FromObject(o))
}

const plainPage = `
proxy: {endpoints: {/rely: {target: 'https://magneto.rely.io', headers: {Authorization: 'Bearer ${RELY_TOKEN}'}}}}
rely: {limits: {ratePerMinute: 0}}
`

// scene is a server over a given catalog.
type scene struct {
	text    string
	catalog *memory
	sim     *relytest.Sim
	observe func(moment string)
	tune    func(*destination.Options, *export.Options)
	dir     string
}

func (s scene) start(t testing.TB) *page {
	t.Helper()
	if s.text == "" {
		s.text = plainPage
	}
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	return serveIn(t, s.dir, s.sim, s.text, "", s.catalog, rely.Tuned(func(d *destination.Options, e *export.Options) {
		d.Limits.PollEvery, d.Limits.PollTimeout = 5*time.Millisecond, 20*time.Second
		e.Backoff = export.Backoff{Base: 5 * time.Millisecond, Cap: 50 * time.Millisecond}
		e.RetryLadder = []time.Duration{}
		e.Observe = s.observe
		if s.tune != nil {
			s.tune(d, e)
		}
	}))
}

// unlimited is a simulator without limits and timers.
func unlimited() simulator.Options {
	return simulator.Options{Limits: &simulator.Limits{MaxEntities: 100, MaxBytes: 1 << 20}, Timers: &simulator.Timers{}, Journal: 20_000}
}

// count is how many requests there were of a method and path.
func count(sim *relytest.Sim, method, path string) (n int) {
	for _, r := range sim.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}

const tasksPath = "/api/v1/tasks"

// Scenario 1, small: everything arrives, and a second run makes no request.
func TestScenario1Clean(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 3000, 10), sim: relytest.Start(t, unlimited())}
	p := s.start(t)
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Sent != 3001 {
		t.Fatalf("%+v", r)
	}
	p.sameDigest(s.sim)
	before := len(s.sim.Requests())
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Unchanged != 3001 || len(s.sim.Requests()) != before {
		t.Errorf("%+v and %d requests", r, len(s.sim.Requests())-before)
	}
}

// Scenario 2: one entity among many is refused; it alone is set aside, at a small price.
func TestScenario2Poison(t *testing.T) {
	t.Parallel()
	for loc, price := range map[string]int{"on": 1, "off": 15} {
		o := unlimited()
		o.Switches.Loc = loc
		s := scene{catalog: components(t, 10_000, 10), sim: relytest.Start(t, o)}
		s.sim.Faults(`[{"match": {"entity": "component.default.c-04217"}, "action": {"reject": "is poison"}}]`)
		p := s.start(t)
		r := p.migrate("")
		// One chunk of groups, a hundred of components.
		extra := count(s.sim, http.MethodPost, tasksPath) - 101
		if r.Status != "partial" || r.Counts.Failed != 1 || r.Counts.Sent != 10_000 || extra < 1 || extra > price {
			t.Errorf("loc %s: %d extra requests, %+v", loc, extra, r)
		}
		var items struct {
			Items []struct{ EntityRef, Message, Code string }
		}
		p.send(http.MethodGet, "/api/rely/runs/"+r.ID+"/items?status=failed", serviceToken, &items)
		if len(items.Items) != 1 || items.Items[0].EntityRef != "component:default/c-04217" || !strings.Contains(items.Items[0].Message, "is poison") {
			t.Errorf("loc %s: %+v", loc, items)
		}
		p.stop()
	}
}

// Scenario 3: the ceiling is lowered in the middle of a run; the next run remembers it.
func TestScenario3Ceiling(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 2000, 1500), sim: relytest.Start(t, unlimited())}
	var once sync.Once
	s.observe = func(moment string) {
		if moment == "settling" {
			once.Do(func() { s.sim.SetLimits(simulator.Limits{MaxEntities: 100, MaxBytes: 64 << 10}) })
		}
	}
	p := s.start(t)
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Sent != 2001 {
		t.Fatalf("%+v", r)
	}
	p.sameDigest(s.sim)
	refused := func() (n int) {
		for _, r := range s.sim.Requests() {
			if r.Status == http.StatusRequestEntityTooLarge {
				n++
			}
		}
		return n
	}
	first := refused()
	if first == 0 {
		t.Error("nothing was refused, so the test shows nothing")
	}
	if r := p.migrate("&full=true"); r.Status != "succeeded" || refused() != first {
		t.Errorf("%d more refusals, %+v", refused()-first, r)
	}
}

// Scenario 4: a storm of 429 with both forms of Retry-After; nobody comes back too early.
func TestScenario4Storm(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 700, 10), sim: relytest.Start(t, unlimited())}
	s.sim.Faults(fmt.Sprintf(`
- {match: {path: /api/v1/blueprints/api}, times: 1, action: {status: 429, headers: {Retry-After: '1'}}}
- {match: {path: /api/v1/tasks, method: POST, nth: 3}, action: {status: 429, headers: {Retry-After: '1'}}}
- {match: {path: /api/v1/tasks, method: POST, nth: 4}, action: {status: 429, headers: {Retry-After: '1'}}}
- {match: {path: /api/v1/tasks, method: POST, nth: 6}, action: {status: 429, headers: {Retry-After: '%s'}}}
- {match: {path: '/api/v1/tasks/*', nth: 7}, action: {status: 503, headers: {Retry-After: '1'}}}
`, time.Now().Add(8*time.Second).UTC().Format(http.TimeFormat)))
	// With two at once, one may be on its way already while the other is refused.
	s.tune = func(d *destination.Options, _ *export.Options) { d.Limits.Concurrency = 1 }
	p := s.start(t)
	r := p.migrate("")
	seconds, dates, early := 0, 0, 0
	for _, q := range s.sim.Requests() {
		if q.Early {
			early++
		}
		switch {
		case q.Status != http.StatusTooManyRequests:
		case strings.Contains(q.RetryAfter, "GMT"):
			dates++
		default:
			seconds++
		}
	}
	if r.Status != "succeeded" || r.Counts.Sent != 701 || seconds != 3 || dates != 1 || early != 0 {
		t.Errorf("%d refusals with seconds, %d with dates, %d requests too early, %+v", seconds, dates, early, r)
	}
	p.sameDigest(s.sim)
}

// Scenario 5: writes whose answer is lost, and answers that are cut off.
func TestScenario5LostAnswers(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 1000, 10), sim: relytest.Start(t, unlimited())}
	s.sim.Faults(`
- {match: {path: /api/v1/tasks, method: POST, nth: 3}, action: {close: after-apply}}
- {match: {path: /api/v1/tasks, method: POST, nth: 5}, action: {close: before-apply}}
- {match: {path: /api/v1/tasks, method: POST, nth: 7}, action: {truncate: true}}
- {match: {path: '/api/v1/tasks/*', nth: 4}, action: {task: lost, close: before-apply}}
- {match: {path: /api/v1/tasks, method: POST, nth: 9}, action: {task: lost}}
- {match: {path: /api/v1/tasks, method: POST, nth: 11}, action: {status: 503, headers: {Retry-After: '1'}}}
`)
	p := s.start(t)
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Sent != 1001 || len(s.sim.IDs()) != 1001 {
		t.Errorf("%d entities, %+v", len(s.sim.IDs()), r)
	}
	p.sameDigest(s.sim)
}

// Scenario 6, without a kill (that is test/kill's): the server ends at each moment, and another one goes on.
func TestScenario6Restart(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"plan", "persisted", "sending", "submitted", "polling", "settling"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := scene{catalog: components(t, 500, 10), sim: relytest.Start(t, unlimited()), dir: t.TempDir()}
			reached, hold := make(chan struct{}), make(chan struct{})
			var once sync.Once
			s.observe = func(m string) {
				if m == moment {
					once.Do(func() {
						close(reached)
						<-hold
					})
				}
			}
			p := s.start(t)
			p.send(http.MethodPost, "/api/rely/migrate", serviceToken, nil)
			<-reached
			go close(hold)
			p.stop()
			s.observe = nil
			p = s.start(t)
			var last struct{ Items []run }
			for range 600 {
				p.send(http.MethodGet, "/api/rely/runs", serviceToken, &last)
				if s := last.Items[0].Status; s != "running" && s != "queued" {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if r := last.Items[0]; r.Status != "succeeded" || len(last.Items) != 1 {
				t.Errorf("%+v", last.Items)
			}
			p.sameDigest(s.sim)
		})
	}
}

// Scenario 7: the key is revoked in the middle of a run.
func TestScenario7Revoked(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 2000, 10), sim: relytest.Start(t, unlimited())}
	s.tune = func(d *destination.Options, _ *export.Options) { d.Limits.Concurrency = 1 }
	s.sim.Faults(`[{"match": {"path": "/api/v1/tasks", "method": "POST", "nth": 6}, "action": {"revokeToken": true}}]`)
	p := s.start(t)
	r := p.migrate("")
	refused := 0
	for _, q := range s.sim.Requests() {
		if q.Status == http.StatusUnauthorized {
			refused++
		}
	}
	if r.Status != "auth_failed" || refused < 1 || refused > 2 || !strings.Contains(r.Error, "newer key revokes") || strings.Contains(r.Error, simulator.Token) {
		t.Errorf("%d requests were refused, %+v", refused, r)
	}
}

// Scenario 12: tasks that never end.
func TestScenario12Stuck(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 300, 10), sim: relytest.Start(t, unlimited())}
	s.tune = func(d *destination.Options, _ *export.Options) { d.Limits.PollTimeout = 300 * time.Millisecond }
	s.sim.Faults(`[{"match": {"path": "/api/v1/tasks", "method": "POST", "nth": 2}, "action": {"task": "stuck"}}]`)
	p := s.start(t)
	r := p.migrate("")
	if r.Status != "partial" || r.Counts.Sent != 201 || r.Counts.Pending != 100 {
		t.Fatalf("%+v", r)
	}
	s.sim.Faults(`[]`)
	if code, body := p.send(http.MethodPost, "/api/rely/runs/"+r.ID+"/resume", serviceToken, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
}

// Scenario 13: compressed, the same arrives in fewer bytes.
func TestScenario13Gzip(t *testing.T) {
	t.Parallel()
	sent := map[bool]int{}
	digests := map[string]bool{}
	for _, gzip := range []bool{false, true} {
		s := scene{catalog: components(t, 500, 10), sim: relytest.Start(t, unlimited()), text: strings.Replace(plainPage, "\nrely: {", fmt.Sprintf("\nrely: {gzip: %t, ", gzip), 1)}
		p := s.start(t)
		r := p.migrate("")
		if r.Status != "succeeded" {
			t.Errorf("%+v", r)
		}
		sent[gzip] = r.Counts.WireBytes
		digests[s.sim.Digest()] = true
		p.stop()
	}
	if sent[true]*4 > sent[false] || len(digests) != 1 {
		t.Errorf("%d bytes, and %d compressed; %d digests", sent[false], sent[true], len(digests))
	}
}

// Scenario 14: every combination of what is not known of the real API, as far as it matters for writing.
func TestScenario14Switches(t *testing.T) {
	t.Parallel()
	s := scene{catalog: components(t, 12, 10), sim: relytest.Start(t, unlimited())}
	s.catalog.add(t, full)
	p := s.start(t)
	values := simulator.SwitchValues()
	delete(values, "delete")      // nothing is deleted
	delete(values, "plan")        // below
	if testing.Short() || raced { // all of them run without the race detector: make test-go
		for _, name := range []string{"casing", "relationRepeat", "taskAtomicity"} {
			delete(values, name)
		}
	}
	names := slices.Sorted(maps.Keys(values))
	want := ""
	var try func(i int, chosen map[string]string)
	try = func(i int, chosen map[string]string) {
		if i < len(names) {
			for _, value := range values[names[i]] {
				chosen[names[i]] = value
				try(i+1, chosen)
			}
			return
		}
		if err := s.sim.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := s.sim.SetSwitches(switches(chosen)); err != nil {
			t.Fatal(err)
		}
		r := p.migrate("&full=true")
		if chosen["tasks"] == "off" && chosen["bulkPut"] == "off" {
			if r.Status != "failed" || len(s.sim.IDs()) != 0 {
				t.Errorf("%v: no way, and %+v", chosen, r)
			}
			return
		}
		if want == "" {
			want = s.sim.Digest()
		}
		if r.Status != "succeeded" || s.sim.Digest() != want {
			t.Errorf("%v: %+v", chosen, r)
		}
		s.change(t, p, chosen)
		s.takeID(t, p, chosen)
	}
	try(0, map[string]string{})
	for _, plan := range []string{"402", "403"} {
		if err := s.sim.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := s.sim.SetSwitches(simulator.Switches{Plan: plan}); err != nil {
			t.Fatal(err)
		}
		if r := p.migrate("&full=true"); r.Status != "not_entitled" {
			t.Errorf("plan %s: %+v", plan, r)
		}
	}
}

const (
	full  = `{"kind":"Component","metadata":{"name":"changing"},"spec":{"lifecycle":"production"},"relations":[{"type":"ownedBy","targetRef":"group:default/team"},{"type":"dependsOn","targetRef":"component:default/c-00001"}]}`
	blank = `{"kind":"Component","metadata":{"name":"changing"},"spec":{}}`
)

// change takes a property and two relations from an entity, and looks at what is left of them.
func (s scene) change(t *testing.T, p *page, chosen map[string]string) {
	t.Helper()
	last := len(s.catalog.list) - 1
	before := s.catalog.list[last]
	defer func() { s.catalog.list[last] = before }()
	s.catalog.set(t, last, blank)
	r := p.migrate("")
	e := s.stored(t, "component.default.changing")
	left := []any{e.Properties["lifecycle"], e.Relations["ownerTeam"], e.Relations["dependsOnComponents"]}
	warned := slices.ContainsFunc(r.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "stale_fields: ") && strings.Contains(w, "1 entities keep properties.lifecycle, relations.ownerTeam;")
	})
	ignores := chosen["null"] == "ignore"
	if r.Status != "succeeded" || r.Counts.Sent != 1 || (left[0] == nil) == ignores || (left[1] == nil) == ignores || left[2] != nil || warned != ignores {
		t.Errorf("%v: left %v, %+v", chosen, left, r)
	}
}

// takeID lets another blueprint have an entity's id before the entity comes.
func (s scene) takeID(t *testing.T, p *page, chosen map[string]string) {
	t.Helper()
	if status, text := s.ask(t, http.MethodPost, "/api/v1/entities", `{"id":"component.default.taken","blueprintId":"resource","title":"Taken"}`); status >= 300 {
		t.Fatalf("%d %s", status, text)
	}
	s.catalog.add(t, `{"kind":"Component","metadata":{"name":"taken"}}`)
	defer func() { s.catalog.list = s.catalog.list[:len(s.catalog.list)-1] }()
	r := p.migrate("&full=true")
	wantStatus, wantBlueprint := "partial", "resource"
	if chosen["blueprintChange"] == "replace" {
		wantStatus, wantBlueprint = "succeeded", "service"
	}
	if e := s.stored(t, "component.default.taken"); r.Status != wantStatus || e.BlueprintID != wantBlueprint {
		t.Errorf("%v: the blueprint is %s, %+v", chosen, e.BlueprintID, r)
	}
}

type storedEntity struct {
	BlueprintID           string
	Properties, Relations map[string]any
}

// stored is what the simulator has of an entity.
func (s scene) stored(t *testing.T, id string) (e storedEntity) {
	t.Helper()
	status, text := s.ask(t, http.MethodGet, "/api/v1/entities/"+id, "")
	if err := json.Unmarshal(text, &e); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s", id, status, text)
	}
	return e
}

// ask makes a request to the simulator's API.
func (s scene) ask(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+simulator.Token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.sim.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

func switches(v map[string]string) simulator.Switches {
	return simulator.Switches{
		TaskAtomicity: v["taskAtomicity"], Null: v["null"], Dangling: v["dangling"], BulkPut: v["bulkPut"], Tasks: v["tasks"],
		RelationRepeat: v["relationRepeat"], BlueprintChange: v["blueprintChange"], Casing: v["casing"], Loc: v["loc"],
	}
}

// Scenario 15: names that differ by punctuation only, and the same name across kinds and namespaces.
func TestScenario15Names(t *testing.T) {
	t.Parallel()
	m := &memory{}
	for _, kind := range []string{"Component", "API", "Group", "User", "Widget"} {
		for _, namespace := range []string{"default", "a", "a-b", "a_b"} {
			for _, name := range []string{"pay_api", "pay.api", "pay-api", "payapi", "PAYAPI2"} {
				m.add(t, fmt.Sprintf(`{"kind":%q,"metadata":{"name":%q,"namespace":%q}}`, kind, name, namespace))
			}
		}
	}
	s := scene{catalog: m, sim: relytest.Start(t, unlimited())}
	p := s.start(t)
	if r := p.migrate(""); r.Status != "succeeded" || len(s.sim.IDs()) != 100 {
		t.Errorf("%d entities, %+v", len(s.sim.IDs()), r)
	}
	p.sameDigest(s.sim)
}

// An account with blueprints of its own: after a restart, documents are what they were, and nothing is sent.
func TestAnAccountOfItsOwnAfterARestart(t *testing.T) {
	t.Parallel()
	o := unlimited()
	o.Generation = "kebab"
	s := scene{catalog: components(t, 20, 10), sim: relytest.Start(t, o), dir: t.TempDir()}
	p := s.start(t)
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Sent != 21 || len(r.Warnings) == 0 {
		t.Errorf("%+v", r)
	}
	p.sameDigest(s.sim)
	p.stop()
	before := len(s.sim.Requests())
	p = s.start(t)
	var preview struct {
		Document map[string]any
		Changed  bool
	}
	if code, body := p.send(http.MethodGet, "/api/rely/preview?entityRef=component:default/c-00001", serviceToken, &preview); code != http.StatusOK || preview.Changed {
		t.Errorf("%d %s", code, body)
	}
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Unchanged != 21 || len(s.sim.Requests()) != before {
		t.Errorf("%d requests, %+v", len(s.sim.Requests())-before, r)
	}
	p.stop()
	// Another mapping finds out anew what fits.
	s.text = strings.Replace(plainPage, "\nrely: {", "\nrely: {mapping: mirror, ", 1)
	p = s.start(t)
	if r := p.migrate(""); r.Status == "succeeded" || r.Counts.Failed != 21 {
		t.Errorf("entities cannot change their blueprint: %+v", r)
	}
}
