-- The revision of a task that waits to be signed while the task goes on by its present one.

ALTER TABLE tasks ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
