package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// idlePoll is how often the store is asked for work that other replicas have left or ordered.
const idlePoll = 2 * time.Second

// writeTimeout bounds what is written when a run is told to stop.
const writeTimeout = 10 * time.Second

// Run does the destination's runs, whichever replica they were asked of, until ctx ends. Those that a crash, or the end
// of ctx, cut short go on when a Run begins here or elsewhere. An error means that the store cannot be opened.
func (e *Engine) Run(ctx context.Context) error {
	s, err := e.open(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-e.wake:
		}
		err := e.turn(ctx, s)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !failing {
			e.log.Warn("exports wait for the database", "err", err)
		}
		failing = err != nil
		timer.Reset(idlePoll)
	}
}

// turn does all that is to be done now, if no other replica is at it.
func (e *Engine) turn(ctx context.Context, s *store) error {
	if err := e.climb(ctx, s); err != nil {
		return err
	}
	if _, found, err := s.next(ctx); err != nil || !found {
		return err
	}
	ticket := newID()
	if held, err := s.claim(ctx, ticket, e.holder, e.opts.Lease); err != nil || !held {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		if err := s.release(ctx, ticket); err != nil {
			e.log.Warn("the export's lease could not be given back", "err", err)
		}
	}()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	stop := e.keep(ctx, s, ticket, abort)
	defer stop()
	for ctx.Err() == nil {
		row, found, err := s.next(ctx)
		if err != nil || !found {
			return err
		}
		if err := e.execute(ctx, s, ticket, row); errors.Is(err, errLeaseLost) {
			return nil // it has been told
		} else if err != nil {
			return err
		}
	}
	return nil
}

// keep renews the lease at a third of its time, and ends the runs when that does not work in time. Stop waits for its end.
func (e *Engine) keep(ctx context.Context, s *store, ticket string, abort context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(e.opts.Lease / 3)
		defer ticker.Stop()
		// By our own clock the end comes a tenth before the store would let another replica begin.
		good := time.Now().Add(e.opts.Lease - e.opts.Lease/10)
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			asked := time.Now()
			attempt, done := context.WithDeadline(ctx, good)
			held, err := s.renew(attempt, ticket, e.opts.Lease)
			done()
			switch {
			case ctx.Err() != nil:
				return
			case err == nil && !held, err != nil && !time.Now().Before(good):
				e.log.Warn("the export's lease was lost", "err", err)
				abort(errLeaseLost)
				return
			case err == nil:
				good = asked.Add(e.opts.Lease - e.opts.Lease/10)
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// ending is why a run ends before its end.
type ending struct {
	status string
	err    error
	// again tells that trying again later may help.
	again bool
}

func (e *ending) Error() string { return e.err.Error() }

func (e *ending) Unwrap() error { return e.err }

// failed is a run that failed for a reason that may pass.
func failed(format string, args ...any) *ending {
	return &ending{status: statusFailed, err: fmt.Errorf(format, args...), again: true}
}

// errCancelled is a run that somebody has ended.
var errCancelled = &ending{status: statusCancelled, err: errors.New("cancelled")}

// runner does one run.
type runner struct {
	*Engine
	s *store
	// fence is the ticket of the lease: what is written without it is refused.
	fence string
	row   runRow
	known destinationRow
	// prepared tells that the destination was looked at in this turn.
	prepared bool
	// anew tells that the ledger is about another address, so that nothing of it counts.
	anew bool
	// stopping is closed when no chunk is to be begun any more.
	stopping chan struct{}
	stopOnce sync.Once
	patience patience

	mu        sync.Mutex // guards what follows
	progress  progress
	phase     string
	warned    map[string]bool
	ceiling   int // how long a payload may be, as far as was learned; zero if nothing was
	highest   int // the highest number of a chunk
	parked    int // chunks that were parked since one settled
	permanent int // failed items that no repetition mends
	// stageSent and stageRefused are so many documents of the stage that is being sent.
	stageSent, stageRefused int
	pausedUntil             int64 // what is stored of the destination's wish to be left alone
	acceptedOK              bool
	pace                    rateMeter
	trouble                 trouble
}

// execute does one run and writes how it ended. The error is the store's, or why the process has to let go.
func (e *Engine) execute(ctx context.Context, s *store, ticket string, row runRow) error {
	r := &runner{
		Engine: e, s: s, fence: ticket, row: row, phase: row.phase, progress: row.progress,
		stopping: make(chan struct{}), warned: warnedOf(row.progress.Warnings),
	}
	log := e.log.With("run", row.id)
	log.Info("export begins", "cause", row.cause, "dryRun", row.dryRun, "resumed", row.planned)
	e.setLive(r)
	defer e.setLive(nil)
	began := time.Now()
	stop := r.report(ctx)
	err := r.do(untilStopped(ctx, r.stopping))
	stop()
	if ctx.Err() != nil {
		// Another replica, or this one when it runs again, goes on where the chunks stand.
		log.Info("export was interrupted", "err", context.Cause(ctx))
		return context.Cause(ctx)
	}
	if errors.Is(err, errLeaseLost) {
		return err
	}
	if err := r.finish(ctx, err); err != nil {
		return err
	}
	c := r.snapshot().progress.Counts
	level := slog.LevelInfo
	if worrying(r.row.status) {
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "export ended", "status", r.row.status, "took", time.Since(began), "read", c.Read, "unchanged", c.Unchanged,
		"sent", c.Sent, "failed", c.Failed, "pending", c.Pending, "requests", c.Requests, "err", r.row.err)
	return nil
}

// do takes the run from where it stands to its end.
func (r *runner) do(ctx context.Context) (err error) {
	if r.row.cancel {
		return errCancelled
	}
	if r.known, err = r.s.destination(ctx); err != nil {
		return err
	}
	r.set(func(row *runRow) { row.status = statusRunning })
	if err := r.flush(ctx); err != nil {
		return err
	}
	if err := r.retarget(ctx); err != nil {
		return err
	}
	r.hold()
	r.learn()
	known := recall(r.dest, r.known.known)
	if !r.row.planned {
		if r.row.dryRun || !known {
			if err := r.prepare(ctx); err != nil {
				return err
			}
		}
		if err := r.plan(ctx); err != nil {
			return err
		}
	} else if err := r.s.revive(ctx, r.fence, r.row.id, r.now()); err != nil {
		return err
	}
	if r.row.dryRun {
		return nil
	}
	return r.write(ctx)
}

// recall reminds a destination that can be of what it found out earlier, so that documents are made as they were then. It
// reports whether that is still of use.
func recall(d Destination, known string) bool {
	if d, ok := d.(interface{ Recall(known string) bool }); ok {
		return d.Recall(known)
	}
	return known != ""
}

// retarget starts anew when the configuration names another address than the ledger is about.
func (r *runner) retarget(ctx context.Context) error {
	target := r.dest.Target()
	if target == r.known.target {
		return nil
	}
	if r.row.dryRun {
		// It changes nothing, and plans as a run would that does.
		if r.anew = r.known.target != ""; r.anew {
			r.warn(fmt.Sprintf("the target has changed from %s to %s: a run sends everything", r.known.target, target))
			r.known.known, r.known.learned, r.known.paused = "", 0, 0
		}
		return nil
	}
	if r.known.target != "" {
		r.warn(fmt.Sprintf("the target has changed from %s to %s: everything is sent", r.known.target, target))
	}
	if err := r.s.retarget(ctx, r.fence, target, r.known.target != ""); err != nil {
		return err
	}
	r.known.target, r.known.mode, r.known.known, r.known.learned, r.known.paused = target, "", "", 0, 0
	return nil
}

// prepare has the destination look at itself, and make what documents need.
func (r *runner) prepare(ctx context.Context) error {
	if r.prepared {
		return nil
	}
	r.enter(phasePrepare)
	var found Prepared
	err := r.try(ctx, func() (err error) {
		began := time.Now()
		found, err = r.dest.Prepare(ctx, r.known.known, r.row.dryRun)
		r.meter.request(time.Since(began), err)
		r.count(func(c *Counts) { c.Requests += found.Requests })
		return err
	})
	if err != nil {
		return r.noteRefusal(ctx, err)
	}
	r.prepared = true
	for _, w := range found.Warnings {
		r.warn(w)
	}
	r.known.known, r.known.mode = found.Known, found.Mode
	r.set(func(row *runRow) { row.mode = found.Mode })
	if !r.row.dryRun {
		if err := r.s.putPrepared(ctx, r.fence, found); err != nil {
			return err
		}
	}
	return r.noteAccepted(ctx)
}

// noteAccepted writes down that the key is good, once.
func (r *runner) noteAccepted(ctx context.Context) error {
	r.mu.Lock()
	again := r.acceptedOK
	r.acceptedOK = true
	r.mu.Unlock()
	if again {
		return nil
	}
	return r.s.putToken(ctx, r.fence, tokenAccepted, "", r.now())
}

// noteRefusal writes down that the key is not, if that is why the run ends.
func (r *runner) noteRefusal(ctx context.Context, err error) error {
	end, ok := errors.AsType[*ending](err)
	if !ok || end.status != statusAuthFailed && end.status != statusNotEntitled {
		return err
	}
	state := tokenRefused
	if end.status == statusNotEntitled {
		state = tokenNotEntitled
	}
	if err := r.s.putToken(ctx, r.fence, state, end.Error(), r.now()); err != nil {
		return err
	}
	return end
}

// stop lets what is under way end and begins nothing more.
func (r *runner) stop() { r.stopOnce.Do(func() { close(r.stopping) }) }

// stopped reports whether somebody wants the run to end.
func (r *runner) stopped() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// setLive tells requests which run is under way here, and those that wait that something has changed.
func (e *Engine) setLive(r *runner) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live = r
	close(e.changed)
	e.changed = make(chan struct{})
}
