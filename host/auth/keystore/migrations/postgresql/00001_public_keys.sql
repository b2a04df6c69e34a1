-- +goose Up
CREATE TABLE public_keys (
    kid        text   NOT NULL PRIMARY KEY,
    purpose    text   NOT NULL,
    jwk        text   NOT NULL,
    created_at bigint NOT NULL, -- milliseconds since 1970
    expires_at bigint NOT NULL
);

-- +goose Down
DROP TABLE public_keys;
