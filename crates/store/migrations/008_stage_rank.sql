-- Who is in a stage is a small part of everybody: the best of them are found without a look at the others.
CREATE INDEX score_stage ON score (model, stage, score, lead) WHERE stage IS NOT NULL;
