-- The columns of upstream's table (core.md 9.1), and those of our lease beside them: a run's claim is good until
-- lease_expires_at, which its holder keeps renewing, so that a dead holder is noticed long before the run's timeout.
-- Times are milliseconds since 1970.

-- +goose Up
CREATE TABLE schedule_tasks (
    id                     text PRIMARY KEY NOT NULL,
    settings_json          text NOT NULL,
    next_run_start_at      integer,
    current_run_ticket     text,
    current_run_started_at integer,
    current_run_expires_at integer,
    last_run_ended_at      integer,
    last_run_error_json    text,
    lease_expires_at       integer,
    lease_holder           text,
    cancel_requested_at    integer
) STRICT;

-- +goose Down
DROP TABLE schedule_tasks;
