package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// Child is an entity that a provider or a parent hands to the ledger.
type Child struct {
	// Ref is the canonical ref of the entity.
	Ref string
	// Body is the entity as JSON, Hash the hash of it.
	Body []byte
	Hash string
	// LocationKey says who may write the entity (catalog.md 7.3); empty for none.
	LocationKey string
}

// Outcome is what came of processing one claimed entity.
type Outcome struct {
	Work Work
	// OK is false if processing failed: then only Errors, State, Hash and Again count.
	OK bool
	// Body is the processed entity, and Raw the same as JSON.
	Body *entity.Object
	Raw  []byte
	// Errors is a JSON array of status items, or nil.
	Errors []byte
	// Relations are all that the entity emitted, distinct.
	Relations []entity.Relation
	// Children are the entities it emitted, distinct by ref, in order.
	Children []Child
	// Keys are its refresh keys, distinct.
	Keys []string
	// State is handed back with the next claim. Watched is true if processing read the outside.
	State   []byte
	Watched bool
	// Hash stands for all of the above but State: equal to that of the last processing, nothing is written.
	Hash string
	// Again is when to process again whatever happens; zero for not before something changes.
	Again time.Time
}

// Commit stores the outcomes of a batch, with all that follows from them, in one transaction. Outcomes whose entity was
// deleted or changed meanwhile are left out: such an entity is due again anyway. It returns the position after which
// readers see the batch; 0 if nothing visible changed.
func (l *Ledger) Commit(ctx context.Context, outcomes []Outcome) (int64, error) {
	return l.write(ctx, func(u *unit) error { return u.commit(outcomes) })
}

func (u *unit) commit(outcomes []Outcome) error {
	refs := make([]string, 0, len(outcomes))
	for i := range outcomes {
		refs = append(refs, outcomes[i].Work.Ref)
	}
	if err := u.loadHeads(refs); err != nil {
		return err
	}
	var changed []*Outcome
	for i := range outcomes {
		o := &outcomes[i]
		h := u.heads[o.Work.Ref]
		if h == nil || h.UID != o.Work.UID {
			continue // deleted meanwhile
		}
		u.done = append(u.done, Completion{ID: h.ID, Ticket: o.Work.Ticket, Again: o.Again})
		if h.InputHash != o.Work.InputHash {
			continue // the write that changed it has marked it due, so that it stays due
		}
		if h.ResultHash != o.Hash || string(o.Work.State) != string(o.State) {
			changed = append(changed, o)
		}
	}
	return u.apply(changed)
}

// apply looks up in a few statements what the changed outcomes need, and then takes them one by one.
func (u *unit) apply(changed []*Outcome) error {
	var sources, children, processed []string
	for _, o := range changed {
		h := u.heads[o.Work.Ref]
		if !o.OK || h.ResultHash == o.Hash {
			continue
		}
		if h.ResultHash != "" {
			processed = append(processed, h.Ref)
		}
		sources = append(sources, h.Ref)
		for i := range o.Children {
			children = append(children, o.Children[i].Ref)
		}
	}
	if err := u.loadOut(sources); err != nil {
		return err
	}
	for _, ref := range sources {
		for e := range u.out[ref] {
			children = append(children, e.Target)
		}
	}
	if err := u.loadHeads(children); err != nil {
		return err
	}
	// Own edges matter too: they tell whether the entity is an orphan.
	if err := u.loadIn(slices.Concat(children, sources)); err != nil {
		return err
	}
	previous, err := u.documents(processed)
	if err != nil {
		return err
	}
	for _, o := range changed {
		u.outcome(o, previous[o.Work.Ref])
	}
	return nil
}

func (u *unit) documents(refs []string) (map[string]Document, error) {
	byRef := make(map[string]Document, len(refs))
	if len(refs) == 0 {
		return byRef, nil
	}
	documents, err := u.tx.Documents(u.ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		byRef[d.Ref] = d
	}
	return byRef, nil
}

func (u *unit) outcome(o *Outcome, previous Document) {
	h := u.heads[o.Work.Ref]
	out := Output{ID: h.ID, Errors: o.Errors, State: o.State, Watched: o.Watched, Hash: o.Hash}
	if !o.OK || h.ResultHash == o.Hash {
		// A failure, or new state only: what processing made of the entity before stays.
		u.failures = append(u.failures, out)
		if h.ResultHash != o.Hash {
			u.touch(h.Ref)
		}
		return
	}
	u.touch(h.Ref)
	out.Body = o.Raw
	out.Relations = encodeRelations(h.Ref, o.Relations)
	u.outputs = append(u.outputs, out)
	u.fresh[h.Ref] = &fresh{body: o.Body, relations: own(h.Ref, o.Relations), errors: o.Errors}
	u.relate(h.Ref, decodeRelations(h.Ref, previous.Relations), o.Relations)
	u.emit(h.Ref, o.Children)
	if len(o.Keys) > 0 || h.ResultHash != "" {
		u.keys[h.ID] = o.Keys
	}
}

// relate replaces the relations that an entity emitted for others.
func (u *unit) relate(origin string, before, after []entity.Relation) {
	old := make(map[Relation]struct{}, len(before))
	for _, r := range before {
		if r.Source != origin {
			old[Relation{Source: r.Source, Type: r.Type, Target: r.Target, Origin: origin}] = struct{}{}
		}
	}
	for _, r := range after {
		if r.Source == origin {
			continue
		}
		rel := Relation{Source: r.Source, Type: r.Type, Target: r.Target, Origin: origin}
		if _, ok := old[rel]; ok {
			delete(old, rel)
			continue
		}
		u.addRelations[rel] = struct{}{}
		delete(u.dropRelations, rel)
		u.touch(r.Source)
	}
	for rel := range old {
		u.dropRelations[rel] = struct{}{}
		u.touch(rel.Source)
	}
}

// emit replaces the children of an entity. A child that it no longer emits loses its edge and may become an orphan.
func (u *unit) emit(source string, children []Child) {
	if len(children) == 0 && len(u.out[source]) == 0 {
		return
	}
	u.refused[source] = nil
	kept := make(map[string]struct{}, len(children))
	for i := range children {
		e := Edge{Source: source, Target: children[i].Ref}
		if u.accept(e, &children[i]) {
			kept[e.Target] = struct{}{}
		} else {
			u.refused[source] = append(u.refused[source], e)
		}
	}
	for e := range u.out[source] {
		if _, ok := kept[e.Target]; !ok {
			u.dropEdge(e)
		}
	}
}

// accept writes an entity on behalf of the edge's source, if the location keys permit it (catalog.md 7.3). An accepted
// write replaces all edges to the entity by the one from its new source. The head of and the edges to the entity must
// have been looked up.
func (u *unit) accept(e Edge, c *Child) bool {
	h := u.heads[c.Ref]
	if h == nil {
		u.insert(c)
	} else {
		if h.LocationKey != "" && h.LocationKey != c.LocationKey {
			u.l.opts.Log.Warn("entity is kept by another location, the write is refused", "entity", c.Ref,
				"holder", h.LocationKey, "refused", c.LocationKey, "source", e.Source, "provider", e.Provider)
			u.dropEdge(e)
			return false
		}
		u.update(h, c)
	}
	u.addEdge(e)
	for other := range u.in[c.Ref] {
		if other != e {
			u.dropEdge(other)
		}
	}
	return true
}

func (u *unit) insert(c *Child) {
	h := &Head{UID: u.l.opts.NewUID(), Ref: c.Ref, InputHash: c.Hash, LocationKey: c.LocationKey}
	u.heads[c.Ref] = h
	if u.in[c.Ref] == nil {
		u.in[c.Ref] = make(map[Edge]struct{})
	}
	u.inserted[c.Ref] = struct{}{}
	u.input(h, c)
}

// update stores a changed input. An unchanged one only claims the entity for its key.
func (u *unit) update(h *Head, c *Child) {
	if h.InputHash == c.Hash && h.LocationKey == c.LocationKey {
		return
	}
	h.InputHash, h.LocationKey = c.Hash, c.LocationKey
	u.input(h, c)
}

func (u *unit) input(h *Head, c *Child) {
	arrival := int64(len(u.inputs)) // stands in for the id until the row has one
	if known, ok := u.inputs[c.Ref]; ok {
		arrival = known.ID
	}
	u.inputs[c.Ref] = Input{
		ID: arrival, UID: h.UID, Ref: c.Ref, Body: c.Body, Hash: c.Hash, LocationKey: c.LocationKey, Given: u.l.opts.Now(),
	}
	u.due[c.Ref] = struct{}{}
}
