-- Who names an identifier that several sources name (`identifier.source` is null then; without rows here it is not
-- known who does). What one of them said is withdrawn with it, and what the others say stands.
CREATE TABLE named_by (
    kind BIGINT NOT NULL,
    value TEXT NOT NULL,
    since BIGINT NOT NULL,
    source TEXT NOT NULL,
    person TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    is_public BIGINT,
    PRIMARY KEY (kind, value, since, source)
);
CREATE INDEX named_by_source ON named_by (source);
CREATE INDEX named_by_person ON named_by (person);

-- 1: nobody has to believe that it is this person's, as no trusted report has said so.
ALTER TABLE identifier ADD COLUMN is_public BIGINT;
ALTER TABLE withdrawn_identifier ADD COLUMN is_public BIGINT;

-- Persons of one lead whom a source names together, though another had made them one: should that take back what it
-- said, they stay one. `withdrawn`: the source itself has taken it back.
CREATE TABLE named_together (
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    source TEXT NOT NULL,
    at BIGINT NOT NULL,
    withdrawn BIGINT,
    PRIMARY KEY (one, other, source)
);
CREATE INDEX named_together_other ON named_together (other);
CREATE INDEX named_together_source ON named_together (source);

-- 1: undone with all that its source said, not by somebody who knew better. Who undid a merge of their own by hand
-- cannot be told from that by the source alone, but by the reasons, which reports give in these words.
ALTER TABLE merge ADD COLUMN withdrawn BIGINT;
UPDATE merge SET withdrawn = 1 WHERE undone_by = source AND reason IN
    ('named together', 'an alias', 'the visitor became known', 'the device passed on');

-- What imports say of a fact where another says something that counts before it, each with all that the fact would be.
-- Without a row here an import of `also_imported` says what stands.
CREATE TABLE said_by_import (
    fact TEXT NOT NULL,
    import_id TEXT NOT NULL,
    person TEXT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    body TEXT NOT NULL,
    content BIGINT NOT NULL,
    machine_reason TEXT,
    machine_confidence BIGINT,
    PRIMARY KEY (fact, import_id)
);
CREATE INDEX said_by_import_import ON said_by_import (import_id);
CREATE INDEX said_by_import_person ON said_by_import (person);

-- The names of a fact that a program is thought to have done, which therefore brought nobody together: should somebody
-- know better, they are linked.
CREATE TABLE not_linked (
    fact TEXT NOT NULL,
    kind BIGINT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    is_public BIGINT NOT NULL,
    PRIMARY KEY (fact, kind, value)
);
CREATE INDEX not_linked_value ON not_linked (kind, value);
