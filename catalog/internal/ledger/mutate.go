package ledger

import (
	"context"
	"slices"
)

// Mutation is what a provider wants changed (catalog.md 7.2).
type Mutation struct {
	// Provider is the provider's stable name.
	Provider string
	// Full makes Added the whole of what the provider owns.
	Full bool
	// Added are entities to add or update. Of two with the same ref the last counts.
	Added []Child
	// Removed are refs to remove; those that are not the provider's own are ignored. Only for deltas.
	Removed []string
}

// Apply carries out a mutation in one transaction and returns the position after which readers see what it removed.
// What it added is processed soon after.
func (l *Ledger) Apply(ctx context.Context, m Mutation) (int64, error) {
	return l.write(ctx, func(u *unit) error { return u.mutate(m) })
}

func (u *unit) mutate(m Mutation) error {
	added := lastOfEach(m.Added)
	refs := make([]string, 0, len(added))
	given := make(map[string]struct{}, len(added))
	for i := range added {
		refs = append(refs, added[i].Ref)
		given[added[i].Ref] = struct{}{}
	}
	owned, err := u.owned(m, slices.Concat(refs, m.Removed))
	if err != nil {
		return err
	}
	if err := u.loadHeads(refs); err != nil {
		return err
	}
	if err := u.loadIn(refs); err != nil {
		return err
	}
	gone := u.leaving(m, added, owned, given)
	if len(gone) > 0 {
		if err := u.prune(m.Provider, gone); err != nil {
			return err
		}
		// What went and is given again comes back as a new entity, which needs its old row gone first.
		if err := u.flushGone(refs); err != nil {
			return err
		}
	}
	for i := range added {
		u.add(m, &added[i], owned)
	}
	return nil
}

// owned returns which refs are the provider's own roots: all of them for a full mutation, else those among refs.
func (u *unit) owned(m Mutation, refs []string) (map[string]struct{}, error) {
	owned := make(map[string]struct{})
	if m.Full {
		roots, err := u.tx.Roots(u.ctx, m.Provider)
		if err != nil {
			return nil, err
		}
		for _, ref := range roots {
			owned[ref] = struct{}{}
		}
		return owned, nil
	}
	if err := u.loadIn(refs); err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if _, ok := u.in[ref][Edge{Provider: m.Provider, Target: ref}]; ok {
			owned[ref] = struct{}{}
		}
	}
	return owned, nil
}

// leaving returns the provider's roots that go: those no longer given, and those whose location key changed, which are
// added again under a new uid.
func (u *unit) leaving(m Mutation, added []Child, owned, given map[string]struct{}) []string {
	var gone []string
	if m.Full {
		for ref := range owned {
			if _, ok := given[ref]; !ok {
				gone = append(gone, ref)
			}
		}
	} else {
		for _, ref := range m.Removed {
			if _, ok := owned[ref]; ok && !slices.Contains(gone, ref) {
				gone = append(gone, ref)
			}
		}
	}
	for i := range added {
		h := u.heads[added[i].Ref]
		if _, ok := owned[added[i].Ref]; ok && h != nil && h.LocationKey != added[i].LocationKey && !slices.Contains(gone, h.Ref) {
			gone = append(gone, h.Ref)
		}
	}
	slices.Sort(gone)
	for _, ref := range gone {
		delete(owned, ref)
	}
	return gone
}

// flushGone deletes the rows of removed entities that are about to be inserted again, so that the refs are free.
func (u *unit) flushGone(refs []string) error {
	again := make(map[string]Head)
	for _, ref := range refs {
		if h, ok := u.deleted[ref]; ok {
			again[ref] = h
		}
	}
	if len(again) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(again))
	for ref, h := range again {
		ids = append(ids, h.ID)
		h.ID = 0
		u.deleted[ref] = h
	}
	slices.Sort(ids)
	return u.tx.DeleteEntities(u.ctx, ids)
}

// add takes one given entity. What the provider owns already, unchanged, is left alone; in a delta so is what anybody
// owns with the same key and content (catalog.md 7.2).
func (u *unit) add(m Mutation, c *Child, owned map[string]struct{}) {
	h := u.heads[c.Ref]
	_, mine := owned[c.Ref]
	if h != nil && h.InputHash == c.Hash && h.LocationKey == c.LocationKey && (mine || !m.Full) {
		return
	}
	u.accept(Edge{Provider: m.Provider, Target: c.Ref}, c)
}

func lastOfEach(all []Child) []Child {
	at := make(map[string]int, len(all))
	var distinct []Child
	for _, c := range all {
		if i, ok := at[c.Ref]; ok {
			distinct[i] = c
			continue
		}
		at[c.Ref] = len(distinct)
		distinct = append(distinct, c)
	}
	return distinct
}
