package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const runColumns = `id, cause, requested_by, status, phase, mode, parent_id, dry_run, send_all, want_digest, planned, cancel,
	refs, progress, error, started_at, ended_at, retry_at, retry_step`

func scanRun(scan scanFunc) (r runRow, err error) {
	var dry, full, digest, planned, cancel, started, ended, retry int64
	var text string
	err = scan(&r.id, &r.cause, &r.by, &r.status, &r.phase, &r.mode, &r.parent, &dry, &full, &digest, &planned, &cancel,
		&r.refs, &text, &r.err, &started, &ended, &retry, &r.retryStep)
	if err != nil {
		return runRow{}, err
	}
	if err := json.Unmarshal([]byte(text), &r.progress); err != nil {
		return runRow{}, fmt.Errorf("read the progress of run %s: %w", r.id, err)
	}
	r.dryRun, r.full, r.wantDigest, r.planned, r.cancel = dry != 0, full != 0, digest != 0, planned != 0, cancel != 0
	r.startedAt, r.endedAt, r.retryAt = fromMillis(started), fromMillis(ended), fromMillis(retry)
	return r, nil
}

func (s *store) selectRuns(ctx context.Context, l link, condition string, args ...any) ([]runRow, error) {
	var all []runRow
	err := l.query(ctx, `SELECT `+runColumns+` FROM export_run WHERE destination = ? AND `+condition, append([]any{s.dest}, args...),
		func(scan scanFunc) error {
			r, err := scanRun(scan)
			all = append(all, r)
			return err
		})
	return all, s.explain(err)
}

func (s *store) selectRun(ctx context.Context, l link, condition string, args ...any) (runRow, bool, error) {
	all, err := s.selectRuns(ctx, l, condition+" LIMIT 1", args...)
	if err != nil || len(all) == 0 {
		return runRow{}, false, err
	}
	return all[0], true, nil
}

func (s *store) run(ctx context.Context, id string) (runRow, bool, error) {
	return s.selectRun(ctx, s.reads(), `id = ?`, id)
}

// runs returns a page of runs, the newest first.
func (s *store) runs(ctx context.Context, before string, limit int) ([]runRow, error) {
	if before == "" {
		return s.selectRuns(ctx, s.reads(), `1 = 1 ORDER BY id DESC LIMIT ?`, limit)
	}
	return s.selectRuns(ctx, s.reads(), `id < ? ORDER BY id DESC LIMIT ?`, before, limit)
}

func (s *store) countRuns(ctx context.Context) (n int, err error) {
	_, err = one(ctx, s.reads(), `SELECT count(*) FROM export_run WHERE destination = ?`, []any{s.dest}, &n)
	return n, s.explain(err)
}

// next returns the run that is to be done first.
func (s *store) next(ctx context.Context) (runRow, bool, error) {
	return s.selectRun(ctx, s.reads(), `status IN ('queued', 'running') ORDER BY id`)
}

// lastEnded returns the run that ended last.
func (s *store) lastEnded(ctx context.Context) (runRow, bool, error) {
	return s.selectRun(ctx, s.reads(), `status NOT IN ('queued', 'running') ORDER BY ended_at DESC, id DESC`)
}

// newest returns the last run that writes.
func (s *store) newest(ctx context.Context) (runRow, bool, error) {
	return s.selectRun(ctx, s.reads(), `dry_run = 0 ORDER BY id DESC`)
}

// isNewest reports whether no run that writes has begun after this one: otherwise what it holds may be out of date.
func (s *store) isNewest(ctx context.Context, r *runRow) (bool, error) {
	var n int
	_, err := one(ctx, s.reads(), `SELECT count(*) FROM export_run WHERE destination = ? AND dry_run = 0 AND id > ?`, []any{s.dest, r.id}, &n)
	return n == 0, s.explain(err)
}

// insertTries is how often a run is inserted that finds another, which then is gone.
const insertTries = 5

// addRun inserts a run, unless one of its sort, dry or not, is active: then that is returned.
func (s *store) addRun(ctx context.Context, r runRow) (_ runRow, joined bool, _ error) {
	for range insertTries {
		var inserted, found bool
		var other runRow
		err := s.inTx(ctx, func(l link) (err error) {
			if inserted, err = s.insertRun(ctx, l, &r); err != nil || inserted {
				return err
			}
			other, found, err = s.selectRun(ctx, l, `dry_run = ? AND status IN ('queued', 'running')`, flag(r.dryRun))
			return err
		})
		switch {
		case err != nil:
			return runRow{}, false, s.explain(err)
		case inserted:
			return r, false, nil
		case found:
			return other, true, nil
		}
	}
	return runRow{}, false, errors.New("a run begins and ends too quickly to be joined or followed")
}

func (s *store) insertRun(ctx context.Context, l link, r *runRow) (bool, error) {
	n, err := l.exec(ctx, `INSERT INTO export_run
		(id, destination, cause, requested_by, status, parent_id, dry_run, send_all, want_digest, refs, started_at, retry_step)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.id, s.dest, r.cause, r.by, r.status, r.parent, flag(r.dryRun), flag(r.full), flag(r.wantDigest),
		append([]byte{}, r.refs...), millis(r.startedAt), r.retryStep)
	if err != nil || n == 0 || r.dryRun || r.cause == triggerRetry {
		return n > 0, err // a retry is about some items of one run: the rest still waits for its turn
	}
	// This run does what others were to try again later.
	_, err = l.exec(ctx, `UPDATE export_run SET retry_at = 0 WHERE destination = ? AND retry_at > 0`, s.dest)
	return err == nil, err
}

// saveRun writes what the runner knows.
func (s *store) saveRun(ctx context.Context, ticket string, r *runRow) error {
	text, err := json.Marshal(r.progress)
	if err != nil {
		return err
	}
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_run SET status = ?, phase = ?, mode = ?, planned = ?, progress = ?, error = ?, ended_at = ?,
			retry_at = ?, retry_step = ? WHERE id = ?`, r.status, r.phase, r.mode, flag(r.planned), string(text), legible(r.err), millis(r.endedAt),
			millis(r.retryAt), r.retryStep, r.id)
		return err
	})
}

// cancelled reports whether somebody wants the run to end.
func (s *store) cancelled(ctx context.Context, id string) (bool, error) {
	var n int64
	_, err := one(ctx, s.reads(), `SELECT cancel FROM export_run WHERE id = ?`, []any{id}, &n)
	return n != 0, s.explain(err)
}

// requestCancel reports false where the run has ended.
func (s *store) requestCancel(ctx context.Context, id string) (bool, error) {
	return s.lease(ctx, `UPDATE export_run SET cancel = 1 WHERE destination = ? AND id = ? AND status IN ('queued', 'running')`, s.dest, id)
}

// requeue has an ended run go on. It reports false where another is active.
func (s *store) requeue(ctx context.Context, id string, step int) (bool, error) {
	return s.lease(ctx, `UPDATE export_run SET status = 'queued', cancel = 0, error = '', ended_at = 0, retry_at = 0, retry_step = ?
		WHERE destination = ? AND id = ? AND status NOT IN ('queued', 'running') AND NOT EXISTS (SELECT 1 FROM export_run AS other
			WHERE other.destination = export_run.destination AND other.dry_run = export_run.dry_run AND other.status IN ('queued', 'running'))`,
		step, s.dest, id)
}

// due returns a run of which something is to be tried again by now.
func (s *store) due(ctx context.Context, now time.Time) (runRow, bool, error) {
	return s.selectRun(ctx, s.reads(), `retry_at > 0 AND retry_at <= ? ORDER BY id DESC`, millis(now))
}

// forgetDue has nothing of a run tried again by itself.
func (s *store) forgetDue(ctx context.Context, id string) error {
	_, err := s.lease(ctx, `UPDATE export_run SET retry_at = 0 WHERE destination = ? AND id = ?`, s.dest, id)
	return err
}

// clearDue reports false where another replica was quicker.
func (s *store) clearDue(ctx context.Context, r *runRow) (bool, error) {
	return s.lease(ctx, `UPDATE export_run SET retry_at = 0 WHERE id = ? AND retry_at = ?`, r.id, millis(r.retryAt))
}

// prune deletes all but the newest ended runs, and what can no longer be sent of older ones.
func (s *store) prune(ctx context.Context, ticket string, keep int, newest string) error {
	return s.fenced(ctx, ticket, func(l link) error {
		var old []string
		err := l.query(ctx, `SELECT id FROM export_run WHERE destination = ? AND status NOT IN ('queued', 'running') ORDER BY id DESC`, []any{s.dest},
			func(scan scanFunc) error {
				var id string
				err := scan(&id)
				old = append(old, id)
				return err
			})
		if err != nil {
			return err
		}
		if len(old) > keep {
			for _, table := range []struct{ name, column string }{{"export_chunk", "run_id"}, {"export_item", "run_id"}, {"export_run", "id"}} {
				if _, err := l.exec(ctx, `DELETE FROM `+table.name+` WHERE `+s.oneOf(table.column), s.list(old[keep:])); err != nil {
					return err
				}
			}
		}
		_, err = l.exec(ctx, `UPDATE export_chunk SET body = ? WHERE length(body) > 0 AND run_id < ?
			AND run_id IN (SELECT id FROM export_run WHERE destination = ?)`, []byte{}, newest, s.dest)
		return err
	})
}
