package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// unit is one unit of work: what a transaction has read, and what it will write. Decisions are taken on the maps, in
// memory; flush writes them a set at a time; finish stitches what was touched and writes the change log.
type unit struct {
	ctx context.Context
	tx  Tx
	l   *Ledger
	now time.Time

	// heads has an entry for each ref that was looked up; nil for one that does not exist.
	heads map[string]*Head
	// in and out hold the edges by target and by source, of those that were looked up.
	in  map[string]map[Edge]struct{}
	out map[string]map[Edge]struct{}

	// inserted are new entities without an id yet; inputs all new and changed inputs, by ref.
	inserted map[string]struct{}
	inputs   map[string]Input
	due      map[string]struct{}
	cleared  map[string]struct{}
	deleted  map[string]Head

	addEdges, dropEdges         map[Edge]struct{}
	addRelations, dropRelations map[Relation]struct{}
	refused                     map[string][]Edge

	outputs  []Output
	failures []Output
	keys     map[int64][]string
	done     []Completion

	// touched are refs whose finished form may have changed; fresh what this unit itself knows of them.
	touched map[string]struct{}
	fresh   map[string]*fresh
}

// fresh is an entity that was processed in this unit, so that stitching need not read it again.
type fresh struct {
	body      *entity.Object
	relations []entity.Relation
	errors    []byte
}

func newUnit(ctx context.Context, tx Tx, l *Ledger) *unit {
	return &unit{
		ctx: ctx, tx: tx, l: l, now: l.opts.Now(),
		heads: make(map[string]*Head), in: make(map[string]map[Edge]struct{}), out: make(map[string]map[Edge]struct{}),
		inserted: make(map[string]struct{}), inputs: make(map[string]Input), due: make(map[string]struct{}),
		cleared: make(map[string]struct{}), deleted: make(map[string]Head),
		addEdges: make(map[Edge]struct{}), dropEdges: make(map[Edge]struct{}),
		addRelations: make(map[Relation]struct{}), dropRelations: make(map[Relation]struct{}),
		refused: make(map[string][]Edge), keys: make(map[int64][]string),
		touched: make(map[string]struct{}), fresh: make(map[string]*fresh),
	}
}

// missing returns the distinct refs that the map does not know yet.
func missing[V any](refs []string, known map[string]V) []string {
	seen := make(map[string]struct{}, len(refs))
	var todo []string
	for _, ref := range refs {
		if _, ok := known[ref]; ok {
			continue
		}
		if _, ok := seen[ref]; !ok {
			seen[ref] = struct{}{}
			todo = append(todo, ref)
		}
	}
	return todo
}

// loadHeads looks up entities.
func (u *unit) loadHeads(refs []string) error {
	todo := missing(refs, u.heads)
	if len(todo) == 0 {
		return nil
	}
	heads, err := u.tx.Heads(u.ctx, todo)
	if err != nil {
		return err
	}
	for _, ref := range todo {
		u.heads[ref] = nil
	}
	for _, h := range heads {
		u.heads[h.Ref] = &h
	}
	return nil
}

// loadIn looks up the edges that end at refs.
func (u *unit) loadIn(refs []string) error {
	todo := missing(refs, u.in)
	if len(todo) == 0 {
		return nil
	}
	edges, err := u.tx.EdgesTo(u.ctx, todo)
	if err != nil {
		return err
	}
	for _, ref := range todo {
		u.in[ref] = make(map[Edge]struct{})
	}
	for _, e := range edges {
		if _, dropped := u.dropEdges[e]; !dropped {
			u.in[e.Target][e] = struct{}{}
		}
	}
	for e := range u.addEdges {
		if set, ok := u.in[e.Target]; ok {
			set[e] = struct{}{}
		}
	}
	return nil
}

// loadOut looks up the edges that start at entities.
func (u *unit) loadOut(refs []string) error {
	todo := missing(refs, u.out)
	if len(todo) == 0 {
		return nil
	}
	edges, err := u.tx.EdgesFrom(u.ctx, todo)
	if err != nil {
		return err
	}
	for _, ref := range todo {
		u.out[ref] = make(map[Edge]struct{})
	}
	for _, e := range edges {
		if _, dropped := u.dropEdges[e]; !dropped {
			u.out[e.Source][e] = struct{}{}
		}
	}
	for e := range u.addEdges {
		if set, ok := u.out[e.Source]; ok && e.Source != "" {
			set[e] = struct{}{}
		}
	}
	return nil
}

// addEdge records that the edge's source gave us its target. The edges to the target must have been looked up.
func (u *unit) addEdge(e Edge) {
	set := u.in[e.Target]
	if _, ok := set[e]; ok {
		return
	}
	if len(set) == 0 {
		u.touch(e.Target) // no longer an orphan
	}
	set[e] = struct{}{}
	if out, ok := u.out[e.Source]; ok && e.Source != "" {
		out[e] = struct{}{}
	}
	if _, ok := u.dropEdges[e]; ok {
		delete(u.dropEdges, e)
		return
	}
	u.addEdges[e] = struct{}{}
}

// dropEdge forgets an edge. The edges to the target must have been looked up.
func (u *unit) dropEdge(e Edge) {
	set := u.in[e.Target]
	if _, ok := set[e]; !ok {
		return
	}
	delete(set, e)
	if len(set) == 0 {
		u.touch(e.Target) // an orphan from now on
	}
	if out, ok := u.out[e.Source]; ok && e.Source != "" {
		delete(out, e)
	}
	if _, ok := u.addEdges[e]; ok {
		delete(u.addEdges, e)
		return
	}
	u.dropEdges[e] = struct{}{}
}

func (u *unit) touch(ref string) { u.touched[ref] = struct{}{} }

// ids returns the ids of the entities among refs that exist.
func (u *unit) ids(refs map[string]struct{}) []int64 {
	ids := make([]int64, 0, len(refs))
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		if h := u.heads[ref]; h != nil {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// inOrder returns a set in the order of its table's key: neighbours go to the same pages, and runs are alike.
func inOrder[T comparable](set map[T]struct{}, compare func(a, b T) int) []T {
	return slices.SortedFunc(maps.Keys(set), compare)
}

func (e Edge) compare(o Edge) int {
	return cmp.Or(strings.Compare(e.Target, o.Target), strings.Compare(e.Source, o.Source), strings.Compare(e.Provider, o.Provider))
}

func (r Relation) compare(o Relation) int {
	return cmp.Or(strings.Compare(r.Source, o.Source), strings.Compare(r.Type, o.Type), strings.Compare(r.Target, o.Target),
		strings.Compare(r.Origin, o.Origin))
}

// flush writes what was decided, but for finished entities and the change log.
func (u *unit) flush() error {
	steps := []func() error{u.flushDeleted, u.flushInputs, u.flushEdges, u.flushOutputs, u.flushRelations, u.flushDue}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) flushDeleted() error {
	ids := make([]int64, 0, len(u.deleted))
	for _, h := range u.deleted {
		if h.ID != 0 { // 0: its row went earlier in this unit
			ids = append(ids, h.ID)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return nil
	}
	return u.tx.DeleteEntities(u.ctx, ids)
}

// flushInputs keeps the order in which inputs arrived: it is the order in which they will be processed.
func (u *unit) flushInputs() error {
	var fresh, changed []Input
	for ref, in := range u.inputs {
		if _, ok := u.inserted[ref]; ok {
			fresh = append(fresh, in)
		} else {
			changed = append(changed, in)
		}
	}
	byArrival := func(a, b Input) int { return int(a.ID - b.ID) }
	slices.SortFunc(fresh, byArrival)
	if len(fresh) > 0 {
		ids, err := u.tx.InsertEntities(u.ctx, fresh)
		if err != nil {
			return err
		}
		for i, in := range fresh {
			u.heads[in.Ref].ID = ids[i]
		}
	}
	if len(changed) == 0 {
		return nil
	}
	for i, in := range changed {
		changed[i].ID = u.heads[in.Ref].ID
	}
	slices.SortFunc(changed, byArrival)
	return u.tx.UpdateInputs(u.ctx, changed)
}

func (u *unit) flushEdges() error {
	if len(u.dropEdges) > 0 {
		if err := u.tx.DeleteEdges(u.ctx, inOrder(u.dropEdges, Edge.compare)); err != nil {
			return err
		}
	}
	if len(u.addEdges) > 0 {
		return u.tx.InsertEdges(u.ctx, inOrder(u.addEdges, Edge.compare))
	}
	return nil
}

func (u *unit) flushOutputs() error {
	if len(u.outputs) > 0 {
		if err := u.tx.PutOutputs(u.ctx, u.outputs); err != nil {
			return err
		}
	}
	if len(u.failures) > 0 {
		if err := u.tx.PutFailures(u.ctx, u.failures); err != nil {
			return err
		}
	}
	if len(u.keys) > 0 {
		if err := u.tx.ReplaceKeys(u.ctx, u.keys); err != nil {
			return err
		}
	}
	return u.flushRefused()
}

func (u *unit) flushRefused() error {
	if len(u.refused) == 0 {
		return nil
	}
	if err := u.tx.DeleteRefused(u.ctx, slices.Sorted(maps.Keys(u.refused))); err != nil {
		return err
	}
	var all []Edge
	for _, edges := range u.refused {
		all = append(all, edges...)
	}
	if len(all) == 0 {
		return nil
	}
	return u.tx.InsertRefused(u.ctx, all)
}

func (u *unit) flushRelations() error {
	if len(u.dropRelations) > 0 {
		if err := u.tx.DeleteRelations(u.ctx, inOrder(u.dropRelations, Relation.compare)); err != nil {
			return err
		}
	}
	if len(u.addRelations) > 0 {
		return u.tx.InsertRelations(u.ctx, inOrder(u.addRelations, Relation.compare))
	}
	return nil
}

// flushDue completes claims before it marks, so that an entity that was both processed and marked stays due.
func (u *unit) flushDue() error {
	if len(u.done) > 0 {
		if err := u.tx.Complete(u.ctx, u.done); err != nil {
			return err
		}
	}
	if ids := u.ids(u.cleared); len(ids) > 0 {
		if err := u.tx.ClearHashes(u.ctx, ids); err != nil {
			return err
		}
	}
	if ids := u.ids(u.due); len(ids) > 0 {
		return u.tx.MarkDue(u.ctx, ids, u.now)
	}
	return nil
}

// finish writes everything, stitches what was touched and appends to the change log.
func (u *unit) finish() (int64, error) {
	if err := u.flush(); err != nil {
		return 0, err
	}
	changes, err := u.stitch()
	if err != nil {
		return 0, err
	}
	if len(changes) == 0 {
		return 0, nil
	}
	position, err := u.tx.AppendChanges(u.ctx, changes)
	if err != nil {
		return 0, err
	}
	// Trimming now and then is enough, and one range delete is cheap.
	if keep := u.l.opts.KeepChanges; position > keep && position/(keep/10+1) != (position-int64(len(changes)))/(keep/10+1) {
		if err := u.tx.TrimChanges(u.ctx, position-keep); err != nil {
			return 0, err
		}
	}
	return position, nil
}
