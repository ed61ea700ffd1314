-- Bodies that a person asked for, one by one: fetched before all others, whatever is otherwise kept here.
CREATE TABLE body_wish (
  message INTEGER PRIMARY KEY REFERENCES message ON DELETE CASCADE,
  asked   INTEGER NOT NULL,
  words   TEXT NOT NULL DEFAULT ''  -- why it cannot be had, for the reader; '' while it waits
) STRICT;
CREATE TRIGGER body_wish_came AFTER UPDATE OF content ON message WHEN new.content IS NOT NULL BEGIN
  DELETE FROM body_wish WHERE message = new.id;
END;
