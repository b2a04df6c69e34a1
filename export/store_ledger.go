package export

import (
	"context"
	"time"
)

// The states of an entry in the ledger.
const (
	stateSent = "sent"
	// stateRefused is an entry whose last change the destination did not take. What it has is what was sent before.
	stateRefused = "failed"
)

// ledgerRow is what a destination has of an entity.
type ledgerRow struct {
	ref, id   string
	hash      []byte
	keys      string
	state     string
	run       string
	lastError string
	sentAt    int64
	changedAt int64
}

const onLedgerConflict = ` ON CONFLICT (destination, entity_ref, dest_id) DO UPDATE SET doc_hash = excluded.doc_hash, prop_keys = excluded.prop_keys,
	state = excluded.state, last_run = excluded.last_run, attempts = 0, last_error = '', sent_at = excluded.sent_at, changed_at = 0,
	absent_walks = 0, absent_run = ''`

// ledger returns the entries of entities.
func (s *store) ledger(ctx context.Context, refs []string) (map[string][]ledgerRow, error) {
	found := make(map[string][]ledgerRow, len(refs))
	err := s.reads().query(ctx, `SELECT entity_ref, dest_id, doc_hash, prop_keys, state, last_run, last_error, sent_at, changed_at
		FROM export_ledger WHERE destination = ? AND `+s.oneOf("entity_ref"), []any{s.dest, s.list(refs)}, func(scan scanFunc) error {
		var e ledgerRow
		err := scan(&e.ref, &e.id, &e.hash, &e.keys, &e.state, &e.run, &e.lastError, &e.sentAt, &e.changedAt)
		found[e.ref] = append(found[e.ref], e)
		return err
	})
	return found, s.explain(err)
}

// ledgerTotals are the numbers of entities that the destination has, and of those that it refuses, and since when the
// oldest of these waits.
type ledgerTotals struct {
	sent, failed int
	oldest       time.Time
}

func (s *store) ledgerTotals(ctx context.Context) (t ledgerTotals, err error) {
	var oldest int64
	_, err = one(ctx, s.reads(), `SELECT count(*) FROM export_ledger WHERE destination = ? AND sent_at > 0`, []any{s.dest}, &t.sent)
	if err == nil {
		_, err = one(ctx, s.reads(), `SELECT count(*), coalesce(min(changed_at), 0) FROM export_ledger
			WHERE destination = ? AND state = 'failed'`, []any{s.dest}, &t.failed, &oldest)
	}
	t.oldest = fromMillis(oldest)
	return t, s.explain(err)
}

// forgetRefused deletes entries of documents that never arrived and that this run, which looked at everything, has not seen.
func (s *store) forgetRefused(ctx context.Context, ticket, run string) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `DELETE FROM export_ledger WHERE destination = ? AND state = 'failed' AND sent_at = 0 AND last_run <> ?`, s.dest, run)
		return err
	})
}
