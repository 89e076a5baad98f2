-- Accounts, keys, the audit trail, idempotent answers, webhooks, imports, jobs, settings,
-- suppression. Instants are ms since 1970; flags are 0 or 1; hashes are SHA-256, 32 bytes.

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,          -- in lower case
    name TEXT NOT NULL,
    password TEXT,                       -- a salted hash in PHC form; none: cannot log in by password
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    last_login_at BIGINT
);

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,         -- hash
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invitation_by_email ON invitation (email);

CREATE TABLE password_reset (
    account TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    token BYTEA NOT NULL UNIQUE,         -- hash
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE setup_offer (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    token BYTEA NOT NULL,                -- hash
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    token BYTEA PRIMARY KEY,             -- hash
    id TEXT NOT NULL UNIQUE,             -- what lists show
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX session_by_account ON session (account, created_at);
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE login_attempts (
    subject BYTEA PRIMARY KEY,           -- hash of an address or a network
    failed BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    closed_until BIGINT NOT NULL
);
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);

CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    prefix TEXT NOT NULL UNIQUE,
    secret BYTEA NOT NULL,               -- hash
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,                -- JSON
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE write_key (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,            -- public: it stands in every page that it serves
    previous_key TEXT UNIQUE,
    previous_until BIGINT,
    name TEXT NOT NULL,
    origins TEXT NOT NULL,               -- JSON
    daily_quota BIGINT,
    enabled BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE TABLE write_key_day (
    write_key TEXT NOT NULL REFERENCES write_key (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,                 -- days since 1970, UTC
    taken BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (write_key, day)
);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,              -- 1, 2, 3, ... without gaps
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    before_change TEXT,                  -- JSON
    after_change TEXT,                   -- JSON
    previous BYTEA NOT NULL,             -- hash of the row before
    hash BYTEA NOT NULL
);
CREATE INDEX audit_by_object ON audit (object, seq);

CREATE TABLE audit_head (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE idempotent_answer (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request BYTEA NOT NULL,              -- hash
    status BIGINT NOT NULL,
    body BYTEA NOT NULL,
    about TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotent_answer_by_age ON idempotent_answer (created_at);
CREATE INDEX idempotent_answer_by_lead ON idempotent_answer (about);

CREATE TABLE webhook_endpoint (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    event_types TEXT NOT NULL,           -- JSON; empty: all
    secret TEXT NOT NULL,
    previous_secret TEXT,
    previous_until BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT,
    failing_since BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE webhook_message (
    id TEXT PRIMARY KEY,
    event_type TEXT NOT NULL,
    about TEXT,                          -- the lead it tells of
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhook_message_by_age ON webhook_message (created_at, id);
CREATE INDEX webhook_message_by_lead ON webhook_message (about);

CREATE TABLE webhook_delivery (
    message TEXT NOT NULL REFERENCES webhook_message (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,            -- begun
    claim BIGINT NOT NULL,               -- counts claims: results of earlier ones are refused
    claimed BIGINT NOT NULL,
    next_at BIGINT NOT NULL,             -- while claimed: when the claim lapses
    finished_at BIGINT,
    PRIMARY KEY (message, endpoint)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint, state, next_at, message);
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (endpoint, next_at) WHERE claimed = 1;
CREATE INDEX webhook_delivery_finished ON webhook_delivery (state, finished_at);

CREATE TABLE webhook_attempt (
    message TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    claim BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,                       -- of HTTP; none: no answer
    failure TEXT,
    took_ms BIGINT NOT NULL,
    response TEXT NOT NULL,
    PRIMARY KEY (message, endpoint, claim),
    FOREIGN KEY (message, endpoint) REFERENCES webhook_delivery (message, endpoint) ON DELETE CASCADE
);
CREATE INDEX webhook_attempt_by_endpoint ON webhook_attempt (endpoint, at, message);

CREATE TABLE import_job (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    format TEXT NOT NULL,
    mapping TEXT NOT NULL,               -- JSON
    columns BYTEA NOT NULL,              -- fingerprint
    state TEXT NOT NULL,
    total BIGINT,                        -- rows; none: not counted
    next_row BIGINT NOT NULL,            -- rows settled so far, from the first
    taken BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    repeated BIGINT NOT NULL,
    failure TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    undone_at BIGINT
);
CREATE INDEX import_job_by_age ON import_job (created_at, id);

CREATE TABLE import_reject (
    import TEXT NOT NULL REFERENCES import_job (id) ON DELETE CASCADE,
    row_number BIGINT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (import, row_number)
);

CREATE TABLE import_mapping (
    columns BYTEA PRIMARY KEY,           -- fingerprint
    mapping TEXT NOT NULL,               -- JSON
    used_at BIGINT NOT NULL
);

CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,               -- JSON
    state TEXT NOT NULL,
    next_at BIGINT NOT NULL,             -- while claimed: when the claim lapses
    claim BIGINT NOT NULL,               -- counts claims: results of earlier ones are refused
    claimed BIGINT NOT NULL,
    attempts BIGINT NOT NULL,            -- begun since the last success
    failure TEXT,
    result TEXT,                         -- JSON
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX job_due ON job (state, next_at, id);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,                 -- JSON
    version BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE instance_secret (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE suppressed_address (
    channel TEXT NOT NULL,
    address BYTEA NOT NULL,              -- keyed hash
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, address)
);
