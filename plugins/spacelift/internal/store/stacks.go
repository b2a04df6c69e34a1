package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// Put takes what Spacelift said of some stacks when it was asked at the given time. What was asked for later wins,
// whoever writes first. It returns the ids of those that readers see differently now.
func (s *Store) Put(ctx context.Context, stacks []client.Stack, asked time.Time) (changed []string, err error) {
	err = s.change(ctx, func(q queries, next int64) (bool, error) {
		changed = nil
		for _, stack := range stacks {
			data, err := json.Marshal(stack)
			if err != nil {
				return false, err
			}
			differs, err := put(ctx, q, stack, string(data), asked, next)
			if err != nil {
				return false, err
			}
			if differs {
				changed = append(changed, stack.ID)
			}
		}
		return len(changed) > 0, nil
	})
	return changed, wrap("store stacks", err)
}

func put(ctx context.Context, q queries, stack client.Stack, data string, asked time.Time, next int64) (bool, error) {
	gone := 0
	if stack.Deleted {
		gone = 1 // Spacelift says so itself; no need to wait for its absence
	}
	at := int64(-1)
	err := q.query(ctx, `
		INSERT INTO spacelift_stacks (id, data, detail, detail_at, read_at, missed, gone, changed) VALUES ($1, $2, '', 0, $3, 0, $4, $5)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data, read_at = excluded.read_at, missed = 0, gone = excluded.gone,
			changed = CASE WHEN spacelift_stacks.data = excluded.data AND spacelift_stacks.gone = excluded.gone THEN spacelift_stacks.changed ELSE excluded.changed END
		WHERE spacelift_stacks.read_at <= excluded.read_at
		RETURNING changed`, scanInto(&at), stack.ID, data, millis(asked), gone, next)
	return at == next, err
}

// PutDetail takes what Spacelift said of one stack's page.
func (s *Store) PutDetail(ctx context.Context, d client.StackDetail, asked time.Time) (changed bool, err error) {
	data, err := json.Marshal(d.Stack)
	if err != nil {
		return false, wrap("store a stack", err)
	}
	rest := d
	rest.Stack = client.Stack{}
	detail, err := json.Marshal(rest)
	if err != nil {
		return false, wrap("store a stack", err)
	}
	err = s.change(ctx, func(q queries, next int64) (bool, error) {
		var err error
		if changed, err = put(ctx, q, d.Stack, string(data), asked, next); err != nil {
			return false, err
		}
		_, err = q.exec(ctx, `UPDATE spacelift_stacks SET detail = $1, detail_at = $2 WHERE id = $3 AND detail_at <= $2`,
			string(detail), millis(asked), d.ID)
		return changed, err
	})
	return changed, wrap("store a stack", err)
}

// Detail is a stack with what only its own page shows.
type Detail struct {
	client.StackDetail
	// ReadAt is when Spacelift was asked for the stack, DetailAt for the rest; zero if it never was.
	ReadAt, DetailAt time.Time
}

// Detail reads a stack; false if it is not there, or gone.
func (s *Store) Detail(ctx context.Context, id string) (Detail, bool, error) {
	var data, detail string
	var read, at int64
	err := s.engine.read().query(ctx, `SELECT data, detail, read_at, detail_at FROM spacelift_stacks WHERE id = $1 AND gone = 0`,
		scanInto(&data, &detail, &read, &at), id)
	if err != nil || data == "" {
		return Detail{}, false, wrap("read a stack", err)
	}
	d := Detail{ReadAt: timeOf(read), DetailAt: timeOf(at)}
	if detail != "" {
		if err := json.Unmarshal([]byte(detail), &d.StackDetail); err != nil {
			return Detail{}, false, wrap("read a stack", err)
		}
	}
	d.Stack = client.Stack{}
	if err := json.Unmarshal([]byte(data), &d.Stack); err != nil {
		return Detail{}, false, wrap("read a stack", err)
	}
	return d, true, nil
}

// Delta is what readers see differently since some change.
type Delta struct {
	State State
	// Whole tells that Stacks are all there are, and not only those that changed.
	Whole  bool
	Stacks []client.Stack
	// Gone are the ids of stacks that are no more.
	Gone []string
	// Pending are the triggers that keep others from beginning.
	Pending []Trigger
}

// Since reads what changed after the change that the reader knows; 0 knows nothing.
func (s *Store) Since(ctx context.Context, after int64) (Delta, error) {
	q := s.engine.read()
	var d Delta
	var err error
	// The counter first: what changes while we read is read once more next time.
	if d.State, err = readState(ctx, q); err != nil {
		return Delta{}, wrap("read stacks", err)
	}
	if d.State.Change == after {
		return d, nil
	}
	d.Whole = after < d.State.purged || after == 0 || after > d.State.Change
	if d.Whole {
		after = 0
	}
	err = q.query(ctx, `SELECT id, data, gone FROM spacelift_stacks WHERE changed > $1`, func(r row) error {
		var id, data string
		var gone int64
		if err := r.Scan(&id, &data, &gone); err != nil {
			return err
		}
		if gone == 1 {
			d.Gone = append(d.Gone, id)
			return nil
		}
		var stack client.Stack
		if err := json.Unmarshal([]byte(data), &stack); err != nil {
			return err
		}
		d.Stacks = append(d.Stacks, stack)
		return nil
	}, after)
	if err != nil {
		return Delta{}, wrap("read stacks", err)
	}
	d.Pending, err = pending(ctx, q)
	return d, wrap("read stacks", err)
}
