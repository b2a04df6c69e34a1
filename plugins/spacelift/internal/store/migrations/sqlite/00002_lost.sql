-- +goose Up
-- Lost triggers are looked for every few seconds; the table keeps more than a year of all others.
CREATE INDEX spacelift_triggers_lost ON spacelift_triggers (sent_at) WHERE outcome = 'unknown' AND pending = 0;

-- +goose Down
DROP INDEX spacelift_triggers_lost;
