-- What a group took out of the outbox: what undo brings back.
CREATE TABLE outbox_step (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  grp      INTEGER NOT NULL REFERENCES wish_group ON DELETE CASCADE,
  item     INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
  draft    INTEGER NOT NULL,           -- with its text; 0: none. No reference: one that was purged is not none
  made     INTEGER NOT NULL,           -- the draft was made of it
  was      TEXT NOT NULL,              -- its state
  waiting  TEXT NOT NULL,
  attempts INTEGER NOT NULL,           -- that had been made
  copy     INTEGER NOT NULL,           -- that was to be seen in Sent after acceptance; 0: none
  blocked  TEXT NOT NULL DEFAULT '[]'  -- JSON: flags that were to follow
) STRICT;
CREATE INDEX outbox_step_group ON outbox_step(grp);
CREATE INDEX outbox_step_item ON outbox_step(item);
