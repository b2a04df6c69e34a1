package store

import (
	"context"
	"encoding/json"
	"time"
)

// State is how the sync is doing.
type State struct {
	// Account is the address of the API that everything is from.
	Account string
	// Change counts what readers can see.
	Change int64
	// KeyName is what Spacelift calls the API key.
	KeyName string
	// SweptAt is the end of the last complete sweep, zero if there never was one; SweepStarted its beginning.
	SweptAt, SweepStarted time.Time
	// Failures are the sweeps that failed since the last complete one, Failure the last of them or nil.
	Failures int
	Failure  *Failure
	// NextAt is when to try again after a failure; zero after a success.
	NextAt time.Time

	purged int64
}

// Failure is why a sweep failed, as the routes tell it.
type Failure struct {
	Code       string        `json:"code"`
	Status     int           `json:"status"`
	Message    string        `json:"message"`
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	At         time.Time     `json:"-"`
}

// State reads it.
func (s *Store) State(ctx context.Context) (State, error) {
	st, err := readState(ctx, s.engine.read())
	return st, wrap("read how the sync is doing", err)
}

func readState(ctx context.Context, q queries) (State, error) {
	var st State
	var failure string
	var swept, started, failed, next int64
	err := q.query(ctx, `SELECT account, change, purged, key_name, swept_at, sweep_started, failures, failure, failed_at, next_at FROM spacelift_state`,
		scanInto(&st.Account, &st.Change, &st.purged, &st.KeyName, &swept, &started, &st.Failures, &failure, &failed, &next))
	if err != nil {
		return State{}, err
	}
	st.SweptAt, st.SweepStarted, st.NextAt = timeOf(swept), timeOf(started), timeOf(next)
	if failure != "" {
		st.Failure = &Failure{At: timeOf(failed)}
		if err := json.Unmarshal([]byte(failure), st.Failure); err != nil {
			return State{}, err
		}
	}
	return st, nil
}

// SweepFailed notes that a sweep came to nothing, and when the next is due.
func (s *Store) SweepFailed(ctx context.Context, f Failure, next time.Time) error {
	text, err := json.Marshal(f)
	if err != nil {
		return wrap("note a failed sweep", err)
	}
	return wrap("note a failed sweep", s.change(ctx, func(q queries, _ int64) (bool, error) {
		_, err := q.exec(ctx, `UPDATE spacelift_state SET failures = failures + 1, failure = $1, failed_at = $2, next_at = $3`,
			string(text), millis(f.At), millis(next))
		return true, err
	}))
}

// missesAllowed is how many complete sweeps in a row a stack may be absent from before it is taken for gone.
const missesAllowed = 2

// Sweep is one that came to its end.
type Sweep struct {
	// KeyName is what Spacelift called the API key.
	KeyName        string
	Started, Ended time.Time
	// Whole tells that every stack was seen. Otherwise nothing follows for those that were not.
	Whole bool
}

// SweepDone notes a sweep. Stacks that nobody has seen since a whole one began have missed it; those that missed two are
// gone. Their number is returned.
func (s *Store) SweepDone(ctx context.Context, sweep Sweep) (gone int64, err error) {
	err = s.change(ctx, func(q queries, next int64) (bool, error) {
		var err error
		if sweep.Whole {
			_, err = q.exec(ctx, `UPDATE spacelift_stacks SET missed = missed + 1 WHERE gone = 0 AND read_at < $1`, millis(sweep.Started))
		}
		if err != nil {
			return false, err
		}
		if gone, err = q.exec(ctx, `UPDATE spacelift_stacks SET gone = 1, changed = $1 WHERE gone = 0 AND missed >= $2`, next, missesAllowed); err != nil {
			return false, err
		}
		if err := purge(ctx, q, sweep.Ended); err != nil {
			return false, err
		}
		_, err = q.exec(ctx, `UPDATE spacelift_state SET key_name = $1, sweep_started = $2, swept_at = $3, failures = 0, failure = '', failed_at = 0, next_at = 0`,
			sweep.KeyName, millis(sweep.Started), millis(sweep.Ended))
		return true, err
	})
	return gone, wrap("note a complete sweep", err)
}

// purge removes old tombstones, triggers that no list of runs shows any more, and much sooner those that made no run,
// which the audit log has.
func purge(ctx context.Context, q queries, now time.Time) error {
	const (
		triggerLife = 400 * 24 * time.Hour
		refusedLife = 7 * 24 * time.Hour
	)
	var last int64
	err := q.query(ctx, `SELECT COALESCE(MAX(changed), 0) FROM spacelift_stacks WHERE gone = 1 AND read_at < $1`, scanInto(&last), millis(now.Add(-tombstoneLife)))
	if err != nil {
		return err
	}
	if last > 0 {
		if _, err := q.exec(ctx, `DELETE FROM spacelift_stacks WHERE gone = 1 AND changed <= $1`, last); err != nil {
			return err
		}
		if _, err := q.exec(ctx, `UPDATE spacelift_state SET purged = $1 WHERE purged < $1`, last); err != nil {
			return err
		}
	}
	_, err = q.exec(ctx, `DELETE FROM spacelift_triggers WHERE pending = 0 AND (created_at < $1 OR outcome IN ('refused', 'not_created') AND created_at < $2)`,
		millis(now.Add(-triggerLife)), millis(now.Add(-refusedLife)))
	return err
}
