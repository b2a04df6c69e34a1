package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"runtime"
	"slices"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
)

// batchSize is how many entities are mapped, and looked up in the ledger, together.
const batchSize = 64

// mapped is what became of one entity in the plan.
type mapped struct {
	ref      string
	doc      Document
	hash     [sha256.Size]byte // of doc
	element  *element          // nil if there is nothing to send
	retried  bool              // the destination refused it before
	kept     []string          // the ids of what the destination has of it, and is to keep
	filtered bool
	err      error // from the mapper
}

// source is an entity as the catalog gave it, or why it could not.
type source struct {
	entity entity.Entity
	bad    *host.EntityError
}

// batch is entities on their way through the workers; they come out in the order in which they went in.
type batch struct {
	entities []source
	done     chan batchResult
}

type batchResult struct {
	items []mapped
	err   error
}

// plan reads the catalog, decides what is to be sent, and writes that down in chunks. Nothing holds all of it: entities
// pass through, and what must be sent goes into the store as soon as it fills a chunk.
func (r *runner) plan(ctx context.Context) error {
	r.enter(phasePlan)
	if err := r.s.forgetPlan(ctx, r.fence, r.row.id); err != nil {
		return err
	}
	r.mu.Lock()
	r.progress.Counts, r.progress.Digest = Counts{Requests: r.progress.Counts.Requests}, ""
	r.progress.Stale, r.progress.StaleKeys = 0, nil
	r.mu.Unlock()
	p := newPlanner(r)
	if err := r.readAll(ctx, p.take); err != nil {
		return err
	}
	if err := p.end(ctx); err != nil {
		return err
	}
	if r.row.wantDigest {
		if err := r.digest(ctx, p.ids); err != nil {
			return err
		}
	}
	r.observe("persisted")
	r.set(func(row *runRow) { row.planned = true })
	return r.flush(ctx)
}

// readAll maps all entities of the run on all cores, and calls take with the results one after the other.
func (r *runner) readAll(ctx context.Context, take func(ctx context.Context, m *mapped) error) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *batch), make(chan *batch, 2*workers)
	for range workers {
		go func() {
			var rows entity.Flattener
			for b := range work {
				items, err := r.mapBatch(ctx, &rows, b.entities)
				b.entities = nil // they are large, and the batch waits for its turn
				b.done <- batchResult{items, err}
			}
		}()
	}
	readErr := make(chan error, 1)
	go func() {
		defer close(order)
		defer close(work)
		readErr <- r.readBatches(ctx, work, order)
	}()
	var failure error
	for b := range order {
		result := <-b.done
		if failure != nil {
			continue // the reader has been told; its last batches come out all the same
		}
		if failure = result.err; failure == nil {
			failure = takeAll(ctx, result.items, take)
		}
		if failure != nil {
			abort(failure)
		}
	}
	if err := <-readErr; failure == nil {
		failure = err
	}
	return failure
}

func takeAll(ctx context.Context, items []mapped, take func(ctx context.Context, m *mapped) error) error {
	for i := range items {
		if err := take(ctx, &items[i]); err != nil {
			return err
		}
	}
	return nil
}

// readBatches hands the catalog's entities to the workers. Every batch that goes into order goes to a worker.
func (r *runner) readBatches(ctx context.Context, work, order chan<- *batch) error {
	var pending []source
	send := func() error {
		if len(pending) == 0 {
			return nil
		}
		b := &batch{entities: pending, done: make(chan batchResult, 1)}
		pending = nil
		select {
		case order <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		work <- b // a worker always comes back
		return nil
	}
	for e, err := range r.entities(ctx) {
		bad, one := errors.AsType[*host.EntityError](err)
		if err != nil && !one {
			return err
		}
		if pending = append(pending, source{e, bad}); len(pending) < batchSize {
			continue
		}
		if r.stopped() {
			return errCancelled
		}
		if err := send(); err != nil {
			return err
		}
	}
	return send()
}

// entities are those that the run is about: the whole catalog, or what a retry names. An error ends them, but for an
// *host.EntityError.
func (r *runner) entities(ctx context.Context) iter.Seq2[entity.Entity, error] {
	if r.row.cause == triggerRetry {
		return r.named(ctx)
	}
	return func(yield func(entity.Entity, error) bool) {
		for e, err := range r.opts.Catalog.Entities(ctx, r.who, nil) {
			_, one := errors.AsType[*host.EntityError](err)
			if err != nil && !one {
				err = unread(ctx, err)
			}
			if !yield(e, err) || err != nil && !one {
				return
			}
		}
	}
}

// named are the entities of a retry.
func (r *runner) named(ctx context.Context) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		refs, err := unpackRefs(r.row.refs)
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		for some := range slices.Chunk(refs, refsAtOnce) {
			found, bad, err := r.read(ctx, some)
			if err != nil {
				yield(entity.Entity{}, err)
				return
			}
			for i, e := range found {
				more := true
				switch damage := bad[some[i]]; {
				case damage != nil:
					more = yield(entity.Entity{}, damage)
				case e == nil:
					r.warn(some[i] + " is no longer in the catalog")
				default:
					more = yield(*e, nil)
				}
				if !more {
					return
				}
			}
		}
	}
}

// mapBatch filters and maps entities, and compares the documents with what the destination has.
func (r *runner) mapBatch(ctx context.Context, rows *entity.Flattener, entities []source) ([]mapped, error) {
	items := make([]mapped, len(entities))
	refs := make([]string, 0, len(entities))
	for i := range entities {
		e, m := entities[i].entity, &items[i]
		if bad := entities[i].bad; bad != nil {
			m.ref, m.err = bad.Ref, &MapError{Code: codeUnreadable, Message: bad.Error()}
			refs = append(refs, m.ref)
			continue
		}
		m.ref = canonical(e)
		if r.opts.Filter != nil {
			found, _ := rows.SearchRows(e)
			if m.filtered = !entity.Match(r.opts.Filter, found); m.filtered {
				continue
			}
		}
		m.doc, m.err = r.dest.Map(ctx, e)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !errors.Is(m.err, ErrSkipped) {
			refs = append(refs, m.ref)
		}
	}
	had, err := r.s.ledger(ctx, refs)
	if err != nil {
		return nil, err
	}
	if r.anew {
		had = nil
	}
	for i := range items {
		if m := &items[i]; !m.filtered {
			r.compare(m, had[m.ref])
		}
	}
	return items, nil
}

// canonical is the ref that the catalog, the ledger and people name the entity by.
func canonical(e entity.Entity) string { return e.Ref().String() }

// compare decides what is to be sent of a document.
func (r *runner) compare(m *mapped, entries []ledgerRow) {
	if m.err != nil {
		// It is in the catalog still, so what the destination has of it is no candidate for deletion.
		for _, e := range entries {
			if e.sentAt > 0 {
				m.kept = append(m.kept, e.id)
			}
		}
		return
	}
	m.hash = sha256.Sum256(m.doc.Body)
	sum := m.hash[:]
	var had ledgerRow
	for _, e := range entries {
		if e.id == m.doc.ID {
			had = e
		}
	}
	if m.retried = had.state == stateRefused; had.sentAt > 0 {
		m.kept = []string{had.id}
	}
	if had.state == stateSent && string(had.hash) == string(sum) && !r.row.full {
		m.doc.Body = nil
		return
	}
	m.element = r.newElement(m.doc, had, sum)
}

func hashOf(doc Document) []byte {
	sum := sha256.Sum256(doc.Body)
	return sum[:]
}

// newElement is a document as it goes into a payload.
func (r *runner) newElement(doc Document, had ledgerRow, hash []byte) *element {
	return &element{
		ref: doc.EntityRef, id: doc.ID, update: had.sentAt > 0, hash: hash, keys: joinKeys(doc.Keys),
		body: r.dest.Element(doc, missing(had.keys, doc.Keys)),
	}
}

// identity is what the digest needs of a document.
type identity struct {
	id, ref string
	hash    [sha256.Size]byte
}

// planner gathers what is to be sent into chunks.
type planner struct {
	*runner
	limits   Limits
	most     int // of a payload's bytes
	open     map[slot]*chunk
	skipped  *chunk
	ready    []*chunk
	held     int // bytes in ready
	outcomes []outcome
	seed     maphash.Seed
	seen     map[uint64]struct{}
	ids      []identity
	witness  witness
}

// slot is a chunk that is being filled. What was refused before keeps apart, so that it does not spoil others again.
type slot struct {
	stage   int
	retried bool
}

func (s slot) compare(other slot) int {
	return cmp.Or(cmp.Compare(s.stage, other.stage), cmp.Compare(flag(s.retried), flag(other.retried)))
}

func newPlanner(r *runner) *planner {
	seed := maphash.MakeSeed()
	return &planner{
		runner: r, limits: r.dest.Limits(), most: r.limit(), open: map[slot]*chunk{}, seed: seed, seen: map[uint64]struct{}{},
		witness: witness{seed: seed},
	}
}

// take plans one entity.
func (p *planner) take(ctx context.Context, m *mapped) error {
	p.witness.see(m)
	if m.filtered {
		p.count(func(c *Counts) { c.Filtered++ })
		return nil
	}
	p.count(func(c *Counts) { c.Read++ })
	switch {
	case errors.Is(m.err, ErrSkipped):
		p.count(func(c *Counts) { c.Skipped++ })
		return p.skip(ctx, m.ref)
	case m.err != nil:
		return p.unmappable(ctx, m)
	}
	for _, w := range m.doc.Warnings {
		p.warnOf(w, m.ref)
	}
	key := maphash.String(p.seed, m.doc.ID)
	if _, taken := p.seen[key]; taken {
		m.err = &MapError{Code: codeDuplicateID, Message: fmt.Sprintf("another entity has the id %s already; give one of them another name, or change the mapping's ids", m.doc.ID)}
		return p.unmappable(ctx, m)
	}
	p.seen[key] = struct{}{}
	if p.row.wantDigest {
		p.ids = append(p.ids, identity{m.doc.ID, m.ref, m.hash})
	}
	if m.element == nil {
		p.count(func(c *Counts) { c.Unchanged++ })
		return nil
	}
	return p.put(ctx, m)
}

// unmappable quarantines an entity.
func (p *planner) unmappable(ctx context.Context, m *mapped) error {
	code := "mapping"
	if e, ok := errors.AsType[*MapError](m.err); ok {
		code = e.Code
	}
	p.count(func(c *Counts) { c.Unmappable++; c.Failed++ })
	p.mu.Lock()
	p.permanent++
	p.mu.Unlock()
	p.meter.item(opUpdate, itemFailed, 1)
	p.outcomes = append(p.outcomes, outcome{ref: cmp.Or(m.ref, unnamedRef), id: m.doc.ID, status: itemFailed, code: code, message: m.err.Error()})
	return p.spill(ctx)
}

// put puts a document into the chunk that is being filled for its stage.
func (p *planner) put(ctx context.Context, m *mapped) error {
	e := m.element
	if size := p.dest.Overhead() + len(e.body); size > p.most {
		smaller, err := p.shrunk(ctx, m.doc, p.most)
		if err != nil {
			return err
		}
		if e = smaller; e == nil {
			p.count(func(c *Counts) { c.Skipped++ })
			p.warn(tooLarge(m.ref, size, p.most))
			p.outcomes = append(p.outcomes, outcome{
				ref: m.ref, id: m.doc.ID, status: itemSkipped, operation: m.element.operation(), code: codeTooLarge, message: tooLarge(m.ref, size, p.most),
			})
			return p.spill(ctx)
		}
	}
	key := slot{m.doc.Stage, m.retried}
	c := p.open[key]
	if c != nil && (len(c.elements) >= p.limits.MaxEntities || c.bytes+len(e.body)+1 > p.most) {
		if err := p.seal(ctx, c); err != nil {
			return err
		}
		c = nil
	}
	if c == nil {
		c = &chunk{stage: key.stage, bytes: p.dest.Overhead(), state: statePlanned}
		if p.row.dryRun {
			c.state = stateDry
		}
		p.open[key] = c
	}
	c.elements, c.bytes = append(c.elements, *e), c.bytes+len(e.body)+1
	p.count(func(c *Counts) {
		c.Pending++
		if e.update {
			c.Update++
		} else {
			c.Create++
		}
	})
	return nil
}

// skip notes an entity that the mapping leaves out.
func (p *planner) skip(ctx context.Context, ref string) error {
	const many = 1000
	if p.skipped == nil {
		p.skipped = &chunk{state: stateSkipped}
	}
	p.skipped.elements = append(p.skipped.elements, element{ref: ref})
	if len(p.skipped.elements) < many {
		return nil
	}
	c := p.skipped
	p.skipped = nil
	return p.seal(ctx, c)
}

// seal numbers a chunk that is full.
func (p *planner) seal(ctx context.Context, c *chunk) error {
	c.seq = p.number()
	p.ready = append(p.ready, c)
	p.held += c.bytes
	if c.state != stateSkipped {
		p.count(func(counts *Counts) {
			counts.Chunks++
			if c.state == stateDry {
				counts.Bytes += int64(c.bytes)
			}
		})
	}
	return p.spill(ctx)
}

const (
	// spillBytes and spillOutcomes are how much a plan holds before it is written.
	spillBytes    = 4 << 20
	spillOutcomes = 500
)

// spill writes what is ready, once that is worth a transaction.
func (p *planner) spill(ctx context.Context) error {
	if p.held < spillBytes && len(p.outcomes) < spillOutcomes && len(p.ready) < 64 {
		return nil
	}
	return p.persist(ctx)
}

func (p *planner) persist(ctx context.Context) error {
	if len(p.ready) == 0 && len(p.outcomes) == 0 {
		return nil
	}
	err := p.s.addChunks(ctx, p.fence, p.row.id, p.ready, p.outcomes, p.now())
	p.ready, p.outcomes, p.held = nil, nil, 0
	return err
}

// end writes the rest, and counts what the destination has and the catalog has not.
func (p *planner) end(ctx context.Context) error {
	for _, key := range slices.SortedFunc(maps.Keys(p.open), slot.compare) {
		if err := p.seal(ctx, p.open[key]); err != nil {
			return err
		}
	}
	if p.skipped != nil {
		if err := p.seal(ctx, p.skipped); err != nil {
			return err
		}
	}
	if err := p.persist(ctx); err != nil {
		return err
	}
	if p.row.cause == triggerRetry {
		return nil
	}
	empty := p.barren()
	if p.anew || empty != nil && !host.ConsistentCatalog(p.opts.Catalog) {
		return empty // an empty reading is no proof of anything
	}
	return cmp.Or(p.gone(ctx), empty)
}

// barren tells when there was nothing to export. An empty catalog is no success: it is one that has not been read yet, or
// has lost its sources, and a run that is tried again soon.
func (p *planner) barren() error {
	switch c := p.snapshot().progress.Counts; {
	case c.Read > 0:
		return nil
	case c.Filtered > 0:
		p.warn(fmt.Sprintf("the filters leave out all of the %d entities", c.Filtered))
		return nil
	case p.row.dryRun:
		p.warn(emptyCatalog)
		return nil
	default:
		return failed(emptyCatalog)
	}
}

const emptyCatalog = "the catalog has no entities, or none yet, so there was nothing to send"
