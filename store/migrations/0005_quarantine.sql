-- What could not be had of a server's mailbox: left out of later pulls until it is due.
CREATE TABLE quarantine (
  mailbox     INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
  uid         INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,  -- under which uid is its number
  size        INTEGER NOT NULL,  -- octets, as the server says
  why         TEXT NOT NULL,     -- for the reader
  version     TEXT NOT NULL,     -- of the mua that failed: another one tries again
  first       INTEGER NOT NULL,
  last        INTEGER NOT NULL,
  tries       INTEGER NOT NULL DEFAULT 1,
  retry       INTEGER,           -- when the same version tries again; NULL: never
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
