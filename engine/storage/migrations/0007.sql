-- What is remembered of earlier runs, and the index that finds it by its words.

CREATE TABLE memories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL,
    step TEXT NOT NULL,
    root TEXT NOT NULL,
    time REAL NOT NULL,
    request TEXT NOT NULL,
    action TEXT NOT NULL,
    operand TEXT NOT NULL,
    state TEXT NOT NULL,
    run INTEGER,
    result TEXT NOT NULL,
    error TEXT NOT NULL,
    files TEXT NOT NULL
) STRICT;
CREATE INDEX memories_task ON memories (task);

CREATE VIRTUAL TABLE memories_text USING fts5 (
    request, step, operand, result, error, files,
    content='memories', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER memory_kept AFTER INSERT ON memories BEGIN
    INSERT INTO memories_text (rowid, request, step, operand, result, error, files)
        VALUES (new.id, new.request, new.step, new.operand, new.result, new.error, new.files);
END;
CREATE TRIGGER memory_forgotten AFTER DELETE ON memories BEGIN
    INSERT INTO memories_text (memories_text, rowid, request, step, operand, result, error, files)
        VALUES ('delete', old.id, old.request, old.step, old.operand, old.result, old.error, old.files);
END;
