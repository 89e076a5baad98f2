-- Who made the link, as the audit trail names them; null: nobody's, as it was made at the command line (or
-- by an earlier version, whose links end within an hour).
ALTER TABLE password_reset ADD COLUMN made_by TEXT;
