-- All stages that a lead is in, as a JSON list of names, where there is one: it is in several at once, and
-- each is entered and left by itself. Null beside a stage: the last of them is all that is known.
ALTER TABLE score ADD COLUMN held TEXT;
