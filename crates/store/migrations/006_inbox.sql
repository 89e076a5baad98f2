-- Reports that were answered with success and are not settled yet. A store in a file keeps its own in a
-- file beside it, so that taking a report never waits for the settling of others; here are those of a
-- backup that was restored.
CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    reports TEXT NOT NULL,               -- JSON
    failure TEXT                         -- why it was set aside
);
