-- The copy here that a copy was made of: as long as the server has that one, COPY spares the upload.
ALTER TABLE message ADD COLUMN copy_of INTEGER REFERENCES message ON DELETE SET NULL;
CREATE INDEX message_copy_of ON message(copy_of) WHERE copy_of IS NOT NULL;

-- Wishes for the server's mailboxes, carried out in the order wished. Done ones go, refused ones stay.
CREATE TABLE mailbox_wish (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  grp     INTEGER NOT NULL REFERENCES wish_group,
  account INTEGER NOT NULL REFERENCES account,
  mailbox INTEGER NOT NULL REFERENCES mailbox,
  kind    TEXT NOT NULL,                    -- create, rename, delete, subscribe, unsubscribe
  name    TEXT NOT NULL,                    -- as the server has it when its turn comes
  target  TEXT NOT NULL DEFAULT '',         -- rename: the new name
  state   TEXT NOT NULL DEFAULT 'pending',  -- pending, refused
  given   INTEGER NOT NULL DEFAULT 0,
  tries   INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  ended   INTEGER,
  words   TEXT NOT NULL DEFAULT ''          -- of a refusal, for the reader
) STRICT;
CREATE INDEX mailbox_wish_pending ON mailbox_wish(account, id) WHERE state = 'pending';
CREATE INDEX mailbox_wish_refused ON mailbox_wish(ended, id) WHERE state = 'refused';
CREATE INDEX mailbox_wish_group ON mailbox_wish(grp);

-- What redo may do again: whatever is wished after an undo takes it off.
CREATE INDEX wish_group_redo ON wish_group(id) WHERE undoable = 1 AND undone IS NOT NULL;

-- What a group changed of a mailbox: what undo inverts.
CREATE TABLE mailbox_step (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  grp     INTEGER NOT NULL REFERENCES wish_group ON DELETE CASCADE,
  mailbox INTEGER NOT NULL REFERENCES mailbox,
  kind    TEXT NOT NULL,                    -- as above
  name    TEXT NOT NULL,
  target  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mailbox_step_group ON mailbox_step(grp);
