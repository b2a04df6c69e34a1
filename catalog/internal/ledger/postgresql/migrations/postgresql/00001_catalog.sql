-- +goose Up

-- One row an entity that somebody gave us, with what they gave.
CREATE TABLE entities (
  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uid          TEXT COLLATE "C" NOT NULL UNIQUE,
  ref          TEXT COLLATE "C" NOT NULL UNIQUE,
  location_key TEXT COLLATE "C" NOT NULL DEFAULT '',
  input_hash   TEXT COLLATE "C" NOT NULL,
  input        BYTEA NOT NULL
) WITH (toast_tuple_target = 8160); -- most documents fit a page; compressing each would cost more than it saves

-- Entities that wait for processing. An idle catalog has none.
CREATE TABLE due (
  entity_id BIGINT PRIMARY KEY,
  at        BIGINT NOT NULL, -- milliseconds since 1970
  ticket    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX due_at ON due (at, entity_id);

-- What processing made of an entity. A body is null until it first succeeded.
CREATE TABLE outputs (
  entity_id BIGINT PRIMARY KEY,
  hash      TEXT COLLATE "C" NOT NULL,
  body      BYTEA,
  relations BYTEA,
  errors    BYTEA,
  state     BYTEA,
  watched   BOOLEAN NOT NULL DEFAULT false
) WITH (toast_tuple_target = 8160);
CREATE INDEX outputs_watched ON outputs (entity_id) WHERE watched;

-- Who gave us an entity: a provider, or another entity.
CREATE TABLE edges (
  target_ref TEXT COLLATE "C" NOT NULL,
  source_ref TEXT COLLATE "C" NOT NULL,
  provider   TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (target_ref, source_ref, provider)
);
CREATE INDEX edges_source ON edges (source_ref) WHERE source_ref <> '';
CREATE INDEX edges_provider ON edges (provider) WHERE provider <> '';

-- Relations that another entity than their source emitted; an entity's own are in its output.
CREATE TABLE relations (
  source_ref TEXT COLLATE "C" NOT NULL,
  type       TEXT COLLATE "C" NOT NULL,
  target_ref TEXT COLLATE "C" NOT NULL,
  origin_ref TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (source_ref, type, target_ref, origin_ref)
);

-- Emissions that were refused because another location holds the entity.
CREATE TABLE refused (
  target_ref TEXT COLLATE "C" NOT NULL,
  source_ref TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (target_ref, source_ref)
);
CREATE INDEX refused_source ON refused (source_ref);

CREATE TABLE refresh_keys (
  entity_id BIGINT NOT NULL,
  key       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entity_id, key)
);
CREATE INDEX refresh_keys_key ON refresh_keys (key);

-- What readers see.
CREATE TABLE finals (
  entity_id BIGINT PRIMARY KEY,
  ref       TEXT COLLATE "C" NOT NULL,
  uid       TEXT COLLATE "C" NOT NULL,
  hash      TEXT COLLATE "C" NOT NULL,
  body      BYTEA NOT NULL
) WITH (toast_tuple_target = 8160);

-- The change log. Positions have no gaps and commit in order, because writers follow one another.
CREATE TABLE changes (
  position  BIGINT PRIMARY KEY,
  entity_id BIGINT NOT NULL,
  ref      TEXT COLLATE "C" NOT NULL,
  uid      TEXT COLLATE "C" NOT NULL
);
CREATE TABLE head (
  id       BIGINT PRIMARY KEY CHECK (id = 1),
  position BIGINT NOT NULL
);
INSERT INTO head (id, position) VALUES (1, 0);

CREATE TABLE locations (
  id         TEXT COLLATE "C" PRIMARY KEY,
  type       TEXT COLLATE "C" NOT NULL,
  target     TEXT COLLATE "C" NOT NULL,
  entity_ref TEXT COLLATE "C" NOT NULL,
  UNIQUE (type, target)
);

CREATE TABLE settings (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
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
