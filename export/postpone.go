package export

import (
	"context"

	"github.com/understudy-portal/understudy/entity"
)

// The stages after all others, for documents that refer to one another (export.md 4).
const (
	// stageBare is for documents without what refers to others.
	stageBare = 1 << 20
	// stageWhole is for the same documents once more, whole.
	stageWhole = stageBare + 1
)

// postpone puts a refused chunk off until all else is there, if that is why it was refused. All its documents go together:
// to look for the one that was meant would take more requests, and find the next.
func (d *delivery) postpone(ctx context.Context, f *Failure) (bool, error) {
	barer, ok := d.dest.(Barer)
	if !ok || d.stage >= stageBare {
		return false, nil
	}
	refusals := []string{f.Message}
	for _, text := range f.Items {
		refusals = append(refusals, text)
	}
	refs := make([]string, len(d.elements))
	for i := range d.elements {
		refs[i] = d.elements[i].ref
	}
	entities, _, err := d.read(ctx, refs)
	if err != nil {
		return false, err
	}
	bare, found := make([]element, 0, len(d.elements)), false
	for i := range d.elements {
		e, helps, err := d.bare(ctx, barer, &d.elements[i], entities[i], refusals)
		if err != nil {
			return false, err
		}
		bare, found = append(bare, e), found || helps
	}
	if !found {
		return false, nil
	}
	d.err = f.Error()
	return true, d.swap(ctx, []*chunk{d.child(stageBare, bare), d.child(stageWhole, d.elements)}, nil)
}

// bare maps an entity once more, without what refers to others. Helps tells that one of the refusals is about that.
func (d *delivery) bare(ctx context.Context, barer Barer, whole *element, e *entity.Entity, refusals []string) (bare element, helps bool, err error) {
	if e == nil { // gone, or damaged: the next run tells
		return *whole, false, nil
	}
	doc, err := d.dest.Map(ctx, *e)
	if err != nil {
		return *whole, false, ctx.Err()
	}
	for _, refusal := range refusals {
		if short, ok := barer.Bare(doc, refusal); ok {
			return element{ref: whole.ref, id: whole.id, update: whole.update, body: d.dest.Element(short, nil)}, true, nil
		}
	}
	return *whole, false, nil
}
