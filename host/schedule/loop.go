package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// pollMost and pollLeast bound how often the rows are read for what other processes did (core.md 9.2).
	pollMost  = 5 * time.Second
	pollLeast = 100 * time.Millisecond
	// writeTimeout bounds one statement of ours.
	writeTimeout = 5 * time.Second
)

// Run runs the tasks until ctx ends, then tells the runs under way to stop and waits for them. It returns nil after a
// normal stop, and an error when the store cannot be opened or when runs do not end. It is called once.
func (s *Scheduler) Run(ctx context.Context) error {
	s.mu.Lock()
	again := s.running
	s.running = true
	s.mu.Unlock()
	if again {
		return errors.New("schedule: Run was called twice")
	}
	// Runs outlive ctx by a moment, and learn from the cause why they are to stop.
	runs, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	l := &loop{s: s, stop: ctx, runs: runs}
	err := l.turn()
	abort(ErrStopping)
	return errors.Join(err, l.drain())
}

// loop is one call of Run.
type loop struct {
	s *Scheduler
	// stop ends when no run is to begin any more, runs when those under way are to stop.
	stop, runs context.Context //nolint:containedctx // both belong to the call of Run that this is
	group      sync.WaitGroup
	failing    bool // the store did not answer last time
}

// turn looks at the tasks whenever something may be due. The store's failures are waited out, once it was opened.
func (l *loop) turn() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.stop.Done():
			return nil
		case <-timer.C:
		case <-l.s.wake:
		}
		wait, err := l.look()
		switch {
		case l.stop.Err() != nil:
			return nil
		case errors.Is(err, errNotOpened):
			return err
		case err != nil:
			if !l.failing {
				l.s.log.Warn("tasks wait for the database", "err", err)
			}
			wait = pollMost
		case l.failing:
			l.s.log.Info("tasks go on: the database is back")
		}
		l.failing = err != nil
		timer.Reset(wait)
	}
}

// errNotOpened is a store that could not be opened at all: there is nothing to wait for.
var errNotOpened = errors.New("tasks cannot run")

// look takes up new tasks, starts what is due, and tells how long to wait before looking again.
func (l *loop) look() (time.Duration, error) {
	var shared []*worker
	for _, w := range l.s.list() {
		if w.task.Schedule.Local {
			l.beginLocal(w)
		} else {
			shared = append(shared, w)
		}
	}
	if len(shared) == 0 {
		return pollMost, nil
	}
	st, err := l.s.open(l.stop)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNotOpened, err)
	}
	for _, w := range shared {
		if err := l.register(st, w); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(l.stop, writeTimeout)
	defer cancel()
	rows, now, err := st.rows(ctx)
	if err != nil {
		return 0, err
	}
	wait := pollMost
	for _, w := range shared {
		next, err := l.consider(st, w, rows, now)
		if err != nil {
			return 0, err
		}
		wait = min(wait, next)
	}
	return max(wait, time.Millisecond), nil
}

// register puts a task's row into the store, once.
func (l *loop) register(st store, w *worker) error {
	s := l.s
	s.mu.Lock()
	begun, c, settings := w.begun, w.cadence, w.settings
	s.mu.Unlock()
	if begun {
		return nil
	}
	ctx, cancel := context.WithTimeout(l.stop, writeTimeout)
	defer cancel()
	now, err := st.now(ctx)
	if err != nil {
		return err
	}
	if err := st.register(ctx, w.task.ID, settings.text(), c.first(now), c.following(now, now)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.begun, w.ready, w.state = true, time.Now().Add(c.delay), idle
	if c.delay > 0 {
		w.state = initialWait
	}
	return nil
}

// consider starts a task that is due and nobody's, and tells when to look at it again.
func (l *loop) consider(st store, w *worker, rows map[string]row, now time.Time) (time.Duration, error) {
	r, known := rows[w.task.ID]
	wait, c, free := l.s.follow(w, r, known)
	if !free {
		return wait, nil
	}
	interval := pollMost
	if c.every > 0 {
		interval = max(pollLeast, min(c.every, pollMost))
	}
	if r.ticket != "" {
		// Somebody runs it, or did.
		if r.lease != nil && !r.lease.Before(now) {
			return min(interval, r.lease.Sub(now)+time.Millisecond), nil
		}
		done, err := l.expire(st, r, c, now)
		if err != nil || done {
			return 0, err
		}
		return pollLeast, nil
	}
	if r.next == nil {
		return interval, nil
	}
	if wait := r.next.Sub(now); wait > 0 {
		return min(interval, wait), nil
	}
	return interval, l.claim(st, w, c)
}

// follow brings the worker up to date with the row. Free tells that this process might begin a run.
func (s *Scheduler) follow(w *worker, r row, known bool) (wait time.Duration, c cadence, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.ended || w.state == running {
		return pollMost, cadence{}, false
	}
	if wait := time.Until(w.ready); wait > 0 {
		return wait, cadence{}, false
	}
	w.state = idle
	if err := w.adopt(r, known); err != nil {
		// As upstream: whoever changed the row knows what it wants.
		w.ended, w.state = true, ""
		s.log.Warn("task no longer runs in this process", "task", w.task.ID, "err", err)
		return pollMost, cadence{}, false
	}
	return 0, w.cadence, true
}

// adopt takes on the row's settings.
func (w *worker) adopt(r row, known bool) error {
	if !known {
		return errNoRow
	}
	if r.settings == w.settings.text() {
		return nil
	}
	settings, err := parseSettings(r.settings)
	if err != nil {
		return fmt.Errorf("its settings are of another version of understudy: %w", err)
	}
	c, err := settings.cadence(w.task.Location)
	if err != nil {
		return fmt.Errorf("its settings are of another version of understudy: %w", err)
	}
	w.settings, w.cadence = settings, c
	return nil
}

// errDead is what a run that nobody renews any more leaves behind, unless it is over its time anyway.
var errDead = errors.New("the process that ran the task is gone")

// expire takes a run away from a process that is gone or hangs. One that was to be cancelled is not run again.
func (l *loop) expire(st store, r row, c cadence, now time.Time) (done bool, err error) {
	ctx, cancel := context.WithTimeout(l.stop, writeTimeout)
	defer cancel()
	cause := errDead
	if r.expires != nil && r.expires.Before(now) {
		cause = ErrTimedOut
	}
	if r.cancelled {
		start := now
		if r.next != nil {
			start = *r.next
		}
		done, err = st.release(ctx, r.id, r.ticket, c.following(start, now), errorJSON(ErrCancelled))
	} else {
		done, err = st.expire(ctx, r.id, r.ticket, errorJSON(cause))
	}
	if done {
		l.s.log.Warn("task taken over", "task", r.id, "from", r.holder, "err", cause)
	}
	return done, err
}

// claim tries to make the run ours and begins it.
func (l *loop) claim(st store, w *worker, c cadence) error {
	// Not ended by the stop half-way: the claim might stand, and nobody would know whose it is until its lease is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.stop), writeTimeout)
	defer cancel()
	// The lease counts from before the store was asked, so that we give up no later than it does.
	asked := time.Now()
	claimed, ok, err := st.claim(ctx, w.task.ID, newTicket(), l.s.holder, c.timeout, l.s.opts.Lease)
	if err != nil || !ok {
		// After an error the claim may stand; then its lease runs out unrenewed.
		return err
	}
	run, abort := context.WithCancelCause(l.runs)
	l.s.begin(w, abort)
	l.group.Go(func() {
		defer abort(nil)
		l.run(run, abort, st, w, c, claimed, asked)
		l.s.end(w)
		l.s.rouse()
	})
	return nil
}

// run does a claimed run, keeps its lease meanwhile, and gives it back.
func (l *loop) run(ctx context.Context, abort context.CancelCauseFunc, st store, w *worker, c cadence, claimed claim, asked time.Time) {
	k := &keeper{store: st, claim: claimed, lease: l.s.opts.Lease, abort: abort, log: l.s.log.With("task", w.task.ID)}
	stopKeeping := k.start(ctx, asked, c.timeout)
	err := l.s.execute(withLease(ctx, Lease{id: claimed.id, ticket: claimed.ticket, due: claimed.start}), w, c.timeout)
	stopKeeping()
	l.finish(ctx, st, c, claimed, claimed.now.Add(time.Since(asked)), err)
}

// finish writes how a run ended. What cannot be written is left to the lease's end, after which the task runs again.
func (l *loop) finish(ctx context.Context, st store, c cadence, claimed claim, now time.Time, failure error) {
	log := l.s.log.With("task", claimed.id)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*writeTimeout)
	defer cancel()
	retry := time.NewTicker(pollLeast)
	defer retry.Stop()
	for {
		var ours bool
		var err error
		if errors.Is(failure, ErrStopping) || errors.Is(failure, ErrLeaseLost) {
			ours, err = st.handBack(ctx, claimed.id, claimed.ticket)
		} else {
			ours, err = st.release(ctx, claimed.id, claimed.ticket, c.following(claimed.start, now), errorJSON(failure))
		}
		switch {
		case err == nil && !ours && !errors.Is(failure, ErrLeaseLost):
			log.Warn("task ended after its lease was lost")
			return
		case err == nil:
			return
		}
		select {
		case <-ctx.Done():
			log.Error("the end of a run could not be written, so it will be repeated", "err", err)
			return
		case <-retry.C:
		}
	}
}

// drain waits for the runs that were told to stop.
func (l *loop) drain() error {
	done := make(chan struct{})
	go func() {
		l.group.Wait()
		close(done)
	}()
	timer := time.NewTimer(l.s.opts.Drain)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	var hanging []string
	for _, w := range l.s.list() {
		l.s.mu.Lock()
		if w.state == running {
			hanging = append(hanging, w.task.ID)
		}
		l.s.mu.Unlock()
	}
	return fmt.Errorf("schedule: tasks did not stop within %s: %s", l.s.opts.Drain, strings.Join(hanging, ", "))
}
