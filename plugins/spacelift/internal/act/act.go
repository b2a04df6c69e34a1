package act

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// Upstream is what is asked of Spacelift.
type Upstream interface {
	RunDetail(ctx context.Context, stack, run string) (client.RunDetail, error)
	Act(ctx context.Context, action client.Action, stack, run, note, metadata string) (state string, err error)
}

// Options are what an Engine works with. All are needed, but for Metrics.
type Options struct {
	Upstream Upstream
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Now      func() time.Time
	// KeyID is the API key's.
	KeyID string
	// After is called, not held up by and not holding up the answer, once something was done or may have been.
	After func(ctx context.Context, stack string)
	// LookPauses are the waits before each look at a run when an answer was lost; nil means 0, 1 and 3 seconds.
	LookPauses []time.Duration
}

// Engine moves runs on. It may be used by many at once.
type Engine struct {
	opts     Options
	marks    Marks
	outcomes *prometheus.CounterVec

	life   context.Context //nolint:containedctx // the engine's own life, not a request's
	end    context.CancelFunc
	mu     sync.Mutex // guards what follows; nothing is added to after once Close waits for it
	closed bool
	busy   map[string]chan struct{} // by run
	after  sync.WaitGroup
}

const (
	// doTimeout bounds everything, whether the caller waits for it or not.
	doTimeout = 60 * time.Second
	// afterTimeout bounds what follows an answer.
	afterTimeout = 45 * time.Second
)

// New returns an engine.
func New(opts Options) *Engine {
	if opts.LookPauses == nil {
		opts.LookPauses = []time.Duration{0, time.Second, 3 * time.Second}
	}
	e := &Engine{
		opts: opts, marks: Marks{KeyID: opts.KeyID}, busy: map[string]chan struct{}{},
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_spacelift_run_actions_total",
			Help: "Confirmations, discards, cancellations and stops of runs, by action and what became of them: done, already, conflict, refused, unknown, failed.",
		}, []string{"action", "outcome"}),
	}
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

// Marks reads the notes that this engine writes.
func (e *Engine) Marks() Marks { return e.marks }

// Request is one intent.
type Request struct {
	Action       client.Action
	Stack, Run   string
	Person, Note string
}

// Outcome is what became of a request.
type Outcome string

// The outcomes.
const (
	// Completed: it was done by this request. Already: an earlier request of the same person had done it.
	Completed Outcome = "done"
	Already   Outcome = "already"
	// Conflict: the run is in a state that does not allow it. Refused: Spacelift said no.
	Conflict Outcome = "conflict"
	Refused  Outcome = "refused"
	// Unknown: the answer was lost, and looking did not settle it. Failed: nothing was done.
	Unknown Outcome = "unknown"
	Failed  Outcome = "failed"
)

// Result is what became of a request, and the run as it is then.
type Result struct {
	// ID is the request's, as Spacelift was told. It is empty if nothing was sent.
	ID      string
	Outcome Outcome
	Run     client.RunDetail
}

// StateError is the refusal of an action that the run's state does not allow.
type StateError struct {
	Action client.Action
	Run    client.RunDetail
	// By is the mark of whoever did the same from here before; nil if nobody did.
	By *Mark
}

// Error names the state.
func (e *StateError) Error() string {
	if e.By != nil {
		return fmt.Sprintf("%s has already done this; the run is in the state %s", e.By.Person, e.Run.State)
	}
	return fmt.Sprintf("the run is in the state %s, in which Spacelift does not let anybody %s it", e.Run.State, e.Action)
}

// UnknownError is the outcome that nobody knows.
type UnknownError struct {
	Action client.Action
	// State is the one that the run was last seen in.
	State string
	Err   error
}

// Error says what to do.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("Spacelift's answer was lost, and it is not known whether it took the request to %s the run, which was last seen in the state %s; "+
		"look at the run before you try again", e.Action, e.State)
}

// Unwrap returns why the answer was lost.
func (e *UnknownError) Unwrap() error { return e.Err }
