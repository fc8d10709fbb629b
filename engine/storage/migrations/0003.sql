-- Reviewing together: what a signature covered and whether it still counts, grants, comments.

ALTER TABLE signatures ADD COLUMN held TEXT NOT NULL DEFAULT '[]';
ALTER TABLE signatures ADD COLUMN void TEXT NOT NULL DEFAULT '';

CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    steps TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given REAL NOT NULL,
    expires REAL NOT NULL,
    means TEXT NOT NULL,
    revoked REAL,
    revoked_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX grants_task ON grants (task) WHERE revoked IS NULL;

CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    step TEXT NOT NULL,
    author TEXT NOT NULL,
    time REAL NOT NULL,
    text TEXT NOT NULL,
    answers INTEGER,
    resolved_by TEXT NOT NULL DEFAULT '',
    resolved REAL
) STRICT;
CREATE INDEX comments_task ON comments (task);
