-- What a run did: the files that changed while it ran, and the counts of its tests, both as JSON.

ALTER TABLE runs ADD COLUMN changed TEXT;
ALTER TABLE runs ADD COLUMN tests TEXT;
ALTER TABLE steps ADD COLUMN changed TEXT;
ALTER TABLE steps ADD COLUMN tests TEXT;
