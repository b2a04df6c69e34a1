-- +goose Up
CREATE TABLE user_info (
    user_entity_ref TEXT    NOT NULL PRIMARY KEY,
    user_info       TEXT    NOT NULL, -- {"claims": …} as /v1/userinfo answers it
    created_at      INTEGER NOT NULL, -- milliseconds since 1970
    updated_at      INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE user_info;
