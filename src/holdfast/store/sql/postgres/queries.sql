-- What PostgreSQL does in its own way: these go before the queries of the same name that every database shares.

-- name: begin
-- Begin a transaction, and wait for the one lock that every writing transaction of this database holds to its end.
BEGIN; SELECT pg_advisory_xact_lock(5210207197331641172);

-- name: has_migrations
-- Whether the database is one of Holdfast's.
SELECT to_regclass('schema_migrations') IS NOT NULL;

-- name: create_migrations
-- Make the record of migrations.
CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL);

-- name: applied
-- The migrations applied.
SELECT version FROM schema_migrations;

-- name: add_migration
-- Record that a migration was applied.
INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?);

-- name: durable
-- Have a commit wait for the disk, where the database was told not to; a stricter setting stays.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';

-- name: only_read
-- Take no writes over this connection.
SET default_transaction_read_only = on;

-- name: unhurried
-- Let the statements of this transaction take their time.
SET LOCAL statement_timeout = 0;

-- name: says
-- One of the filters of `find`: a word occurs in a column, its ASCII letters in any case.
/* column */ ILIKE :word ESCAPE '!';

-- name: kept_already
-- Which of many recordings are kept.
SELECT r.tenant, r.id
FROM unnest(?::text[], ?::text[]) AS asked (tenant, id)
JOIN recordings AS r ON r.tenant = asked.tenant AND r.id = asked.id;

-- name: bodies_of_hashes
-- The numbers of those bodies that are there, of many hashes.
SELECT hash, n FROM bodies WHERE hash = ANY (?::bytea[]);

-- name: delete_unused
-- Erase those of many bodies that no recording is made of any more; gives their hashes, and whether each was a file.
DELETE FROM bodies
WHERE n = ANY (?::bigint[]) AND NOT EXISTS (SELECT 1 FROM parts WHERE parts.body = bodies.n)
RETURNING hash, content IS NULL;

-- name: delete_trials_of_subject
-- Erase the trials whose expressions name a subject, which stands in `subjects` between two line feeds.
DELETE FROM trials WHERE tenant = ? AND strpos(subjects, ?) > 0;
