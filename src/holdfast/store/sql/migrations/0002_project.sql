-- What a project keeps beside its recordings: releases, prompts, feedback and keys. `content` is the value as JSON.

CREATE TABLE releases (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, id, name)
);
CREATE INDEX releases_by_name ON releases (tenant, name);

CREATE TABLE prompts (
    tenant TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant, path, number),
    UNIQUE (tenant, path, hash)
);

CREATE TABLE feedback (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    recording INTEGER NOT NULL REFERENCES recordings (n) ON DELETE CASCADE,
    subject TEXT,
    content TEXT NOT NULL,
    UNIQUE (tenant, id)
);
CREATE INDEX feedback_by_recording ON feedback (recording);
CREATE INDEX feedback_by_subject ON feedback (tenant, subject) WHERE subject IS NOT NULL;

CREATE TABLE keys (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL
);
