-- Facts that are no events are few: whoever brings everybody into memory finds them without reading
-- the others.
CREATE INDEX fact_other ON fact (kind) WHERE kind <> 0;

-- A lead that is marked again keeps its place in the queue, and its row in the index; once it was
-- served and is marked still, it goes to the end.
ALTER TABLE marked_lead ADD COLUMN since TEXT;
UPDATE marked_lead SET since = mark;
DROP INDEX marked_lead_mark;
CREATE INDEX marked_lead_since ON marked_lead (since, lead);
