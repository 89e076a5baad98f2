-- User ids that are addresses are kept in lower case, as addresses are. Where the lower one is known
-- already they are two users and stay so: only people can tell which of them goes on.
UPDATE identifier SET value = lower(value)
WHERE kind = 0 AND value LIKE '%_@_%._%' AND value <> lower(value)
    AND value IN (SELECT min(value) FROM identifier WHERE kind = 0 GROUP BY lower(value))
    AND NOT EXISTS (
        SELECT 1 FROM identifier other WHERE other.kind = 0 AND other.value = lower(identifier.value)
    );
