-- When each feature was looked at last, since when its recordings counted then, and how many there were. Times count
-- microseconds since 1970 UTC.
CREATE TABLE looks (
    tenant TEXT NOT NULL,
    feature TEXT NOT NULL,
    since BIGINT NOT NULL,
    looked_at BIGINT NOT NULL,
    recordings BIGINT NOT NULL,
    PRIMARY KEY (tenant, feature)
);

-- The failure catalogue: what looks at features found, as JSON. `looked_at` is the last look that found it; one that is
-- older than the feature's last look is past.
CREATE TABLE findings (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    feature TEXT NOT NULL,
    code TEXT NOT NULL,
    about TEXT NOT NULL,
    slot TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    looked_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, feature, code, about, slot)
);

-- The recordings that show a finding. One goes when its recording does.
CREATE TABLE finding_examples (
    finding INTEGER NOT NULL REFERENCES findings (n) ON DELETE CASCADE,
    recording INTEGER NOT NULL REFERENCES recordings (n) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (finding, recording)
);
CREATE INDEX finding_examples_by_recording ON finding_examples (recording);
