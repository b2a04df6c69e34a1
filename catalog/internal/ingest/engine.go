package ingest

import (
	"context"
	"crypto/sha1" //nolint:gosec // tells results apart; nothing is secured by it
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

const (
	// batchSize is how many entities are claimed, processed and committed together. The larger, the less often a team is
	// finished anew that every batch adds some relations to; the longer, too, other writers wait.
	batchSize = 1000
	// leaseTime is how long a claim holds: after a crash its entities are processed again that much later.
	leaseTime = 30 * time.Second
	// pollEvery is how often other replicas' work is looked for, when no notification comes.
	pollEvery = time.Second
	// orphansEvery is how often orphans are deleted (catalog.md 7.9).
	orphansEvery = 30 * time.Second
	// defaultInterval is catalog.processingInterval where it is not set (catalog.md 7.4).
	defaultInterval = 100 * time.Second
	// retryFirst and retryMost bound the wait after a failure of the database.
	retryFirst, retryMost = 100 * time.Millisecond, 10 * time.Second
)

// Options configure an Engine.
type Options struct {
	Ledger       *ledger.Ledger
	Orchestrator *Orchestrator
	Log          *slog.Logger
	Metrics      *Metrics
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Interval is catalog.processingInterval; 0 for the default.
	Interval time.Duration
	// KeepOrphans leaves entities that nothing gives us any more, with an annotation.
	KeepOrphans bool
	// OrphanInterval is how often orphans are deleted; 0 for 30 s.
	OrphanInterval time.Duration
}

// Engine keeps the catalog processed. Run it once.
type Engine struct {
	Options
	watch *watcher
}

// NewEngine returns an engine at rest.
func NewEngine(opts Options) *Engine {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Interval <= 0 {
		opts.Interval = defaultInterval
	}
	if opts.OrphanInterval <= 0 {
		opts.OrphanInterval = orphansEvery
	}
	if opts.Metrics == nil {
		opts.Metrics = NewMetrics(nil)
	}
	return &Engine{Options: opts, watch: &watcher{limit: maxFileSize, now: opts.Now, verified: make(map[string]mark)}}
}

// Run processes what is due, watches files and deletes orphans until ctx ends. Failures of the database are logged and
// tried again: they are no reason to stop serving.
func (e *Engine) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.work(ctx) })
	g.Go(func() error { return e.every(ctx, "look for changed files", e.sweepInterval, e.Sweep) })
	if !e.KeepOrphans {
		g.Go(func() error {
			return e.every(ctx, "delete orphans", func() time.Duration { return e.OrphanInterval }, e.DeleteOrphans)
		})
	}
	err := g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

// sweepInterval spreads passes over half an interval, so that replicas do not read in step.
func (e *Engine) sweepInterval() time.Duration { return e.jitter() }

func (e *Engine) jitter() time.Duration {
	return e.Interval + time.Duration(rand.Int64N(int64(e.Interval)/2+1)) //nolint:gosec // no secret
}

// every runs a pass now and again until ctx ends.
func (e *Engine) every(ctx context.Context, what string, interval func() time.Duration, pass func(context.Context) error) error {
	for {
		if !sleep(ctx, interval()) {
			return context.Cause(ctx)
		}
		if err := pass(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("a pass of the catalog failed and will be tried again", "pass", what, "err", err)
		}
	}
}

// sleep waits, and returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// DeleteOrphans deletes entities that nothing gives us any more. Without any it writes nothing.
func (e *Engine) DeleteOrphans(ctx context.Context) error {
	n, err := e.Ledger.DeleteOrphans(ctx)
	if n > 0 {
		e.Log.Info("deleted orphaned entities", "count", n)
	}
	return err
}

// Sweep compares every file that was read with what it is now, and makes those entities due whose files differ.
func (e *Engine) Sweep(ctx context.Context) error {
	watched, err := e.Ledger.Watched(ctx)
	if err != nil {
		return err
	}
	var due []string
	for _, w := range watched {
		if what := e.watch.changed(ctx, w.State); what != "" {
			e.Log.Debug("a source changed", "entity", w.Ref, "source", what)
			due = append(due, w.Ref)
		}
	}
	if len(due) == 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return e.Ledger.MarkDue(ctx, due)
}

// work claims and processes batches, while the batch before is being committed.
func (e *Engine) work(ctx context.Context) error {
	woken, stop := e.Ledger.Subscribe()
	defer stop()
	finished := make(chan []ledger.Outcome)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(finished)
		return e.claimAll(ctx, woken, finished)
	})
	g.Go(func() error {
		for outcomes := range finished {
			e.commit(ctx, outcomes)
		}
		return nil
	})
	return g.Wait()
}

func (e *Engine) claimAll(ctx context.Context, woken <-chan struct{}, finished chan<- []ledger.Outcome) error {
	retry := retryFirst
	for {
		outcomes, err := e.batch(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			e.Log.Warn("the catalog cannot reach its database and will try again", "err", err, "in", retry)
			if !sleep(ctx, retry) {
				return context.Cause(ctx)
			}
			retry = min(2*retry, retryMost)
			continue
		}
		retry = retryFirst
		if len(outcomes) > 0 {
			select {
			case finished <- outcomes:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			continue
		}
		if err := e.idle(ctx, woken); err != nil {
			return err
		}
	}
}

// idle waits until something is due: for a write of ours, the next due time, or, with replicas, the next poll.
func (e *Engine) idle(ctx context.Context, woken <-chan struct{}) error {
	wait := pollEvery
	next, waiting, err := e.Ledger.NextDue(ctx)
	if err == nil && waiting {
		wait = min(wait, max(next.Sub(e.Now()), 0)+time.Millisecond)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-woken:
	case <-t.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// Step claims, processes and commits one batch, and returns how many entities it held. Run does the same, pipelined.
func (e *Engine) Step(ctx context.Context) (int, error) {
	outcomes, err := e.batch(ctx)
	if err != nil || len(outcomes) == 0 {
		return 0, err
	}
	_, err = e.Ledger.Commit(ctx, outcomes)
	return len(outcomes), err
}

// batch claims what is due and processes it on all cores.
func (e *Engine) batch(ctx context.Context) ([]ledger.Outcome, error) {
	now := e.Now()
	work, err := e.Ledger.Claim(ctx, batchSize, now, now.Add(leaseTime))
	if err != nil || len(work) == 0 {
		return nil, err
	}
	outcomes := make([]ledger.Outcome, len(work))
	g, gctx := errgroup.WithContext(ctx)
	workers := min(runtime.GOMAXPROCS(0), len(work))
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(work); i += workers {
				o, err := e.process(gctx, work[i])
				if err != nil {
					return err
				}
				outcomes[i] = o
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		e.release(ctx, work)
		return nil, err
	}
	return outcomes, nil
}

// release gives back claims that will not be completed, so that a restart need not wait for the lease.
func (e *Engine) release(ctx context.Context, work []ledger.Work) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), 5*time.Second, errors.New("releasing claims took over 5 s"))
	defer cancel()
	refs := make([]string, len(work))
	for i, w := range work {
		refs[i] = w.Ref
	}
	if err := e.Ledger.MarkDue(ctx, refs); err != nil {
		e.Log.Warn("claims could not be released and expire by themselves", "count", len(refs), "err", err)
	}
}

// process runs one claimed entity through the processors.
func (e *Engine) process(ctx context.Context, w ledger.Work) (ledger.Outcome, error) {
	start := time.Now()
	out := ledger.Outcome{Work: w}
	e.Metrics.delay.Observe(w.Waited(e.Now()).Seconds())
	parsed, err := entity.ParseObject(w.Input)
	if err != nil {
		return out, fmt.Errorf("read the stored entity %s: %w", w.Ref, err)
	}
	source := entity.FromObject(parsed)
	location, _ := source.Annotation(entity.AnnotationLocation)
	r, err := e.Orchestrator.Process(ctx, source)
	if err != nil {
		return out, err
	}
	e.fill(&out, r)
	e.Metrics.processed(out, time.Since(start))
	if !r.OK && w.ResultHash != out.Hash {
		// An entity that was never finished has no status to show, so that the log is where its author's help comes from.
		e.Log.Warn("an entity could not be processed", "entity", w.Ref, "location", location, "err", errors.Join(r.Errors...))
	}
	return out, nil
}

// fill makes the ledger's outcome of a result.
func (e *Engine) fill(out *ledger.Outcome, r *Result) {
	em := r.emitted
	out.OK = r.OK
	out.Errors = statusItems(slices.Concat(r.Errors, r.Warnings))
	out.State, out.Watched = em.sources.encode(), !em.sources.empty()
	if em.outside {
		out.Again = e.Now().Add(e.jitter())
	}
	sum := digest{sha1.New()} //nolint:gosec // see the import
	sum.add(strconv.FormatBool(r.OK), string(out.Errors))
	if r.OK {
		out.Body, out.Raw = r.Entity.Object, entity.AppendJSON(nil, r.Entity.Object)
		out.Relations = em.ordered
		out.Children = make([]ledger.Child, len(em.children))
		out.Keys = slices.Sorted(maps.Keys(em.keys))
		sum.add(string(out.Raw))
		for i := range em.children {
			c := em.children[i].Child
			out.Children[i] = c
			sum.add(c.Ref, c.Hash, c.LocationKey)
		}
		for _, rel := range out.Relations {
			sum.add(rel.Source, rel.Type, rel.Target)
		}
		sum.add(out.Keys...)
	}
	out.Hash = hex.EncodeToString(sum.Sum(nil))
}

// digest hashes lists of texts so that no two lists look alike.
type digest struct{ hash.Hash }

func (d digest) add(texts ...string) {
	for _, s := range texts {
		d.Write(binary.AppendUvarint(nil, uint64(len(s))))
		d.Write([]byte(s))
	}
}

// commit stores a batch. If the database refuses it, the outcomes are tried one by one, so that one of them cannot hold
// up the others.
func (e *Engine) commit(ctx context.Context, outcomes []ledger.Outcome) {
	// What is processed is worth keeping, also while the server stops.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), leaseTime, errors.New("committing a batch took longer than its lease"))
	defer cancel()
	start := time.Now()
	_, err := e.Ledger.Commit(ctx, outcomes)
	if err == nil {
		e.Metrics.stitched(len(outcomes), time.Since(start), nil)
		return
	}
	e.Metrics.stitched(len(outcomes), time.Since(start), err)
	e.Log.Warn("a batch could not be stored, its entities are stored one by one", "count", len(outcomes), "err", err)
	for i := range outcomes {
		if fault.Is(err, fault.NameServiceUnavailable) || ctx.Err() != nil {
			break // the leases run out, and others take over
		}
		if _, one := e.Ledger.Commit(ctx, outcomes[i:i+1]); one != nil {
			e.Log.Error("an entity could not be stored and will be processed again", "entity", outcomes[i].Work.Ref, "err", one)
			err = one
		}
	}
}
