-- The delivery reports asked for with an item (RFC 3461 NOTIFY): '', 'NEVER', or SUCCESS, FAILURE, DELAY with commas.
ALTER TABLE outbox ADD COLUMN dsn TEXT NOT NULL DEFAULT '';
