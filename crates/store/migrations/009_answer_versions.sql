-- Whoever repeats a request is told the version of the answer again; of answers from before, none is known.
ALTER TABLE idempotent_answer ADD COLUMN version BIGINT;
