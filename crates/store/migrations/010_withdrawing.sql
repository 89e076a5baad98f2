-- The only source that names an identifier; none where several do, or where that is not known. What nobody else says is
-- withdrawn with the facts of its source.
ALTER TABLE identifier ADD COLUMN source TEXT;

-- Identifiers that were withdrawn, to be given back with the facts that named them.
CREATE TABLE withdrawn_identifier (
    kind BIGINT NOT NULL,
    value TEXT NOT NULL,
    since BIGINT NOT NULL,
    person TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (source, kind, value, since)
);
CREATE INDEX withdrawn_identifier_person ON withdrawn_identifier (person);

-- Imports that say a fact again which another import brought (`is_origin` = 0). When the one that brought it is undone
-- the fact stays, and that import is noted (`is_origin` = 1).
CREATE TABLE also_imported (
    fact TEXT NOT NULL,
    import_id TEXT NOT NULL,
    is_origin BIGINT NOT NULL,
    PRIMARY KEY (fact, import_id)
);
CREATE INDEX also_imported_import ON also_imported (import_id);
