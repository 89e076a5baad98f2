-- People at a part of a registered domain are of the company of the whole one now: they are looked at anew.
INSERT INTO marked_lead (lead, mark, since)
SELECT lead, '0', '0' FROM lead WHERE company LIKE '%.%.%'
ON CONFLICT (lead) DO NOTHING;
