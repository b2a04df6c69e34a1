package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

const (
	// leastCeiling is the lowest limit on payloads that is learned: what is refused below it says something about one
	// entity, not about all.
	leastCeiling = 16 << 10
	// hopeless is how many documents of a stage may be refused before one is accepted; then the rest of it is put aside.
	hopeless = 200
	// leastParked is how many chunks in a row are parked before the destination is taken to be down.
	leastParked = 3
)

// judge does what a failure asks for (export.md 2.5). An error ends the run; nil has the chunk sent again unless it is over.
func (d *delivery) judge(ctx context.Context, f *Failure) error {
	if end := final(f); end != nil {
		return end
	}
	switch f.Kind {
	case TooLarge:
		return d.divideLarge(ctx, f)
	case Invalid:
		return d.quarantine(ctx, f)
	}
	// Transient, RateLimited, Gone: it is worth another try. Sending what has arrived once more does no harm.
	err := d.after(ctx, &d.tries, f)
	if errors.Is(err, f) {
		return d.park(ctx, f.Error())
	}
	d.state, d.ticket, d.attempts, d.err = statePlanned, "", d.tries.used, f.Error()
	return err
}

// park puts a chunk aside until the run is resumed. Several in a row mean that the destination is down, and end the run.
func (d *delivery) park(ctx context.Context, why string) error {
	d.state, d.err, d.attempts, d.over = stateParked, why, d.tries.used, true
	if err := d.s.mark(ctx, d.fence, d.row.id, d.chunk, d.now()); err != nil {
		return err
	}
	d.log.Warn("chunk parked", "run", d.row.id, "chunk", d.seq, "entities", len(d.elements), "err", why)
	d.warn(fmt.Sprintf("%d entities were put aside: %s", len(d.elements), why))
	d.mu.Lock()
	d.parked++
	down := d.parked >= max(leastParked, d.dest.Limits().Concurrency+1)
	d.mu.Unlock()
	if down {
		return &ending{status: statusPartial, err: fmt.Errorf("the destination takes nothing at present: %s; resume this run once it does", why), again: true}
	}
	return nil
}

// learn takes over what earlier runs have learned about the length of payloads, under the same configured limit.
func (r *runner) learn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known.learned > 0 && int(r.known.under) == r.dest.Limits().MaxBytes {
		r.ceiling = int(r.known.learned)
	}
}

// limit is how long a payload may be.
func (r *runner) limit() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := r.dest.Limits().MaxBytes
	if r.ceiling > 0 {
		limit = min(limit, r.ceiling)
	}
	return limit
}

// lower learns from a payload that was refused for its length: nine tenths of the smallest one.
func (d *delivery) lower(ctx context.Context) error {
	d.mu.Lock()
	ceiling := max(leastCeiling, d.bytes/10*9)
	lower := d.ceiling == 0 || ceiling < d.ceiling
	if lower {
		d.ceiling = ceiling
		d.known.learned, d.known.under = int64(ceiling), int64(d.dest.Limits().MaxBytes)
	}
	d.mu.Unlock()
	if !lower {
		return nil
	}
	d.log.Info("the destination takes shorter payloads only", "refused", d.bytes, "from now on", ceiling)
	return d.s.putLearned(ctx, d.fence, ceiling, d.dest.Limits().MaxBytes)
}

// divideLarge cuts a payload that is too long in half by bytes, or, where that was known before it was sent, into pieces
// that will do.
func (d *delivery) divideLarge(ctx context.Context, f *Failure) error {
	refused := f.Status != 0
	if refused {
		if err := d.lower(ctx); err != nil {
			return err
		}
	}
	if len(d.elements) == 1 {
		return d.shrink(ctx, f)
	}
	most := d.limit()
	if refused {
		most = min(most, d.dest.Overhead()+(d.bytes-d.dest.Overhead()+1)/2)
	}
	d.err = f.Error()
	return d.replace(ctx, d.pieces(most), nil)
}

// pieces cuts the elements into runs of at most so many bytes each, and of one element at least; into two if they fit.
func (d *delivery) pieces(most int) [][]element {
	var all [][]element
	var from, size int
	for i := range d.elements {
		length := len(d.elements[i].body) + 1
		if i > from && d.dest.Overhead()+size+length > most {
			all, from, size = append(all, d.elements[from:i]), i, 0
		}
		size += length
	}
	all = append(all, d.elements[from:])
	if len(all) == 1 {
		half := len(d.elements) / 2
		all = [][]element{d.elements[:half], d.elements[half:]}
	}
	return all
}

// shrink sends a single document without what can be spared of it, or skips it.
func (d *delivery) shrink(ctx context.Context, f *Failure) error {
	e := &d.elements[0]
	most := min(d.limit(), d.bytes-1)
	smaller, err := d.smaller(ctx, e.ref, most)
	if err != nil {
		return err
	}
	d.err = f.Error()
	if smaller != nil {
		return d.replace(ctx, [][]element{{*smaller}}, nil)
	}
	text := tooLarge(e.ref, d.bytes, most)
	d.warn(text)
	return d.replace(ctx, nil, []outcome{{
		ref: e.ref, id: e.id, status: itemSkipped, operation: e.operation(), code: codeTooLarge, httpStatus: f.Status, message: text, attempts: d.attempts + 1,
	}})
}

// smaller maps an entity once more, without what can be spared. Nil is an entity of which too much remains.
func (r *runner) smaller(ctx context.Context, ref string, most int) (*element, error) {
	e, err := r.readOne(ctx, ref)
	if err != nil || e == nil {
		return nil, err
	}
	doc, err := r.dest.Map(ctx, *e)
	if err != nil {
		return nil, nil //nolint:nilerr // the next run tells what is wrong with it
	}
	return r.shrunk(ctx, doc, most)
}

// shrunk is a document without what can be spared, if it is short enough then. The ledger keeps the hash of the whole, so
// that it is not sent again before it changes.
func (r *runner) shrunk(ctx context.Context, doc Document, most int) (*element, error) {
	short, ok := r.dest.Shrink(doc)
	if !ok {
		return nil, nil
	}
	entries, err := r.s.ledger(ctx, []string{doc.EntityRef})
	if err != nil {
		return nil, err
	}
	var had ledgerRow
	for _, e := range entries[doc.EntityRef] {
		if e.id == doc.ID {
			had = e
		}
	}
	e := r.newElement(short, had, hashOf(doc))
	if r.dest.Overhead()+len(e.body)+1 > most {
		return nil, nil
	}
	r.warn(fmt.Sprintf("%s is sent without its largest fields, because the destination takes no more than %d bytes at once", doc.EntityRef, most))
	return e, nil
}

func tooLarge(ref string, size, most int) string {
	return fmt.Sprintf("%s takes %d bytes, and the destination takes %d at once: leave large fields out by the mapping or fields.deny", ref, size, most)
}

// quarantine takes the refused documents out and sends the rest again; if it is unknown which they are, it halves the
// chunk. What refers to others that may yet come waits for them.
func (d *delivery) quarantine(ctx context.Context, f *Failure) error {
	if put, err := d.postpone(ctx, f); put || err != nil {
		return err
	}
	refused := maps.Clone(f.Items)
	maps.DeleteFunc(refused, func(i int, _ string) bool { return i < 0 || i >= len(d.elements) })
	if len(refused) == 0 && len(d.elements) == 1 {
		refused = map[int]string{0: f.Message}
	}
	d.err = f.Error()
	if len(refused) == 0 {
		half := (len(d.elements) + 1) / 2
		return d.replace(ctx, [][]element{d.elements[:half], d.elements[half:]}, nil)
	}
	var rest []element
	outcomes := make([]outcome, 0, len(refused))
	for i := range d.elements {
		e := &d.elements[i]
		message, bad := refused[i]
		if !bad {
			rest = append(rest, *e)
			continue
		}
		outcomes = append(outcomes, outcome{
			ref: e.ref, id: e.id, status: itemFailed, operation: e.operation(), code: codeRejected, httpStatus: f.Status, message: message, attempts: d.attempts + 1,
		})
	}
	var pieces [][]element
	if len(rest) > 0 {
		pieces = [][]element{rest}
	}
	if err := d.replace(ctx, pieces, outcomes); err != nil {
		return err
	}
	if d.stage == stageBare {
		return nil
	}
	return d.doubt(len(outcomes), outcomes[0].message)
}

// refusedStage is a stage of which everything is refused. Others may fare better.
type refusedStage struct {
	stage, refused int
	message        string
}

func (e *refusedStage) Error() string {
	return fmt.Sprintf("the destination has refused each of the first %d documents, the last one with: %s", e.refused, e.message)
}

// doubt ends a stage of which everything is refused: one document after the other would be of no use to anybody.
func (d *delivery) doubt(refused int, message string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stageRefused += refused
	if d.stageSent > 0 || d.stageRefused < hopeless {
		return nil
	}
	return &refusedStage{stage: d.stage, refused: d.stageRefused, message: message}
}

// replace puts other chunks, and outcomes, in the place of this one.
func (d *delivery) replace(ctx context.Context, pieces [][]element, outcomes []outcome) error {
	children := make([]*chunk, 0, len(pieces))
	for _, piece := range pieces {
		child := d.child(d.stage, piece)
		children = append(children, child)
		d.children = append(d.children, child.seq)
	}
	if d.stage == stageBare {
		outcomes = nil // the whole document is still to come, and decides
	}
	return d.swap(ctx, children, outcomes)
}

// child is a chunk of some of this one's elements.
func (d *delivery) child(stage int, elements []element) *chunk {
	child := &chunk{seq: d.number(), stage: stage, state: statePlanned, parent: d.seq, bytes: d.dest.Overhead(), elements: elements}
	for i := range elements {
		child.bytes += len(elements[i].body) + 1
	}
	return child
}

// swap writes down that others take this chunk's place.
func (d *delivery) swap(ctx context.Context, children []*chunk, outcomes []outcome) error {
	if err := d.s.divide(ctx, d.fence, d.row.id, d.chunk, children, outcomes, d.now()); err != nil {
		return err
	}
	d.over = true
	d.count(func(c *Counts) {
		c.Chunks += len(children) - 1
		c.Pending -= len(outcomes)
		for i := range outcomes {
			if outcomes[i].status == itemFailed {
				c.Failed++
			} else {
				c.Skipped++
			}
		}
	})
	for i := range outcomes {
		d.meter.item(outcomes[i].operation, outcomes[i].status, 1)
	}
	d.observe("split")
	return nil
}
