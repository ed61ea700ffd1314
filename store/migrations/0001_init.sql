-- The first schema. Times are milliseconds since 1970 UTC; NULL is "never" or "not known".
-- Ids are AUTOINCREMENT so that none is ever used twice.

-- One row: the change counter. Every change of what a message says (new, body
-- came, gone) takes the next number, a watermark for whatever is derived from mail.
CREATE TABLE counter (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  change INTEGER NOT NULL
) STRICT;
INSERT INTO counter VALUES (1, 0);

CREATE TABLE account (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO account(name) VALUES ('local');

CREATE TABLE mailbox (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account       INTEGER NOT NULL REFERENCES account,
  name          TEXT NOT NULL,
  separator     TEXT NOT NULL DEFAULT '',
  role          TEXT NOT NULL DEFAULT '',
  noselect      INTEGER NOT NULL DEFAULT 0,
  local         INTEGER NOT NULL DEFAULT 0,   -- 1: on no server
  subscribed    INTEGER NOT NULL DEFAULT 1,
  gone          INTEGER,                      -- when it was tombstoned
  uidvalidity   INTEGER NOT NULL DEFAULT 0,   -- what the last completed pull knew
  uidnext       INTEGER NOT NULL DEFAULT 0,
  highestmodseq INTEGER NOT NULL DEFAULT 0,
  messages      INTEGER NOT NULL DEFAULT 0,
  flags_at      INTEGER,
  total         INTEGER NOT NULL DEFAULT 0,   -- kept by the triggers below
  unread        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX mailbox_name ON mailbox(account, name) WHERE gone IS NULL;

-- Raw bytes, zstd, in chunks of 1 MiB of raw: the first here, the rest in content_chunk.
CREATE TABLE content (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL UNIQUE,   -- of the raw bytes
  size   INTEGER NOT NULL,       -- octets of the raw bytes
  data   BLOB NOT NULL
) STRICT;
CREATE TABLE content_chunk (
  content INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
  seq     INTEGER NOT NULL,      -- 1, 2, …
  data    BLOB NOT NULL,
  PRIMARY KEY (content, seq)
) STRICT, WITHOUT ROWID;

-- One row is one copy in one mailbox. mailbox, flags, keywords are what the
-- person sees; server_* is what the server has confirmed.
CREATE TABLE message (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  account         INTEGER NOT NULL REFERENCES account,
  mailbox         INTEGER NOT NULL REFERENCES mailbox,
  state           INTEGER NOT NULL DEFAULT 0, -- 0 here, 1 hidden (an unsent Sent copy), 2 gone (tombstone)
  gone_at         INTEGER,
  received        INTEGER NOT NULL,
  flags           INTEGER NOT NULL DEFAULT 0,
  keywords        TEXT NOT NULL DEFAULT '[]', -- JSON, sorted
  server_mailbox  INTEGER REFERENCES mailbox, -- NULL: on no server
  server_uid      INTEGER,                    -- NULL: not known (yet)
  server_flags    INTEGER NOT NULL DEFAULT 0,
  server_keywords TEXT NOT NULL DEFAULT '[]',
  modseq          INTEGER NOT NULL DEFAULT 0,
  detached        INTEGER NOT NULL DEFAULT 0, -- 1: UIDVALIDITY changed, waits for its new UID
  awaiting        INTEGER NOT NULL DEFAULT 0, -- n: put on the server by us without a UID in the answer; pulls since then + 1
  changed         INTEGER NOT NULL DEFAULT 0, -- counter.change when what it says last changed
  size            INTEGER NOT NULL,           -- octets, as the server says or of the raw bytes
  content         INTEGER REFERENCES content, -- NULL: only the header is here
  date            INTEGER,                    -- Date header
  date_offset     INTEGER NOT NULL DEFAULT 0, -- its zone, seconds east
  header_id       TEXT NOT NULL DEFAULT '',   -- Message-ID with <>
  refs            TEXT NOT NULL DEFAULT '[]', -- References and In-Reply-To, JSON, oldest first
  thread          INTEGER,
  list_id         TEXT NOT NULL DEFAULT '',
  subject         TEXT NOT NULL DEFAULT '',
  from_addrs      TEXT NOT NULL DEFAULT '[]', -- JSON [{name,addr}]
  to_addrs        TEXT NOT NULL DEFAULT '[]',
  cc_addrs        TEXT NOT NULL DEFAULT '[]',
  attachments     TEXT NOT NULL DEFAULT '[]', -- JSON [{part,name,type,size}]
  snippet         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX message_list ON message(mailbox, received, id) WHERE state = 0;
CREATE INDEX message_received ON message(received, id) WHERE state = 0;
CREATE INDEX message_header_id ON message(header_id);
CREATE UNIQUE INDEX message_uid ON message(server_mailbox, server_uid) WHERE server_mailbox IS NOT NULL AND server_uid IS NOT NULL;
CREATE INDEX message_no_uid ON message(server_mailbox) WHERE server_mailbox IS NOT NULL AND server_uid IS NULL;
CREATE INDEX message_no_body ON message(server_mailbox, received, id) WHERE content IS NULL AND state = 0;
CREATE INDEX message_content ON message(content) WHERE content IS NOT NULL;
CREATE INDEX message_changed ON message(changed);
CREATE INDEX message_gone ON message(gone_at) WHERE state = 2;
CREATE INDEX message_thread ON message(thread) WHERE thread IS NOT NULL;

-- The raw header of a copy without content.
CREATE TABLE header (
  message INTEGER PRIMARY KEY REFERENCES message ON DELETE CASCADE,
  data    BLOB NOT NULL
) STRICT;

CREATE TRIGGER message_count_insert AFTER INSERT ON message WHEN new.state = 0 BEGIN
  UPDATE mailbox SET total = total + 1, unread = unread + ((new.flags & 1) = 0) WHERE id = new.mailbox;
END;
CREATE TRIGGER message_count_delete AFTER DELETE ON message WHEN old.state = 0 BEGIN
  UPDATE mailbox SET total = total - 1, unread = unread - ((old.flags & 1) = 0) WHERE id = old.mailbox;
END;
CREATE TRIGGER message_count_update AFTER UPDATE OF mailbox, flags, state ON message
WHEN old.mailbox <> new.mailbox OR old.state <> new.state OR (old.flags & 1) <> (new.flags & 1) BEGIN
  UPDATE mailbox SET total = total - 1, unread = unread - ((old.flags & 1) = 0) WHERE id = old.mailbox AND old.state = 0;
  UPDATE mailbox SET total = total + 1, unread = unread + ((new.flags & 1) = 0) WHERE id = new.mailbox AND new.state = 0;
END;

-- What the person did at once; the unit of undo.
CREATE TABLE wish_group (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL,               -- flags, move, trash, archive, delete, draft, spool, undo, adopt
  created  INTEGER NOT NULL,
  undoable INTEGER NOT NULL,
  undone   INTEGER                      -- when
) STRICT;
CREATE INDEX wish_group_undo ON wish_group(id) WHERE undoable = 1 AND undone IS NULL;

-- What a group changed of one copy: what undo inverts.
CREATE TABLE wish_step (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  grp             INTEGER NOT NULL REFERENCES wish_group ON DELETE CASCADE,
  message         INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
  from_mailbox    INTEGER,              -- moved: from, to
  to_mailbox      INTEGER,
  add_flags       INTEGER NOT NULL DEFAULT 0, -- what really changed
  remove_flags    INTEGER NOT NULL DEFAULT 0,
  add_keywords    TEXT NOT NULL DEFAULT '[]',
  remove_keywords TEXT NOT NULL DEFAULT '[]',
  gone            INTEGER NOT NULL DEFAULT 0  -- 1: deleted for good
) STRICT;
CREATE INDEX wish_step_group ON wish_step(grp);
CREATE INDEX wish_step_message ON wish_step(message);

CREATE TABLE outbox (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account        INTEGER NOT NULL REFERENCES account,
  owner          TEXT NOT NULL DEFAULT '',  -- process that claimed it last
  state          TEXT NOT NULL,
  envid          TEXT NOT NULL UNIQUE,      -- RFC 3461 ENVID; random, also tells a commit in doubt
  from_name      TEXT NOT NULL,
  from_addr      TEXT NOT NULL,
  sender         TEXT NOT NULL,
  subject        TEXT NOT NULL,
  header_id      TEXT NOT NULL,
  date           INTEGER,
  content        INTEGER NOT NULL REFERENCES content,
  copy_content   INTEGER REFERENCES content, -- with Bcc; NULL: same as content
  size           INTEGER NOT NULL,
  utf8           INTEGER NOT NULL,
  policy         TEXT NOT NULL,
  key            TEXT,
  fingerprint    TEXT NOT NULL,
  created        INTEGER NOT NULL,
  not_before     INTEGER,
  next_attempt   INTEGER,
  due            INTEGER NOT NULL,          -- the later of the two, or created
  first_deferral INTEGER,
  attempts       INTEGER NOT NULL DEFAULT 0,
  waiting        TEXT NOT NULL DEFAULT '',
  last_error     TEXT NOT NULL DEFAULT '',
  sent_copy      INTEGER REFERENCES message ON DELETE SET NULL,
  ended          INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_key ON outbox(key) WHERE key IS NOT NULL;
CREATE INDEX outbox_due ON outbox(account, due, id) WHERE state = 'queued';
CREATE INDEX outbox_state ON outbox(state, account);
CREATE INDEX outbox_content ON outbox(content);
CREATE INDEX outbox_copy ON outbox(copy_content) WHERE copy_content IS NOT NULL;
CREATE INDEX outbox_sent_copy ON outbox(sent_copy) WHERE sent_copy IS NOT NULL;

CREATE TABLE recipient (
  item     INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  addr     TEXT NOT NULL,
  state    TEXT NOT NULL,
  code     INTEGER NOT NULL DEFAULT 0,
  enhanced TEXT NOT NULL DEFAULT '',
  text     TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (item, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  item    INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
  started INTEGER NOT NULL,
  ended   INTEGER,
  host    TEXT NOT NULL,
  dot     INTEGER,                 -- when "dot pending" was committed
  outcome TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX attempt_item ON attempt(item);

CREATE TABLE attempt_recipient (
  attempt  INTEGER NOT NULL REFERENCES attempt ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  addr     TEXT NOT NULL,
  state    TEXT NOT NULL,
  code     INTEGER NOT NULL,
  enhanced TEXT NOT NULL,
  text     TEXT NOT NULL,
  PRIMARY KEY (attempt, seq)
) STRICT, WITHOUT ROWID;

-- Wishes for the server. A row that was handed out for replay ("given") is not
-- changed any more; later wishes of the copy make a row of their own.
CREATE TABLE action (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  grp             INTEGER NOT NULL REFERENCES wish_group,
  account         INTEGER NOT NULL REFERENCES account,
  message         INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
  kind            TEXT NOT NULL,             -- flags, move, delete, append
  target          INTEGER REFERENCES mailbox,
  add_flags       INTEGER NOT NULL DEFAULT 0,
  remove_flags    INTEGER NOT NULL DEFAULT 0,
  add_keywords    TEXT NOT NULL DEFAULT '[]',
  remove_keywords TEXT NOT NULL DEFAULT '[]',
  base            TEXT NOT NULL DEFAULT '',  -- JSON: the server's state when wished
  local           TEXT NOT NULL DEFAULT '',  -- JSON: the state wished
  remote          TEXT NOT NULL DEFAULT '',  -- JSON: the server's state when it ended, when that differs
  state           TEXT NOT NULL DEFAULT 'pending', -- pending, refused, contradicted; done ones go
  blocked_by      INTEGER REFERENCES outbox ON DELETE CASCADE,
  given           INTEGER NOT NULL DEFAULT 0,
  tries           INTEGER NOT NULL DEFAULT 0,
  created         INTEGER NOT NULL,
  ended           INTEGER,
  words           TEXT NOT NULL DEFAULT ''   -- of a conflict, for the reader
) STRICT;
CREATE INDEX action_pending ON action(message, id) WHERE state = 'pending';
CREATE INDEX action_replay ON action(account, id) WHERE state = 'pending' AND blocked_by IS NULL;
CREATE INDEX action_blocked ON action(blocked_by) WHERE blocked_by IS NOT NULL;
CREATE INDEX action_conflict ON action(ended, id) WHERE state IN ('refused', 'contradicted');
CREATE INDEX action_message ON action(message);
CREATE INDEX action_group ON action(grp);

-- POP3: every UIDL whose message is durably here or was deleted here by wish.
CREATE TABLE uidl (
  account INTEGER NOT NULL REFERENCES account,
  uidl    TEXT NOT NULL,
  message INTEGER REFERENCES message ON DELETE SET NULL,
  first   INTEGER NOT NULL,
  deleted INTEGER,                 -- when we deleted it on the server
  PRIMARY KEY (account, uidl)
) STRICT, WITHOUT ROWID;
CREATE INDEX uidl_message ON uidl(message) WHERE message IS NOT NULL;

CREATE TABLE contact (
  addr   TEXT PRIMARY KEY,         -- lower case
  shown  TEXT NOT NULL,            -- as written
  name   TEXT NOT NULL,
  words  TEXT NOT NULL,            -- folded words of name and address, each with a space before it
  weight INTEGER NOT NULL,
  last   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
