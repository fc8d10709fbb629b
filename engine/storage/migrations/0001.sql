-- Tasks, plans, signatures, steps, runs, questions, events, the numbers given before rows were removed, and the keys of
-- commands that were carried out.

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    root TEXT NOT NULL,
    phase TEXT NOT NULL,
    proposer TEXT NOT NULL,
    created REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    revision INTEGER NOT NULL DEFAULT 0,
    digest TEXT NOT NULL DEFAULT '',
    signed TEXT NOT NULL DEFAULT '',
    outcome TEXT,
    waits TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    started REAL,
    ended REAL
) STRICT;
CREATE INDEX tasks_active ON tasks (phase) WHERE phase IN ('queued', 'executing', 'blocked', 'reconciling', 'paused');
CREATE INDEX tasks_digest ON tasks (digest);

CREATE TABLE plans (
    task INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (task, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE contents (
    sha256 TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE signatures (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    digest TEXT NOT NULL,
    actor TEXT NOT NULL,
    verdict TEXT NOT NULL,
    time REAL NOT NULL,
    skipped TEXT NOT NULL,
    means TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX signatures_task ON signatures (task);
CREATE INDEX signatures_digest ON signatures (digest);

CREATE TABLE steps (
    task INTEGER NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempt INTEGER NOT NULL DEFAULT 0,
    run INTEGER,
    exit_code INTEGER,
    error TEXT NOT NULL DEFAULT '',
    cause TEXT,
    summary TEXT NOT NULL DEFAULT '',
    started REAL,
    ended REAL,
    held_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    step TEXT NOT NULL,
    task_attempt INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    exit_code INTEGER,
    error TEXT NOT NULL DEFAULT '',
    failure TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL,
    level TEXT NOT NULL,
    receipt TEXT,
    produced TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX runs_task ON runs (task, step);
CREATE INDEX runs_alive ON runs (state) WHERE state IN ('running', 'cancelling');

CREATE TABLE questions (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    asked REAL NOT NULL,
    deadline REAL,
    digest TEXT NOT NULL,
    news TEXT NOT NULL,
    diff TEXT NOT NULL,
    options TEXT NOT NULL,
    answer TEXT,
    answered_by TEXT NOT NULL DEFAULT '',
    answered REAL,
    reason TEXT NOT NULL DEFAULT '',
    means TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX questions_open ON questions (task) WHERE answer IS NULL;
CREATE INDEX questions_task ON questions (task, attempt);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    task INTEGER,
    step TEXT,
    payload TEXT,
    payload_sha256 BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_task ON events (task, seq) WHERE task IS NOT NULL;

CREATE TABLE given (
    noun TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
    key TEXT PRIMARY KEY,
    time REAL NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    reply TEXT NOT NULL
) STRICT, WITHOUT ROWID;
