-- Transitions in the order in which they were committed, so that whoever follows them from one misses
-- none: instants say when something came about, which may be long before it is written down. A number is
-- given once: that of a transition that was erased is not given again, hence a count of its own.
ALTER TABLE transition ADD COLUMN seq BIGINT;
CREATE INDEX transition_seq ON transition (seq) WHERE seq IS NOT NULL;
CREATE TABLE transition_count (name TEXT PRIMARY KEY, last BIGINT NOT NULL);

-- Whether a version came back by a roll-back: the next one goes on from there.
ALTER TABLE activation ADD COLUMN rolled_back BIGINT;

-- Changes of labels (a program's doing or not), and what label each fact had before, so that they can be
-- undone. `reason` and `confidence` of a change: the label that it gave; null: it took one off.
CREATE TABLE label_change (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    reason TEXT,
    confidence BIGINT,
    undone_at BIGINT
);
CREATE TABLE label_before (
    change TEXT NOT NULL,
    fact TEXT NOT NULL,
    reason TEXT,
    confidence BIGINT,
    PRIMARY KEY (change, fact)
);
CREATE INDEX label_before_fact ON label_before (fact);
