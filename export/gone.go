package export

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
)

// refsAtOnce is for how many entities the catalog is asked at once.
const refsAtOnce = 500

// read asks the catalog for entities. Those that cannot be read are in bad, by their refs, and nil in found. Any other
// failure ends the run, which can be resumed.
func (r *runner) read(ctx context.Context, refs []string) (found []*entity.Entity, bad map[string]*host.EntityError, err error) {
	found, err = r.opts.Catalog.ByRefs(ctx, r.who, refs)
	bad, err = host.Damaged(refs, err)
	if err == nil && len(found) != len(refs) {
		err = fmt.Errorf("it answers with %d entities for %d refs", len(found), len(refs))
	}
	if err != nil {
		return nil, nil, unread(ctx, err)
	}
	return found, bad, nil
}

// readOne is read for one entity; nil where there is none that can be read.
func (r *runner) readOne(ctx context.Context, ref string) (*entity.Entity, error) {
	found, _, err := r.read(ctx, []string{ref})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// unread is the end of a run that could not read the catalog.
func unread(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errCancelled) {
		return errCancelled
	}
	return failed("the catalog cannot be read: %w", err)
}

// witness remembers what a reading of the catalog has seen: hashes, because it may be a lot.
type witness struct {
	seed maphash.Seed
	// refs are of all entities, kept of the entries in the ledger that are what is exported now.
	refs, kept []uint64
	had        int
	// blind tells that an entity could not even be named: it may be any.
	blind bool
}

func (w *witness) see(m *mapped) {
	w.had += len(m.kept)
	if m.ref == "" {
		w.blind = true
		return
	}
	w.refs = append(w.refs, maphash.String(w.seed, m.ref))
	for _, id := range m.kept {
		w.kept = append(w.kept, w.entry(m.ref, id))
	}
}

func (w *witness) entry(ref, id string) uint64 { return maphash.String(w.seed, ref+"\n"+id) }

func within(sorted []uint64, hash uint64) bool {
	_, found := slices.BinarySearch(sorted, hash)
	return found
}

// gone counts what the destination has and the catalog has not. A reading that is one snapshot proves it. Otherwise an
// entity that was not read counts when the readings of two runs have missed it and the catalog, asked for it by name, does
// not have it: pages that are read while others write may miss what is there all the time.
func (p *planner) gone(ctx context.Context) error {
	if host.ConsistentCatalog(p.opts.Catalog) {
		totals, err := p.s.ledgerTotals(ctx)
		if err != nil {
			return err
		}
		p.count(func(c *Counts) { c.DeleteCandidates = max(0, totals.sent-p.witness.had) })
		if p.row.dryRun {
			return nil
		}
		return p.s.forgetAbsence(ctx, p.fence)
	}
	if p.witness.blind {
		p.warn("an entity could not be read, and not even named, so this run does not look for what is gone from the catalog")
		return nil
	}
	return p.prove(ctx)
}

// prove does so for a catalog of which one reading proves nothing.
func (p *planner) prove(ctx context.Context) error {
	slices.Sort(p.witness.refs)
	slices.Sort(p.witness.kept)
	candidates := 0
	var present []string
	var absent []sentRow
	err := p.s.eachSent(ctx, func(e sentRow) {
		seen := within(p.witness.refs, maphash.String(p.witness.seed, e.ref))
		switch {
		case !seen:
			absent = append(absent, e)
			return
		case !within(p.witness.kept, p.witness.entry(e.ref, e.id)):
			candidates++ // it was read, and is not exported any more, or under another id
		}
		if e.walks > 0 {
			present = append(present, e.ref)
		}
	})
	if err != nil {
		return err
	}
	missed, found, err := p.ask(ctx, absent)
	if err != nil {
		return err
	}
	unproven := 0
	for i := range absent {
		e := &absent[i]
		_, there := slices.BinarySearch(found, e.ref)
		switch {
		case there:
		case e.missedBy(p.row.id) >= proofs:
			candidates++
		default:
			unproven++
		}
	}
	p.tellAbsence(unproven, len(found))
	p.count(func(c *Counts) { c.DeleteCandidates = candidates })
	if p.row.dryRun {
		return nil
	}
	return p.s.putAbsence(ctx, p.fence, p.row.id, missed, append(present, found...))
}

// ask asks the catalog for entities that were not read, by their refs. Both lists are sorted.
func (p *planner) ask(ctx context.Context, absent []sentRow) (missed, found []string, err error) {
	refs := make([]string, 0, len(absent))
	for i := range absent {
		refs = append(refs, absent[i].ref)
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	for some := range slices.Chunk(refs, refsAtOnce) {
		if p.stopped() {
			return nil, nil, errCancelled
		}
		entities, bad, err := p.read(ctx, some)
		if err != nil {
			return nil, nil, err
		}
		for i, e := range entities {
			if e == nil && bad[some[i]] == nil {
				missed = append(missed, some[i])
			} else {
				found = append(found, some[i])
			}
		}
	}
	return missed, found, nil
}

func (p *planner) tellAbsence(unproven, found int) {
	if unproven > 0 {
		p.warn(fmt.Sprintf("entities that were sent earlier and that this reading of the catalog has not met: %d; they count as gone when the next run misses them too", unproven))
	}
	if found > 0 {
		p.warn(fmt.Sprintf("entities that came to be while the catalog was read: %d; the next run sends what is new of them", found))
	}
}
