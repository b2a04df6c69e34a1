package schedule

import "time"

// Status is how one task is doing, as GET /.backstage/scheduler/v1/tasks shows it (core.md 9.4).
type Status struct {
	TaskID   string   `json:"taskId"`
	PluginID string   `json:"pluginId"`
	Scope    string   `json:"scope"` // "global" or "local"
	Settings Settings `json:"settings"`
	// Task is the state that all replicas share; nil when the task is not known to the store yet.
	Task *TaskState `json:"taskState"`
	// Worker is the state of this process's part; nil when this process does not run the task.
	Worker *WorkerState `json:"workerState"`
}

// Settings are a task's schedule as stored (core.md 9.1). Durations are ISO 8601.
type Settings struct {
	Version      int    `json:"version"`
	Cadence      string `json:"cadence"` // a duration, a cron expression or "manual"
	InitialDelay string `json:"initialDelayDuration,omitempty"`
	Timeout      string `json:"timeoutAfterDuration"`
}

// TaskState is "idle" with StartsAt, or "running" with StartedAt and TimesOutAt.
type TaskState struct {
	Status         string
	StartsAt       *time.Time
	StartedAt      *time.Time
	TimesOutAt     *time.Time
	LastRunEndedAt *time.Time
	// LastRunError is an error as JSON; empty when the last run was good.
	LastRunError string
}

// WorkerState is "initial-wait", "idle" or "running".
type WorkerState struct {
	Status string `json:"status"`
}
