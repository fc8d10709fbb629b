-- Directories whose recipes and policy a person trusted, by digest.

CREATE TABLE trusted (
    root TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    files TEXT NOT NULL,
    policy TEXT NOT NULL,
    actor TEXT NOT NULL,
    time REAL NOT NULL
) STRICT, WITHOUT ROWID;
