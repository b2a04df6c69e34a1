package schedule

import (
	"context"
	"time"
)

// localState is what a row would be, for a task of this process alone (core.md 9.3).
type localState struct {
	starts, started, expires, ended *time.Time
	failure                         string
}

func (l localState) shown() *TaskState {
	state := &TaskState{Status: idle, StartsAt: shown(l.starts), LastRunEndedAt: shown(l.ended), LastRunError: l.failure}
	if l.started != nil {
		state.Status, state.StartsAt = running, nil
		state.StartedAt, state.TimesOutAt = shown(l.started), shown(l.expires)
	}
	return state
}

// beginLocal gives a local task its goroutine, once.
func (l *loop) beginLocal(w *worker) {
	l.s.mu.Lock()
	begun := w.begun
	w.begun = true
	l.s.mu.Unlock()
	if !begun {
		l.group.Go(func() { l.runLocal(w) })
	}
}

// runLocal runs a task whenever it is due or triggered, never twice at a time.
func (l *loop) runLocal(w *worker) {
	starts := w.cadence.first(time.Now())
	l.await(w, starts, w.cadence.delay > 0)
	for {
		due, ok := l.pause(w, starts)
		if !ok {
			return
		}
		began := time.Now()
		l.runLocalOnce(w, began)
		if due && starts.After(began) {
			began = *starts // the clock was set back a little: the same cron time must not come again
		}
		// The cadence counts from start to start; a run that took longer is followed by the next one at once.
		starts = w.cadence.following(began, time.Now())
		l.await(w, starts, false)
	}
}

// await notes that the task waits, for its first run or another.
func (l *loop) await(w *worker, starts *time.Time, initial bool) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	w.local.starts, w.local.started, w.local.expires = starts, nil, nil
	w.state, w.cancel = idle, nil
	if initial {
		w.state = initialWait
	}
}

// pause waits for the start, which nil never is, or for a trigger. Ok is false when there will be no more runs.
func (l *loop) pause(w *worker, starts *time.Time) (due, ok bool) {
	var timeout <-chan time.Time
	if starts != nil {
		timer := time.NewTimer(time.Until(*starts))
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-l.stop.Done():
	case <-timeout:
		due = true
	case <-w.triggered:
	}
	return due, l.stop.Err() == nil
}

func (l *loop) runLocalOnce(w *worker, began time.Time) {
	ctx, cancel := context.WithCancelCause(l.runs)
	defer cancel(nil)
	expires := began.Add(w.cadence.timeout)
	l.s.mu.Lock()
	w.state, w.cancel = running, cancel
	w.local.started, w.local.expires = &began, &expires
	l.s.mu.Unlock()

	err := l.s.execute(ctx, w, w.cadence.timeout)

	ended := time.Now()
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	w.local.ended, w.local.failure = &ended, errorJSON(err)
}
