-- understudy: compatible-from 1
-- +goose Up

-- When somebody last gave us something new of the entity, in milliseconds since 1970; 0 for not known.
ALTER TABLE entities ADD COLUMN given_at BIGINT NOT NULL DEFAULT 0;

-- Entities that never succeeded, so that asking for them costs nothing while there are none.
CREATE INDEX outputs_failed ON outputs (entity_id) WHERE body IS NULL;

-- +goose Down
DROP INDEX outputs_failed;
ALTER TABLE entities DROP COLUMN given_at;
