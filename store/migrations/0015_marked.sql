-- Messages that we have marked \Deleted on a server without UIDPLUS, and that may not be expunged yet: a plain EXPUNGE
-- takes what others have marked as well.
CREATE TABLE marked (
  mailbox     INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
  uidvalidity INTEGER NOT NULL,
  uid         INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
