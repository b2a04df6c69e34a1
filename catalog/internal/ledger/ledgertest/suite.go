package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// Opener returns a further handle to one and the same store, as another process would have it.
type Opener func() ledger.Store

// Run holds the stores to the contract, each case on empty ones of its own, on both databases.
func Run(t *testing.T) {
	for name, test := range map[string]func(*bundle){
		"inputs become due and are claimed once":      claims,
		"a mark set during processing is not lost":    tickets,
		"processing, relations and log are one write": commits,
		"a failed write leaves nothing":               rollback,
		"unchanged results write nothing":             unchanged,
		"failure keeps what succeeded before":         failures,
		"who may write an entity":                     locationKeys,
		"full mutations replace what a provider owns": fullMutations,
		"deltas": deltas,
		"removal takes what no other root reaches":         pruning,
		"deleting by uid invites the parents to try again": deleteByUID,
		"orphans collapse": orphans,
		"what never succeeded is listed apart from what waits": unfinished,
		"a refused emission is tried again when it may":        refused,
		"relations of others follow their origin":              relations,
		"the change log has no gaps and is trimmed safely":     changeLog,
		"locations":                                           locations,
		"refresh keys":                                        refreshKeys,
		"settings and providers that are gone":                settings,
		"writers of several processes lose nothing":           concurrency,
		"text that databases find hard":                       hardText,
		"script links are rejected and orphans are marked":    stitched,
		"errors are appended to what processors put there":    statusItems,
		"a location key that changes makes a new entity":      keyChange,
		"the uid is found in any case":                        uidCase,
		"everything is processed again when the rules change": reprocess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
				test(newBundle(t, opener(t, open)))
			})
		})
	}
}

// opener opens further stores over one database. A SQLite file belongs to one process, so that there is one store of it.
func opener(t *testing.T, open func() *database.Database) Opener {
	var only ledger.Store
	return func() ledger.Store {
		if only != nil {
			return only
		}
		db := open()
		s := Open(t, db)
		if db.Engine() == database.SQLite {
			only = s
		}
		return s
	}
}

// bundle is one test's ledger with a clock of its own.
type bundle struct {
	*testing.T
	open Opener
	l    *ledger.Ledger
	now  time.Time
	mu   sync.Mutex // guards next
	next int
}

func newBundle(t *testing.T, open Opener) *bundle {
	b := &bundle{T: t, open: open, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	b.l = b.another()
	return b
}

// another returns a ledger over a further handle.
func (b *bundle) another() *ledger.Ledger {
	return ledger.New(b.open(), ledger.Options{Now: func() time.Time { return b.now }, NewUID: b.uid, KeepChanges: 50})
}

func (b *bundle) uid() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return fmt.Sprintf("%08d-0000-4000-8000-00000000abcd", b.next)
}

func (b *bundle) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// child is an entity "component:default/<name>" with a value by which versions differ.
func child(name, value, key string) ledger.Child {
	body := fmt.Sprintf(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":%q,"namespace":"default"},"spec":{"v":%q}}`, name, value)
	return ledger.Child{Ref: ref(name), Body: []byte(body), Hash: "hash " + value, LocationKey: key}
}

func ref(name string) string { return "component:default/" + name }

func (b *bundle) apply(m ledger.Mutation) {
	b.Helper()
	_, err := b.l.Apply(b.Context(), m)
	b.must(err)
}

// full hands over everything that a provider owns; added is a delta.
func (b *bundle) full(provider string, children ...ledger.Child) {
	b.Helper()
	b.apply(ledger.Mutation{Provider: provider, Full: true, Added: children})
}

func (b *bundle) added(provider string, children ...ledger.Child) {
	b.Helper()
	b.apply(ledger.Mutation{Provider: provider, Added: children})
}

// plan says what processing makes of an entity; one that is not planned succeeds and emits nothing.
type plan struct {
	children  []ledger.Child
	relations []entity.Relation
	fail      bool
	status    string // a status item that a processor sets
	state     string
	keys      []string
	again     time.Time
}

// work processes all that is due by the plans, and returns the refs in the order of claims.
func (b *bundle) work(plans map[string]plan) []string {
	b.Helper()
	var refs []string
	for {
		claimed, err := b.l.Claim(b.Context(), 100, b.now, b.now.Add(time.Minute))
		b.must(err)
		if len(claimed) == 0 {
			return refs
		}
		var outcomes []ledger.Outcome
		for _, w := range claimed {
			name := w.Ref[strings.LastIndex(w.Ref, "/")+1:]
			outcomes = append(outcomes, b.outcome(w, plans[name]))
			refs = append(refs, name)
		}
		_, err = b.l.Commit(b.Context(), outcomes)
		b.must(err)
	}
}

func (b *bundle) outcome(w ledger.Work, p plan) ledger.Outcome {
	b.Helper()
	body, err := entity.ParseObject(w.Input)
	b.must(err)
	if p.status != "" {
		item := entity.NewObject()
		item.Set("message", p.status)
		status := entity.NewObject()
		status.Set("items", []any{item})
		body.Set("status", status)
	}
	raw := entity.AppendJSON(nil, body)
	o := ledger.Outcome{
		Work: w, OK: !p.fail, Body: body, Raw: raw, Relations: p.relations, Children: p.children, Keys: p.keys,
		State: []byte(p.state), Watched: p.state != "", Again: p.again,
	}
	if p.fail {
		o.Errors = []byte(`[{"message":"boom"}]`)
	}
	var refs []string
	for _, c := range p.children {
		refs = append(refs, c.Ref+c.Hash+c.LocationKey)
	}
	o.Hash = fmt.Sprint(p.fail, string(raw), p.relations, refs, p.keys)
	return o
}

// finals returns the finished bodies by name.
func (b *bundle) finals() map[string]string {
	b.Helper()
	all := make(map[string]string)
	_, err := b.l.Finals(b.Context(), 2, func(changes []ledger.Change) error {
		for _, c := range changes {
			all[c.Ref[strings.LastIndex(c.Ref, "/")+1:]] = string(c.Body)
		}
		return nil
	})
	b.must(err)
	return all
}

// see fails unless readers see exactly these names.
func (b *bundle) see(names ...string) {
	b.Helper()
	got := slices.Sorted(maps.Keys(b.finals()))
	slices.Sort(names)
	if !slices.Equal(got, names) {
		b.Errorf("readers see %v, want %v", got, names)
	}
}

func (b *bundle) object(name string) *entity.Object {
	b.Helper()
	body, ok := b.finals()[name]
	if !ok {
		b.Fatalf("readers do not see %s", name)
	}
	o, err := entity.ParseObject([]byte(body))
	b.must(err)
	return o
}

func (b *bundle) text(name string, path ...string) string {
	b.Helper()
	s, _ := b.object(name).Path(path...).(string)
	return s
}

func (b *bundle) uidOf(name string) string { b.Helper(); return b.text(name, "metadata", "uid") }

func (b *bundle) position() int64 {
	b.Helper()
	p, err := b.l.Position(b.Context())
	b.must(err)
	return p
}

// errBroken is what a test's own failure looks like.
var errBroken = errors.New("broken on purpose")

func (b *bundle) write(ctx context.Context, fn func(tx ledger.Tx) error) error {
	return b.l.Write(ctx, fn)
}
