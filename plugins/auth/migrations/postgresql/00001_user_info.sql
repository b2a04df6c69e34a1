-- +goose Up
CREATE TABLE user_info (
    user_entity_ref text   NOT NULL PRIMARY KEY,
    user_info       text   NOT NULL, -- {"claims": …} as /v1/userinfo answers it
    created_at      bigint NOT NULL, -- milliseconds since 1970
    updated_at      bigint NOT NULL
);

-- +goose Down
DROP TABLE user_info;
