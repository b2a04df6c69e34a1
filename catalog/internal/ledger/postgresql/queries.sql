-- name: Lock :exec
-- One key a schema: several catalogs may live in one database.
SELECT pg_advisory_xact_lock(hashtextextended('understudy catalog ledger ' || current_schema(), 0));

-- name: Heads :many
SELECT e.id, e.uid, e.ref, e.input_hash, e.location_key,
  coalesce(o.hash, '')::text AS result_hash, coalesce(f.hash, '')::text AS final_hash
FROM entities e LEFT JOIN outputs o ON o.entity_id = e.id LEFT JOIN finals f ON f.entity_id = e.id
WHERE e.ref = ANY(sqlc.arg(refs)::text[]);

-- name: RefByUID :one
SELECT ref FROM entities WHERE uid = $1;

-- name: EdgesTo :many
SELECT provider, source_ref, target_ref FROM edges WHERE target_ref = ANY(sqlc.arg(refs)::text[]);

-- name: EdgesFrom :many
SELECT provider, source_ref, target_ref FROM edges WHERE source_ref <> '' AND source_ref = ANY(sqlc.arg(refs)::text[]);

-- name: Roots :many
SELECT target_ref FROM edges WHERE provider = $1 AND provider <> '';

-- name: Orphans :many
SELECT e.ref FROM entities e WHERE NOT EXISTS (SELECT 1 FROM edges x WHERE x.target_ref = e.ref) ORDER BY e.id LIMIT $1;

-- name: Documents :many
SELECT e.id, e.uid, e.ref, o.body, o.relations, o.errors
FROM entities e JOIN outputs o ON o.entity_id = e.id
WHERE o.body IS NOT NULL AND e.ref = ANY(sqlc.arg(refs)::text[]);

-- name: Foreign :many
SELECT source_ref, type, target_ref, origin_ref FROM relations WHERE source_ref = ANY(sqlc.arg(refs)::text[]);

-- name: Refused :many
SELECT target_ref, source_ref FROM refused WHERE target_ref = ANY(sqlc.arg(refs)::text[]);

-- name: ByKeys :many
SELECT DISTINCT e.ref FROM refresh_keys k JOIN entities e ON e.id = k.entity_id WHERE k.key = ANY(sqlc.arg(keys)::text[]);

-- name: InsertEntities :many
INSERT INTO entities (uid, ref, location_key, input_hash, input, given_at)
SELECT v.uid, v.ref, v.location_key, v.input_hash, v.input, v.given_at
FROM (SELECT unnest(sqlc.arg(uids)::text[]) AS uid, unnest(sqlc.arg(refs)::text[]) AS ref,
  unnest(sqlc.arg(location_keys)::text[]) AS location_key, unnest(sqlc.arg(input_hashes)::text[]) AS input_hash,
  unnest(sqlc.arg(inputs)::bytea[]) AS input, unnest(sqlc.arg(given_at)::bigint[]) AS given_at,
  generate_series(1, cardinality(sqlc.arg(uids)::text[])) AS n) v
ORDER BY v.n
RETURNING id, ref;

-- name: UpdateInputs :exec
UPDATE entities e SET location_key = v.location_key, input_hash = v.input_hash, input = v.input, given_at = v.given_at
FROM (SELECT unnest(sqlc.arg(ids)::bigint[]) AS id, unnest(sqlc.arg(location_keys)::text[]) AS location_key,
  unnest(sqlc.arg(input_hashes)::text[]) AS input_hash, unnest(sqlc.arg(inputs)::bytea[]) AS input,
  unnest(sqlc.arg(given_at)::bigint[]) AS given_at) v
WHERE e.id = v.id;

-- name: PutOutputs :exec
INSERT INTO outputs (entity_id, hash, body, relations, errors, state, watched)
SELECT unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(hashes)::text[]), unnest(sqlc.arg(bodies)::bytea[]),
  unnest(sqlc.arg(relations)::bytea[]), unnest(sqlc.arg(errors)::bytea[]), unnest(sqlc.arg(states)::bytea[]),
  unnest(sqlc.arg(watched)::boolean[])
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, body = excluded.body, relations = excluded.relations,
  errors = excluded.errors, state = excluded.state, watched = excluded.watched;

-- name: PutFailures :exec
INSERT INTO outputs (entity_id, hash, errors, state, watched)
SELECT unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(hashes)::text[]), unnest(sqlc.arg(errors)::bytea[]),
  unnest(sqlc.arg(states)::bytea[]), unnest(sqlc.arg(watched)::boolean[])
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, errors = excluded.errors, state = excluded.state,
  watched = excluded.watched;

-- name: ClearHashes :exec
UPDATE outputs SET hash = '' WHERE entity_id = ANY(sqlc.arg(ids)::bigint[]);

-- name: DeleteEntities :exec
DELETE FROM entities WHERE id = ANY(sqlc.arg(ids)::bigint[]);

-- name: DeleteOutputs :exec
DELETE FROM outputs WHERE entity_id = ANY(sqlc.arg(ids)::bigint[]);

-- name: DeleteFinals :exec
DELETE FROM finals WHERE entity_id = ANY(sqlc.arg(ids)::bigint[]);

-- name: DeleteDue :exec
DELETE FROM due WHERE entity_id = ANY(sqlc.arg(ids)::bigint[]);

-- name: DeleteKeys :exec
DELETE FROM refresh_keys WHERE entity_id = ANY(sqlc.arg(ids)::bigint[]);

-- name: InsertKeys :exec
INSERT INTO refresh_keys (entity_id, key) SELECT unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(keys)::text[])
ON CONFLICT DO NOTHING;

-- name: InsertEdges :exec
INSERT INTO edges (provider, source_ref, target_ref)
SELECT unnest(sqlc.arg(providers)::text[]), unnest(sqlc.arg(sources)::text[]), unnest(sqlc.arg(targets)::text[])
ON CONFLICT DO NOTHING;

-- name: DeleteEdges :exec
DELETE FROM edges WHERE (provider, source_ref, target_ref) IN
  (SELECT unnest(sqlc.arg(providers)::text[]), unnest(sqlc.arg(sources)::text[]), unnest(sqlc.arg(targets)::text[]));

-- name: InsertRelations :exec
INSERT INTO relations (source_ref, type, target_ref, origin_ref)
SELECT unnest(sqlc.arg(sources)::text[]), unnest(sqlc.arg(types)::text[]), unnest(sqlc.arg(targets)::text[]),
  unnest(sqlc.arg(origins)::text[])
ON CONFLICT DO NOTHING;

-- name: DeleteRelations :exec
DELETE FROM relations WHERE (source_ref, type, target_ref, origin_ref) IN
  (SELECT unnest(sqlc.arg(sources)::text[]), unnest(sqlc.arg(types)::text[]), unnest(sqlc.arg(targets)::text[]),
    unnest(sqlc.arg(origins)::text[]));

-- name: InsertRefused :exec
INSERT INTO refused (target_ref, source_ref) SELECT unnest(sqlc.arg(targets)::text[]), unnest(sqlc.arg(sources)::text[])
ON CONFLICT DO NOTHING;

-- name: DeleteRefused :exec
DELETE FROM refused WHERE source_ref = ANY(sqlc.arg(sources)::text[]);

-- name: MarkDue :exec
INSERT INTO due (entity_id, at) SELECT unnest(sqlc.arg(ids)::bigint[]), sqlc.arg(at)::bigint
ON CONFLICT (entity_id) DO UPDATE SET at = excluded.at, ticket = due.ticket + 1;

-- name: Complete :exec
DELETE FROM due WHERE (entity_id, ticket) IN
  (SELECT unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(tickets)::bigint[]));

-- name: CompleteUntil :exec
UPDATE due d SET at = v.at
FROM (SELECT unnest(sqlc.arg(ids)::bigint[]) AS id, unnest(sqlc.arg(tickets)::bigint[]) AS ticket,
  unnest(sqlc.arg(ats)::bigint[]) AS at) v
WHERE d.entity_id = v.id AND d.ticket = v.ticket;

-- name: Claim :many
WITH picked AS (
  SELECT entity_id, at FROM due WHERE at <= sqlc.arg(now)::bigint ORDER BY at, entity_id
  LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED
), held AS (
  UPDATE due d SET at = sqlc.arg(lease)::bigint FROM picked p WHERE d.entity_id = p.entity_id
  RETURNING d.entity_id, d.ticket, p.at AS since
)
SELECT e.id, e.uid, e.ref, e.input, e.input_hash, h.since, h.ticket, coalesce(o.hash, '')::text AS result_hash, o.state
FROM held h JOIN entities e ON e.id = h.entity_id LEFT JOIN outputs o ON o.entity_id = e.id
ORDER BY h.since, h.entity_id;

-- name: NextDue :one
SELECT at FROM due ORDER BY at LIMIT 1;

-- name: PutFinals :exec
INSERT INTO finals (entity_id, ref, uid, hash, body)
SELECT unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(refs)::text[]), unnest(sqlc.arg(uids)::text[]),
  unnest(sqlc.arg(hashes)::text[]), unnest(sqlc.arg(bodies)::bytea[])
ON CONFLICT (entity_id) DO UPDATE SET hash = excluded.hash, body = excluded.body;

-- name: Advance :one
UPDATE head SET position = position + sqlc.arg(by)::bigint WHERE id = 1 RETURNING position;

-- name: InsertChanges :exec
INSERT INTO changes (position, entity_id, ref, uid)
SELECT unnest(sqlc.arg(positions)::bigint[]), unnest(sqlc.arg(ids)::bigint[]), unnest(sqlc.arg(refs)::text[]),
  unnest(sqlc.arg(uids)::text[]);

-- name: Notify :exec
SELECT pg_notify(sqlc.arg(channel)::text, sqlc.arg(payload)::text);

-- name: TrimChanges :exec
DELETE FROM changes WHERE position <= $1;

-- name: Position :one
SELECT position FROM head WHERE id = 1;

-- name: FirstPosition :one
SELECT coalesce(min(position), 0)::bigint AS position FROM changes;

-- name: Changes :many
SELECT c.position, c.entity_id, c.ref, c.uid, f.body
FROM changes c LEFT JOIN finals f ON f.entity_id = c.entity_id
WHERE c.position > sqlc.arg(after) AND c.position <= sqlc.arg(up_to) ORDER BY c.position;

-- name: Finals :many
SELECT entity_id, ref, uid, body FROM finals WHERE entity_id > $1 ORDER BY entity_id LIMIT $2;

-- name: Parents :many
SELECT source_ref, target_ref FROM edges WHERE source_ref <> '' AND target_ref = ANY(sqlc.arg(refs)::text[])
ORDER BY target_ref, source_ref;

-- name: Watched :many
SELECT e.id, e.ref, o.state FROM outputs o JOIN entities e ON e.id = o.entity_id WHERE o.watched ORDER BY e.id;

-- name: Failed :many
SELECT e.id, e.uid, e.ref, e.location_key, e.input_hash, e.input, e.given_at, o.hash, o.errors, d.at
FROM outputs o JOIN entities e ON e.id = o.entity_id LEFT JOIN due d ON d.entity_id = o.entity_id
WHERE o.body IS NULL AND o.entity_id > $1 ORDER BY o.entity_id LIMIT $2;

-- name: Pending :many
SELECT e.id, e.uid, e.ref, e.location_key, e.input_hash, e.input, e.given_at, d.at
FROM due d JOIN entities e ON e.id = d.entity_id LEFT JOIN outputs o ON o.entity_id = d.entity_id
WHERE o.entity_id IS NULL AND d.entity_id > $1 ORDER BY d.entity_id LIMIT $2;

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
INSERT INTO locations (id, type, target, entity_ref) VALUES ($1, $2, $3, $4);

-- name: UpdateLocation :exec
UPDATE locations SET type = $1, target = $2 WHERE id = $3;

-- name: DeleteLocation :exec
DELETE FROM locations WHERE id = $1;

-- name: Setting :one
SELECT value FROM settings WHERE name = $1;

-- name: PutSetting :exec
INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: ClearAllHashes :exec
UPDATE outputs SET hash = '';

-- name: MarkAllDue :exec
INSERT INTO due (entity_id, at) SELECT id, sqlc.arg(at)::bigint FROM entities
ON CONFLICT (entity_id) DO UPDATE SET at = excluded.at, ticket = due.ticket + 1;
