package export

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// deliver takes one chunk to the destination and sees it through. The numbers of the chunks that it was divided into are
// returned. An error ends the run.
func (r *runner) deliver(ctx context.Context, seq int) (children []int, err error) {
	c, err := r.s.chunk(ctx, r.row.id, seq)
	if err != nil {
		return nil, err
	}
	d := &delivery{runner: r, chunk: c}
	d.tries.used = c.attempts
	for {
		next, err := d.step(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return d.children, err
		}
		if next == nil {
			return d.children, nil
		}
		if err := d.judge(ctx, next); err != nil || d.over {
			return d.children, err
		}
	}
}

// delivery is one chunk under way.
type delivery struct {
	*runner
	*chunk
	tries    attempts
	children []int
	// replaced tells that what was to be cleared has been replaced.
	replaced bool
	// over tells that there is no more to do for this chunk.
	over bool
}

// step sends the chunk, or asks about it if it was sent, until it has settled or something failed.
func (d *delivery) step(ctx context.Context) (*Failure, error) {
	if d.state != stateSubmitted {
		if d.oversize() {
			return &Failure{Kind: TooLarge, Message: "the payload is longer than the destination takes"}, nil
		}
		if d.stopped() {
			return nil, errCancelled
		}
		if f, err := d.submit(ctx); f != nil || err != nil {
			return f, err
		}
	}
	if d.ticket != "" {
		if f, err := d.poll(ctx); f != nil || err != nil {
			return f, err
		}
	}
	if d.state != stateParked {
		if f, err := d.cleared(ctx); f != nil || err != nil {
			return f, err
		}
	}
	return nil, d.settled(ctx)
}

// oversize reports whether the payload is known to be refused.
func (d *delivery) oversize() bool {
	limit := d.limit()
	return d.bytes > limit && (len(d.elements) > 1 || d.bytes-1 > limit)
}

// submit sends the payload. The state is written before and after.
func (d *delivery) submit(ctx context.Context) (*Failure, error) {
	d.state, d.ticket = stateSending, ""
	if err := d.s.mark(ctx, d.fence, d.row.id, d.chunk, d.now()); err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(d.elements))
	for i := range d.elements {
		bodies[i] = d.elements[i].body
	}
	return d.send(ctx, d.dest.Payload(bodies))
}

// send hands a payload over, and writes its ticket down.
func (d *delivery) send(ctx context.Context, payload []byte) (*Failure, error) {
	d.ticket = ""
	d.observe("sending")
	began := time.Now()
	sent, err := d.dest.Submit(ctx, payload)
	d.meter.request(time.Since(began), err)
	d.count(func(c *Counts) {
		c.Requests++
		c.Bytes += int64(len(payload))
		c.WireBytes += int64(sent.WireBytes)
	})
	d.meter.bytes.WithLabelValues(d.meter.destination).Add(float64(sent.WireBytes))
	if err != nil {
		return asFailure(ctx, err)
	}
	d.works()
	ctx, done := d.late(ctx)
	defer done()
	if err := d.noteAccepted(ctx); err != nil {
		return nil, err
	}
	if sent.Ticket == "" {
		return nil, nil
	}
	d.ticket, d.state, d.submittedAt = sent.Ticket, stateSubmitted, millis(d.now())
	if err := d.s.mark(ctx, d.fence, d.row.id, d.chunk, d.now()); err != nil {
		return nil, err
	}
	d.observe("submitted")
	return nil, nil
}

// late is for writing down what the destination has taken, even while the process is told to stop: otherwise it would be
// sent again.
func (d *delivery) late(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
}

// asFailure tells a failure of the destination from the end of the context.
func asFailure(ctx context.Context, err error) (*Failure, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f, nil
	}
	if errors.Is(err, errCancelled) {
		return nil, errCancelled
	}
	return nil, &ending{status: statusFailed, err: err}
}

// errUnsettled is a ticket that took too long. It parks its chunk.
var errUnsettled = errors.New("it has not settled in time")

// poll asks about the ticket, first when earlier tickets had settled and then more rarely, until the chunk has settled.
func (d *delivery) poll(ctx context.Context) (*Failure, error) {
	limits := d.dest.Limits()
	every := d.patience.first(limits.PollEvery)
	deadline := fromMillis(d.submittedAt).Add(limits.PollTimeout)
	var transient attempts
	for asked := 1; ; asked++ {
		if err := d.wait(ctx, every); err != nil {
			return nil, err
		}
		every = min(2*every, max(limits.PollEvery, time.Millisecond))
		d.observe("polling")
		began := time.Now()
		done, err := d.dest.Poll(ctx, d.ticket)
		d.meter.request(time.Since(began), err)
		d.count(func(c *Counts) { c.Requests++ })
		if done {
			d.works()
			d.patience.learn(asked == 1, d.now().Sub(fromMillis(d.submittedAt)))
			return nil, nil
		}
		if err != nil {
			f, err := asFailure(ctx, err)
			if err != nil || f.Kind != Transient && f.Kind != RateLimited {
				return f, err
			}
			switch err := d.after(ctx, &transient, f); {
			case errors.Is(err, f):
				return nil, d.park(ctx, f.Error())
			case err != nil:
				return nil, err
			}
			continue
		}
		transient = attempts{}
		d.works()
		if d.now().After(deadline) {
			return nil, d.park(ctx, fmt.Sprintf("%s: the destination has been at it for %s; resume the run to ask again", errUnsettled, limits.PollTimeout))
		}
	}
}

// wait is for polls, which go on after a wish to cancel: what is under way is seen through.
func (d *delivery) wait(ctx context.Context, every time.Duration) error {
	timer := time.NewTimer(every)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// settled notes that the destination has it all.
func (d *delivery) settled(ctx context.Context) error {
	if d.state == stateParked {
		return nil
	}
	d.observe("settling")
	ctx, done := d.late(ctx)
	defer done()
	settle := d.s.settle
	if d.stage == stageBare {
		settle = d.s.settleBare
	}
	if err := settle(ctx, d.fence, d.row.id, d.chunk, d.now()); err != nil {
		return err
	}
	if d.stage == stageBare {
		return nil // the whole documents are still to come
	}
	creates := 0
	for i := range d.elements {
		if !d.elements[i].update {
			creates++
		}
	}
	d.mu.Lock()
	d.progress.Counts.Sent += len(d.elements)
	d.stageSent += len(d.elements)
	d.progress.Counts.Pending -= len(d.elements)
	d.parked = 0
	d.mu.Unlock()
	d.meter.item(opCreate, itemSent, creates)
	d.meter.item(opUpdate, itemSent, len(d.elements)-creates)
	d.observe("settled")
	return nil
}
