-- A raise may go beyond a cap of all tasks or of a model, which it names; a question about a budget names its cap, and
-- the cheaper model that would do.

ALTER TABLE raises ADD COLUMN beyond TEXT NOT NULL DEFAULT '';
ALTER TABLE questions ADD COLUMN cap TEXT NOT NULL DEFAULT '';
ALTER TABLE questions ADD COLUMN cheaper TEXT NOT NULL DEFAULT '';

-- A month is summed by model in one walk along it.
DROP INDEX calls_overall;
CREATE INDEX calls_overall ON calls (started, model, settled, cost, reserved);
