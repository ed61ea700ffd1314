-- Between accounts a message is moved as two copies: the one that was moved ends, and is deleted on its server once the
-- other is where it was to be.
ALTER TABLE message ADD COLUMN moved_to INTEGER; -- of one that ended so: the other. No reference: one that was purged was not lost
CREATE INDEX message_moved_to ON message(moved_to) WHERE moved_to IS NOT NULL;
ALTER TABLE wish_step ADD COLUMN other INTEGER;  -- the same, for undo
