package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

func claims(b *bundle) {
	b.full("p", child("a", "1", ""), child("b", "1", ""), child("c", "1", ""))
	first, err := b.l.Claim(b.Context(), 2, b.now, b.now.Add(time.Minute))
	b.must(err)
	second, err := b.l.Claim(b.Context(), 5, b.now, b.now.Add(time.Minute))
	b.must(err)
	if len(first) != 2 || len(second) != 1 || first[0].Ref != ref("a") || second[0].Ref != ref("c") {
		b.Errorf("claimed %d and then %d", len(first), len(second))
	}
	next, ok, err := b.l.NextDue(b.Context())
	b.must(err)
	if !ok || next.Before(b.now.Add(time.Minute)) {
		b.Errorf("with everything claimed the next is due at %v, %v", next, ok)
	}
	b.now = b.now.Add(2 * time.Minute) // a crash: nobody completes them
	if again := b.work(nil); len(again) != 3 {
		b.Errorf("after the lease %v were claimed", again)
	}
	if _, ok, _ := b.l.NextDue(b.Context()); ok {
		b.Error("something is due although all is done")
	}
}

func tickets(b *bundle) {
	b.full("p", child("a", "1", ""))
	claimed, err := b.l.Claim(b.Context(), 5, b.now, b.now.Add(time.Minute))
	b.must(err)
	b.must(b.l.MarkDue(b.Context(), []string{ref("a"), ref("unknown")}))
	_, err = b.l.Commit(b.Context(), []ledger.Outcome{b.outcome(claimed[0], plan{})})
	b.must(err)
	if again := b.work(nil); len(again) != 1 {
		b.Errorf("claimed again: %v, want the one that was marked", again)
	}
	// The input changes while it is being processed: the old outcome must not count.
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	claimed, err = b.l.Claim(b.Context(), 5, b.now, b.now.Add(time.Minute))
	b.must(err)
	b.full("p", child("a", "2", ""))
	_, err = b.l.Commit(b.Context(), []ledger.Outcome{b.outcome(claimed[0], plan{})})
	b.must(err)
	if v := b.text("a", "spec", "v"); v != "1" {
		b.Errorf("before the new input is processed readers see %q", v)
	}
	b.work(nil)
	if v := b.text("a", "spec", "v"); v != "2" {
		b.Errorf("afterwards readers see %q", v)
	}
	// The entity is deleted while it is being processed.
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	claimed, err = b.l.Claim(b.Context(), 5, b.now, b.now.Add(time.Minute))
	b.must(err)
	b.full("p")
	_, err = b.l.Commit(b.Context(), []ledger.Outcome{b.outcome(claimed[0], plan{})})
	b.must(err)
	b.see()
}

func commits(b *bundle) {
	b.full("p", child("parent", "1", ""))
	relation := entity.Relation{Type: "ownedBy", Source: ref("kid"), Target: ref("parent")}
	reverse := entity.Relation{Type: "ownerOf", Source: ref("parent"), Target: ref("kid")}
	plans := map[string]plan{
		"parent": {children: []ledger.Child{child("kid", "1", "")}},
		"kid":    {relations: []entity.Relation{relation, reverse}},
	}
	if order := b.work(plans); strings.Join(order, " ") != "parent kid" {
		b.Errorf("processed in the order %v", order)
	}
	b.see("parent", "kid")
	if got := string(entity.AppendJSON(nil, b.object("parent").Path("relations"))); got != `[{"type":"ownerOf","targetRef":"component:default/kid"}]` {
		b.Errorf("relations of the parent: %s", got)
	}
	if etag := b.text("kid", "metadata", "etag"); len(etag) != 40 {
		b.Errorf("etag %q", etag)
	}
	parents, err := b.l.Parents(b.Context(), []string{ref("kid"), ref("parent"), ref("unknown")})
	b.must(err)
	if len(parents) != 1 || parents[ref("kid")][0] != ref("parent") {
		b.Errorf("parents %v", parents)
	}
}

func rollback(b *bundle) {
	b.full("p", child("a", "1", ""))
	b.work(nil)
	before, position := b.finals(), b.position()
	err := b.write(b.Context(), func(tx ledger.Tx) error {
		ids, err := tx.InsertEntities(b.Context(), []ledger.Input{{UID: "x", Ref: ref("x"), Hash: "h", Body: []byte("{}")}})
		if err != nil {
			return err
		}
		if err := tx.PutFinals(b.Context(), []ledger.Final{{ID: ids[0], UID: "x", Ref: ref("x"), Body: []byte("{}"), Hash: "h"}}); err != nil {
			return err
		}
		if _, err := tx.AppendChanges(b.Context(), []ledger.Change{{ID: ids[0], Ref: ref("x"), UID: "x"}}); err != nil {
			return err
		}
		return errBroken
	})
	if !errors.Is(err, errBroken) {
		b.Errorf("the failed write returns %v", err)
	}
	if after := b.finals(); len(after) != len(before) || b.position() != position {
		b.Errorf("the failed write left %d entities and position %d", len(after), b.position())
	}
	ctx, cancel := context.WithCancel(b.Context())
	err = b.write(ctx, func(tx ledger.Tx) error {
		cancel()
		_, err := tx.InsertEntities(b.Context(), []ledger.Input{{UID: "y", Ref: ref("y"), Hash: "h", Body: []byte("{}")}})
		return err
	})
	if err == nil {
		b.Error("a write whose context ended succeeded")
	}
	b.must(b.write(b.Context(), func(tx ledger.Tx) error {
		heads, err := tx.Heads(b.Context(), []string{ref("x"), ref("y"), ref("a")})
		if len(heads) != 1 {
			b.Errorf("%d entities are left, want 1", len(heads))
		}
		return err
	}))
}

func unchanged(b *bundle) {
	plans := map[string]plan{"a": {state: "seen", keys: []string{"file:x"}, relations: []entity.Relation{{Type: "r", Source: ref("a"), Target: ref("b")}}}}
	b.full("p", child("a", "1", ""))
	b.work(plans)
	position, before := b.position(), b.finals()["a"]
	b.full("p", child("a", "1", ""))
	if refs := b.work(plans); len(refs) != 0 {
		b.Errorf("the same mutation made %v due", refs)
	}
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	b.work(plans)
	if b.position() != position || b.finals()["a"] != before {
		b.Error("processing to the same result changed what readers see")
	}
	watched, err := b.l.Watched(b.Context())
	b.must(err)
	if len(watched) != 1 || string(watched[0].State) != "seen" {
		b.Errorf("watched %v", watched)
	}
}

func failures(b *bundle) {
	b.full("p", child("a", "1", ""))
	good := plan{children: []ledger.Child{child("kid", "1", "")}, relations: []entity.Relation{{Type: "r", Source: ref("a"), Target: ref("x")}}}
	b.work(map[string]plan{"a": good})
	uid, etag := b.uidOf("a"), b.text("a", "metadata", "etag")
	b.full("p", child("a", "2", ""))
	b.work(map[string]plan{"a": {fail: true}})
	b.see("a", "kid")
	o := b.object("a")
	if b.uidOf("a") != uid || b.text("a", "metadata", "etag") == etag || b.text("a", "spec", "v") != "1" || len(o.Path("relations").([]any)) != 1 {
		b.Errorf("after a failure readers see %s", b.finals()["a"])
	}
	if items, _ := o.Path("status", "items").([]any); len(items) != 1 {
		b.Errorf("status %v", o.Path("status"))
	}
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	b.work(map[string]plan{"a": good})
	if o := b.object("a"); o.Has("status") || b.uidOf("a") != uid {
		b.Errorf("after it recovered readers see %s", b.finals()["a"])
	}
	// A first failure stays invisible, but not unknown.
	b.full("p", child("a", "2", ""), child("bad", "1", "k"))
	b.work(map[string]plan{"a": good, "bad": {fail: true}})
	b.see("a", "kid")
	hidden, err := b.l.Unfinished(b.Context())
	b.must(err)
	if len(hidden) != 1 || hidden[0].Ref != ref("bad") || !strings.Contains(string(hidden[0].Errors), "boom") || hidden[0].LocationKey != "k" {
		b.Errorf("unfinished: %+v", hidden)
	}
	b.full("p", child("a", "2", ""), child("bad", "2", "k"))
	b.work(map[string]plan{"a": good})
	b.see("a", "kid", "bad")
}

// unfinished: more than a chunk of each sort, then what deleting them does.
func unfinished(b *bundle) {
	var given []ledger.Child
	plans := map[string]plan{}
	for i := range 250 {
		name := fmt.Sprintf("bad%d", i)
		given, plans[name] = append(given, child(name, "1", "k")), plan{fail: true}
	}
	b.full("p", append(given, child("good", "1", ""), child("root", "1", ""))...)
	plans["root"] = plan{children: []ledger.Child{child("kid", "1", "")}}
	plans["kid"] = plan{fail: true}
	b.work(plans)
	b.full("waiting", child("new", "1", ""))
	list := func(each func(context.Context, func(ledger.Unfinished) bool) error) (all []ledger.Unfinished) {
		b.must(each(b.Context(), func(u ledger.Unfinished) bool { all = append(all, u); return true }))
		return all
	}
	failed, pending := list(b.l.EachFailed), list(b.l.EachPending)
	if len(failed) != 251 || len(pending) != 1 {
		b.Fatalf("%d failed, %d wait", len(failed), len(pending))
	}
	first, kid, waits := failed[0], failed[250], pending[0]
	if first.Ref != ref("bad0") || first.LocationKey != "k" || first.InputHash != "hash 1" || first.ResultHash == "" ||
		!strings.Contains(string(first.Errors), "boom") || !strings.Contains(string(first.Input), "bad0") || !first.Given.Equal(b.now) || !first.Due.IsZero() {
		b.Errorf("failed %+v", first)
	}
	if waits.Ref != ref("new") || waits.Errors != nil || waits.ResultHash != "" || !waits.Given.Equal(b.now) || !waits.Due.Equal(b.now) {
		b.Errorf("waits %+v", waits)
	}
	met := 0
	b.must(b.l.EachFailed(b.Context(), func(ledger.Unfinished) bool { met++; return met < 3 }))
	if met != 3 {
		b.Errorf("%d met after the end", met)
	}
	// One that is in the catalog is not deleted this way, an unknown one is no error, and one that is still declared
	// comes back.
	if _, err := b.l.DeleteUnfinished(b.Context(), b.uidOf("good")); !fault.Is(err, fault.NameNotFound) {
		b.Errorf("deleting what is in the catalog: %v", err)
	}
	b.see("good", "root")
	_, err := b.l.DeleteUnfinished(b.Context(), "nobody")
	b.must(err)
	_, err = b.l.DeleteUnfinished(b.Context(), strings.ToUpper(first.UID))
	b.must(err)
	_, err = b.l.DeleteUnfinished(b.Context(), kid.UID)
	b.must(err)
	if n := len(list(b.l.EachFailed)); n != 249 {
		b.Errorf("%d failed after two were deleted", n)
	}
	plans["kid"] = plan{}
	b.work(plans)
	b.see("good", "root", "new", "kid")
}

// locationKeys walks the matrix of catalog.md 7.3 as conformance case 49 does: none, none, x, y (refused), none (refused), x.
func locationKeys(b *bundle) {
	for i, step := range []struct {
		key, value string
		refused    bool
	}{{"", "1", false}, {"", "2", false}, {"x", "3", false}, {"y", "4", true}, {"", "5", true}, {"x", "6", false}} {
		// Another provider each time: the keys decide, not the owner.
		b.added(fmt.Sprintf("p%d", i), child("a", step.value, step.key))
		b.work(nil)
		if got := b.text("a", "spec", "v"); (got == step.value) == step.refused {
			b.Errorf("step %d: key %q writes %q, refused should be %v, readers see %q", i, step.key, step.value, step.refused, got)
		}
	}
	if uid := b.uidOf("a"); !strings.HasPrefix(uid, "00000001-") {
		b.Errorf("the entity got a new uid: %s", uid)
	}
	// The last accepted writer owns it: the claimer drops it, and the first provider's edge does not come back.
	b.full("p5")
	b.see()
	b.added("p0", child("a", "7", ""))
	b.work(nil)
	b.see("a")
}

func fullMutations(b *bundle) {
	b.full("p", child("a", "1", ""), child("b", "1", ""), child("a", "last", ""))
	b.work(nil)
	b.see("a", "b")
	if v := b.text("a", "spec", "v"); v != "last" {
		b.Errorf("of two with one ref %q counts", v)
	}
	uid := b.uidOf("a")
	b.full("p", child("a", "2", ""))
	b.see("a")
	b.work(nil)
	if b.uidOf("a") != uid || b.text("a", "spec", "v") != "2" {
		b.Errorf("the update made %s", b.finals()["a"])
	}
	b.full("q", child("a", "3", ""))
	b.full("p") // a is q's now
	b.work(nil)
	b.see("a")
	b.full("q")
	b.see()
}

func deltas(b *bundle) {
	b.full("p", child("a", "1", ""), child("b", "1", ""))
	b.work(nil)
	b.added("q", child("a", "1", "")) // the same content: nothing, p keeps it
	b.full("q")
	b.see("a", "b")
	b.apply(ledger.Mutation{Provider: "q", Removed: []string{ref("a"), ref("unknown")}})
	b.see("a", "b")
	b.added("q", child("a", "2", "")) // a change: q takes it
	b.apply(ledger.Mutation{Provider: "p", Removed: []string{ref("a"), ref("b")}})
	b.work(nil)
	b.see("a")
	b.apply(ledger.Mutation{Provider: "q", Removed: []string{ref("a")}})
	b.see()
}

// pruning builds a diamond with a cycle below one root, shared with a second.
func pruning(b *bundle) {
	plans := map[string]plan{
		"root1": {children: []ledger.Child{child("left", "1", ""), child("right", "1", "")}},
		"left":  {children: []ledger.Child{child("cycle1", "1", "")}},
		"right": {children: []ledger.Child{child("leaf", "1", "")}},
		// The two emit each other.
		"cycle1": {children: []ledger.Child{child("cycle2", "1", "")}},
		"cycle2": {children: []ledger.Child{child("back", "1", "")}},
		"back":   {children: []ledger.Child{child("cycle2b", "1", "")}},
		"root2":  {children: []ledger.Child{child("other", "1", "")}},
	}
	b.full("p", child("root1", "1", ""), child("root2", "1", ""))
	b.work(plans)
	b.see("root1", "left", "right", "cycle1", "cycle2", "cycle2b", "back", "leaf", "root2", "other")
	// A second edge: another provider hands in what right emits.
	b.must(b.write(b.Context(), func(tx ledger.Tx) error {
		return tx.InsertEdges(b.Context(), []ledger.Edge{
			{Provider: "q", Target: ref("leaf")}, {Source: ref("cycle2b"), Target: ref("cycle1")}, {Source: ref("root2"), Target: ref("back")},
		})
	}))
	b.full("p", child("root2", "1", ""))
	b.see("root2", "other", "leaf", "back", "cycle2b", "cycle1", "cycle2")
	b.full("p")
	b.see("leaf")
	b.full("q")
	b.see()
}

func deleteByUID(b *bundle) {
	plans := map[string]plan{"parent": {children: []ledger.Child{child("kid", "1", "")}}, "kid": {children: []ledger.Child{child("grandkid", "1", "")}}}
	b.full("p", child("parent", "1", ""))
	b.work(plans)
	uid := b.uidOf("kid")
	_, err := b.l.DeleteByUID(b.Context(), uid)
	b.must(err)
	b.see("parent", "grandkid")
	if b.text("grandkid", "metadata", "annotations", "backstage.io/orphan") != "true" {
		b.Error("the child of the deleted entity is not marked as an orphan")
	}
	b.work(plans)
	b.see("parent", "kid", "grandkid")
	if b.uidOf("kid") == uid {
		b.Error("the entity came back under its old uid")
	}
	if b.object("grandkid").Path("metadata", "annotations") != nil {
		b.Errorf("the grandchild is still marked: %s", b.finals()["grandkid"])
	}
	position, err := b.l.DeleteByUID(b.Context(), uid)
	if err != nil || position != 0 {
		b.Errorf("deleting an unknown uid: %d, %v", position, err)
	}
	_, err = b.l.DeleteByUID(b.Context(), b.uidOf("parent"))
	b.must(err)
	b.work(plans)
	b.see("kid", "grandkid")
}

func orphans(b *bundle) {
	chain := map[string]plan{
		"a": {children: []ledger.Child{child("b", "1", "")}}, "b": {children: []ledger.Child{child("c", "1", "")}},
		"c": {children: []ledger.Child{child("d", "1", "")}},
	}
	b.full("p", child("a", "1", ""))
	b.work(chain)
	position := b.position()
	n, err := b.l.DeleteOrphans(b.Context())
	if err != nil || n != 0 || b.position() != position {
		b.Errorf("without orphans: %d, %v, position %d", n, err, b.position())
	}
	delete(chain, "a")
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	b.work(chain)
	b.see("a", "b", "c", "d")
	if b.text("b", "metadata", "annotations", "backstage.io/orphan") != "true" || b.object("c").Path("metadata", "annotations") != nil {
		b.Error("the wrong entities are marked as orphans")
	}
	n, err = b.l.DeleteOrphans(b.Context())
	if err != nil || n != 3 {
		b.Errorf("%d orphans went, %v; want the chain of 3", n, err)
	}
	b.see("a")
	changes, _, err := b.l.Changes(b.Context(), position, 100)
	b.must(err)
	gone := 0
	for _, c := range changes {
		if c.Body == nil {
			gone++
		}
	}
	if gone < 3 {
		b.Errorf("the change log tells of %d that went", gone)
	}
}

func refused(b *bundle) {
	plans := map[string]plan{
		"file1": {children: []ledger.Child{child("moved", "old", "file:1")}},
		"file2": {children: []ledger.Child{child("moved", "new", "file:2")}},
	}
	b.full("p", child("file1", "1", ""), child("file2", "1", ""))
	b.work(plans)
	if v := b.text("moved", "spec", "v"); v != "old" {
		b.Errorf("the first to emit should keep it, readers see %q", v)
	}
	delete(plans, "file1")
	b.must(b.l.MarkDue(b.Context(), []string{ref("file1")}))
	b.work(plans)
	if _, err := b.l.DeleteOrphans(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.work(plans)
	if v := b.text("moved", "spec", "v"); v != "new" {
		b.Errorf("after the holder let go readers see %q", v)
	}
}

func relations(b *bundle) {
	owns := func(from, to string) []entity.Relation {
		return []entity.Relation{
			{Type: "ownedBy", Source: ref(from), Target: ref(to)}, {Type: "ownerOf", Source: ref(to), Target: ref(from)},
		}
	}
	plans := map[string]plan{"a": {relations: owns("a", "team")}, "b": {relations: owns("b", "team")}, "team": {relations: owns("a", "team")}}
	b.full("p", child("a", "1", ""), child("b", "1", ""))
	b.work(plans)
	count := func(name string) int { return len(b.object(name).Path("relations").([]any)) }
	if count("a") != 1 {
		b.Error("a relation to a missing entity should be there")
	}
	b.added("p", child("team", "1", ""))
	b.work(plans)
	if count("team") != 2 {
		b.Errorf("the team has %v", b.object("team").Path("relations"))
	}
	// Declared on both sides it is listed once, and one declaration keeps it.
	b.apply(ledger.Mutation{Provider: "p", Removed: []string{ref("b")}})
	plans["a"] = plan{}
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	b.work(plans)
	if count("team") != 1 || count("a") != 1 {
		b.Errorf("the team has %v, a %v", b.object("team").Path("relations"), b.object("a").Path("relations"))
	}
	b.apply(ledger.Mutation{Provider: "p", Removed: []string{ref("team")}})
	if count("a") != 0 {
		b.Errorf("after its origin went a has %v", b.object("a").Path("relations"))
	}
}

func changeLog(b *bundle) {
	last := int64(0)
	for i := range 30 {
		b.added("p", child(fmt.Sprintf("e%d", i%7), fmt.Sprint(i), ""))
		b.work(nil)
		changes, position, err := b.l.Changes(b.Context(), last, 1000)
		b.must(err)
		for j, c := range changes {
			if c.Position != last+int64(j)+1 || c.Body == nil {
				b.Fatalf("change %d has position %d after %d", j, c.Position, last)
			}
		}
		if position != b.position() {
			b.Fatalf("complete up to %d, the end is %d", position, b.position())
		}
		last = position
	}
	changes, position, err := b.l.Changes(b.Context(), last-3, 2)
	if err != nil || len(changes) != 2 || position != last-1 {
		b.Errorf("a limited read: %d changes up to %d, %v", len(changes), position, err)
	}
	for i := range 60 { // past the 50 rows that are kept
		b.added("p", child("e0", fmt.Sprint("x", i), ""))
		b.work(nil)
	}
	if _, _, err := b.l.Changes(b.Context(), 1, 1000); !errors.Is(err, ledger.ErrTrimmed) {
		b.Errorf("reading what was trimmed: %v", err)
	}
	if _, _, err := b.l.Changes(b.Context(), b.position()-40, 1000); err != nil {
		b.Errorf("reading what must still be there: %v", err)
	}
	position, err = b.l.Finals(b.Context(), 3, func([]ledger.Change) error { return nil })
	if err != nil || position != b.position() {
		b.Errorf("all entities stand at %d, %v", position, err)
	}
}

func locations(b *bundle) {
	loc := ledger.Location{Type: "url", Target: "https://example.com/a.yaml"}
	stored, _, err := b.l.Register(b.Context(), "store", loc, child("loc", "1", "url:a"))
	b.must(err)
	b.work(map[string]plan{"loc": {children: []ledger.Child{child("kid", "1", "")}}})
	b.see("loc", "kid")
	if _, _, err := b.l.Register(b.Context(), "store", loc, child("loc", "1", "url:a")); !fault.Is(err, fault.NameConflict) {
		b.Errorf("registering twice: %v", err)
	}
	all, err := b.l.Locations(b.Context())
	b.must(err)
	if len(all) != 1 || all[0] != stored || stored.EntityRef != ref("loc") || len(stored.ID) != 36 {
		b.Errorf("locations %+v, registered %+v", all, stored)
	}
	if counts, err := b.l.Counts(b.Context()); err != nil || counts.Locations != 1 || counts.Due != 0 {
		b.Errorf("counts %+v, %v", counts, err)
	}
	// A second row with the same entity holds it (catalog.md 11).
	b.must(b.write(b.Context(), func(tx ledger.Tx) error {
		if err := tx.UpdateLocation(b.Context(), ledger.Location{ID: stored.ID, Type: "url", Target: "https://example.com/moved.yaml"}); err != nil {
			return err
		}
		return tx.InsertLocation(b.Context(), ledger.Location{ID: "f0000000-0000-4000-8000-000000000000", Type: "url", Target: loc.Target, EntityRef: ref("loc")})
	}))
	_, err = b.l.Unregister(b.Context(), "store", strings.ToUpper(stored.ID))
	b.must(err)
	b.see("loc", "kid")
	_, err = b.l.Unregister(b.Context(), "store", "f0000000-0000-4000-8000-000000000000")
	b.must(err)
	b.see()
	if _, err = b.l.Unregister(b.Context(), "store", stored.ID); !fault.Is(err, fault.NameNotFound) {
		b.Errorf("unregistering what is gone: %v", err)
	}
}

func refreshKeys(b *bundle) {
	b.full("p", child("a", "1", ""), child("b", "1", ""))
	b.work(map[string]plan{"a": {keys: []string{"url:x", "url:y"}}, "b": {keys: []string{"url:y"}}})
	b.must(b.l.Refresh(b.Context(), []string{"url:x", "url:nobody"}))
	if got := b.work(map[string]plan{"a": {keys: []string{"url:z"}}}); len(got) != 1 || got[0] != "a" {
		b.Errorf("refreshed %v", got)
	}
	b.must(b.l.Refresh(b.Context(), []string{"url:x"}))
	if got := b.work(nil); len(got) != 0 {
		b.Errorf("an old key refreshed %v", got)
	}
}

func settings(b *bundle) {
	b.full("p", child("a", "1", ""))
	b.full("q", child("b", "1", ""))
	b.work(nil)
	names, err := b.l.Providers(b.Context())
	if err != nil || strings.Join(names, " ") != "p q" {
		b.Errorf("providers %v, %v", names, err)
	}
	b.must(b.l.Evict(b.Context(), []string{"q", "r"}))
	b.see("b")
}

func concurrency(b *bundle) {
	const writers, each = 4, 10
	handles := []*ledger.Ledger{b.l, b.another()}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			l := handles[w%2]
			for i := range each {
				name := fmt.Sprintf("w%d-%d", w, i)
				if _, err := l.Apply(b.Context(), ledger.Mutation{Provider: "p", Added: []ledger.Child{child(name, "1", "")}}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Wait()
	}
	// Everybody relates to one hub: no stitch of it may be lost.
	b.added("p", child("hub", "1", ""))
	for w := range writers {
		wg.Go(func() {
			for {
				claimed, err := handles[0].Claim(b.Context(), 3, b.now, b.now.Add(time.Hour))
				if err != nil {
					b.Error(err)
					return
				}
				if len(claimed) == 0 {
					return
				}
				var outcomes []ledger.Outcome
				for _, c := range claimed {
					outcomes = append(outcomes, b.outcome(c, plan{relations: []entity.Relation{{Type: "has", Source: ref("hub"), Target: c.Ref}}}))
				}
				if _, err := handles[w%2].Commit(b.Context(), outcomes); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(b.object("hub").Path("relations").([]any)); got != writers*each+1 {
		b.Errorf("the hub has %d relations, want %d", got, writers*each+1)
	}
	if len(b.finals()) != writers*each+1 {
		b.Errorf("readers see %d entities", len(b.finals()))
	}
}

func hardText(b *bundle) {
	value := `nul \u0000, quote ' \" \\, snowman ☃, long ` + strings.Repeat("x", 20_000)
	c := child("a", "1", "file:/tmp/ünï'code\\.yaml")
	c.Body = []byte(`{"apiVersion":"v","kind":"Component","metadata":{"name":"a"},"spec":{"v":"` + value + `"}}`)
	b.full("p'; DROP TABLE x --", c)
	b.work(map[string]plan{"a": {keys: []string{"file:/a'b"}, state: "{}"}})
	if !strings.Contains(b.finals()["a"], value) {
		b.Errorf("readers see %.200s", b.finals()["a"])
	}
}

func stitched(b *bundle) {
	c := child("a", "1", "")
	c.Body = []byte(`{"metadata":{"name":"a","etag":"own","uid":"ignored","annotations":{"backstage.io/view-url":" JAVA\tscript:alert(1)","backstage.io/edit-url":"https://ok","z":"1"}},"apiVersion":"v","kind":"Component","spec":{"v":"1"}}`)
	b.full("p", c)
	b.work(nil)
	want := `{"metadata":{"name":"a","etag":"own","uid":"00000001-0000-4000-8000-00000000abcd","annotations":{"backstage.io/view-url":"https://backstage.io/annotation-rejected-for-security-reasons","backstage.io/edit-url":"https://ok","z":"1"}},"apiVersion":"v","kind":"Component","spec":{"v":"1"},"relations":[]}`
	if got := b.finals()["a"]; got != want {
		b.Errorf("got  %s\nwant %s", got, want)
	}
}

func statusItems(b *bundle) {
	b.full("p", child("a", "1", ""))
	b.work(map[string]plan{"a": {status: "mine"}})
	b.must(b.l.MarkDue(b.Context(), []string{ref("a")}))
	b.work(map[string]plan{"a": {fail: true}})
	if got := string(entity.AppendJSON(nil, b.object("a").Path("status"))); got != `{"items":[{"message":"mine"},{"message":"boom"}]}` {
		b.Errorf("status %s", got)
	}
}

func keyChange(b *bundle) {
	b.full("p", child("a", "1", "x"))
	b.work(map[string]plan{"a": {children: []ledger.Child{child("kid", "1", "")}}})
	uid, kid := b.uidOf("a"), b.uidOf("kid")
	b.full("p", child("a", "1", "y"))
	b.see()
	b.work(map[string]plan{"a": {children: []ledger.Child{child("kid", "1", "")}}})
	b.see("a", "kid")
	if b.uidOf("a") == uid || b.uidOf("kid") == kid {
		b.Error("the uids stayed")
	}
}

func uidCase(b *bundle) {
	b.full("p", child("a", "1", ""))
	b.work(nil)
	_, err := b.l.DeleteByUID(b.Context(), strings.ToUpper(b.uidOf("a")))
	b.must(err)
	b.see()
}

func reprocess(b *bundle) {
	b.must(b.l.ReprocessIfChanged(b.Context(), "rules 1"))
	b.full("p", child("a", "1", ""), child("b", "1", ""))
	b.work(nil)
	b.must(b.l.ReprocessIfChanged(b.Context(), "rules 1"))
	if got := b.work(nil); len(got) != 0 {
		b.Errorf("the same rules made %v due", got)
	}
	b.must(b.l.ReprocessIfChanged(b.Context(), "rules 2"))
	if got := b.work(map[string]plan{"a": {fail: true}}); len(got) != 2 {
		b.Errorf("new rules made %v due", got)
	}
	if !b.object("a").Has("status") {
		b.Error("the new rules' failure is not shown")
	}
}
