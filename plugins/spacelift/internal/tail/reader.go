package tail

import (
	"context"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

const (
	// steps bounds the waits between looks, in steps; quietSteps those while the run waits for people or workers, of which
	// the mirror learns as well.
	steps      = 5
	quietSteps = 15
	// lookEvery is how many pages with nothing new there are between looks at the state, lateSteps for how long, in steps, a
	// phase that is over is asked whether its log has come to its end.
	lookEvery = 3
	lateSteps = 5
	// retryMost bounds what Spacelift may make us wait.
	retryMost = time.Minute
)

// reader is what the goroutine of a tail knows.
type reader struct {
	tail  *tail
	ended bool
	// idle counts looks that brought nothing; late is when the first of them at a phase that is over was.
	idle int
	late time.Time
	// fresh means that the states are not older than the last look at the log.
	fresh bool
}

// round asks once or a few times. More means that there is something to read at once; else wait is how long to wait, zero
// when there is nothing to wait for.
func (r *reader) round(ctx context.Context) (wait time.Duration, more bool) {
	if r.over() {
		return 0, false
	}
	if !r.fresh {
		if err := r.look(ctx); err != nil {
			return r.backOff(r.tail.fail(err), steps), false
		}
	}
	for {
		p, last := r.current()
		switch {
		case p == nil && r.ended:
			r.tail.end()
			return 0, true
		case p == nil, last && !p.HasLogs && !p.Terminal && !r.ended:
			r.fresh = false
			return r.backOff(0, quietSteps), false
		case !p.HasLogs:
			r.tail.finish(p)
			continue
		}
		return r.read(ctx, p, last)
	}
}

func (r *reader) over() bool {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	return r.tail.over
}

// look reads which states the run came into.
func (r *reader) look(ctx context.Context) error {
	if err := r.tail.tails.turn(ctx); err != nil {
		return err
	}
	d, err := r.tail.tails.opts.Upstream.RunDetail(ctx, r.tail.key.stack, r.tail.key.run)
	if err != nil {
		return err
	}
	before := r.states()
	r.ended, r.fresh = r.tail.learn(d), true
	if r.states() != before {
		r.idle, r.late = 0, time.Time{}
	}
	return nil
}

func (r *reader) states() int {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	return len(r.tail.phases)
}

// current is the phase to read, and whether it is the one that the run is in.
func (r *reader) current() (p *phase, last bool) {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	for i, p := range r.tail.phases {
		if !p.done {
			return p, i == len(r.tail.phases)-1
		}
	}
	return nil, false
}

// read asks for a page of a phase.
func (r *reader) read(ctx context.Context, p *phase, last bool) (wait time.Duration, more bool) {
	if err := r.tail.tails.turn(ctx); err != nil {
		return 0, false
	}
	page, err := r.tail.tails.opts.Upstream.Logs(ctx, r.tail.key.stack, r.tail.key.run, client.LogPlace{State: p.State, Version: p.Version, Token: p.token})
	if err != nil {
		return r.backOff(r.tail.fail(err), steps), false
	}
	fresh, moved := r.tail.add(p, page)
	if fresh > 0 {
		r.idle, r.late = 0, time.Time{}
	}
	closed := !last || p.Terminal || r.ended
	switch {
	case page.Expired, page.Finished, closed && !page.Exists, p.Terminal && !page.HasMore:
		r.tail.finish(p)
		// The phase is over: either the next is known already, or it is to be looked for.
		r.fresh, r.late = closed, time.Time{}
		return 0, true
	case page.HasMore && fresh > 0 && moved:
		return 0, true
	case closed && fresh == 0:
		// Nothing says that the log is whole; a worker's last words may still be on their way.
		if r.late.IsZero() {
			r.late = time.Now()
		}
		if time.Since(r.late) >= lateSteps*r.tail.tails.opts.Step {
			r.tail.finish(p)
			r.late = time.Time{}
			return 0, true
		}
	}
	wait = r.backOff(0, steps)
	if r.idle%lookEvery == 0 && !closed {
		r.fresh = false
	}
	return wait, false
}

// backOff is the next wait: a step longer each time that nothing came.
func (r *reader) backOff(asked time.Duration, most int) time.Duration {
	r.idle++
	wait := time.Duration(min(r.idle, most)) * r.tail.tails.opts.Step
	return max(wait, min(asked, retryMost))
}
