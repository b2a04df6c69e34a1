-- +goose Up
CREATE TABLE public_keys (
    kid        TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    jwk        TEXT    NOT NULL,
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    expires_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE public_keys;
