-- Evaluations, and which recordings they asked for.

-- Lists of recordings show those that no evaluation asked for, or those of one. PostgreSQL keeps the order of an index
-- behind a column that is compared, but not behind one that IS NULL, so there is an index for each.
ALTER TABLE recordings ADD COLUMN evaluation TEXT;
DROP INDEX recordings_by_time;
CREATE INDEX recordings_by_time ON recordings (tenant, started_at) WHERE evaluation IS NULL;
CREATE INDEX recordings_by_evaluation ON recordings (tenant, evaluation, started_at) WHERE evaluation IS NOT NULL;

-- `content` is the evaluation as JSON, `cases` the cases it began with.
CREATE TABLE evaluations (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    feature TEXT NOT NULL,
    content TEXT NOT NULL,
    cases TEXT NOT NULL,
    UNIQUE (tenant, id)
);

-- What came of a case, as JSON.
CREATE TABLE evaluation_results (
    n INTEGER PRIMARY KEY,
    evaluation INTEGER NOT NULL REFERENCES evaluations (n) ON DELETE CASCADE,
    case_id TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (evaluation, case_id, repeat)
);
