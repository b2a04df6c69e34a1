package mirror

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// retryAfter is the wait after a first failed sweep. It doubles up to the interval.
const retryAfter = 10 * time.Second

// Sweep reads every stack into the store. It runs as a task: one replica at a time. Its error is why it came to nothing,
// and is noted for the readers. One with gaps serves them as any other does, but no stack is missed by it.
func (m *Mirror) Sweep(ctx context.Context) error {
	started := m.opts.Now()
	name, err := m.sweep(ctx)
	ended := m.opts.Now()
	result, whole := "complete", true
	if e, upstream := errors.AsType[*client.Error](err); upstream && e.Gaps {
		m.opts.Log.Warn("the list of stacks has gaps, so that none of them is taken for gone", "err", err)
		result, whole, err = "gaps", false, nil
	}
	if err != nil {
		m.metrics.swept("failed", ended.Sub(started))
		return m.sweepFailed(ctx, ended, err)
	}
	gone, err := m.opts.Store.SweepDone(ctx, store.Sweep{KeyName: name, Started: started, Ended: ended, Whole: whole})
	if err != nil {
		return err
	}
	m.metrics.swept(result, ended.Sub(started))
	if gone > 0 {
		m.opts.Log.Info("stacks are gone from Spacelift", "stacks", gone)
	}
	return m.Refresh(ctx)
}

// sweep returns what Spacelift calls the key.
func (m *Mirror) sweep(ctx context.Context) (name string, err error) {
	who, err := m.opts.Upstream.Viewer(ctx)
	if err != nil {
		return "", err
	}
	// A page was asked for when the one before it had been stored, so that what we say of its age is rather too much.
	asked := m.opts.Now()
	err = m.opts.Upstream.Sweep(ctx, func(page []client.Stack) error {
		if _, err := m.opts.Store.Put(ctx, page, asked); err != nil {
			return err
		}
		asked = m.opts.Now()
		return nil
	})
	return who.Name, err
}

// sweepFailed notes the failure of a sweep, unless it was the end of the task or of the store that ended it.
func (m *Mirror) sweepFailed(ctx context.Context, now time.Time, err error) error {
	e, upstream := errors.AsType[*client.Error](err)
	if !upstream || ctx.Err() != nil {
		return err
	}
	failures := m.Snapshot().State.Failures
	wait := retryAfter
	for range min(failures, 10) {
		wait *= 2
	}
	wait = max(min(wait, m.opts.Interval), e.RetryAfter)
	f := store.Failure{Code: string(e.Code), Status: e.Status, Message: e.Message, RetryAfter: e.RetryAfter, At: now}
	return errors.Join(err, m.opts.Store.SweepFailed(ctx, f, now.Add(wait)), m.Refresh(ctx))
}

// live is the state of Live between its runs.
type live struct {
	next    time.Time
	failing bool
	// from is where in the list of those that moved the reads of single stacks go on.
	from int
}

// Bounds of what Live does at once.
const (
	// singlesAtOnce are the stacks that are read one by one in a run.
	singlesAtOnce = 20
	// pageSize is that of the client's pages (spacelift.md 5.4).
	pageSize = 50
	// oddLife is how long a state that is not known is taken for work. Later it is looked at as if nothing moved.
	oddLife = time.Hour
)

// Live reads the stacks that move, when it is time to. It runs as a task: one replica at a time. What Spacelift does not
// answer is logged and tried again, not an error.
func (m *Mirror) Live(ctx context.Context) error {
	if err := m.Refresh(ctx); err != nil {
		return err
	}
	snapshot, now := m.Snapshot(), m.opts.Now()
	moving := snapshot.Moving()
	odd, lately := snapshot.MayMove(now.Add(-oddLife))
	due := m.live.next
	if len(moving) > 0 || lately {
		due = due.Add(m.opts.Active - m.opts.Idle)
	}
	// The task comes at about the same intervals; half a one too early is on time.
	if !snapshot.Synced() || now.Before(due.Add(-m.opts.Active/2)) {
		return nil
	}
	cost, err := m.look(ctx, slices.Concat(moving, odd), now)
	// No more than half of our requests go into this.
	pause := time.Duration(float64(cost) / m.opts.RequestsPerSecond * 2 * float64(time.Second))
	m.live.next = now.Add(max(pause-m.opts.Active, 0)).Add(m.opts.Idle)
	if e, upstream := errors.AsType[*client.Error](err); upstream && ctx.Err() == nil {
		if !m.live.failing {
			m.opts.Log.Warn("stacks that move cannot be read; trying again", "code", string(e.Code), "err", e)
		}
		m.live.failing = true
		m.live.next = now.Add(max(m.opts.Idle, e.RetryAfter) + m.opts.Idle)
		return nil
	}
	m.live.failing = false
	return err
}

// look asks for what moves, and for what moved when we last looked and is not among it any more.
func (m *Mirror) look(ctx context.Context, moved []string, asked time.Time) (cost int, err error) {
	found, err := m.opts.Upstream.StacksIn(ctx, state.MovingStacks())
	cost = 1 + len(found)/pageSize
	if m.opts.Upstream.Status().WholeLists {
		cost = 1 + len(m.Snapshot().Stacks)/pageSize
	}
	if err != nil {
		return cost, err
	}
	if len(found) > 0 {
		if _, err := m.opts.Store.Put(ctx, found, asked); err != nil {
			return cost, err
		}
	}
	still := map[string]bool{}
	for _, s := range found {
		still[s.ID] = true
	}
	singles, from := 0, m.live.from
	for i := range moved {
		at := (from + i) % len(moved)
		id := moved[at]
		if still[id] {
			continue
		}
		if singles == singlesAtOnce {
			// The next look goes on from here: those that cannot be found any more must not keep the others from it.
			m.live.from = at
			break
		}
		singles++
		cost++
		if err := m.readOne(ctx, id); err != nil && !isNotFound(err) {
			return cost, err
		}
	}
	return cost, m.Refresh(ctx)
}

// isNotFound: a stack that is not there, or may not be seen, waits for two complete sweeps without it.
func isNotFound(err error) bool {
	e, ok := errors.AsType[*client.Error](err)
	return ok && e.Code == client.CodeNotFound
}

// readOne reads one stack into the store.
func (m *Mirror) readOne(ctx context.Context, id string) error {
	asked := m.opts.Now()
	d, err := m.opts.Upstream.Stack(ctx, id)
	if err != nil {
		return err
	}
	_, err = m.opts.Store.PutDetail(ctx, d, asked)
	return err
}

func known(name string) bool { return state.Known(name) }
