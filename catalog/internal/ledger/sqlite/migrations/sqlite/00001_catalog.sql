-- +goose Up

-- One row an entity that somebody gave us, with what they gave.
CREATE TABLE entities (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  uid          TEXT NOT NULL UNIQUE,
  ref          TEXT NOT NULL UNIQUE,
  location_key TEXT NOT NULL DEFAULT '',
  input_hash   TEXT NOT NULL,
  input        BLOB NOT NULL
);

-- Entities that wait for processing. An idle catalog has none.
CREATE TABLE due (
  entity_id INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL, -- milliseconds since 1970
  ticket    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX due_at ON due (at, entity_id);

-- What processing made of an entity. A body is null until it first succeeded.
CREATE TABLE outputs (
  entity_id INTEGER PRIMARY KEY,
  hash      TEXT NOT NULL,
  body      BLOB,
  relations BLOB,
  errors    BLOB,
  state     BLOB,
  watched   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outputs_watched ON outputs (entity_id) WHERE watched = 1;

-- Who gave us an entity: a provider, or another entity.
CREATE TABLE edges (
  target_ref TEXT NOT NULL,
  source_ref TEXT NOT NULL,
  provider   TEXT NOT NULL,
  PRIMARY KEY (target_ref, source_ref, provider)
) WITHOUT ROWID;
CREATE INDEX edges_source ON edges (source_ref) WHERE source_ref <> '';
CREATE INDEX edges_provider ON edges (provider) WHERE provider <> '';

-- Relations that another entity than their source emitted; an entity's own are in its output.
CREATE TABLE relations (
  source_ref TEXT NOT NULL,
  type       TEXT NOT NULL,
  target_ref TEXT NOT NULL,
  origin_ref TEXT NOT NULL,
  PRIMARY KEY (source_ref, type, target_ref, origin_ref)
) WITHOUT ROWID;

-- Emissions that were refused because another location holds the entity.
CREATE TABLE refused (
  target_ref TEXT NOT NULL,
  source_ref TEXT NOT NULL,
  PRIMARY KEY (target_ref, source_ref)
) WITHOUT ROWID;
CREATE INDEX refused_source ON refused (source_ref);

CREATE TABLE refresh_keys (
  entity_id INTEGER NOT NULL,
  key       TEXT NOT NULL,
  PRIMARY KEY (entity_id, key)
) WITHOUT ROWID;
CREATE INDEX refresh_keys_key ON refresh_keys (key);

-- What readers see.
CREATE TABLE finals (
  entity_id INTEGER PRIMARY KEY,
  ref       TEXT NOT NULL,
  uid       TEXT NOT NULL,
  hash      TEXT NOT NULL,
  body      BLOB NOT NULL
);

-- The change log. Positions have no gaps and commit in order, because writers follow one another.
CREATE TABLE changes (
  position  INTEGER PRIMARY KEY,
  entity_id INTEGER NOT NULL,
  ref      TEXT NOT NULL,
  uid      TEXT NOT NULL
);
CREATE TABLE head (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL
);
INSERT INTO head (id, position) VALUES (1, 0);

CREATE TABLE locations (
  id         TEXT PRIMARY KEY,
  type       TEXT NOT NULL,
  target     TEXT NOT NULL,
  entity_ref TEXT NOT NULL,
  UNIQUE (type, target)
);

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE locations;
DROP TABLE head;
DROP TABLE changes;
DROP TABLE finals;
DROP TABLE refresh_keys;
DROP TABLE refused;
DROP TABLE relations;
DROP TABLE edges;
DROP TABLE outputs;
DROP TABLE due;
DROP TABLE entities;
