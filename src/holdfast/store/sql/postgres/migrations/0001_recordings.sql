-- Recordings, and the bodies they are made of. Numbers are given by the writer that holds the lock.

-- One row per recording: what lists and dashboards read. `n` is the order of arrival; `started_at` counts
-- microseconds since 1970 UTC.
CREATE TABLE recordings (
    n BIGINT PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    feature TEXT NOT NULL,
    release TEXT NOT NULL,
    outcome TEXT NOT NULL,
    cost_usd DOUBLE PRECISION,
    ms DOUBLE PRECISION NOT NULL,
    started_at BIGINT NOT NULL,
    subject TEXT,
    replay_of TEXT,
    UNIQUE (tenant, id)
);
CREATE INDEX recordings_by_time ON recordings (tenant, started_at);
CREATE INDEX recordings_by_feature ON recordings (tenant, feature, started_at);
CREATE INDEX recordings_by_release ON recordings (tenant, release, started_at);
CREATE INDEX recordings_by_outcome ON recordings (tenant, outcome, started_at);
CREATE INDEX recordings_by_subject ON recordings (tenant, subject, started_at) WHERE subject IS NOT NULL;

-- A piece of a recording's JSON, compressed. `hash` is the SHA-256 over tenant and piece; it is null for a piece that
-- belongs to one recording only. `content` is null where the piece is a file named by the hash.
CREATE TABLE bodies (
    n BIGINT PRIMARY KEY,
    tenant TEXT NOT NULL,
    hash BYTEA,
    content BYTEA
);
ALTER TABLE bodies ALTER COLUMN content SET STORAGE EXTERNAL; -- it is compressed already
CREATE UNIQUE INDEX bodies_by_hash ON bodies (hash) WHERE hash IS NOT NULL;

-- Bodies that may be a file without having a row: about to be written, or about to be removed.
CREATE TABLE unsettled (hash BYTEA PRIMARY KEY);

-- What names this database's folder in the storage, so that two databases can share a storage.
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity VALUES (left(replace(gen_random_uuid()::text, '-', ''), 16));

-- Which bodies a recording is made of. Position 0 is its JSON with holes; position i fills hole i.
CREATE TABLE parts (
    recording BIGINT NOT NULL REFERENCES recordings (n) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    body BIGINT NOT NULL REFERENCES bodies (n),
    PRIMARY KEY (recording, position)
);
CREATE INDEX parts_by_body ON parts (body);
