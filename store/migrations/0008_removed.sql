-- What the server removed, and we did not: it stays recoverable, and is recognised when it comes back or
-- turns up in another mailbox. 1: so; 2: the person had moved it away before its mailbox was deleted: it is uploaded
-- there unless the pass under way finds it.
ALTER TABLE message ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_removed ON message(account, size) WHERE removed > 0;
