-- What recordings are found by, besides what lists show of them; and trials: a change tried on recordings.

-- The beginning of the answer's text, the slot that degraded, the guard that blocked, the code of the failure. Null where
-- there is none, and for recordings kept before these columns were. The collation is that of `asked`, for its reason.
ALTER TABLE recordings ADD COLUMN answered TEXT COLLATE "C";
ALTER TABLE recordings ADD COLUMN degraded TEXT;
ALTER TABLE recordings ADD COLUMN blocked TEXT;
ALTER TABLE recordings ADD COLUMN failure TEXT;

ALTER TABLE feedback ADD COLUMN score REAL;
ALTER TABLE feedback ADD COLUMN label TEXT;
-- PostgreSQL does not read JSON that holds a NUL; the few rows that do are found by neither.
UPDATE feedback SET score = (content::json->>'score')::float8, label = content::json->>'label'
WHERE strpos(content, '\u0000') = 0;

-- What scorers said of recordings in evaluations: a number (1 is true, 0 false) or a label.
CREATE TABLE scores (
    evaluation INTEGER NOT NULL REFERENCES evaluations (n) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    recording TEXT NOT NULL,
    scorer TEXT NOT NULL,
    number REAL,
    label TEXT
);
CREATE INDEX scores_by_recording ON scores (tenant, recording, scorer);
CREATE INDEX scores_by_evaluation ON scores (evaluation);
INSERT INTO scores (evaluation, tenant, recording, scorer, number, label)
SELECT e.n, e.tenant, r.content::json->>'recording', s.value->>'scorer',
    CASE json_typeof(s.value->'value')
        WHEN 'number' THEN (s.value->>'value')::float8
        WHEN 'boolean' THEN (s.value->>'value')::boolean::int
    END,
    CASE WHEN json_typeof(s.value->'value') = 'string' THEN s.value->>'value' END
FROM (SELECT * FROM evaluation_results WHERE strpos(content, '\u0000') = 0) AS r
JOIN evaluations AS e ON e.n = r.evaluation
CROSS JOIN LATERAL json_array_elements(r.content::json->'scores') AS s
WHERE s.value->>'value' IS NOT NULL;

-- `content` is the trial as JSON; `subjects` are those its expression names, each between two line feeds.
CREATE TABLE trials (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    subjects TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, id)
);

-- What came of one recording of a trial, as JSON. It goes when the recording does.
CREATE TABLE trial_pairs (
    n INTEGER PRIMARY KEY,
    trial INTEGER NOT NULL REFERENCES trials (n) ON DELETE CASCADE,
    recording INTEGER NOT NULL REFERENCES recordings (n) ON DELETE CASCADE,
    verdict TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (trial, recording)
);
CREATE INDEX trial_pairs_by_verdict ON trial_pairs (trial, verdict, n);
CREATE INDEX trial_pairs_by_recording ON trial_pairs (recording);
