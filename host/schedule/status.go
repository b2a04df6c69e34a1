package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/understudy-portal/understudy/host/fault"
)

// Status is how one task is doing, as GET /.backstage/scheduler/v1/tasks shows it (core.md 9.4).
type Status struct {
	TaskID   string `json:"taskId"`
	PluginID string `json:"pluginId"`
	// Scope is "global" or "local".
	Scope    string   `json:"scope"`
	Settings Settings `json:"settings"`
	// Task is the state that all replicas share; nil while the store does not know the task.
	Task *TaskState `json:"taskState"`
	// Worker is the state of this process's part; nil before it has begun.
	Worker *WorkerState `json:"workerState"`
}

// TaskState is "idle" with StartsAt, or "running" with StartedAt and TimesOutAt.
type TaskState struct {
	Status         string `json:"status"`
	StartsAt       *Time  `json:"startsAt,omitempty"`
	StartedAt      *Time  `json:"startedAt,omitempty"`
	TimesOutAt     *Time  `json:"timesOutAt,omitempty"`
	LastRunEndedAt *Time  `json:"lastRunEndedAt,omitempty"`
	// LastRunError is an error as JSON; empty when the last run was good.
	LastRunError string `json:"lastRunError,omitempty"`
}

// WorkerState is "initial-wait", "idle" or "running".
type WorkerState struct {
	Status string `json:"status"`
}

const (
	idle        = "idle"
	running     = "running"
	initialWait = "initial-wait"
)

// Time is written as upstream writes it: 2026-11-22T02:54:05.720+00:00.
type Time struct{ time.Time }

// MarshalText writes milliseconds and a numeric zone.
func (t Time) MarshalText() ([]byte, error) {
	return t.UTC().AppendFormat(nil, "2006-01-02T15:04:05.000-07:00"), nil
}

// MarshalJSON writes the text.
func (t Time) MarshalJSON() ([]byte, error) {
	text, err := t.MarshalText()
	return append(append([]byte{'"'}, text...), '"'), err
}

func shown(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	return &Time{*t}
}

// Tasks tells how the plugin's tasks are doing, in the order of their ids.
func (s *Scheduler) Tasks(ctx context.Context) ([]Status, error) {
	workers := s.list()
	rows, err := s.rowsFor(ctx, workers)
	if err != nil {
		return nil, err
	}
	all := make([]Status, 0, len(workers))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range workers {
		status := Status{TaskID: w.task.ID, PluginID: s.opts.Plugin, Scope: w.scope(), Settings: w.settings}
		if w.state != "" {
			status.Worker = &WorkerState{Status: w.state}
		}
		if w.task.Schedule.Local {
			status.Task = w.local.shown()
		} else if r, ok := rows[w.task.ID]; ok {
			status.Task = r.shown()
		}
		all = append(all, status)
	}
	return all, nil
}

// rowsFor reads the rows, unless no task has one or Run has yet to create them.
func (s *Scheduler) rowsFor(ctx context.Context, workers []*worker) (map[string]row, error) {
	shared := false
	for _, w := range workers {
		shared = shared || !w.task.Schedule.Local
	}
	if !shared {
		return nil, nil
	}
	st, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	rows, _, err := st.rows(ctx)
	return rows, err
}

func (r row) shown() *TaskState {
	state := &TaskState{Status: idle, StartsAt: shown(r.next), LastRunEndedAt: shown(r.lastEnded), LastRunError: r.lastError}
	if r.ticket != "" {
		state.Status, state.StartsAt = running, nil
		state.StartedAt, state.TimesOutAt = shown(r.started), shown(r.expires)
	}
	return state
}

// Trigger makes a task due now. A global one runs in whichever process looks first: within a poll interval, or at once
// in this one. The error is of kind NotFoundError or ConflictError (core.md 9.4).
func (s *Scheduler) Trigger(ctx context.Context, id string) error {
	w, err := s.find(id)
	if err != nil {
		return err
	}
	if w.task.Schedule.Local {
		s.mu.Lock()
		defer s.mu.Unlock()
		if w.state == running {
			return fault.Conflict("Task %s is currently running", id)
		}
		w.trigger()
		return nil
	}
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	done, err := st.trigger(ctx, id)
	switch {
	case errors.Is(err, errNoRow):
		return fault.NotFound("Task %s does not exist", id)
	case err != nil:
		return err
	case !done:
		return fault.Conflict("Task %s is currently running", id)
	}
	s.rouse()
	return nil
}

// Cancel ends the run of a task that is under way: at once in this process, or when the process that has it renews its
// lease. The error is of kind NotFoundError or ConflictError (core.md 9.4).
func (s *Scheduler) Cancel(ctx context.Context, id string) error {
	w, err := s.find(id)
	if err != nil {
		return err
	}
	if !w.task.Schedule.Local {
		st, err := s.open(ctx)
		if err != nil {
			return err
		}
		done, err := st.requestCancel(ctx, id)
		switch {
		case errors.Is(err, errNoRow):
			return fault.NotFound("Task %s does not exist", id)
		case err != nil:
			return err
		case !done:
			return fault.Conflict("Task %s is not running", id)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.cancel != nil {
		w.cancel(ErrCancelled)
	} else if w.task.Schedule.Local {
		return fault.Conflict("Task %s is not running", id)
	}
	return nil
}

func (s *Scheduler) find(id string) (*worker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.workers[id]; ok {
		return w, nil
	}
	return nil, fault.NotFound("Task %s does not exist", id)
}

// errorJSON writes an error as upstream serialises one. Empty for none.
func errorJSON(err error) string {
	if err == nil {
		return ""
	}
	out, marshalErr := json.Marshal(struct {
		Name    string `json:"name"`
		Message string `json:"message"`
	}{fault.Name(err), err.Error()})
	if marshalErr != nil {
		panic(marshalErr) // it is two texts
	}
	return string(out)
}
