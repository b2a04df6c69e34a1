-- +goose Up
-- All times are milliseconds since 1970, zero where there is none; flags are 0 and 1.
CREATE TABLE export_destination (
    id               TEXT    NOT NULL PRIMARY KEY,
    target           TEXT    NOT NULL DEFAULT '',
    mode             TEXT    NOT NULL DEFAULT '',
    known            TEXT    NOT NULL DEFAULT '', -- what the destination found out about itself
    token_state      TEXT    NOT NULL DEFAULT 'untested',
    token_at         BIGINT  NOT NULL DEFAULT 0,
    token_message    TEXT    NOT NULL DEFAULT '',
    learned_bytes    BIGINT  NOT NULL DEFAULT 0,  -- payloads longer than this are refused
    learned_under    BIGINT  NOT NULL DEFAULT 0,  -- the configured limit when that was learned
    paused_until     BIGINT  NOT NULL DEFAULT 0,  -- the destination wants to be left alone until then
    ticket           TEXT    NOT NULL DEFAULT '', -- of the lease: who runs, and a fence for what it writes
    holder           TEXT    NOT NULL DEFAULT '',
    lease_expires_at BIGINT  NOT NULL DEFAULT 0
);

CREATE TABLE export_run (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    destination  TEXT    NOT NULL,
    cause        TEXT    NOT NULL,            -- manual, cron, missed, retry
    requested_by TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    phase        TEXT    NOT NULL DEFAULT '',
    mode         TEXT    NOT NULL DEFAULT '',
    parent_id    TEXT    NOT NULL DEFAULT '',
    dry_run      BIGINT  NOT NULL,
    send_all     BIGINT  NOT NULL,
    want_digest  BIGINT  NOT NULL,
    refs         BYTEA   NOT NULL,            -- of a retry: the entities that it is for
    planned      BIGINT  NOT NULL DEFAULT 0,  -- the chunks are all there
    progress     TEXT    NOT NULL DEFAULT '{}',
    error        TEXT    NOT NULL DEFAULT '',
    started_at   BIGINT  NOT NULL,
    ended_at     BIGINT  NOT NULL DEFAULT 0,
    retry_at     BIGINT  NOT NULL DEFAULT 0,
    retry_step   BIGINT  NOT NULL DEFAULT 0,
    cancel       BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX export_run_active ON export_run (destination, dry_run) WHERE status IN ('queued', 'running');
CREATE INDEX export_run_history ON export_run (destination, id);

CREATE TABLE export_chunk (
    run_id       TEXT    NOT NULL,
    seq          BIGINT  NOT NULL,
    stage        BIGINT  NOT NULL,
    state        TEXT    NOT NULL, -- planned, sending, submitted, settled, split, failed, parked; dry and skipped are never sent
    ticket       TEXT    NOT NULL DEFAULT '',
    entities     BIGINT  NOT NULL,
    bytes        BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL DEFAULT 0,
    error        TEXT    NOT NULL DEFAULT '',
    first_ref    TEXT COLLATE "C" NOT NULL,
    last_ref     TEXT COLLATE "C" NOT NULL,
    parent_seq   BIGINT  NOT NULL DEFAULT 0,
    submitted_at BIGINT  NOT NULL DEFAULT 0,
    updated_at   BIGINT  NOT NULL,
    items        BYTEA   NOT NULL, -- who is in it
    body         BYTEA   NOT NULL, -- what is sent; empty once that has settled
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE export_item (
    run_id      TEXT    NOT NULL,
    entity_ref  TEXT COLLATE "C" NOT NULL,
    dest_id     TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    http_status BIGINT  NOT NULL,
    message     TEXT    NOT NULL,
    attempts    BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (run_id, entity_ref)
);

CREATE TABLE export_ledger (
    destination TEXT    NOT NULL,
    entity_ref  TEXT COLLATE "C" NOT NULL,
    dest_id     TEXT    NOT NULL,
    doc_hash    BYTEA   NOT NULL, -- of what was sent last; empty if nothing was
    prop_keys   TEXT    NOT NULL, -- of what was sent last, one a line
    state       TEXT    NOT NULL, -- sent, failed
    last_run    TEXT    NOT NULL,
    attempts    BIGINT  NOT NULL,
    last_error  TEXT    NOT NULL,
    sent_at     BIGINT  NOT NULL,
    changed_at  BIGINT  NOT NULL, -- when a change was first seen that has not arrived
    PRIMARY KEY (destination, entity_ref, dest_id)
);
CREATE INDEX export_ledger_failed ON export_ledger (destination, changed_at) WHERE state = 'failed';

-- +goose Down
DROP TABLE export_ledger;
DROP TABLE export_item;
DROP TABLE export_chunk;
DROP TABLE export_run;
DROP TABLE export_destination;
