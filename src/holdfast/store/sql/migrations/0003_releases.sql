-- Names of releases, and which of them answers live requests. `content` is the value as JSON.

CREATE TABLE named_releases (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (tenant, name)
);

-- `release` is a name, NULL the working tree; `previous` is the promotion that a rollback of this one goes back to, 0
-- the working tree before the first.
CREATE TABLE promotions (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL DEFAULT '',
    release TEXT,
    previous INTEGER NOT NULL,
    content TEXT NOT NULL
);

DROP INDEX releases_by_name;
