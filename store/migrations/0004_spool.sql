-- Where this spool lives. A copied or restored data folder has another file, or a mark behind
-- the one in the state folder, and must not send old mail again before the person says so.
CREATE TABLE spool (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  id   TEXT NOT NULL,            -- random; names the file of the mark in the state folder
  file TEXT NOT NULL,            -- what tells mail.db from a copy of it
  mark INTEGER NOT NULL          -- goes up with every claim
) STRICT;

-- Delivery reports (RFC 3464) that came back for an item. They are claims, not proof:
-- the recipient's own state is what the server said when it took the message.
CREATE TABLE report (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  item       INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
  message    INTEGER REFERENCES message ON DELETE SET NULL, -- the report's own copy here
  addr       TEXT NOT NULL,      -- the recipient, as in our ledger
  final      TEXT NOT NULL,      -- the address its mail went on to, where that is another, or ''
  action     TEXT NOT NULL,      -- RFC 3464 2.3.3: failed, delayed, delivered, relayed, expanded
  status     TEXT NOT NULL,      -- RFC 3463: 5.1.1
  diagnostic TEXT NOT NULL,      -- the reporter's words, cleaned
  reporter   TEXT NOT NULL,      -- the MTA that says so
  arrived    INTEGER NOT NULL
) STRICT;
CREATE INDEX report_item ON report(item);
CREATE INDEX report_message ON report(message) WHERE message IS NOT NULL;

ALTER TABLE outbox ADD COLUMN requiretls INTEGER NOT NULL DEFAULT 0; -- RFC 8689
ALTER TABLE outbox ADD COLUMN draft INTEGER REFERENCES message ON DELETE SET NULL; -- where the text of one given up is kept
CREATE INDEX outbox_draft ON outbox(draft) WHERE draft IS NOT NULL;
CREATE INDEX outbox_header_id ON outbox(header_id);
