package export

import (
	"context"
	"fmt"
	"time"
)

var chunkColumns = []string{
	"run_id", "seq", "stage", "state", "ticket", "entities", "bytes", "attempts", "error", "first_ref", "last_ref", "parent_seq",
	"submitted_at", "updated_at", "items", "body",
}

func chunkValues(run string, c *chunk, now time.Time) []any {
	first, last := span(c.elements)
	body := []byte{}
	if c.state == statePlanned {
		body = packBody(c.elements)
	}
	return []any{
		run, c.seq, c.stage, c.state, c.ticket, len(c.elements), c.bytes, c.attempts, legible(c.err), first, last, c.parent,
		c.submittedAt, millis(now), packItems(c.elements), body,
	}
}

// addChunks writes chunks down, with the outcomes of entities that go into none.
func (s *store) addChunks(ctx context.Context, ticket, run string, chunks []*chunk, outcomes []outcome, now time.Time) error {
	rows := make([][]any, 0, len(chunks))
	for _, c := range chunks {
		rows = append(rows, chunkValues(run, c, now))
	}
	return s.fenced(ctx, ticket, func(l link) error {
		if err := l.insert(ctx, "export_chunk", chunkColumns, rows); err != nil {
			return err
		}
		return s.addOutcomes(ctx, l, run, outcomes, now)
	})
}

// forgetPlan deletes a plan that was not finished.
func (s *store) forgetPlan(ctx context.Context, ticket, run string) error {
	return s.fenced(ctx, ticket, func(l link) error {
		if _, err := l.exec(ctx, `DELETE FROM export_item WHERE run_id = ?`, run); err != nil {
			return err
		}
		_, err := l.exec(ctx, `DELETE FROM export_chunk WHERE run_id = ?`, run)
		return err
	})
}

// revive has parked chunks tried again: asked about, if the destination knows them, or else sent.
func (s *store) revive(ctx context.Context, ticket, run string, now time.Time) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_chunk SET state = CASE WHEN ticket = '' THEN 'planned' ELSE 'submitted' END,
			attempts = 0, error = '', submitted_at = CASE WHEN ticket = '' THEN 0 ELSE CAST(? AS BIGINT) END, updated_at = ?
			WHERE run_id = ? AND state = 'parked'`, millis(now), millis(now), run)
		return err
	})
}

// putAside parks what is not sent yet of a stage.
func (s *store) putAside(ctx context.Context, ticket, run string, e *refusedStage, now time.Time) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_chunk SET state = 'parked', ticket = '', error = ?, updated_at = ?
			WHERE run_id = ? AND stage = ? AND state IN ('planned', 'sending')`, legible(e.Error()), millis(now), run, e.stage)
		return err
	})
}

// head is a chunk that has not settled, without what is in it.
type head struct {
	seq, stage int
	state      string
}

// unsettled returns the chunks that are still to be sent or asked about, in the order of sending.
func (s *store) unsettled(ctx context.Context, run string) (all []head, err error) {
	err = s.reads().query(ctx, `SELECT seq, stage, state FROM export_chunk
		WHERE run_id = ? AND state IN ('planned', 'sending', 'submitted') ORDER BY stage, seq`, []any{run}, func(scan scanFunc) error {
		var h head
		err := scan(&h.seq, &h.stage, &h.state)
		all = append(all, h)
		return err
	})
	return all, s.explain(err)
}

// totals are the numbers of chunks, and of entities in them, by state, and the highest number of a chunk.
type totals struct {
	chunks, entities map[string]int
	highest          int
}

func (s *store) totals(ctx context.Context, run string) (totals, error) {
	t := totals{chunks: map[string]int{}, entities: map[string]int{}}
	err := s.reads().query(ctx, `SELECT state, count(*), CAST(sum(CASE WHEN stage = ? THEN 0 ELSE entities END) AS BIGINT), max(seq)
		FROM export_chunk WHERE run_id = ? GROUP BY state`, []any{stageBare, run}, func(scan scanFunc) error {
		var state string
		var chunks, entities, highest int
		err := scan(&state, &chunks, &entities, &highest)
		t.chunks[state], t.entities[state], t.highest = chunks, entities, max(t.highest, highest)
		return err
	})
	return t, s.explain(err)
}

// chunk reads one with all that is in it.
func (s *store) chunk(ctx context.Context, run string, seq int) (*chunk, error) {
	c := &chunk{seq: seq}
	var items, body []byte
	found, err := one(ctx, s.reads(), `SELECT stage, state, ticket, bytes, attempts, error, parent_seq, submitted_at, items, body
		FROM export_chunk WHERE run_id = ? AND seq = ?`, []any{run, seq},
		&c.stage, &c.state, &c.ticket, &c.bytes, &c.attempts, &c.err, &c.parent, &c.submittedAt, &items, &body)
	if err == nil && !found {
		err = fmt.Errorf("chunk %d of run %s is gone", seq, run)
	}
	if err != nil {
		return nil, s.explain(err)
	}
	if c.elements, err = unpackItems(items); err != nil {
		return nil, err
	}
	return c, unpackBody(body, c.elements)
}

// mark writes the chunk's state, ticket and tries.
func (s *store) mark(ctx context.Context, ticket, run string, c *chunk, now time.Time) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_chunk SET state = ?, ticket = ?, attempts = ?, error = ?, submitted_at = ?, updated_at = ?
			WHERE run_id = ? AND seq = ?`, c.state, legible(c.ticket), c.attempts, legible(c.err), c.submittedAt, millis(now), run, c.seq)
		return err
	})
}

// settle notes that the destination has all that is in the chunk.
func (s *store) settle(ctx context.Context, ticket, run string, c *chunk, now time.Time) error {
	entries := make([]ledgerRow, 0, len(c.elements))
	for i := range c.elements {
		e := &c.elements[i]
		entries = append(entries, ledgerRow{ref: e.ref, id: e.id, hash: e.hash, keys: e.keys, run: run, sentAt: millis(now)})
	}
	return s.fenced(ctx, ticket, func(l link) error {
		if _, err := l.exec(ctx, `UPDATE export_chunk SET state = 'settled', error = '', body = ?, updated_at = ?
			WHERE run_id = ? AND seq = ?`, []byte{}, millis(now), run, c.seq); err != nil {
			return err
		}
		return l.putLedger(ctx, s.dest, entries)
	})
}

// settleBare notes that the destination has what others refer to. The ledger does not count it.
func (s *store) settleBare(ctx context.Context, ticket, run string, c *chunk, now time.Time) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_chunk SET state = 'settled', entities = 0, error = '', items = ?, body = ?, updated_at = ?
			WHERE run_id = ? AND seq = ?`, packItems(nil), []byte{}, millis(now), run, c.seq)
		return err
	})
}

// divide replaces a chunk by others, and by outcomes. Without others it has failed.
func (s *store) divide(ctx context.Context, ticket, run string, c *chunk, children []*chunk, outcomes []outcome, now time.Time) error {
	rows := make([][]any, 0, len(children))
	for _, child := range children {
		rows = append(rows, chunkValues(run, child, now))
	}
	state := stateSplit
	if len(children) == 0 {
		state = stateFailed
	}
	return s.fenced(ctx, ticket, func(l link) error {
		if _, err := l.exec(ctx, `UPDATE export_chunk SET state = ?, entities = 0, error = ?, items = ?, body = ?, updated_at = ?
			WHERE run_id = ? AND seq = ?`, state, legible(c.err), packItems(nil), []byte{}, millis(now), run, c.seq); err != nil {
			return err
		}
		if err := l.insert(ctx, "export_chunk", chunkColumns, rows); err != nil {
			return err
		}
		return s.addOutcomes(ctx, l, run, outcomes, now)
	})
}
