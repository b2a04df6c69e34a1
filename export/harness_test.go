package export

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/hosttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.(*cache[...]).periodicCleanUp"))
}

// fakeCatalog is a catalog in memory. Its order is that of refs.
type fakeCatalog struct {
	mu       sync.Mutex // guards what follows
	entities map[string]entity.Entity
	position int64
	err      error
	// paged makes it a catalog of which one reading proves nothing; what is in hidden its readings miss.
	paged  bool
	hidden map[string]bool
	// bad are entities that cannot be read.
	bad []*host.EntityError
	// refsErr is what asking by refs fails with; batches are how many refs were asked for at once.
	refsErr error
	batches []int
}

func newCatalog() *fakeCatalog { return &fakeCatalog{entities: map[string]entity.Entity{}} }

func (c *fakeCatalog) put(t testing.TB, texts ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range texts {
		o, err := entity.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		e := entity.FromObject(o)
		c.entities[e.Ref().String()] = e
		c.position++
	}
}

func (c *fakeCatalog) remove(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entities, ref)
	c.position++
}

func (c *fakeCatalog) ByRef(_ context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if who.IsNone() {
		return entity.Entity{}, false, errors.New("nobody asks")
	}
	e, ok := c.entities[ref]
	return e, ok, c.err
}

func (c *fakeCatalog) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	c.mu.Lock()
	c.batches = append(c.batches, len(refs))
	failure := c.refsErr
	c.mu.Unlock()
	if failure != nil {
		return nil, failure
	}
	found, err := hosttest.ByRefs(ctx, c, who, refs)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var damaged []error // as a catalog elsewhere tells of them: with the others
	for i, ref := range refs {
		if ref == unnamedRef {
			return nil, errors.New("400 InputError: that is no ref")
		}
		for _, b := range c.bad {
			if b.Ref == ref {
				found[i], damaged = nil, append(damaged, b)
			}
		}
	}
	return found, errors.Join(damaged...)
}

func (c *fakeCatalog) Consistent() bool { return !c.paged }

func (c *fakeCatalog) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *fakeCatalog) Entities(_ context.Context, who auth.Credentials, filter entity.Predicate) iter.Seq2[entity.Entity, error] {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, failure, bad := maps.Clone(c.entities), c.err, c.bad
	maps.DeleteFunc(all, func(ref string, _ entity.Entity) bool { return c.hidden[ref] })
	return func(yield func(entity.Entity, error) bool) {
		if !who.IsService() || filter != nil {
			failure = errors.New("a service reads everything")
		}
		for _, ref := range slices.Sorted(maps.Keys(all)) {
			if !yield(all[ref], nil) {
				return
			}
		}
		for _, b := range bad {
			if !yield(entity.Entity{}, b) {
				return
			}
		}
		if failure != nil {
			yield(entity.Entity{}, failure)
		}
	}
}

func (c *fakeCatalog) Position() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position
}

func (c *fakeCatalog) Changed(ctx context.Context, after int64) (int64, error) {
	<-ctx.Done()
	return after, context.Cause(ctx)
}

var _ host.CatalogReader = (*fakeCatalog)(nil)

// fakeDestination keeps documents in memory, and fails as a test wants.
type fakeDestination struct {
	limits Limits
	target string
	// tickets makes it answer with tickets.
	tickets bool
	// fault is asked before each call: "prepare", "submit", "poll", with the ids in the payload.
	fault func(call string, ids []string) error
	// settle decides whether a ticket has settled; nil says at once.
	settle func(ticket string) bool
	// applyFirst has a faulty submit take the payload all the same.
	applyFirst bool

	mu       sync.Mutex // guards what follows
	docs     map[string]json.RawMessage
	writes   map[string]int
	calls    map[string]int
	payloads [][]string
	waiting  map[string][]byte
	sizes    []int
	last     []byte
	dry      int
	until    time.Time
}

func newFake() *fakeDestination {
	return &fakeDestination{
		limits: Limits{MaxEntities: 10, MaxBytes: 1 << 20, Concurrency: 2, PollEvery: 8 * time.Millisecond, PollTimeout: time.Minute},
		target: "http://rely.test", docs: map[string]json.RawMessage{}, writes: map[string]int{}, calls: map[string]int{}, waiting: map[string][]byte{},
	}
}

func (d *fakeDestination) Map(_ context.Context, e entity.Entity) (Document, error) {
	if e.Kind() == "Location" {
		return Document{}, ErrSkipped
	}
	if strings.HasPrefix(e.Name(), "unmappable") {
		return Document{}, &MapError{Code: "unmappable_id", Message: "its id does not fit"}
	}
	id := strings.NewReplacer(":", ".", "/", ".").Replace(e.Ref().String())
	if twin, ok := e.Annotation("twin"); ok {
		id = twin
	}
	body := map[string]any{"id": id, "title": cmp.Or(e.Title(), e.Name())}
	doc := Document{EntityRef: e.Ref().String(), ID: id, Keys: []string{}}
	if d := e.Description(); d != "" {
		body["description"] = d
		doc.Keys = append(doc.Keys, "properties.description")
	}
	if big, ok := e.Annotation("big"); ok {
		body["definition"] = big
		doc.Keys = append(doc.Keys, "properties.zdefinition")
	}
	if w, ok := e.Annotation("warn"); ok {
		doc.Warnings = []string{w}
	}
	if e.Kind() == "Component" {
		doc.Stage = 1
	}
	doc.Body, _ = json.Marshal(body)
	return doc, nil
}

func (d *fakeDestination) Fingerprint() string { return "fake" }
func (d *fakeDestination) Target() string      { return d.target }
func (d *fakeDestination) Limits() Limits      { return d.limits }
func (d *fakeDestination) Overhead() int       { return 2 }

func (d *fakeDestination) WaitingUntil() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.until
}

func (d *fakeDestination) Prepare(_ context.Context, known string, dryRun bool) (Prepared, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls["prepare"]++
	if dryRun {
		d.dry++
	}
	if d.fault != nil {
		if err := d.fault("prepare", nil); err != nil {
			return Prepared{}, err
		}
	}
	return Prepared{Mode: "bulk", Known: "known" + known}, nil
}

func (d *fakeDestination) Element(doc Document, gone []string) []byte {
	if len(gone) == 0 {
		return doc.Body
	}
	var body map[string]any
	_ = json.Unmarshal(doc.Body, &body)
	for _, key := range gone {
		body[key] = nil
	}
	out, _ := json.Marshal(body)
	return out
}

func (d *fakeDestination) Shrink(doc Document) (Document, bool) {
	var body map[string]any
	_ = json.Unmarshal(doc.Body, &body)
	if _, ok := body["definition"]; !ok {
		return doc, false
	}
	delete(body, "definition")
	doc.Body, _ = json.Marshal(body)
	doc.Keys = slices.DeleteFunc(slices.Clone(doc.Keys), func(k string) bool { return k == "properties.zdefinition" })
	return doc, true
}

func (d *fakeDestination) Payload(elements [][]byte) []byte {
	return append(append([]byte("["), bytes.Join(elements, []byte(","))...), ']')
}

func decode(payload []byte) (ids []string, docs []json.RawMessage) {
	if err := json.Unmarshal(payload, &docs); err != nil {
		panic(err)
	}
	for _, doc := range docs {
		var of struct{ ID string }
		_ = json.Unmarshal(doc, &of)
		ids = append(ids, of.ID)
	}
	return ids, docs
}

func (d *fakeDestination) apply(payload []byte) {
	ids, docs := decode(payload)
	for i, id := range ids {
		d.docs[id] = docs[i]
		d.writes[id]++
	}
}

func (d *fakeDestination) Submit(_ context.Context, payload []byte) (Submitted, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids, _ := decode(payload)
	d.calls["submit"]++
	d.last = payload
	d.payloads, d.sizes = append(d.payloads, ids), append(d.sizes, len(payload))
	if d.fault != nil {
		if err := d.fault("submit", ids); err != nil {
			if d.applyFirst {
				d.apply(payload)
			}
			return Submitted{}, err
		}
	}
	if !d.tickets {
		d.apply(payload)
		return Submitted{WireBytes: len(payload)}, nil
	}
	ticket := fmt.Sprintf("ticket-%d", d.calls["submit"])
	d.waiting[ticket] = payload
	return Submitted{Ticket: ticket, WireBytes: len(payload)}, nil
}

func (d *fakeDestination) Poll(_ context.Context, ticket string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls["poll"]++
	payload, ok := d.waiting[ticket]
	if !ok {
		return false, &Failure{Kind: Gone, Status: 404, Message: "no such task"}
	}
	ids, _ := decode(payload)
	if d.fault != nil {
		if err := d.fault("poll", ids); err != nil {
			return false, err
		}
	}
	if d.settle != nil && !d.settle(ticket) {
		return false, nil
	}
	d.apply(payload)
	delete(d.waiting, ticket)
	return true, nil
}

// requests is the number of calls of all sorts.
func (d *fakeDestination) requests() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls["prepare"] + d.calls["submit"] + d.calls["poll"]
}

func (d *fakeDestination) called(call string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[call]
}

func (d *fakeDestination) has() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.docs))
}

// rig is an engine between the fakes.
type rig struct {
	*Engine
	t       *testing.T
	catalog *fakeCatalog
	dest    *fakeDestination
	stop    func()
}

// newRig starts an engine on a store.
func newRig(t *testing.T, db *database.Database, change ...func(o *Options)) *rig {
	t.Helper()
	r := &rig{t: t, catalog: newCatalog(), dest: newFake()}
	r.start(db, change...)
	return r
}

func (r *rig) start(db *database.Database, change ...func(o *Options)) {
	r.t.Helper()
	opts := Options{
		ID: "rely", Destination: r.dest, Catalog: r.catalog, Database: db, RetryLadder: []time.Duration{}, Lease: 2 * time.Second,
		Backoff: Backoff{Base: time.Microsecond, Cap: 10 * time.Microsecond}, Log: slog.New(slog.NewTextHandler(r.t.Output(), nil)),
	}
	for _, f := range change {
		f(&opts)
	}
	e, err := New(opts)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Engine = e
	if err := e.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
	r.t.Cleanup(r.stop)
}

// fill puts components into the catalog.
func (r *rig) fill(n int) {
	r.t.Helper()
	for i := range n {
		r.catalog.put(r.t, service(fmt.Sprintf("c%04d", i), ""))
	}
}

func service(name, description string) string {
	return fmt.Sprintf(`{"kind":"Component","metadata":{"name":%q,"description":%q}}`, name, description)
}

// run starts a run and waits for its end.
func (r *rig) run(change ...func(q *request)) runRow {
	r.t.Helper()
	return r.ended(r.begin(change...).id)
}

func (r *rig) begin(change ...func(q *request)) runRow {
	r.t.Helper()
	q := request{trigger: triggerManual, by: "user:default/jane"}
	for _, f := range change {
		f(&q)
	}
	row, _, err := r.Engine.start(r.t.Context(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return row
}

func (r *rig) ended(id string) runRow {
	r.t.Helper()
	row, err := r.await(r.t.Context(), id, 30*time.Second, nil)
	if err != nil || row.active() {
		r.t.Fatalf("the run did not end: %+v, %v", row, err)
	}
	return row
}

// want compares the run's status.
func (r *rig) want(row runRow, status string) {
	r.t.Helper()
	if row.status != status {
		r.t.Fatalf("status %s, want %s; error %q, counts %+v, warnings %q", row.status, status, row.err, row.progress.Counts, row.progress.Warnings)
	}
}

// states are the states of the run's chunks.
func (r *rig) states(id string) map[string]int {
	r.t.Helper()
	totals, err := r.store.totals(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return totals.chunks
}

// whole reports whether the payload that is looked at holds the document with its description. The caller holds the lock.
func (d *fakeDestination) whole(id string) bool {
	return bytes.Contains(d.last, []byte(fmt.Sprintf("%q", id))) && bytes.Contains(d.last, []byte(`"description":"`))
}
