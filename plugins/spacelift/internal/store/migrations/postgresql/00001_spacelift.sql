-- +goose Up
-- Times are milliseconds since 1970; 0 is none.
CREATE TABLE spacelift_state (
    id            bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    account       text NOT NULL, -- the address of the API that all rows are from
    change        bigint NOT NULL, -- counts what readers can see
    purged        bigint NOT NULL, -- the change up to which tombstones have been removed
    key_name      text NOT NULL,
    swept_at      bigint NOT NULL, -- end of the last complete sweep
    sweep_started bigint NOT NULL,
    failures      bigint NOT NULL, -- sweeps that failed since
    failure       text NOT NULL, -- JSON of the last of them, or empty
    failed_at     bigint NOT NULL,
    next_at       bigint NOT NULL  -- when to try again after a failure
);
INSERT INTO spacelift_state VALUES (1, '', 1, 0, '', 0, 0, 0, '', 0, 0);

CREATE TABLE spacelift_stacks (
    id        text NOT NULL PRIMARY KEY,
    data      text NOT NULL, -- JSON; whatever is here can be read again from Spacelift
    detail    text NOT NULL, -- JSON of what only the stack's page shows, or empty
    detail_at bigint NOT NULL,
    read_at   bigint NOT NULL, -- when Spacelift was asked for data
    missed    bigint NOT NULL, -- complete sweeps in a row without it
    gone      bigint NOT NULL, -- 1: a tombstone
    changed   bigint NOT NULL  -- the change that readers last saw of it
);
CREATE INDEX spacelift_stacks_changed ON spacelift_stacks (changed);

CREATE TABLE spacelift_triggers (
    id         text NOT NULL PRIMARY KEY, -- our marker at Spacelift
    stack_id   text NOT NULL,
    person     text NOT NULL,
    reason     text NOT NULL,
    baseline   text NOT NULL, -- the newest run before we asked, or empty
    outcome    text NOT NULL, -- sending, triggered, unknown, refused, not_created
    run_id     text NOT NULL,
    state      text NOT NULL,
    message    text NOT NULL,
    created_at bigint NOT NULL,
    sent_at    bigint NOT NULL, -- 0 until Spacelift is asked
    settled_at bigint NOT NULL,
    pending    bigint NOT NULL  -- 1: no other may begin on this stack
);
CREATE INDEX spacelift_triggers_stack ON spacelift_triggers (stack_id, created_at);
-- This is what makes two replicas agree on who triggers.
CREATE UNIQUE INDEX spacelift_triggers_pending ON spacelift_triggers (stack_id) WHERE pending = 1;

-- +goose Down
DROP TABLE spacelift_triggers;
DROP TABLE spacelift_stacks;
DROP TABLE spacelift_state;
