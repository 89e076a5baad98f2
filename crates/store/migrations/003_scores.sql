-- What is derived of facts and models: can be thrown away and comes back the same, but for
-- transitions and model versions, which are a record of what was.

CREATE TABLE lead (
    lead TEXT PRIMARY KEY,
    created_at BIGINT,
    last_seen_at BIGINT,
    email TEXT,
    name TEXT,
    company TEXT,
    country TEXT,
    owner TEXT,
    traits TEXT NOT NULL,
    -- Name, address and company in lower case, to be searched.
    search TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX lead_company ON lead (company, lead) WHERE company IS NOT NULL;
CREATE INDEX lead_owner ON lead (owner, lead) WHERE owner IS NOT NULL;
CREATE INDEX lead_email ON lead (email) WHERE email IS NOT NULL;

CREATE TABLE score (
    model TEXT NOT NULL,
    lead TEXT NOT NULL,
    version BIGINT NOT NULL,
    score BIGINT NOT NULL,
    fit BIGINT NOT NULL,
    engagement BIGINT NOT NULL,
    grade TEXT,
    bracket TEXT,
    stage TEXT,
    disqualified TEXT,
    at_stake BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    scored_at BIGINT NOT NULL,
    PRIMARY KEY (model, lead)
);
CREATE INDEX score_lead ON score (lead);
CREATE INDEX score_rank ON score (model, score, lead);
CREATE INDEX score_priority ON score (model, priority, lead);

CREATE TABLE transition (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    version BIGINT NOT NULL,
    lead TEXT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    from_value TEXT,
    to_value TEXT,
    reason TEXT NOT NULL,
    score BIGINT NOT NULL,
    card TEXT
);
CREATE INDEX transition_lead ON transition (lead, at, id);
CREATE INDEX transition_at ON transition (at, id);

CREATE TABLE model (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    is_primary BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE model_version (
    model TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT,
    PRIMARY KEY (model, version)
);

-- When which version was active: never deleted, never overlapping, `to_at` not included.
CREATE TABLE activation (
    model TEXT NOT NULL,
    version BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    to_at BIGINT,
    activated_by TEXT NOT NULL,
    PRIMARY KEY (model, from_at, version)
);

CREATE TABLE segment (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
