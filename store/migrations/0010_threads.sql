-- Threads. A strand is what References and In-Reply-To tie together; a thread is one or more strands, tied by answers
-- that name nothing but the subject. Both bear the id of the message that founded them; what turns out to be one keeps the lower.
CREATE TABLE reference (
  key    INTEGER PRIMARY KEY, -- of a Message-ID, also of one that is only spoken of: 64 bits of its hash
  strand INTEGER NOT NULL     -- as it was then: see strand
) STRICT;

-- Strands that became part of another or are shown under the id of another; for all others both are the id itself.
CREATE TABLE strand (
  id     INTEGER PRIMARY KEY,
  part   INTEGER NOT NULL,    -- the strand it is part of
  thread INTEGER NOT NULL     -- message.thread of its messages
) STRICT;
CREATE INDEX strand_part ON strand(part);
CREATE INDEX strand_thread ON strand(thread);

-- A hash of account and subject without Re:; NULL where that says too little, or there is no date.
ALTER TABLE message ADD COLUMN topic INTEGER;
-- Of an answer without References ("Re:"): the strand of the message that it answers by its topic, 0 while there is none.
ALTER TABLE message ADD COLUMN answers INTEGER;
CREATE INDEX message_topic ON message(topic, date) WHERE topic IS NOT NULL;
CREATE INDEX message_orphan ON message(topic, date) WHERE answers IS NOT NULL;

-- With the thread in it, a list of threads reads no message before it is shown.
DROP INDEX message_list;
CREATE INDEX message_list ON message(mailbox, received, id, thread) WHERE state = 0;
DROP INDEX message_thread;
CREATE INDEX message_thread ON message(thread, received, mailbox, state) WHERE thread IS NOT NULL;

-- Messages from before threads were known get theirs beside everything else, the newest first.
CREATE TABLE thread_todo (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  below INTEGER NOT NULL      -- those with a lower id still wait; 0: none
) STRICT;
INSERT INTO thread_todo SELECT 1, coalesce(max(id) + 1, 0) FROM message;
