-- name: Heads :many
SELECT e.id, e.uid, e.ref, e.input_hash, e.location_key,
  CAST(coalesce(o.hash, '') AS TEXT) AS result_hash, CAST(coalesce(f.hash, '') AS TEXT) AS final_hash
FROM entities e LEFT JOIN outputs o ON o.entity_id = e.id LEFT JOIN finals f ON f.entity_id = e.id
WHERE e.ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: RefByUID :one
SELECT ref FROM entities WHERE uid = ?;

-- name: EdgesTo :many
SELECT provider, source_ref, target_ref FROM edges WHERE target_ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: EdgesFrom :many
SELECT provider, source_ref, target_ref FROM edges
WHERE source_ref <> '' AND source_ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: Roots :many
SELECT target_ref FROM edges WHERE provider = ? AND provider <> '';

-- name: Orphans :many
SELECT e.ref FROM entities e WHERE NOT EXISTS (SELECT 1 FROM edges x WHERE x.target_ref = e.ref) ORDER BY e.id LIMIT ?;

-- name: Documents :many
SELECT e.id, e.uid, e.ref, o.body, o.relations, o.errors
FROM entities e JOIN outputs o ON o.entity_id = e.id
WHERE o.body IS NOT NULL AND e.ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: Foreign :many
SELECT source_ref, type, target_ref, origin_ref FROM relations
WHERE source_ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: Refused :many
SELECT target_ref, source_ref FROM refused WHERE target_ref IN (SELECT value FROM json_each(sqlc.arg(refs)));

-- name: ByKeys :many
SELECT DISTINCT e.ref FROM refresh_keys k JOIN entities e ON e.id = k.entity_id
WHERE k.key IN (SELECT value FROM json_each(sqlc.arg(keys)));

-- name: InsertEntity :one
INSERT INTO entities (uid, ref, location_key, input_hash, input, given_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;

-- name: UpdateInput :exec
UPDATE entities SET location_key = ?, input_hash = ?, input = ?, given_at = ? WHERE id = ?;

-- name: PutOutput :exec
INSERT INTO outputs (entity_id, hash, body, relations, errors, state, watched) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, body = excluded.body, relations = excluded.relations,
  errors = excluded.errors, state = excluded.state, watched = excluded.watched;

-- name: PutFailure :exec
INSERT INTO outputs (entity_id, hash, errors, state, watched) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, errors = excluded.errors, state = excluded.state,
  watched = excluded.watched;

-- name: ClearHash :exec
UPDATE outputs SET hash = '' WHERE entity_id = ?;

-- name: DeleteEntity :exec
DELETE FROM entities WHERE id = ?;

-- name: DeleteOutput :exec
DELETE FROM outputs WHERE entity_id = ?;

-- name: DeleteFinal :exec
DELETE FROM finals WHERE entity_id = ?;

-- name: DeleteDue :exec
DELETE FROM due WHERE entity_id = ?;

-- name: DeleteKeys :exec
DELETE FROM refresh_keys WHERE entity_id = ?;

-- name: InsertKey :exec
INSERT INTO refresh_keys (entity_id, key) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: InsertEdge :exec
INSERT INTO edges (provider, source_ref, target_ref) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: DeleteEdge :exec
DELETE FROM edges WHERE provider = ? AND source_ref = ? AND target_ref = ?;

-- name: InsertRelation :exec
INSERT INTO relations (source_ref, type, target_ref, origin_ref) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: DeleteRelation :exec
DELETE FROM relations WHERE source_ref = ? AND type = ? AND target_ref = ? AND origin_ref = ?;

-- name: InsertRefused :exec
INSERT INTO refused (target_ref, source_ref) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: DeleteRefused :exec
DELETE FROM refused WHERE source_ref IN (SELECT value FROM json_each(sqlc.arg(sources)));

-- name: MarkDue :exec
INSERT INTO due (entity_id, at) VALUES (?, ?)
ON CONFLICT (entity_id) DO UPDATE SET at = excluded.at, ticket = due.ticket + 1;

-- name: Complete :exec
DELETE FROM due WHERE entity_id = ? AND ticket = ?;

-- name: CompleteUntil :exec
UPDATE due SET at = ? WHERE entity_id = ? AND ticket = ?;

-- name: Claimable :many
SELECT e.id, e.uid, e.ref, e.input, e.input_hash, d.at, d.ticket, CAST(coalesce(o.hash, '') AS TEXT) AS result_hash, o.state
FROM due d JOIN entities e ON e.id = d.entity_id LEFT JOIN outputs o ON o.entity_id = e.id
WHERE d.at <= ? ORDER BY d.at, d.entity_id LIMIT ?;

-- name: DueTimes :many
SELECT entity_id, at, ticket FROM due ORDER BY at, entity_id LIMIT ?;

-- name: PutFinal :exec
INSERT INTO finals (entity_id, ref, uid, hash, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, body = excluded.body;

-- name: Advance :one
UPDATE head SET position = position + ? WHERE id = 1 RETURNING position;

-- name: InsertChange :exec
INSERT INTO changes (position, entity_id, ref, uid) VALUES (?, ?, ?, ?);

-- name: TrimChanges :exec
DELETE FROM changes WHERE position <= ?;

-- name: Position :one
SELECT position FROM head WHERE id = 1;

-- name: FirstPosition :one
SELECT CAST(coalesce(min(position), 0) AS INTEGER) AS position FROM changes;

-- name: Changes :many
SELECT c.position, c.entity_id, c.ref, c.uid, f.body
FROM changes c LEFT JOIN finals f ON f.entity_id = c.entity_id
WHERE c.position > sqlc.arg(after) AND c.position <= sqlc.arg(up_to) ORDER BY c.position;

-- name: Finals :many
SELECT entity_id, ref, uid, body FROM finals WHERE entity_id > ? ORDER BY entity_id LIMIT ?;

-- name: Parents :many
SELECT source_ref, target_ref FROM edges
WHERE source_ref <> '' AND target_ref IN (SELECT value FROM json_each(sqlc.arg(refs))) ORDER BY target_ref, source_ref;

-- name: Watched :many
SELECT e.id, e.ref, o.state FROM outputs o JOIN entities e ON e.id = o.entity_id WHERE o.watched = 1 ORDER BY e.id;

-- name: Failed :many
SELECT e.id, e.uid, e.ref, e.location_key, e.input_hash, e.input, e.given_at, o.hash, o.errors, d.at
FROM outputs o JOIN entities e ON e.id = o.entity_id LEFT JOIN due d ON d.entity_id = o.entity_id
WHERE o.body IS NULL AND o.entity_id > ? ORDER BY o.entity_id LIMIT ?;

-- name: Pending :many
SELECT e.id, e.uid, e.ref, e.location_key, e.input_hash, e.input, e.given_at, d.at
FROM due d JOIN entities e ON e.id = d.entity_id LEFT JOIN outputs o ON o.entity_id = d.entity_id
WHERE o.entity_id IS NULL AND d.entity_id > ? ORDER BY d.entity_id LIMIT ?;

-- name: Providers :many
SELECT DISTINCT provider FROM edges WHERE provider <> '' ORDER BY provider;

-- name: CountRelations :one
SELECT count(*) FROM relations;

-- name: CountLocations :one
SELECT count(*) FROM locations;

-- name: CountDue :one
SELECT count(*) FROM due;

-- name: Locations :many
SELECT id, type, target, entity_ref FROM locations ORDER BY id;

-- name: InsertLocation :exec
INSERT INTO locations (id, type, target, entity_ref) VALUES (?, ?, ?, ?);

-- name: UpdateLocation :exec
UPDATE locations SET type = ?, target = ? WHERE id = ?;

-- name: DeleteLocation :exec
DELETE FROM locations WHERE id = ?;

-- name: Setting :one
SELECT value FROM settings WHERE name = ?;

-- name: PutSetting :exec
INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: ClearAllHashes :exec
UPDATE outputs SET hash = '';

-- name: MarkAllDue :exec
INSERT INTO due (entity_id, at) SELECT id, sqlc.arg(at) FROM entities WHERE true
ON CONFLICT (entity_id) DO UPDATE SET at = excluded.at, ticket = due.ticket + 1;
