-- Certificates of judges: how far each agrees with people.

-- `content` is the certificate as JSON.
CREATE TABLE certificates (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    feature TEXT NOT NULL,
    scorer TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, id)
);
