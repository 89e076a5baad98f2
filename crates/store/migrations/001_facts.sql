-- Texts: ids, names, JSON. Whole numbers: instants in milliseconds, counts, flags (0 or 1).

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- A person is a set of identifiers; `lead` is the id of the person in whom its merges end, its own
-- where there are none.
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    lead TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX person_lead ON person (lead);

-- kind: 0 user, 1 email, 2 lead (an id of elsewhere), 3 anonymous. A device that passes from one
-- person to another has a row per person, each from an instant on.
CREATE TABLE identifier (
    kind BIGINT NOT NULL,
    value TEXT NOT NULL,
    since BIGINT NOT NULL,
    person TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (kind, value, since)
);
CREATE INDEX identifier_person ON identifier (person);

-- An edge from one lead to another. Those that are not undone make a forest; its roots are the leads.
CREATE TABLE merge (
    id TEXT PRIMARY KEY,
    winner TEXT NOT NULL,
    loser TEXT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT
);
CREATE INDEX merge_winner ON merge (winner);
CREATE INDEX merge_loser ON merge (loser);

-- kind: 0 event, 1 traits, 2 group, 3 deal, 4 alias.
CREATE TABLE fact (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    import_id TEXT,
    body TEXT NOT NULL,
    content BIGINT NOT NULL,
    machine_reason TEXT,
    machine_confidence BIGINT,
    retracted_at BIGINT
);
CREATE INDEX fact_person ON fact (person, at, id);
CREATE INDEX fact_at ON fact (at, id);
CREATE INDEX fact_import ON fact (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX fact_group ON fact (name, at, id) WHERE kind = 2;

CREATE TABLE company (
    id TEXT PRIMARY KEY,
    domain TEXT,
    name TEXT,
    -- The latest facts that gave the domain and the name.
    domain_at BIGINT,
    name_at BIGINT
);
CREATE INDEX company_domain ON company (domain) WHERE domain IS NOT NULL;

-- Files of facts that are written once. `retired_at`: replaced by others, to be removed.
CREATE TABLE segment_file (
    id BIGINT PRIMARY KEY,
    file TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    facts BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    retired_at BIGINT
);

-- Every fact that lies in a file, so that its duplicates are recognised for ever; what was decided
-- of it since it was written is here (`marked` where anything was).
CREATE TABLE sealed_fact (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    at BIGINT NOT NULL,
    content BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    marked BIGINT NOT NULL,
    machine_reason TEXT,
    machine_confidence BIGINT,
    retracted_at BIGINT
);
CREATE INDEX sealed_fact_marked ON sealed_fact (segment) WHERE marked = 1;

-- Facts in a file that an earlier report with the same id has put aside.
CREATE TABLE sealed_hole (
    segment BIGINT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (segment, id)
);

CREATE TABLE erasure (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    lead_hash TEXT NOT NULL,
    persons BIGINT NOT NULL,
    identifiers BIGINT NOT NULL,
    facts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL
);

-- Identifiers of erased persons, as keyed hashes (the key is in `meta`).
CREATE TABLE suppression (hash TEXT PRIMARY KEY, at BIGINT NOT NULL, erasure TEXT NOT NULL);
