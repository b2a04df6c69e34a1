-- name: Now :one
SELECT now()::timestamptz AS now;

-- name: Register :exec
-- An existing start moves only earlier, so that a restart runs nothing anew (core.md 9.2). A task that became manual
-- loses its start; one that was triggered and not run yet keeps it.
INSERT INTO schedule_tasks (id, settings_json, next_run_start_at)
VALUES (sqlc.arg(id), sqlc.arg(settings_json), sqlc.narg(first_start))
ON CONFLICT (id) DO UPDATE SET
    settings_json = excluded.settings_json,
    next_run_start_at = CASE
        WHEN sqlc.narg(next_start)::timestamptz IS NULL AND schedule_tasks.settings_json <> excluded.settings_json THEN NULL
        WHEN sqlc.narg(next_start)::timestamptz IS NULL THEN schedule_tasks.next_run_start_at
        WHEN schedule_tasks.next_run_start_at IS NULL THEN sqlc.narg(next_start)::timestamptz
        ELSE least(schedule_tasks.next_run_start_at, sqlc.narg(next_start)::timestamptz)
    END;

-- name: Tasks :many
SELECT *, now()::timestamptz AS now FROM schedule_tasks;

-- name: Claim :one
-- The start is looked at again: since we saw it, another process may have run the task from beginning to end.
UPDATE schedule_tasks SET
    current_run_ticket = sqlc.arg(ticket)::text,
    current_run_started_at = now(),
    current_run_expires_at = now() + sqlc.arg(timeout_ms)::bigint * interval '1 millisecond',
    lease_expires_at = now() + sqlc.arg(lease_ms)::bigint * interval '1 millisecond',
    lease_holder = sqlc.arg(holder)::text,
    cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket IS NULL AND next_run_start_at <= now()
RETURNING next_run_start_at, current_run_started_at;

-- name: Renew :one
UPDATE schedule_tasks SET lease_expires_at = now() + sqlc.arg(lease_ms)::bigint * interval '1 millisecond'
WHERE id = sqlc.arg(id) AND current_run_ticket = sqlc.arg(ticket)::text
RETURNING cancel_requested_at;

-- name: Release :execrows
UPDATE schedule_tasks SET
    next_run_start_at = CASE
        WHEN sqlc.narg(next_start)::timestamptz IS NULL THEN NULL
        ELSE greatest(sqlc.narg(next_start)::timestamptz, now())
    END,
    last_run_ended_at = now(), last_run_error_json = sqlc.narg(error_json),
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = sqlc.arg(ticket)::text;

-- name: HandBack :execrows
UPDATE schedule_tasks SET
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = sqlc.arg(ticket)::text;

-- name: Expire :execrows
UPDATE schedule_tasks SET
    last_run_ended_at = now(), last_run_error_json = sqlc.arg(error_json)::text,
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = sqlc.arg(ticket)::text AND lease_expires_at < now();

-- name: Trigger :execrows
UPDATE schedule_tasks SET next_run_start_at = now() WHERE id = sqlc.arg(id) AND current_run_ticket IS NULL;

-- name: RequestCancel :execrows
UPDATE schedule_tasks SET cancel_requested_at = now() WHERE id = sqlc.arg(id) AND current_run_ticket IS NOT NULL;

-- name: Exists :one
SELECT EXISTS (SELECT FROM schedule_tasks WHERE id = sqlc.arg(id));

-- name: Hold :one
-- Until the transaction ends, nobody can take the run away.
SELECT id FROM schedule_tasks WHERE id = sqlc.arg(id) AND current_run_ticket = sqlc.arg(ticket)::text FOR SHARE;
