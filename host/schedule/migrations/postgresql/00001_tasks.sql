-- The columns of upstream's table (core.md 9.1), and those of our lease beside them: a run's claim is good until
-- lease_expires_at, which its holder keeps renewing, so that a dead holder is noticed long before the run's timeout.

-- +goose Up
CREATE TABLE schedule_tasks (
    id                     text PRIMARY KEY,
    settings_json          text NOT NULL,
    next_run_start_at      timestamptz,
    current_run_ticket     text,
    current_run_started_at timestamptz,
    current_run_expires_at timestamptz,
    last_run_ended_at      timestamptz,
    last_run_error_json    text,
    lease_expires_at       timestamptz,
    lease_holder           text,
    cancel_requested_at    timestamptz
);

-- +goose Down
DROP TABLE schedule_tasks;
