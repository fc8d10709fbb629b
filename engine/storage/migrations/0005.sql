-- What models and agents were called for and what they cost, in millionths of a US dollar; what people let tasks spend
-- besides; and the caps that a warning was given about.

CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL,
    step TEXT NOT NULL,
    run INTEGER,
    purpose TEXT NOT NULL,
    model TEXT NOT NULL,
    reserved INTEGER,
    started REAL NOT NULL,
    cost INTEGER,
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    settled REAL,
    failure TEXT NOT NULL DEFAULT '',
    preview TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX calls_overall ON calls (started, settled, cost, reserved);
CREATE INDEX calls_model ON calls (model, started, settled, cost, reserved);
CREATE INDEX calls_task ON calls (task, started, settled, cost, reserved);
CREATE INDEX calls_run ON calls (run) WHERE run IS NOT NULL;
CREATE INDEX calls_open ON calls (id) WHERE settled IS NULL;

CREATE TABLE raises (
    task INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    seconds REAL NOT NULL,
    unpriced INTEGER NOT NULL,
    actor TEXT NOT NULL,
    time REAL NOT NULL
) STRICT;
CREATE INDEX raises_task ON raises (task, time);

CREATE TABLE warnings (
    cap TEXT NOT NULL,
    since REAL NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (cap, since, micros)
) STRICT, WITHOUT ROWID;
