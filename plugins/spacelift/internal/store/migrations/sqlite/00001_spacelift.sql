-- +goose Up
-- Times are milliseconds since 1970; 0 is none.
CREATE TABLE spacelift_state (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    account       TEXT NOT NULL, -- the address of the API that all rows are from
    change        INTEGER NOT NULL, -- counts what readers can see
    purged        INTEGER NOT NULL, -- the change up to which tombstones have been removed
    key_name      TEXT NOT NULL,
    swept_at      INTEGER NOT NULL, -- end of the last complete sweep
    sweep_started INTEGER NOT NULL,
    failures      INTEGER NOT NULL, -- sweeps that failed since
    failure       TEXT NOT NULL, -- JSON of the last of them, or empty
    failed_at     INTEGER NOT NULL,
    next_at       INTEGER NOT NULL  -- when to try again after a failure
) STRICT;
INSERT INTO spacelift_state VALUES (1, '', 1, 0, '', 0, 0, 0, '', 0, 0);

CREATE TABLE spacelift_stacks (
    id        TEXT NOT NULL PRIMARY KEY,
    data      TEXT NOT NULL, -- JSON; whatever is here can be read again from Spacelift
    detail    TEXT NOT NULL, -- JSON of what only the stack's page shows, or empty
    detail_at INTEGER NOT NULL,
    read_at   INTEGER NOT NULL, -- when Spacelift was asked for data
    missed    INTEGER NOT NULL, -- complete sweeps in a row without it
    gone      INTEGER NOT NULL, -- 1: a tombstone
    changed   INTEGER NOT NULL  -- the change that readers last saw of it
) STRICT;
CREATE INDEX spacelift_stacks_changed ON spacelift_stacks (changed);

CREATE TABLE spacelift_triggers (
    id         TEXT NOT NULL PRIMARY KEY, -- our marker at Spacelift
    stack_id   TEXT NOT NULL,
    person     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    baseline   TEXT NOT NULL, -- the newest run before we asked, or empty
    outcome    TEXT NOT NULL, -- sending, triggered, unknown, refused, not_created
    run_id     TEXT NOT NULL,
    state      TEXT NOT NULL,
    message    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL, -- 0 until Spacelift is asked
    settled_at INTEGER NOT NULL,
    pending    INTEGER NOT NULL  -- 1: no other may begin on this stack
) STRICT;
CREATE INDEX spacelift_triggers_stack ON spacelift_triggers (stack_id, created_at);
-- This is what makes two replicas agree on who triggers.
CREATE UNIQUE INDEX spacelift_triggers_pending ON spacelift_triggers (stack_id) WHERE pending = 1;

-- +goose Down
DROP TABLE spacelift_triggers;
DROP TABLE spacelift_stacks;
DROP TABLE spacelift_state;
