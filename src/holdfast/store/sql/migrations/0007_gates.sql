-- Gates: one release held against another, with the verdict.

-- `content` is the gate as JSON, `cases` the cases it began with.
CREATE TABLE gates (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    feature TEXT NOT NULL,
    content TEXT NOT NULL,
    cases TEXT NOT NULL,
    UNIQUE (tenant, id)
);
