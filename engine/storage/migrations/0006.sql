-- Who writes the next revision of a task, while somebody does.

ALTER TABLE tasks ADD COLUMN planner TEXT NOT NULL DEFAULT '';
