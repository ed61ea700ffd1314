-- Of a lifetime of mail few messages are unread or flagged. Whoever asks for them need not walk past all others.
CREATE INDEX message_unread ON message(received, id, mailbox) WHERE state = 0 AND flags & 1 = 0;
CREATE INDEX message_flagged ON message(received, id, mailbox) WHERE state = 0 AND flags & 4 <> 0;
