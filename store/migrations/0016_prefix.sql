-- What the names of all mailboxes of an account but INBOX begin with on its server (RFC 2342), such as "INBOX."; '': nothing.
ALTER TABLE account ADD COLUMN prefix TEXT NOT NULL DEFAULT '';
