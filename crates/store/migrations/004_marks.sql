-- Leads whose scores may not follow from their facts yet.
CREATE TABLE marked_lead (lead TEXT PRIMARY KEY, mark TEXT NOT NULL);
CREATE INDEX marked_lead_mark ON marked_lead (mark, lead);
