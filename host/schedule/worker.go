package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// worker is this process's part in one task. The fields up to the comment are set once; the others are guarded by the
// Scheduler's mutex.
type worker struct {
	task      Task
	triggered chan struct{} // local tasks only: somebody wants a run now

	// settings and cadence follow the row of a global task, which a newer release may have changed.
	settings Settings
	cadence  cadence
	// state is "" until the task begins, and after it has ended.
	state string
	// begun tells that the loop has taken the task up, ended that it has let go of it.
	begun, ended bool
	// ready is when the initial wait is over.
	ready time.Time
	// cancel ends the run under way; nil when there is none.
	cancel context.CancelCauseFunc
	local  localState
}

func (w *worker) scope() string {
	if w.task.Schedule.Local {
		return "local"
	}
	return "global"
}

func (w *worker) trigger() {
	select {
	case w.triggered <- struct{}{}:
	default:
	}
}

// begin notes a run, end its end.
func (s *Scheduler) begin(w *worker, cancel context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.state, w.cancel = running, cancel
}

func (s *Scheduler) end(w *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.state, w.cancel = idle, nil
}

// execute does one run and says how it went. What cut it short is its error, with the error that the task made of it
// if that says more.
func (s *Scheduler) execute(ctx context.Context, w *worker, timeout time.Duration) error {
	ctx, stop := context.WithTimeoutCause(ctx, timeout, ErrTimedOut)
	defer stop()
	began := time.Now()
	s.meter.started(w)
	err := s.call(ctx, w)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		if !errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		} else {
			err = cause
		}
	}
	took := time.Since(began)
	s.meter.ended(w, err, took)
	switch log := s.log.With("task", w.task.ID, "took", took); {
	case err == nil:
		log.Debug("task completed")
	case errors.Is(err, ErrStopping), errors.Is(err, ErrCancelled):
		log.Info("task was cut short", "err", err)
	case errors.Is(err, ErrLeaseLost):
		log.Warn("task was cut short", "err", err)
	default:
		log.Error("task failed", "err", err)
	}
	return err
}

// call turns a panic into an error: one task must not take the server down with it. The stack goes to the log alone,
// since whoever may list the tasks is shown their errors.
func (s *Scheduler) call(ctx context.Context, w *worker) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("task panicked", "task", w.task.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.task.Run(ctx)
}
