package ledger

import (
	"context"

	"github.com/understudy-portal/understudy/host/fault"
)

// unfinishedChunk is how many unfinished entities are read at once.
const unfinishedChunk = 200

// EachFailed calls yield for every entity whose processing never succeeded, until it returns false.
func (l *Ledger) EachFailed(ctx context.Context, yield func(Unfinished) bool) error {
	return each(ctx, l.Failed, yield)
}

// EachPending calls yield for every entity that waits for its first processing, until it returns false.
func (l *Ledger) EachPending(ctx context.Context, yield func(Unfinished) bool) error {
	return each(ctx, l.Pending, yield)
}

// each walks in chunks. An entity that moves on meanwhile is met or not; none is met twice.
func each(ctx context.Context, page func(context.Context, int64, int) ([]Unfinished, error), yield func(Unfinished) bool) error {
	for after := int64(0); ; {
		rows, err := page(ctx, after, unfinishedChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			if !yield(rows[i]) {
				return nil
			}
		}
		after = rows[len(rows)-1].ID
	}
}

// Unfinished returns all entities that readers do not see: those that failed, then those that wait.
func (l *Ledger) Unfinished(ctx context.Context) ([]Unfinished, error) {
	var all []Unfinished
	take := func(u Unfinished) bool {
		all = append(all, u)
		return true
	}
	if err := l.EachFailed(ctx, take); err != nil {
		return nil, err
	}
	return all, l.EachPending(ctx, take)
}

// DeleteUnfinished deletes an entity that was never finished, as DeleteByUID does. An unknown uid is no error; one that
// readers see is, because deleting it is another permission's business.
func (l *Ledger) DeleteUnfinished(ctx context.Context, uid string) (int64, error) {
	return l.write(ctx, func(u *unit) error {
		ref, err := u.tx.RefByUID(ctx, uid)
		if err != nil || ref == "" {
			return err
		}
		if err := u.loadHeads([]string{ref}); err != nil {
			return err
		}
		if h := u.heads[ref]; h != nil && h.FinalHash != "" {
			return fault.NotFound("No unprocessed entity with ID %s: %s is in the catalog", uid, ref)
		}
		return u.deleteInvited(ref)
	})
}
