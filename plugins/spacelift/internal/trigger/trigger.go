package trigger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// Upstream is what is asked of Spacelift.
type Upstream interface {
	Runs(ctx context.Context, stack string, kind client.RunKind, before string) ([]client.Run, error)
	Run(ctx context.Context, stack, run string) (client.Run, error)
	Trigger(ctx context.Context, stack, metadata string) (client.Run, error)
	Comment(ctx context.Context, stack, run, body string) error
}

// Options are what an Engine works with. All are needed, but for Metrics.
type Options struct {
	Upstream Upstream
	Store    *store.Store
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Now      func() time.Time
	// KeyID is the API key's: runs that it triggers name it.
	KeyID string
	// After is called, not held up by and not holding up the answer, once there is a run.
	After func(ctx context.Context, stack string)
	// LookPauses are the waits before each look for a run whose answer was lost, while the caller waits; nil means 0, 1 and
	// 3 seconds.
	LookPauses []time.Duration
}

// Engine triggers runs. It may be used by many at once.
type Engine struct {
	opts     Options
	outcomes *prometheus.CounterVec

	// life ends with Close, and with it what goes on after the answers.
	life   context.Context //nolint:containedctx // the engine's own life, not a request's
	end    context.CancelFunc
	mu     sync.Mutex // guards closed, so that nothing is added to after once Close waits for it
	closed bool
	after  sync.WaitGroup
	// What follows is touched by the one run of Settle that this process has.
	failing bool
	looked  map[string]time.Time // when a run was looked for whose hold is over
}

// Hold is how long a trigger keeps others from the stack at most (spacelift.md 4, item 10).
const Hold = 2 * time.Minute

const (
	// sendTimeout bounds a whole trigger, whether its caller waits for it or not.
	sendTimeout = 60 * time.Second
	// afterTimeout bounds what follows an answer.
	afterTimeout = 45 * time.Second
	// crashed is the age at which a trigger that is being sent is taken for one whose process died.
	crashed = sendTimeout + 5*time.Second
	// underWay is the age up to which nobody else looks for the run of a trigger that is being sent.
	underWay = 10 * time.Second
)

// New returns an engine.
func New(opts Options) *Engine {
	if opts.LookPauses == nil {
		opts.LookPauses = []time.Duration{0, time.Second, 3 * time.Second}
	}
	e := &Engine{opts: opts, outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "understudy_spacelift_triggers_total", Help: "Triggers by what became of them.",
	}, []string{"outcome"})}
	e.life, e.end = context.WithCancel(context.Background())
	if opts.Metrics != nil {
		opts.Metrics.MustRegister(e.outcomes)
	}
	return e
}

// Close ends what goes on after answers, and waits for it.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.end()
	e.after.Wait()
}

// Request is one intent.
type Request struct {
	Stack, Person, Reason string
}

// PendingError is the refusal of a trigger while another one holds its stack.
type PendingError struct{ Holder store.Trigger }

// Error says who holds it.
func (e *PendingError) Error() string {
	return fmt.Sprintf("%s has just triggered this stack; wait until that run has left the queue", e.Holder.Person)
}

// Trigger asks for a run. The outcome is Triggered, or Unknown without an error; every error means that nothing was
// created, and the outcome is Refused or NotCreated, or empty if nothing was begun. It goes on when the caller leaves: a
// trigger that is cut short would be one that nobody knows of.
func (e *Engine) Trigger(ctx context.Context, r Request) (store.Trigger, error) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), sendTimeout, errors.New("the trigger took too long"))
	defer cancel()
	now := e.opts.Now()
	t := store.Trigger{
		ID: ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(), StackID: r.Stack, Person: r.Person, Reason: tidy(r.Reason, maxReason),
		Outcome: store.Sending, CreatedAt: now, Pending: true,
	}
	holder, err := e.opts.Store.Begin(ctx, t, now.Add(-Hold))
	if err != nil {
		return store.Trigger{}, err
	}
	if holder != nil {
		e.outcomes.WithLabelValues("conflict").Inc()
		return store.Trigger{}, &PendingError{Holder: *holder}
	}
	t, err = e.send(ctx, t)
	e.outcomes.WithLabelValues(string(t.Outcome)).Inc()
	if t.Outcome == store.Triggered {
		e.follow(t)
	}
	return t, err
}

// send does what the package comment draws after Begin.
func (e *Engine) send(ctx context.Context, t store.Trigger) (store.Trigger, error) {
	runs, err := e.opts.Upstream.Runs(ctx, t.StackID, client.Tracked, "")
	if err != nil {
		return e.settle(ctx, refused(t, err)), err
	}
	if len(runs) > 0 {
		t.Baseline = runs[0].ID
	}
	t.SentAt = e.opts.Now()
	held, err := e.opts.Store.Send(ctx, t.ID, t.Baseline, t.SentAt)
	if err == nil && !held {
		err = errors.New("the trigger lost its hold on the stack before it was sent")
	}
	if err != nil {
		t.Outcome, t.Pending = store.NotCreated, false
		return e.settle(ctx, t), err
	}
	run, err := e.opts.Upstream.Trigger(ctx, t.StackID, metadata(t))
	if err == nil {
		return e.settle(ctx, found(t, run)), nil
	}
	if failure, ok := errors.AsType[*client.Error](err); ok && !failure.Ambiguous {
		return e.settle(ctx, refused(t, err)), err
	}
	e.opts.Log.Warn("the answer to a trigger was lost; looking for its run", "trigger", t.ID, "stack", t.StackID, "err", err)
	return e.recover(ctx, t), nil
}

// recover looks for the run of a trigger whose answer was lost.
func (e *Engine) recover(ctx context.Context, t store.Trigger) store.Trigger {
	for _, pause := range e.opts.LookPauses {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		run, ok, err := e.search(ctx, t)
		if err == nil && ok {
			return e.settle(ctx, found(t, run))
		}
		if err != nil {
			e.opts.Log.Warn("the runs of a stack cannot be read", "trigger", t.ID, "stack", t.StackID, "err", err)
		}
	}
	t.Outcome, t.Message = store.Unknown, "Spacelift's answer was lost, and the run has not been seen yet. Look at the stack's runs before you try again."
	return e.settle(ctx, t)
}

// settle stores the outcome, but for Unknown where Settle, which looks as well, has found the run meanwhile. If that fails
// the row stays as it was, and Settle sees to it.
func (e *Engine) settle(ctx context.Context, t store.Trigger) store.Trigger {
	t.SettledAt = e.opts.Now()
	// The request's time may be over; the outcome is known all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := e.opts.Store.Settle(ctx, t, t.Outcome == store.Unknown); err != nil {
		e.opts.Log.Error("the outcome of a trigger could not be stored", "trigger", t.ID, "stack", t.StackID, "outcome", string(t.Outcome), "err", err)
	}
	return t
}

func found(t store.Trigger, run client.Run) store.Trigger {
	t.Outcome, t.RunID, t.State, t.Message = store.Triggered, run.ID, run.State, ""
	t.Pending = t.Pending && waits(run.State)
	return t
}

// waits reports whether a run of this state keeps others from being triggered.
func waits(name string) bool { return name == "" || name == state.Queued || name == "PENDING" }

func refused(t store.Trigger, err error) store.Trigger {
	t.Outcome, t.Pending, t.Message = store.NotCreated, false, err.Error()
	if failure, ok := errors.AsType[*client.Error](err); ok {
		switch failure.Code {
		case client.CodeForbidden, client.CodeRejected, client.CodeNotFound:
			t.Outcome = store.Refused
		}
	}
	return t
}

// follow does what comes after the answer: a comment that people see at Spacelift, and a look at the stack.
func (e *Engine) follow(t store.Trigger) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.after.Go(func() {
		ctx, cancel := context.WithTimeout(e.life, afterTimeout)
		defer cancel()
		if err := e.opts.Upstream.Comment(ctx, t.StackID, t.RunID, comment(t)); err != nil && ctx.Err() == nil {
			e.opts.Log.Warn("a run could not be commented", "trigger", t.ID, "stack", t.StackID, "run", t.RunID, "err", err)
		}
		if e.opts.After != nil {
			e.opts.After(ctx, t.StackID)
		}
	})
}
