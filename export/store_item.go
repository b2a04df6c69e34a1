package export

import (
	"context"
	"errors"
	"time"
)

// The statuses of an item.
const (
	itemPending = "pending"
	itemSent    = "sent"
	itemFailed  = "failed"
	itemSkipped = "skipped"
)

// Why an item failed or was skipped, besides the codes of MapError.
const (
	codeRejected    = "rejected"
	codeTooLarge    = "too_large"
	codeDuplicateID = "duplicate_id"
	codeParked      = "parked"
	codeUnreadable  = "unreadable"
)

// unnamedRef stands for entities of which not even the ref could be read.
const unnamedRef = "(no ref)"

// outcome is what became of an entity that was not sent.
type outcome struct {
	ref, id, status, operation, code string
	httpStatus                       int
	message                          string
	attempts                         int
	at                               time.Time
}

// addOutcomes writes outcomes down, in the run and, where the destination refused a document, in the ledger.
func (s *store) addOutcomes(ctx context.Context, l link, run string, outcomes []outcome, now time.Time) error {
	for i := range outcomes {
		o := &outcomes[i]
		message := legible(o.message)
		_, err := l.exec(ctx, `INSERT INTO export_item (run_id, entity_ref, dest_id, status, operation, code, http_status, message, attempts, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, entity_ref) DO UPDATE SET status = excluded.status, code = excluded.code,
			http_status = excluded.http_status, message = excluded.message, attempts = excluded.attempts, at = excluded.at`,
			run, o.ref, o.id, o.status, o.operation, o.code, o.httpStatus, message, o.attempts, millis(now))
		if err != nil {
			return err
		}
		if o.code != codeRejected {
			continue
		}
		_, err = l.exec(ctx, `INSERT INTO export_ledger
			(destination, entity_ref, dest_id, doc_hash, prop_keys, state, last_run, attempts, last_error, sent_at, changed_at)
			VALUES (?, ?, ?, ?, '', 'failed', ?, 1, ?, 0, ?) ON CONFLICT (destination, entity_ref, dest_id) DO UPDATE SET
			state = 'failed', last_run = excluded.last_run, attempts = export_ledger.attempts + 1, last_error = excluded.last_error,
			changed_at = CASE WHEN export_ledger.changed_at = 0 THEN excluded.changed_at ELSE export_ledger.changed_at END`,
			s.dest, o.ref, o.id, []byte{}, run, message, millis(now))
		if err != nil {
			return err
		}
	}
	return nil
}

// outcomes returns those of a run that come after a ref, in the order of refs.
func (s *store) outcomes(ctx context.Context, run, after string, statuses []string, limit int) (all []outcome, err error) {
	err = s.reads().query(ctx, `SELECT entity_ref, dest_id, status, operation, code, http_status, message, attempts, at
		FROM export_item WHERE run_id = ? AND entity_ref > ? AND `+s.oneOf("status")+` ORDER BY entity_ref LIMIT ?`,
		[]any{run, after, s.list(statuses), limit}, func(scan scanFunc) error {
			var o outcome
			var at int64
			err := scan(&o.ref, &o.id, &o.status, &o.operation, &o.code, &o.httpStatus, &o.message, &o.attempts, &at)
			o.at = fromMillis(at)
			all = append(all, o)
			return err
		})
	return all, s.explain(err)
}

// errEnough ends a query early.
var errEnough = errors.New("enough")

// roster is a chunk as far as it says who is in it.
type roster struct {
	state, err  string
	first, last string
	attempts    int
	at          time.Time
	items       []byte
}

// rosters calls each with the chunks that hold entities after a ref, in the order of their first, until that returns
// false.
func (s *store) rosters(ctx context.Context, run, after string, states []string, each func(r roster) (bool, error)) error {
	err := s.reads().query(ctx, `SELECT state, error, first_ref, last_ref, attempts, updated_at, items FROM export_chunk
		WHERE run_id = ? AND entities > 0 AND stage <> ? AND last_ref > ? AND `+s.oneOf("state")+` ORDER BY first_ref`,
		[]any{run, stageBare, after, s.list(states)}, func(scan scanFunc) error {
			var r roster
			var at int64
			if err := scan(&r.state, &r.err, &r.first, &r.last, &r.attempts, &at, &r.items); err != nil {
				return err
			}
			r.at = fromMillis(at)
			more, err := each(r)
			if err == nil && !more {
				err = errEnough
			}
			return err
		})
	if errors.Is(err, errEnough) {
		return nil
	}
	return s.explain(err)
}

// countOutcomes returns the number of a run's outcomes by code.
func (s *store) countOutcomes(ctx context.Context, run string) (map[string]int, error) {
	counts := map[string]int{}
	err := s.reads().query(ctx, `SELECT code, count(*) FROM export_item WHERE run_id = ? GROUP BY code`, []any{run}, func(scan scanFunc) error {
		var code string
		var n int
		err := scan(&code, &n)
		counts[code] = n
		return err
	})
	return counts, s.explain(err)
}

// failedRefs returns the entities of a run that did not arrive and that a retry may help: what failed, and what was put
// aside. Who has an id that another has already is not among them: only a run that looks at everything can tell whether the
// id has become free, and a retry would overwrite the other. Nor is what has no ref: nobody can ask for it.
func (s *store) failedRefs(ctx context.Context, run string) (refs []string, err error) {
	err = s.reads().query(ctx, `SELECT entity_ref FROM export_item WHERE run_id = ? AND status = 'failed' AND code <> ? AND entity_ref <> ?
		ORDER BY entity_ref`, []any{run, codeDuplicateID, unnamedRef},
		func(scan scanFunc) error {
			var ref string
			err := scan(&ref)
			refs = append(refs, ref)
			return err
		})
	if err != nil {
		return nil, s.explain(err)
	}
	err = s.rosters(ctx, run, "", []string{stateParked}, func(r roster) (bool, error) {
		elements, err := unpackItems(r.items)
		for i := range elements {
			refs = append(refs, elements[i].ref)
		}
		return true, err
	})
	return refs, err
}
