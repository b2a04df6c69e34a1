-- +goose Up
-- How many readings of the catalog in a row have missed an entity, and which run the last of them was; for catalogs of which
-- one reading proves nothing.
ALTER TABLE export_ledger ADD COLUMN absent_walks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE export_ledger ADD COLUMN absent_run TEXT NOT NULL DEFAULT '';
CREATE INDEX export_ledger_absent ON export_ledger (destination, entity_ref) WHERE absent_walks > 0;

-- +goose Down
DROP INDEX export_ledger_absent;
ALTER TABLE export_ledger DROP COLUMN absent_run;
ALTER TABLE export_ledger DROP COLUMN absent_walks;
