-- Jobs: what was asked, how it stands, what came of it. `n` is the order of arrival; `ended_at` counts microseconds since
-- 1970 UTC and is null until the job ends; `revision` counts changes; `content` is the job as JSON.
CREATE TABLE jobs (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    subject TEXT,
    ended_at INTEGER,
    revision INTEGER NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX jobs_by_arrival ON jobs (tenant, n);
CREATE INDEX jobs_unfinished ON jobs (status, n) WHERE status IN ('queued', 'running');
CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_by_subject ON jobs (tenant, subject) WHERE subject IS NOT NULL;
