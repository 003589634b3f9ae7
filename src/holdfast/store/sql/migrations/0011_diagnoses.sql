-- Diagnoses: what was found out about an answer that is not good, as JSON. One goes when its recording does. `started_at`
-- counts microseconds since 1970 UTC.
CREATE TABLE diagnoses (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    recording INTEGER NOT NULL REFERENCES recordings (n) ON DELETE CASCADE,
    feature TEXT NOT NULL,
    verdict TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, id)
);
CREATE INDEX diagnoses_by_recording ON diagnoses (recording);
CREATE INDEX diagnoses_by_feature ON diagnoses (tenant, feature, started_at);

-- What faults that were planted in a feature taught about it, as JSON, by the version of its code.
CREATE TABLE learned (
    tenant TEXT NOT NULL,
    feature TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (tenant, feature, code_hash)
);
