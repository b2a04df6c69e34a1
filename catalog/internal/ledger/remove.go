package ledger

import (
	"context"
	"maps"
	"slices"

	"github.com/understudy-portal/understudy/entity"
)

// orphanRounds bounds how deep a chain of orphans collapses in one pass (catalog.md 7.9).
const orphanRounds = 100

// DeleteByUID deletes one entity (catalog.md 5.5). Its children become orphans; the entities that emitted it are
// processed again, so that a child that is still declared comes back. An unknown uid is no error.
func (l *Ledger) DeleteByUID(ctx context.Context, uid string) (int64, error) {
	return l.write(ctx, func(u *unit) error {
		ref, err := u.tx.RefByUID(ctx, uid)
		if err != nil || ref == "" {
			return err
		}
		return u.deleteInvited(ref)
	})
}

// deleteInvited deletes an entity and has those that emitted it processed again.
func (u *unit) deleteInvited(ref string) error {
	if err := u.loadIn([]string{ref}); err != nil {
		return err
	}
	var parents []string
	for e := range u.in[ref] {
		if e.Source != "" {
			parents = append(parents, e.Source)
		}
	}
	if err := u.loadHeads(parents); err != nil {
		return err
	}
	for _, p := range parents {
		u.due[p], u.cleared[p] = struct{}{}, struct{}{}
	}
	return u.remove([]string{ref})
}

// DeleteOrphans deletes entities that nothing gives us any more, round after round, because the children of an orphan are
// the next orphans. It returns how many went. Without orphans it writes nothing.
func (l *Ledger) DeleteOrphans(ctx context.Context) (int, error) {
	deleted := 0
	_, err := l.write(ctx, func(u *unit) error {
		deleted = 0
		for range orphanRounds {
			refs, err := u.tx.Orphans(ctx, 1000)
			if err != nil || len(refs) == 0 {
				return err
			}
			if err := u.remove(refs); err != nil {
				return err
			}
			if err := u.flushRound(); err != nil {
				return err
			}
			deleted += len(refs)
		}
		return nil
	})
	return deleted, err
}

// flushRound writes removals, so that the next round's query sees them.
func (u *unit) flushRound() error {
	gone := maps.Clone(u.deleted)
	if err := u.flushDeleted(); err != nil {
		return err
	}
	if err := u.flushEdges(); err != nil {
		return err
	}
	clear(u.dropEdges)
	clear(u.addEdges)
	// The ids are gone from the tables; the refs must still reach the change log.
	for ref, h := range gone {
		h.ID = 0
		u.deleted[ref] = h
	}
	return nil
}

// remove deletes entities with all that hangs on them. Who had a relation from them is stitched again, who was their
// child loses an edge, and who was refused their ref may try again.
func (u *unit) remove(refs []string) error {
	if err := u.loadHeads(refs); err != nil {
		return err
	}
	refs = slices.DeleteFunc(slices.Clone(refs), func(ref string) bool { return u.heads[ref] == nil })
	if len(refs) == 0 {
		return nil
	}
	if err := u.loadOut(refs); err != nil {
		return err
	}
	targets := slices.Clone(refs)
	for _, ref := range refs {
		for e := range u.out[ref] {
			targets = append(targets, e.Target)
		}
	}
	if err := u.loadIn(targets); err != nil {
		return err
	}
	documents, err := u.documents(refs)
	if err != nil {
		return err
	}
	if err := u.invite(refs); err != nil {
		return err
	}
	for _, ref := range refs {
		u.relate(ref, decodeRelations(ref, documents[ref].Relations), nil)
		for _, e := range slices.Collect(maps.Keys(u.out[ref])) {
			u.dropEdge(e)
		}
		for _, e := range slices.Collect(maps.Keys(u.in[ref])) {
			u.dropEdge(e)
		}
		u.deleted[ref] = *u.heads[ref]
		u.refused[ref] = nil
		u.heads[ref] = nil
		delete(u.inputs, ref)
		delete(u.due, ref)
		delete(u.fresh, ref)
	}
	return nil
}

// invite makes those due whose emission of these refs was refused. Without it a file that was moved would stay unread
// until it changes, long after the old place let go of its entities (catalog.md 12, #14042).
func (u *unit) invite(refs []string) error {
	edges, err := u.tx.Refused(u.ctx, refs)
	if err != nil || len(edges) == 0 {
		return err
	}
	sources := make([]string, 0, len(edges))
	for _, e := range edges {
		sources = append(sources, e.Source)
	}
	if err := u.loadHeads(sources); err != nil {
		return err
	}
	for _, ref := range sources {
		u.due[ref], u.cleared[ref] = struct{}{}, struct{}{}
	}
	return nil
}

// prune deletes roots of a provider and all of their descendants that no other root reaches (catalog.md 7.2).
func (u *unit) prune(provider string, roots []string) error {
	if err := u.loadIn(roots); err != nil {
		return err
	}
	for _, ref := range roots {
		u.dropEdge(Edge{Provider: provider, Target: ref})
	}
	below, err := u.descendants(roots)
	if err != nil {
		return err
	}
	held, err := u.rooted(below)
	if err != nil {
		return err
	}
	return u.remove(slices.DeleteFunc(below, func(ref string) bool {
		_, ok := held[ref]
		return ok
	}))
}

// descendants returns refs and everything that they emitted, directly or not.
func (u *unit) descendants(refs []string) ([]string, error) {
	seen := make(map[string]struct{})
	var all []string
	for len(refs) > 0 {
		fresh := missing(refs, seen)
		if err := u.loadOut(fresh); err != nil {
			return nil, err
		}
		refs = nil
		for _, ref := range fresh {
			seen[ref] = struct{}{}
			all = append(all, ref)
			for e := range u.out[ref] {
				refs = append(refs, e.Target)
			}
		}
	}
	return all, nil
}

// rooted returns which of refs some provider still reaches: it climbs all edges to the top, then walks down from the
// roots it found.
func (u *unit) rooted(refs []string) (map[string]struct{}, error) {
	climbed := make(map[string]struct{})
	held := make(map[string]struct{})
	var queue []string
	for len(refs) > 0 {
		fresh := missing(refs, climbed)
		if err := u.loadIn(fresh); err != nil {
			return nil, err
		}
		refs = nil
		for _, ref := range fresh {
			climbed[ref] = struct{}{}
			for e := range u.in[ref] {
				if e.Provider != "" {
					queue = append(queue, ref)
				} else {
					refs = append(refs, e.Source)
				}
			}
		}
	}
	below := make(map[string][]string)
	for ref := range climbed {
		for e := range u.in[ref] {
			if e.Source != "" {
				below[e.Source] = append(below[e.Source], ref)
			}
		}
	}
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if _, ok := held[ref]; ok {
			continue
		}
		held[ref] = struct{}{}
		queue = append(queue, below[ref]...)
	}
	return held, nil
}

// own returns the relations that start at the entity itself.
func own(ref string, all []entity.Relation) []entity.Relation {
	var mine []entity.Relation
	for _, r := range all {
		if r.Source == ref {
			mine = append(mine, r)
		}
	}
	return mine
}
