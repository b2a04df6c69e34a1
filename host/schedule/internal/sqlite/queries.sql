-- name: Now :one
SELECT CAST(round(unixepoch('subsec') * 1000) AS integer) AS now;

-- name: Insert :execrows
-- In two statements, because sqlc knows no parameters in the last part of an upsert.
INSERT INTO schedule_tasks (id, settings_json, next_run_start_at)
VALUES (sqlc.arg(id), sqlc.arg(settings_json), sqlc.narg(first_start))
ON CONFLICT (id) DO NOTHING;

-- name: Update :exec
-- An existing start moves only earlier, so that a restart runs nothing anew (core.md 9.2). A task that became manual
-- loses its start; one that was triggered and not run yet keeps it.
UPDATE schedule_tasks SET
    next_run_start_at = CASE
        WHEN CAST(sqlc.narg(next_start) AS integer) IS NULL AND settings_json <> sqlc.arg(settings_json) THEN NULL
        WHEN CAST(sqlc.narg(next_start) AS integer) IS NULL THEN next_run_start_at
        WHEN next_run_start_at IS NULL THEN CAST(sqlc.narg(next_start) AS integer)
        ELSE min(next_run_start_at, CAST(sqlc.narg(next_start) AS integer))
    END,
    settings_json = sqlc.arg(settings_json)
WHERE id = sqlc.arg(id);

-- name: Tasks :many
SELECT *, CAST(round(unixepoch('subsec') * 1000) AS integer) AS now FROM schedule_tasks;

-- name: Claim :one
-- The start is looked at again: since we saw it, another process may have run the task from beginning to end.
UPDATE schedule_tasks SET
    current_run_ticket = CAST(sqlc.arg(ticket) AS text),
    current_run_started_at = CAST(round(unixepoch('subsec') * 1000) AS integer),
    current_run_expires_at = CAST(round(unixepoch('subsec') * 1000) AS integer) + CAST(sqlc.arg(timeout_ms) AS integer),
    lease_expires_at = CAST(round(unixepoch('subsec') * 1000) AS integer) + CAST(sqlc.arg(lease_ms) AS integer),
    lease_holder = CAST(sqlc.arg(holder) AS text),
    cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket IS NULL
    AND next_run_start_at <= CAST(round(unixepoch('subsec') * 1000) AS integer)
RETURNING next_run_start_at, current_run_started_at;

-- name: Renew :one
UPDATE schedule_tasks
SET lease_expires_at = CAST(round(unixepoch('subsec') * 1000) AS integer) + CAST(sqlc.arg(lease_ms) AS integer)
WHERE id = sqlc.arg(id) AND current_run_ticket = CAST(sqlc.arg(ticket) AS text)
RETURNING cancel_requested_at;

-- name: Release :execrows
-- max of NULL and a number is NULL.
UPDATE schedule_tasks SET
    next_run_start_at = max(CAST(sqlc.narg(next_start) AS integer), CAST(round(unixepoch('subsec') * 1000) AS integer)),
    last_run_ended_at = CAST(round(unixepoch('subsec') * 1000) AS integer), last_run_error_json = sqlc.narg(error_json),
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = CAST(sqlc.arg(ticket) AS text);

-- name: HandBack :execrows
UPDATE schedule_tasks SET
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = CAST(sqlc.arg(ticket) AS text);

-- name: Expire :execrows
UPDATE schedule_tasks SET
    last_run_ended_at = CAST(round(unixepoch('subsec') * 1000) AS integer),
    last_run_error_json = CAST(sqlc.arg(error_json) AS text),
    current_run_ticket = NULL, current_run_started_at = NULL, current_run_expires_at = NULL,
    lease_expires_at = NULL, lease_holder = NULL, cancel_requested_at = NULL
WHERE id = sqlc.arg(id) AND current_run_ticket = CAST(sqlc.arg(ticket) AS text)
    AND lease_expires_at < CAST(round(unixepoch('subsec') * 1000) AS integer);

-- name: Trigger :execrows
UPDATE schedule_tasks SET next_run_start_at = CAST(round(unixepoch('subsec') * 1000) AS integer)
WHERE id = sqlc.arg(id) AND current_run_ticket IS NULL;

-- name: RequestCancel :execrows
UPDATE schedule_tasks SET cancel_requested_at = CAST(round(unixepoch('subsec') * 1000) AS integer)
WHERE id = sqlc.arg(id) AND current_run_ticket IS NOT NULL;

-- name: Exists :one
SELECT CAST(count(*) AS integer) FROM schedule_tasks WHERE id = sqlc.arg(id);

-- name: Hold :one
SELECT id FROM schedule_tasks WHERE id = sqlc.arg(id) AND current_run_ticket = CAST(sqlc.arg(ticket) AS text);
