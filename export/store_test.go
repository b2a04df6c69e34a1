package export

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

var at = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// onStore runs a test on both databases, with the destination claimed by the ticket "t".
func onStore(t *testing.T, test func(t *testing.T, s *store)) {
	t.Helper()
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		s, err := openStore(t.Context(), open(), "rely")
		if err != nil {
			t.Fatal(err)
		}
		if held, err := s.claim(t.Context(), "t", "me", time.Hour); err != nil || !held {
			t.Fatal(held, err)
		}
		test(t, s)
	})
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addRun(t *testing.T, s *store, id, status string) *runRow {
	t.Helper()
	row, joined, err := s.addRun(t.Context(), runRow{id: id, cause: triggerManual, status: statusQueued, startedAt: at})
	if err != nil || joined {
		t.Fatal(joined, err)
	}
	row.status = status
	ok(t, s.saveRun(t.Context(), "t", &row))
	return &row
}

func TestLease(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		ctx := t.Context()
		if held, err := s.claim(ctx, "other", "you", time.Hour); err != nil || held {
			t.Errorf("claimed twice: %v, %v", held, err)
		}
		if held, err := s.renew(ctx, "t", -time.Hour); err != nil || !held {
			t.Errorf("not renewed: %v, %v", held, err)
		}
		if held, err := s.claim(ctx, "other", "you", time.Hour); err != nil || !held {
			t.Errorf("a lease that is over was not taken: %v, %v", held, err)
		}
		if held, err := s.renew(ctx, "t", time.Hour); err != nil || held {
			t.Errorf("a lost lease was renewed: %v, %v", held, err)
		}
		if err := s.putToken(ctx, "t", tokenRefused, "no", at); err == nil || err.Error() != errLeaseLost.Error() {
			t.Errorf("written behind the fence: %v", err)
		}
		ok(t, s.release(ctx, "t"))
		if held, err := s.renew(ctx, "other", time.Hour); err != nil || !held {
			t.Errorf("released for another: %v, %v", held, err)
		}
	})
}

func TestOneActiveRunOfASort(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		var group sync.WaitGroup
		var mu sync.Mutex
		ids, began := map[string]int{}, 0
		for i := range 8 {
			group.Go(func() {
				row, joined, err := s.addRun(t.Context(), runRow{id: fmt.Sprintf("r%d", i), cause: triggerCron, status: statusQueued, startedAt: at, dryRun: i%2 == 0})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[row.id]++
				if !joined {
					began++
				}
			})
		}
		group.Wait()
		if len(ids) != 2 || began != 2 {
			t.Errorf("%d began: %v", began, ids)
		}
	})
}

func TestRunIsWhatWasSaved(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		row := addRun(t, s, "a", statusRunning)
		row.status, row.phase, row.mode, row.planned, row.err = statusPartial, phaseFinish, "tasks", true, "why"
		row.endedAt, row.retryAt, row.retryStep = at.Add(time.Minute), at.Add(time.Hour), 2
		row.progress = progress{Counts: Counts{Read: 7, Bytes: 1 << 40}, Rate: 1.5, Warnings: []string{"w"}, Digest: "d", WaitingUntil: at}
		row.refs = nil
		ok(t, s.saveRun(t.Context(), "t", row))
		got, found, err := s.run(t.Context(), "a")
		if err != nil || !found {
			t.Fatal(found, err)
		}
		got.refs = nil // empty, of one sort or the other
		if diff := cmp.Diff(*row, got, cmp.AllowUnexported(runRow{})); diff != "" {
			t.Error(diff)
		}
		if due, found, err := s.due(t.Context(), at.Add(time.Hour)); err != nil || !found || due.id != "a" {
			t.Errorf("due %v, %v", found, err)
		}
		if _, found, err := s.due(t.Context(), at); err != nil || found {
			t.Errorf("due before its time: %v", err)
		}
		addRun(t, s, "b", statusRunning)
		if _, found, err := s.due(t.Context(), at.Add(2*time.Hour)); err != nil || found {
			t.Errorf("due although a later run does it: %v", err)
		}
		if again, err := s.requeue(t.Context(), "a", 0); err != nil || again {
			t.Errorf("resumed beside another: %v, %v", again, err)
		}
	})
}

func elements(n int) []element {
	var all []element
	for i := range n {
		ref := fmt.Sprintf("component:default/c%03d", i)
		all = append(all, element{ref: ref, id: fmt.Sprintf("c%03d", i), hash: []byte{byte(i), 0, 255}, keys: "k\nl", body: []byte("{}")})
	}
	return all
}

func TestLifeOfAChunk(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		ctx := t.Context()
		addRun(t, s, "r", statusRunning)
		all := elements(40)
		chunks := []*chunk{
			{seq: 1, stage: 1, state: statePlanned, bytes: 10, elements: all[:10]},
			{seq: 2, stage: 0, state: statePlanned, bytes: 20, elements: all[10:20]},
			{seq: 3, stage: 1, state: statePlanned, bytes: 30, elements: all[20:30]},
			{seq: 4, state: stateSkipped, elements: all[30:40]},
		}
		ok(t, s.addChunks(ctx, "t", "r", chunks, []outcome{{ref: "component:default/x", status: itemFailed, code: "mapping", message: "m"}}, at))
		heads, err := s.unsettled(ctx, "r")
		if err != nil || len(heads) != 3 || heads[0].seq != 2 || heads[1].seq != 1 {
			t.Fatalf("%+v, %v", heads, err)
		}
		got, err := s.chunk(ctx, "r", 2)
		ok(t, err)
		if diff := cmp.Diff(chunks[1], got, cmp.AllowUnexported(chunk{}, element{})); diff != "" {
			t.Error(diff)
		}
		got.state, got.ticket, got.attempts, got.submittedAt = stateSubmitted, "ticket", 3, millis(at)
		ok(t, s.mark(ctx, "t", "r", got, at))
		if again, err := s.chunk(ctx, "r", 2); err != nil || again.ticket != "ticket" || again.attempts != 3 || again.state != stateSubmitted {
			t.Errorf("%+v, %v", again, err)
		}
		ok(t, s.settle(ctx, "t", "r", got, at))
		ok(t, s.settle(ctx, "t", "r", got, at)) // once more changes nothing
		entries, err := s.ledger(ctx, []string{all[10].ref, all[0].ref, "component:default/none"})
		if err != nil || len(entries) != 1 || len(entries[all[10].ref]) != 1 || string(entries[all[10].ref][0].hash) != string(all[10].hash) {
			t.Errorf("ledger %+v, %v", entries, err)
		}

		first, err := s.chunk(ctx, "r", 1)
		ok(t, err)
		refusal := outcome{ref: all[0].ref, id: all[0].id, status: itemFailed, operation: opCreate, code: codeRejected, httpStatus: 422, message: "no", attempts: 1}
		rest := &chunk{seq: 5, stage: 1, state: statePlanned, parent: 1, elements: all[1:10]}
		ok(t, s.divide(ctx, "t", "r", first, []*chunk{rest}, []outcome{refusal}, at))
		third, err := s.chunk(ctx, "r", 3)
		ok(t, err)
		third.state, third.err = stateParked, "down"
		ok(t, s.mark(ctx, "t", "r", third, at))

		sums, err := s.totals(ctx, "r")
		want := totals{
			chunks:   map[string]int{stateSplit: 1, stateSettled: 1, stateParked: 1, statePlanned: 1, stateSkipped: 1},
			entities: map[string]int{stateSplit: 0, stateSettled: 10, stateParked: 10, statePlanned: 9, stateSkipped: 10}, highest: 5,
		}
		if diff := cmp.Diff(want, sums, cmp.AllowUnexported(totals{})); diff != "" || err != nil {
			t.Error(diff, err)
		}
		ledger, err := s.ledgerTotals(ctx)
		if err != nil || ledger.sent != 10 || ledger.failed != 1 || !ledger.oldest.Equal(at) {
			t.Errorf("%+v, %v", ledger, err)
		}
		refs, err := s.failedRefs(ctx, "r")
		if err != nil || len(refs) != 12 {
			t.Errorf("%d failed refs, %v", len(refs), err)
		}
		for status, n := range map[string]int{itemSent: 10, itemPending: 19, itemSkipped: 10, itemFailed: 2} {
			items, err := s.items(ctx, "r", "", []string{status}, 100)
			if err != nil || len(items) != n {
				t.Errorf("%d %s items, want %d: %v", len(items), status, n, err)
			}
		}
		ok(t, s.revive(ctx, "t", "r", at))
		if heads, err := s.unsettled(ctx, "r"); err != nil || len(heads) != 2 {
			t.Errorf("%+v, %v", heads, err)
		}
		ok(t, s.forgetRefused(ctx, "t", "r"))
		if ledger, err := s.ledgerTotals(ctx); err != nil || ledger.failed != 1 {
			t.Errorf("an entry of this run was forgotten: %+v, %v", ledger, err)
		}
		ok(t, s.forgetRefused(ctx, "t", "later"))
		if ledger, err := s.ledgerTotals(ctx); err != nil || ledger.failed != 0 || ledger.sent != 10 {
			t.Errorf("%+v, %v", ledger, err)
		}
		ok(t, s.forgetPlan(ctx, "t", "r"))
		if sums, err := s.totals(ctx, "r"); err != nil || len(sums.chunks) != 0 {
			t.Errorf("%+v, %v", sums, err)
		}
	})
}

func TestPruning(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		ctx := t.Context()
		for _, id := range []string{"a", "b", "c", "d"} {
			addRun(t, s, id, statusPartial)
			ok(t, s.addChunks(ctx, "t", id, []*chunk{{seq: 1, state: statePlanned, elements: elements(3)}}, nil, at))
		}
		ok(t, s.prune(ctx, "t", 3, "d"))
		rows, err := s.runs(ctx, "", 10)
		if err != nil || len(rows) != 3 || rows[0].id != "d" || rows[2].id != "b" {
			t.Fatalf("%+v, %v", rows, err)
		}
		if _, err := s.chunk(ctx, "a", 1); err == nil {
			t.Error("the chunks of a pruned run are there")
		}
		if _, err := s.chunk(ctx, "c", 1); err == nil {
			t.Error("an overtaken run keeps what it was to send")
		}
		if _, err := s.chunk(ctx, "d", 1); err != nil {
			t.Error(err)
		}
		if items, err := s.items(ctx, "c", "", []string{itemPending}, 10); err != nil || len(items) != 3 {
			t.Errorf("%+v, %v", items, err)
		}
	})
}

// TestTextsFromOutsideAreStored has no answer of a destination stop a run for good.
func TestTextsFromOutsideAreStored(t *testing.T) {
	onStore(t, func(t *testing.T, s *store) {
		const odd, kept = "a\x00b\xffc", "ab\ufffdc"
		row := addRun(t, s, "r", statusRunning)
		c := &chunk{seq: 1, state: statePlanned, elements: []element{{ref: "component:default/a", id: "a", hash: []byte("h")}}}
		ok(t, s.addChunks(t.Context(), "t", "r", []*chunk{c}, nil, at))
		c.err, row.err, row.progress.Warnings = odd, odd, []string{odd}
		ok(t, s.mark(t.Context(), "t", "r", c, at))
		ok(t, s.putToken(t.Context(), "t", tokenRefused, odd, at))
		ok(t, s.saveRun(t.Context(), "t", row))
		ok(t, s.divide(t.Context(), "t", "r", c, nil, []outcome{{ref: "component:default/a", id: "a", status: itemFailed, code: codeRejected, message: odd}}, at))
		items, err := s.items(t.Context(), "r", "", []string{itemFailed}, 10)
		if err != nil || len(items) != 1 || items[0].Message != kept {
			t.Errorf("%+v, %v", items, err)
		}
		if again, _, err := s.run(t.Context(), "r"); err != nil || again.err != kept {
			t.Errorf("%+v, %v", again, err)
		}
	})
}
