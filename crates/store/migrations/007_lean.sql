-- The id stood in every index of facts, so that a fact touched more pages than it had to. Facts of one
-- instant are few: they are sorted as they are read.
DROP INDEX fact_person;
CREATE INDEX fact_person ON fact (person, at);
DROP INDEX fact_at;
CREATE INDEX fact_at ON fact (at);
