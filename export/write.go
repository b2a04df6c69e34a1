package export

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// write sends what is planned, stage after stage, several chunks at once.
func (r *runner) write(ctx context.Context) error {
	heads, err := r.s.unsettled(ctx, r.row.id)
	if err != nil || len(heads) == 0 {
		return err
	}
	if err := r.recount(ctx); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	r.learn()
	r.enter(phaseWrite)
	var refused *refusedStage
	for len(heads) > 0 {
		r.mu.Lock()
		r.stageSent, r.stageRefused = 0, 0
		r.mu.Unlock()
		end := slices.IndexFunc(heads, func(h head) bool { return h.stage != heads[0].stage })
		if end < 0 {
			end = len(heads)
		}
		err := r.deliverAll(ctx, heads[:end])
		if errors.As(err, &refused) {
			r.warn(refused.Error() + "; the rest of their kind was put aside")
			err = r.s.putAside(ctx, r.fence, r.row.id, refused, r.now())
		}
		if err != nil {
			return r.noteRefusal(ctx, err)
		}
		if r.stopped() {
			return errCancelled
		}
		// A stage may have put something off to a later one.
		if heads, err = r.s.unsettled(ctx, r.row.id); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if refused != nil && r.progress.Counts.Sent == 0 {
		return &ending{status: statusFailed, err: refused}
	}
	return nil
}

// recount takes from the chunks what a crash may have kept out of the progress.
func (r *runner) recount(ctx context.Context) error {
	totals, err := r.s.totals(ctx, r.row.id)
	if err != nil {
		return err
	}
	outcomes, err := r.s.countOutcomes(ctx, r.row.id)
	if err != nil {
		return err
	}
	failures := 0
	for code, n := range outcomes {
		if code != codeTooLarge {
			failures += n
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.highest = max(r.highest, totals.highest)
	c := &r.progress.Counts
	c.Sent, c.Failed = totals.entities[stateSettled], failures
	c.Pending = 0
	for _, state := range []string{statePlanned, stateSending, stateSubmitted, stateParked} {
		c.Pending += totals.entities[state]
	}
	r.permanent = failures - outcomes[codeRejected]
	return nil
}

// number returns the number of a new chunk.
func (r *runner) number() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.highest++
	return r.highest
}

// deliverAll sends the chunks of a stage, and what they are divided into.
func (r *runner) deliverAll(ctx context.Context, heads []head) error {
	q := newQueue(heads)
	group, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, q.close)
	defer stop()
	for range max(1, r.dest.Limits().Concurrency) {
		group.Go(func() error {
			for !r.stopped() {
				seq, ok := q.take()
				if !ok {
					return nil
				}
				children, err := r.deliver(ctx, seq)
				q.done(children)
				if err != nil && !errors.Is(err, errCancelled) {
					return err
				}
			}
			q.close()
			return nil
		})
	}
	return group.Wait()
}

// queue hands chunks to those who deliver them. It is empty once nobody is at a chunk that may bring forth others.
type queue struct {
	mu     sync.Mutex // guards what follows
	more   sync.Cond
	seqs   []int
	busy   int
	closed bool
}

func newQueue(heads []head) *queue {
	q := &queue{}
	q.more.L = &q.mu
	for _, h := range heads {
		q.seqs = append(q.seqs, h.seq)
	}
	return q
}

// take waits for a chunk. False means that there will be none.
func (q *queue) take() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.seqs) == 0 && q.busy > 0 && !q.closed {
		q.more.Wait()
	}
	if len(q.seqs) == 0 || q.closed {
		return 0, false
	}
	seq := q.seqs[0]
	q.seqs = q.seqs[1:]
	q.busy++
	return seq, true
}

// done gives a chunk back, with those that it was divided into: they go first.
func (q *queue) done(children []int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seqs = append(slices.Clip(children), q.seqs...)
	q.busy--
	q.more.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}
