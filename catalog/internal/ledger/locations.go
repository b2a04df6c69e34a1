package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-portal/understudy/host/fault"
)

// Evict removes what providers own that are no longer there (catalog.md 7.9). Locations and everything else registered
// by name of a known provider stay.
func (l *Ledger) Evict(ctx context.Context, known []string) error {
	owners, err := l.Providers(ctx)
	if err != nil {
		return err
	}
	for _, name := range owners {
		if slices.Contains(known, name) {
			continue
		}
		l.opts.Log.Info("provider is gone from the configuration, its entities are removed", "provider", name)
		if _, err := l.Apply(ctx, Mutation{Provider: name, Full: true}); err != nil {
			return err
		}
	}
	return nil
}

// Refresh makes entities due that own any of the refresh keys.
func (l *Ledger) Refresh(ctx context.Context, keys []string) error {
	_, err := l.write(ctx, func(u *unit) error {
		refs, err := u.tx.ByKeys(ctx, keys)
		if err != nil {
			return err
		}
		return u.mark(refs)
	})
	return err
}

// MarkDue makes entities due at once.
func (l *Ledger) MarkDue(ctx context.Context, refs []string) error {
	_, err := l.write(ctx, func(u *unit) error { return u.mark(refs) })
	return err
}

func (u *unit) mark(refs []string) error {
	if err := u.loadHeads(refs); err != nil {
		return err
	}
	for _, ref := range refs {
		u.due[ref] = struct{}{}
	}
	return nil
}

// settingRules remembers by which rules and processors the entities were processed.
const settingRules = "processing"

// ReprocessIfChanged makes everything due if the fingerprint of how entities are processed differs from the one
// remembered. Work follows change, and a new rule is a change.
func (l *Ledger) ReprocessIfChanged(ctx context.Context, fingerprint string) error {
	known, err := l.Setting(ctx, settingRules)
	if err != nil || known == fingerprint {
		return err
	}
	_, err = l.write(ctx, func(u *unit) error {
		if err := u.tx.PutSetting(ctx, settingRules, fingerprint); err != nil {
			return err
		}
		if known == "" {
			return nil
		}
		l.opts.Log.Info("the rules of processing changed, every entity is processed again")
		return u.tx.MarkAllDue(ctx, u.now)
	})
	return err
}

// Register stores a location and hands its Location entity to the ledger in the same transaction (catalog.md 5.8). A
// location that is already there is a ConflictError.
func (l *Ledger) Register(ctx context.Context, provider string, loc Location, child Child) (Location, int64, error) {
	loc.ID = uuid.NewString()
	loc.EntityRef = child.Ref
	position, err := l.write(ctx, func(u *unit) error {
		known, err := u.tx.Locations(ctx)
		if err != nil {
			return err
		}
		for _, k := range known {
			if k.Type == loc.Type && k.Target == loc.Target {
				return fault.Conflict("Location %s already exists", loc.ref())
			}
		}
		if err := u.tx.InsertLocation(ctx, loc); err != nil {
			return err
		}
		return u.mutate(Mutation{Provider: provider, Added: []Child{child}})
	})
	return loc, position, err
}

// Unregister deletes a location and everything that only it leads to, in the same transaction. Another location
// with the same entity keeps it (catalog.md 11).
func (l *Ledger) Unregister(ctx context.Context, provider, id string) (int64, error) {
	return l.write(ctx, func(u *unit) error {
		known, err := u.tx.Locations(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(known, func(k Location) bool { return strings.EqualFold(k.ID, id) })
		if at < 0 {
			return fault.NotFound("Found no location with ID %s", id)
		}
		if err := u.tx.DeleteLocation(ctx, known[at].ID); err != nil {
			return err
		}
		for i, k := range known {
			if i != at && k.EntityRef == known[at].EntityRef {
				return nil
			}
		}
		return u.mutate(Mutation{Provider: provider, Removed: []string{known[at].EntityRef}})
	})
}

// Waited is how long work has been due, for the metric of the queue's delay.
func (w Work) Waited(now time.Time) time.Duration { return max(0, now.Sub(w.Since)) }
