package store

import (
	"context"
	"time"
)

// Outcome is what became of a trigger.
type Outcome string

// The outcomes.
const (
	// Sending: Spacelift is being asked, or the process that asked died.
	Sending Outcome = "sending"
	// Triggered: there is a run.
	Triggered Outcome = "triggered"
	// Unknown: the answer was lost, and looking did not settle it.
	Unknown Outcome = "unknown"
	// Refused: Spacelift said no.
	Refused Outcome = "refused"
	// NotCreated: Spacelift was never asked, or could not have taken it up.
	NotCreated Outcome = "not_created"
)

// Trigger is one intent to run a stack.
type Trigger struct {
	// ID is also our marker at Spacelift.
	ID, StackID string
	// Person is who asked, as an entity ref or a service's subject.
	Person, Reason string
	// Baseline is the newest run before Spacelift was asked; empty if there was none.
	Baseline string
	Outcome  Outcome
	// RunID and State are the run's, once it is known.
	RunID, State string
	Message      string
	CreatedAt    time.Time
	// SentAt is zero as long as Spacelift has not been asked.
	SentAt, SettledAt time.Time
	// Pending triggers keep others on the same stack from beginning.
	Pending bool
}

// HeldSince is when the time began for which others are kept from the stack: with the question to Spacelift.
func (t *Trigger) HeldSince() time.Time {
	if t.SentAt.IsZero() {
		return t.CreatedAt
	}
	return t.SentAt
}

const triggerColumns = `id, stack_id, person, reason, baseline, outcome, run_id, state, message, created_at, sent_at, settled_at, pending`

func scanTrigger(to *[]Trigger) func(row) error {
	return func(r row) error {
		var t Trigger
		var created, sent, settled, pending int64
		err := r.Scan(&t.ID, &t.StackID, &t.Person, &t.Reason, &t.Baseline, &t.Outcome, &t.RunID, &t.State, &t.Message,
			&created, &sent, &settled, &pending)
		t.CreatedAt, t.SentAt, t.SettledAt, t.Pending = timeOf(created), timeOf(sent), timeOf(settled), pending == 1
		*to = append(*to, t)
		return err
	}
}

func pending(ctx context.Context, q queries) ([]Trigger, error) {
	var list []Trigger
	err := q.query(ctx, `SELECT `+triggerColumns+` FROM spacelift_triggers WHERE pending = 1 ORDER BY created_at, id`, scanTrigger(&list))
	return list, err
}

// Begin claims the stack for a trigger, whose outcome is Sending from now on. If another one holds it, and has done so for
// less long than since cutoff, that is returned, and nothing changes. An older one loses its hold.
func (s *Store) Begin(ctx context.Context, t Trigger, cutoff time.Time) (holder *Trigger, err error) {
	err = s.change(ctx, func(q queries, _ int64) (bool, error) {
		holder = nil
		var held []Trigger
		err := q.query(ctx, `SELECT `+triggerColumns+` FROM spacelift_triggers WHERE pending = 1 AND stack_id = $1`, scanTrigger(&held), t.StackID)
		if err != nil {
			return false, err
		}
		for _, old := range held {
			if old.HeldSince().After(cutoff) {
				holder = &old
				return false, nil
			}
			if err := release(ctx, q, old, t.CreatedAt); err != nil {
				return false, err
			}
		}
		_, err = q.exec(ctx, `INSERT INTO spacelift_triggers (`+triggerColumns+`) VALUES ($1, $2, $3, $4, '', $5, '', '', '', $6, 0, 0, 1)`,
			t.ID, t.StackID, t.Person, t.Reason, string(Sending), millis(t.CreatedAt))
		return true, err
	})
	return holder, wrap("begin a trigger", err)
}

// release ends the hold of a trigger that took too long. One that was never sent made no run; of another one we do not
// know.
func release(ctx context.Context, q queries, t Trigger, now time.Time) error {
	outcome := t.Outcome
	if outcome == Sending {
		outcome = Unknown
		if t.SentAt.IsZero() {
			outcome = NotCreated
		}
	}
	_, err := q.exec(ctx, `UPDATE spacelift_triggers SET pending = 0, outcome = $1, settled_at = $2 WHERE id = $3`, string(outcome), millis(now), t.ID)
	return err
}

// Send notes that Spacelift is about to be asked, and what was there before. False means that the trigger lost its hold
// on the stack meanwhile: then it must not be sent.
func (s *Store) Send(ctx context.Context, id, baseline string, at time.Time) (bool, error) {
	var n int64
	err := s.engine.write(ctx, func(q queries) error {
		var err error
		n, err = q.exec(ctx, `UPDATE spacelift_triggers SET baseline = $1, sent_at = $2 WHERE id = $3 AND pending = 1 AND outcome = $4`,
			baseline, millis(at), id, string(Sending))
		return err
	})
	return n == 1, wrap("send a trigger", err)
}

// Settle notes what became of a trigger. With onlyOpen it leaves one alone whose outcome is known already: whoever looks
// for lost answers must not overrule who got one.
func (s *Store) Settle(ctx context.Context, t Trigger, onlyOpen bool) error {
	open := 0
	if onlyOpen {
		open = 1
	}
	hold := 0
	if t.Pending {
		hold = 1
	}
	return wrap("settle a trigger", s.change(ctx, func(q queries, _ int64) (bool, error) {
		n, err := q.exec(ctx, `UPDATE spacelift_triggers SET outcome = $1, run_id = $2, state = $3, message = $4, settled_at = $5,
			pending = CASE WHEN pending = 1 THEN $6 ELSE 0 END
			WHERE id = $7 AND ($8 = 0 OR outcome IN ('sending', 'unknown'))`,
			string(t.Outcome), t.RunID, t.State, t.Message, millis(t.SettledAt), hold, t.ID, open)
		return n > 0, err
	}))
}

// Follow notes the state of a trigger's run.
func (s *Store) Follow(ctx context.Context, id, state string, hold bool) error {
	held := 0
	if hold {
		held = 1
	}
	return wrap("follow a trigger", s.change(ctx, func(q queries, _ int64) (bool, error) {
		n, err := q.exec(ctx, `UPDATE spacelift_triggers SET state = $1, pending = $2 WHERE id = $3 AND pending = 1`, state, held, id)
		return n > 0, err
	}))
}

// Pending returns the triggers that hold their stacks.
func (s *Store) Pending(ctx context.Context) ([]Trigger, error) {
	list, err := pending(ctx, s.engine.read())
	return list, wrap("read triggers", err)
}

// Lost returns triggers that hold nothing any more, of which nobody knows what became, and that were sent after the given
// time, oldest first.
func (s *Store) Lost(ctx context.Context, since time.Time, limit int) ([]Trigger, error) {
	var list []Trigger
	err := s.engine.read().query(ctx, `SELECT `+triggerColumns+` FROM spacelift_triggers WHERE outcome = 'unknown' AND pending = 0 AND sent_at > $1
		ORDER BY sent_at, id LIMIT $2`, scanTrigger(&list), millis(since), limit)
	return list, wrap("read triggers", err)
}

// TriggersOf returns a stack's latest triggers, newest first.
func (s *Store) TriggersOf(ctx context.Context, stack string, limit int) ([]Trigger, error) {
	var list []Trigger
	err := s.engine.read().query(ctx, `SELECT `+triggerColumns+` FROM spacelift_triggers WHERE stack_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
		scanTrigger(&list), stack, limit)
	return list, wrap("read triggers", err)
}
