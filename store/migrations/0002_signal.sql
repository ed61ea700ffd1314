-- What processes tell each other about an account: how often, and when last (ms).
CREATE TABLE signal (
  account INTEGER NOT NULL REFERENCES account,
  kind    TEXT NOT NULL,           -- wake: a pass is asked for; flush: somebody flushed on their own
  n       INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID;
