package export

import (
	"context"
	"time"
)

// destinationRow is what is known of the destination, for all replicas.
type destinationRow struct {
	target, mode, known string
	tokenState          string
	tokenAt             int64
	tokenMessage        string
	learned, under      int64
	paused              int64 // until when it wants to be left alone
}

// The states of a destination's key.
const (
	tokenUntested    = "untested"
	tokenAccepted    = "accepted"
	tokenRefused     = "refused"
	tokenNotEntitled = "not_entitled"
)

func (s *store) destination(ctx context.Context) (d destinationRow, err error) {
	_, err = one(ctx, s.reads(), `SELECT target, mode, known, token_state, token_at, token_message, learned_bytes, learned_under, paused_until
		FROM export_destination WHERE id = ?`, []any{s.dest},
		&d.target, &d.mode, &d.known, &d.tokenState, &d.tokenAt, &d.tokenMessage, &d.learned, &d.under, &d.paused)
	return d, s.explain(err)
}

// putPrepared notes what the destination found out about itself.
func (s *store) putPrepared(ctx context.Context, ticket string, p Prepared) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_destination SET mode = ?, known = ? WHERE id = ?`, p.Mode, p.Known, s.dest)
		return err
	})
}

func (s *store) putToken(ctx context.Context, ticket, state, message string, at time.Time) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_destination SET token_state = ?, token_message = ?, token_at = ? WHERE id = ?`,
			state, legible(message), millis(at), s.dest)
		return err
	})
}

// putLearned notes how long a payload may be, as long as the configured limit is what it is.
func (s *store) putLearned(ctx context.Context, ticket string, bytes, under int) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_destination SET learned_bytes = ?, learned_under = ? WHERE id = ?`, bytes, under, s.dest)
		return err
	})
}

// putPaused notes until when the destination wants to be left alone, for whoever asks it next.
func (s *store) putPaused(ctx context.Context, ticket string, until int64) error {
	return s.fenced(ctx, ticket, func(l link) error {
		_, err := l.exec(ctx, `UPDATE export_destination SET paused_until = ? WHERE id = ?`, until, s.dest)
		return err
	})
}

// retarget notes the address that is written to. If there was another before, what we know of that is of no use here.
func (s *store) retarget(ctx context.Context, ticket, target string, forget bool) error {
	return s.fenced(ctx, ticket, func(l link) error {
		if forget {
			if _, err := l.exec(ctx, `DELETE FROM export_ledger WHERE destination = ?`, s.dest); err != nil {
				return err
			}
		}
		_, err := l.exec(ctx, `UPDATE export_destination SET target = ?, mode = '', known = '', learned_bytes = 0, paused_until = 0 WHERE id = ?`, target, s.dest)
		return err
	})
}

// claim takes the destination, if nobody has it, for the time of a lease by the store's clock.
func (s *store) claim(ctx context.Context, ticket, holder string, lease time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE export_destination SET ticket = ?, holder = ?, lease_expires_at = `+s.clock()+` + CAST(? AS BIGINT)
		WHERE id = ? AND (ticket = '' OR lease_expires_at < `+s.clock()+`)`, ticket, holder, lease.Milliseconds(), s.dest)
}

// renew reports false when another replica has taken the destination.
func (s *store) renew(ctx context.Context, ticket string, lease time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE export_destination SET lease_expires_at = `+s.clock()+` + CAST(? AS BIGINT)
		WHERE id = ? AND ticket = ?`, lease.Milliseconds(), s.dest, ticket)
}

func (s *store) release(ctx context.Context, ticket string) error {
	_, err := s.lease(ctx, `UPDATE export_destination SET ticket = '', holder = '', lease_expires_at = 0 WHERE id = ? AND ticket = ?`, s.dest, ticket)
	return err
}

func (s *store) lease(ctx context.Context, statement string, args ...any) (bool, error) {
	var n int64
	err := s.inTx(ctx, func(l link) (err error) {
		n, err = l.exec(ctx, statement, args...)
		return err
	})
	return n > 0, s.explain(err)
}
