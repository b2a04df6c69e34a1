package export

import "context"

// proofs is how many readings of the catalog must have missed an entity before it can be taken for gone.
const proofs = 2

// sentRow is what the question whether an entity is gone needs of an entry in the ledger.
type sentRow struct {
	ref, id string
	// walks are the readings in a row that have missed the entity, run the last of them.
	walks int
	run   string
}

// missedBy is how many readings in a row have missed the entity, that of a run among them. A run that is planned again
// after a crash counts once.
func (e *sentRow) missedBy(run string) int {
	if e.run == run {
		return e.walks
	}
	return e.walks + 1
}

// eachSent calls each with all that the destination has.
func (s *store) eachSent(ctx context.Context, each func(e sentRow)) error {
	return s.explain(s.reads().query(ctx, `SELECT entity_ref, dest_id, absent_walks, absent_run FROM export_ledger
		WHERE destination = ? AND sent_at > 0`, []any{s.dest}, func(scan scanFunc) error {
		var e sentRow
		err := scan(&e.ref, &e.id, &e.walks, &e.run)
		each(e)
		return err
	}))
}

// putAbsence writes which entities the reading of a run has missed, and which are there after all.
func (s *store) putAbsence(ctx context.Context, ticket, run string, missed, present []string) error {
	if len(missed) == 0 && len(present) == 0 {
		return nil
	}
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_ledger SET absent_walks = absent_walks + 1, absent_run = ?
			WHERE destination = ? AND absent_run <> ? AND `+s.oneOf("entity_ref"), run, s.dest, run, s.list(missed))
		if err != nil {
			return err
		}
		_, err = l.exec(ctx, `UPDATE export_ledger SET absent_walks = 0, absent_run = ''
			WHERE destination = ? AND absent_walks > 0 AND `+s.oneOf("entity_ref"), s.dest, s.list(present))
		return err
	})
}

// forgetAbsence is for a reading that proves everything: what others had missed before it means nothing any more.
func (s *store) forgetAbsence(ctx context.Context, ticket string) error {
	var n int
	found, err := one(ctx, s.reads(), `SELECT 1 FROM export_ledger WHERE destination = ? AND absent_walks > 0 LIMIT 1`, []any{s.dest}, &n)
	if err != nil || !found {
		return s.explain(err)
	}
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_ledger SET absent_walks = 0, absent_run = '' WHERE destination = ? AND absent_walks > 0`, s.dest)
		return err
	})
}
