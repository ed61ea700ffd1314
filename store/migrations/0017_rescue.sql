-- Messages that went with their mailbox while they were to be moved elsewhere (toRescue): each pass looks for them, and there are
-- hardly ever any among thousands of tombstones.
CREATE INDEX message_rescue ON message(account) WHERE removed = 2;
